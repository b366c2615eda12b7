import { isTrailError, TrailError } from "../base/error.ts";
import { ERROR_CODES, type ErrorCode } from "../base/error-codes.ts";
import type { Problem } from "../event/parse.ts";
import type { Answer } from "./door.ts";

export const JSON_API = "application/vnd.api+json";

/** One error of a response body, in the form of JSON:API. */
interface ErrorObject {
  status: string;
  code: string;
  title: string;
  detail: string;
  source?: { pointer?: string; parameter?: string; header?: string };
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
 * The one place where trouble becomes an answer. What is not a `TrailError` is our own fault: the
 * caller learns nothing of it but that, and `log` gets the rest.
 */
export function problemOf(thrown: unknown, log: (line: string) => void): Answer {
  if (thrown instanceof BrokenEvent) return answerWith(400, thrown.problems.map(problemObject));
  const error = isTrailError(thrown) ? thrown : internal(thrown, log);
  const waitMs = error.retryAfterMs ?? (error.kind === "unavailable" ? 1000 : undefined);
  const more: Record<string, string> =
    waitMs === undefined ? {} : { "Retry-After": String(Math.max(1, Math.ceil(waitMs / 1000))) };
  if (error.kind === "unauthenticated") more["WWW-Authenticate"] = 'Bearer realm="daybook"';
  return answerWith(statusOf(error), [errorObject(error)], more);
}

export function toResponse({ status, headers, body }: Answer): Response {
  return new Response(body, { status, headers });
}

function internal(thrown: unknown, log: (line: string) => void): TrailError {
  log(thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown));
  return new TrailError("server.internal", "Something went wrong in the server; its log says what.");
}

function statusOf(error: TrailError): number {
  if (error.code === "request.unsupported") return 415;
  if (error.code === "route.method") return 405;
  if (error.code === "access.not_entitled") return 402;
  return error.httpStatus;
}

function answerWith(status: number, errors: ErrorObject[], more: Record<string, string> = {}): Answer {
  const body = JSON.stringify({ errors, error: errors[0]?.detail ?? "" });
  return { status, headers: { "Content-Type": JSON_API, ...more }, body };
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
  if (error.field !== undefined) object.source = sourceOf(error.code, error.field);
  if (error.meta !== undefined) object.meta = error.meta;
  return object;
}

/** A query breaks its rules in a parameter or a header, everything else in the document. */
function sourceOf(code: ErrorCode, field: string): ErrorObject["source"] {
  if (!/^(query|cursor)\./.test(code)) return { pointer: `/data/attributes/${field}` };
  return /^(X-|Last-Event-ID$)/.test(field) ? { header: field } : { parameter: field };
}
