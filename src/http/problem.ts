import type { Context } from "hono";
import { isTrailError, TrailError } from "../base/error.ts";
import { ERROR_CODES, type ErrorCode } from "../base/error-codes.ts";
import type { Problem } from "../event/parse.ts";

export const JSON_API = "application/vnd.api+json";

/** One error of a response body, in the form of JSON:API. */
interface ErrorObject {
  status: string;
  code: string;
  title: string;
  detail: string;
  source?: { pointer?: string; parameter?: string };
  meta?: Record<string, unknown>;
}

/** An event that broke rules: one error object for each broken one. */
export class BrokenEvent extends Error {
  readonly problems: readonly Problem[];
  constructor(problems: readonly Problem[]) {
    super(problems.map((problem) => `${problem.field} ${problem.rule}`).join("; "));
    this.problems = problems;
  }
}

/**
 * The one place where trouble becomes a response. What is not a `TrailError` is our own fault: the
 * caller learns nothing of it but that, and `log` gets the rest.
 */
export function respondWithError(c: Context, thrown: unknown, log: (line: string) => void): Response {
  if (thrown instanceof BrokenEvent) {
    return respond(c, 400, thrown.problems.map(problemObject));
  }
  const error = isTrailError(thrown) ? thrown : internal(thrown, log);
  if (error.retryAfterMs !== undefined || error.kind === "unavailable") {
    c.header("Retry-After", String(Math.max(1, Math.ceil((error.retryAfterMs ?? 1000) / 1000))));
  }
  return respond(c, statusOf(error), [errorObject(error)]);
}

function internal(thrown: unknown, log: (line: string) => void): TrailError {
  log(thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown));
  return new TrailError("server.internal", "Something went wrong in the server; its log says what.");
}

function statusOf(error: TrailError): number {
  if (error.code === "request.unsupported") return 415;
  if (error.code === "route.method") return 405;
  return error.httpStatus;
}

function respond(c: Context, status: number, errors: ErrorObject[]): Response {
  const first = errors[0]?.detail ?? "";
  return c.body(JSON.stringify({ errors, error: first }), status as 400, { "Content-Type": JSON_API });
}

function problemObject({ field, rule }: Problem): ErrorObject {
  return {
    status: "400",
    code: "event.invalid" satisfies ErrorCode,
    title: ERROR_CODES["event.invalid"].title,
    detail: `${field} ${rule}.`,
    source: {
      pointer:
        field === "event" ? "/data" : `/data/attributes/${field.replaceAll("~", "~0").replaceAll("/", "~1")}`,
    },
  };
}

function errorObject(error: TrailError): ErrorObject {
  const object: ErrorObject = {
    status: String(statusOf(error)),
    code: error.code,
    title: error.title,
    detail: error.fix === undefined ? error.message : `${error.message} ${error.fix}`,
  };
  if (error.field !== undefined) {
    object.source = /^(filter|page)\[|^(sort|format|after|since|limit)$/.test(error.field)
      ? { parameter: error.field }
      : { pointer: `/data/attributes/${error.field}` };
  }
  if (error.meta !== undefined) object.meta = error.meta;
  return object;
}
