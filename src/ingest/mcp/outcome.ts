import { isObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import type { EventDraft } from "../../event/event.ts";
import { firstName, oneLine } from "../values.ts";
import type { McpError } from "./message.ts";

/** How a request ended. */
export interface Outcome {
  readonly status: "ok" | "error" | "denied";
  readonly error?: string;
  readonly data: JsonObject;
  readonly fields?: Partial<EventDraft>;
}

/** `-1`: the person at the client said no to a sampling request, as the specification has it. */
const DENIED_CODES: ReadonlySet<number> = new Set([-1]);
/** How servers of the SDK's first generation put a protocol error into a tool's result. */
const WRAPPED = /^MCP error (-?\d{1,6})\b/;
const ERROR_CHARS = 2_000;

export function errorOutcome(error: McpError): Outcome {
  const { code, message, data } = error;
  return {
    status: code !== undefined && DENIED_CODES.has(code) ? "denied" : "error",
    error: message,
    data: {
      ...(code === undefined ? {} : { error_code: code }),
      ...(data === undefined ? {} : { error_data: data }),
    },
  };
}

/** What a result says, by the method that it answers. */
export function resultOutcome(method: string, result: JsonValue): Outcome {
  if (method === "elicitation/create") return decision(result);
  const said = isObject(result) ? withoutEnvelope(result) : result;
  if (method === "tools/call" && isObject(result) && result.isError === true) {
    const error = textOf(result.content) ?? "the tool failed";
    const code = WRAPPED.exec(error)?.[1];
    return {
      status: "error",
      error,
      data: { result: said, ...(code === undefined ? {} : { error_code: Number(code) }) },
    };
  }
  const model = method === "sampling/createMessage" && isObject(result) ? firstName(result, ["model"]) : null;
  return { status: "ok", data: { result: said }, fields: model ? { model } : {} };
}

/** What was answered to a question of the server: to accept, to decline, or to look away. */
function decision(result: JsonValue): Outcome {
  const action = isObject(result) ? (firstName(result, ["action"]) ?? "unknown") : "unknown";
  const content = isObject(result) ? result.content : undefined;
  const data: JsonObject = { decision: action, ...(content === undefined ? {} : { content }) };
  if (action === "accept") return { status: "ok", data };
  return { status: "denied", error: `denied (${oneLine(action)})`, data };
}

/** The result without what is said to programs: who answered, in which way, for how long it may be kept. */
function withoutEnvelope(result: JsonObject): JsonObject {
  const { _meta, resultType, ttlMs, cacheScope, ...said } = result;
  return said;
}

function textOf(content: JsonValue | undefined): string | undefined {
  if (!Array.isArray(content)) return undefined;
  const texts = content
    .slice(0, 20)
    .flatMap((part) => (isObject(part) ? (firstName(part, ["text"]) ?? []) : []));
  const text = texts.join("\n");
  return text === "" ? undefined : text.slice(0, ERROR_CHARS);
}
