import { isObject, type JsonValue } from "../../base/json.ts";
import { exitCodeIn, isRefusal } from "../exit-code.ts";
import { signalIn } from "../signals.ts";
import { countOf, firstText, isDenied, isFalse } from "../values.ts";
import { ALIASES } from "./aliases.ts";
import type { Span } from "./model.ts";
import type { Node } from "./span-tree.ts";

/** As the conventions for processes name it. */
const EXIT_CODE = [["process", "exit", "code"].join(".")];

export interface Outcome {
  readonly status: "ok" | "error" | "denied";
  readonly error?: string;
  /** It stopped for a person's answer, and will run anew with it. */
  readonly interrupted?: true;
}

/**
 * How a span ended: by a decision on the way, by its own status, by what the spans folded into it
 * say, or by a result that is a failure told as a result.
 */
export function outcomeOf({ span, operation, children }: Node, result?: JsonValue): Outcome {
  const parts = [
    span,
    ...children.filter((child) => isPart(child) && operation === "tool").map(({ span: inner }) => inner),
  ];
  const denial = parts.map(denialOf).find((found) => found !== undefined);
  if (denial !== undefined) return { status: "denied", error: errorOf(span) ?? denial };
  // Pydantic AI's name for what a call waits for: `ApprovalRequired`, `CallDeferred`. Old versions call it an error.
  if (span.attributes["pydantic_ai.tool.deferral.name"] !== undefined)
    return { status: "ok", interrupted: true };
  const failed = parts.find(hasFailed);
  if (failed !== undefined) {
    const signal = signalIn(thrownBy(failed));
    if (signal === "question") return { status: "ok", interrupted: true };
    if (signal !== undefined) return { status: "ok" };
    const error = errorOf(failed) ?? errorOf(span) ?? "failed";
    const isRefused = operation === "tool" && (isDenied(errorTypeOf(failed)) || isRefusal(error));
    return { status: isRefused ? "denied" : "error", error };
  }
  if (operation !== "tool") return { status: "ok" };
  const adk = adkOutcome(span, result);
  if (adk !== undefined) return adk;
  const code = countOf(span.attributes, EXIT_CODE) ?? exitCodeIn(result) ?? 0;
  const told = failureIn(result) ?? (code === 0 ? undefined : `exit code ${code}`);
  return told === undefined ? { status: "ok" } : { status: "error", error: told };
}

function isPart({ operation }: Node): boolean {
  return operation === "folded" || operation === "approval";
}

/** Who said no, where someone did. */
function denialOf({ attributes, events }: Span): string | undefined {
  if (attributes["gen_ai.guardrail.triggered"] === true)
    return `guardrail ${firstText(attributes, ["gen_ai.guardrail.name"]) ?? ""} was triggered`.replace(
      "  ",
      " ",
    );
  for (const said of [attributes, ...events.map((event) => event.attributes)]) {
    const decision = firstText(said, ALIASES.decision);
    if (!isDenied(decision)) continue;
    const by = firstText(said, ALIASES.decidedBy);
    return deniedBy(decision, by);
  }
  return undefined;
}

export function deniedBy(decision: string | undefined, by: string | undefined): string {
  return by === undefined ? `denied (${decision})` : `denied (${decision}) by ${by}`;
}

function hasFailed({ statusCode, attributes }: Span): boolean {
  return (
    statusCode === 2 ||
    firstText(attributes, ["error.type"]) !== undefined ||
    isFalse(attributes.success) ||
    attributes["gen_ai.tool.status"] === "error" ||
    attributes["langfuse.observation.level"] === "ERROR"
  );
}

/**
 * How Google's ADK tells that a call failed, waits for a person or was refused: in its answer. Of a call that
 * threw, ADK for JavaScript says nothing at all, and much of every other one.
 */
function adkOutcome({ scope, attributes }: Span, result: JsonValue | undefined): Outcome | undefined {
  if (!scope.startsWith("gcp.vertex.agent")) return undefined;
  if (Object.keys(attributes).length === 0) return { status: "error", error: "ended without a result" };
  const error = isObject(result) && Object.keys(result).length === 1 ? result.error : undefined;
  if (typeof error !== "string") return undefined;
  if (/\brequires confirmation\b/.test(error)) return { status: "ok", interrupted: true };
  return { status: /\bis rejected\b/.test(error) ? "denied" : "error", error };
}

function thrownBy({ statusMessage, events }: Span): string {
  const exception = events.find((event) => event.name === "exception");
  return `${statusMessage}\n${firstText(exception?.attributes ?? {}, ["exception.type"]) ?? ""}`;
}

function errorTypeOf({ attributes }: Span): string | undefined {
  return firstText(attributes, ["error.type"]);
}

function errorOf({ statusMessage, events, attributes }: Span): string | undefined {
  if (statusMessage !== "") return statusMessage;
  const exception = events.find((event) => event.name === "exception");
  return (
    firstText(exception?.attributes ?? {}, ["exception.message", "exception.type"]) ??
    firstText(attributes, [...ALIASES.error, ...ALIASES.errorType])
  );
}

/** A failure told as a result: of MCP (`isError`) and of LangChain (a tool message of status `error`). */
export function failureIn(result: JsonValue | undefined): string | undefined {
  if (!isObject(result)) return undefined;
  const message = messageIn(result);
  const failed = result.isError === true || result.is_error === true || message?.status === "error";
  if (!failed) return undefined;
  const content = message?.content ?? result.content ?? result.error;
  return typeof content === "string" ? content : JSON.stringify(content ?? "failed");
}

/** A LangChain tool message, as it is, wrapped for serialization, or in the output of its chain. */
export function messageIn(result: JsonValue | undefined): Record<string, unknown> | undefined {
  let at: unknown = result;
  for (let depth = 0; depth < 3 && isObject(at); depth++) {
    if (typeof at.tool_call_id === "string" || (at.type === "tool" && typeof at.status === "string"))
      return at;
    at = at.kwargs ?? at.data ?? at.output ?? at.update;
  }
  return undefined;
}
