import { hash } from "node:crypto";
import { isObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import type { EventDraft } from "../../event/event.ts";
import { resourceOf } from "../resource-of.ts";
import { firstName, oneLine } from "../values.ts";
import { type Members, metaOf, withoutMeta } from "./message.ts";

/** What a method means for the trail. */
export interface Operation {
  readonly type: string;
  /** Where an answer is another kind of event than the question; no answer is none. */
  readonly endType?: string;
  readonly category: string;
  subject(params: Members): Subject;
}

/** What one request is about. */
export interface Subject {
  /** For people: the tool, the address, the question. */
  readonly label: string;
  readonly fields: Partial<EventDraft>;
  readonly data: JsonObject;
}

const LABEL_CHARS = 100;

/**
 * Methods whose request and answer are a pair of events. Keyed on the method alone: it is the same in
 * the generation with a handshake (to 2025-11-25) and in the one without (2026-07-28).
 */
const OPERATIONS: Readonly<Record<string, Operation>> = {
  "tools/call": { type: "tool.execute", category: "tool_call", subject: toolCall },
  "resources/read": {
    type: "mcp.resource.read",
    category: "mcp",
    subject: (params) => named(params, "uri", "resource"),
  },
  "prompts/get": {
    type: "mcp.prompt.get",
    category: "mcp",
    subject: (params) => named(params, "name", "prompt"),
  },
  "sampling/createMessage": { type: "llm.complete", category: "llm", subject: sampling },
  "elicitation/create": {
    type: "approval.request",
    endType: "approval.decide",
    category: "approval",
    subject: elicitation,
  },
};

/**
 * Asked all the time and of no consequence of their own: counted, and told when the connection ends.
 * What `tools/list` answers is looked at for definitions.
 */
const HOUSEKEEPING: ReadonlySet<string> = new Set([
  "ping",
  "tools/list",
  "resources/list",
  "resources/templates/list",
  "prompts/list",
  "completion/complete",
  "logging/setLevel",
  "subscriptions/listen",
  "tasks/get",
  "tasks/list",
  "notifications/initialized",
  "notifications/message",
  "notifications/subscriptions/acknowledged",
]);

export function operationOf(method: string): Operation | undefined {
  return Object.hasOwn(OPERATIONS, method) ? OPERATIONS[method] : undefined;
}

export function isHousekeeping(method: string): boolean {
  return HOUSEKEEPING.has(method);
}

/** A method that nobody knows: one event, when it is answered, with all that it said. */
export function anyRequest(method: string): Operation {
  return {
    type: "mcp.request",
    category: "mcp",
    subject: (params) => ({
      label: oneLine(method, LABEL_CHARS),
      fields: { resource: { type: "mcp_method", id: method } },
      data: { method, params: withoutMeta(params) },
    }),
  };
}

/** Under which key a host tells the model's own id of the call: `claudecode/toolUseId`. */
const CALL_ID = /(?:^|[/.])tool_?(?:use|call)_?id$/i;

function toolCall(params: Members): Subject {
  const tool = firstName(params, ["name"]) ?? "unknown";
  const { arguments: args } = params;
  const meta = metaOf(params);
  const callKey = Object.keys(meta).find((key) => CALL_ID.test(key) && typeof meta[key] === "string");
  return {
    label: oneLine(tool, LABEL_CHARS),
    fields: {
      tool,
      callId: callKey === undefined ? null : String(meta[callKey]),
      resource: resourceOf(tool, args as JsonValue | undefined),
    },
    data: args === undefined ? {} : { arguments: args as JsonValue },
  };
}

function named(params: Members, key: "uri" | "name", type: string): Subject {
  const id = firstName(params, [key]) ?? "unknown";
  return {
    label: oneLine(id, LABEL_CHARS),
    fields: { resource: { type, id } },
    data: { arguments: withoutContinuation(params) },
  };
}

function sampling(params: Members): Subject {
  const { modelPreferences } = params;
  const hints = isObject(modelPreferences) ? modelPreferences.hints : undefined;
  const hint = Array.isArray(hints) && isObject(hints[0]) ? firstName(hints[0], ["name"]) : undefined;
  return {
    label: "a completion for the server",
    fields: hint === undefined ? {} : { model: hint },
    data: { request: withoutContinuation(params) },
  };
}

function elicitation(params: Members): Subject {
  const message = firstName(params, ["message"]) ?? "the server asks";
  return { label: oneLine(message, LABEL_CHARS), fields: {}, data: { request: withoutContinuation(params) } };
}

/** A retry repeats the request and adds what was asked in between; that is recorded as approvals. */
function withoutContinuation(params: Members): JsonObject {
  const { inputResponses, requestState, ...asked } = withoutMeta(params);
  return asked;
}

/** The same for a request and its retry, another one for another request. */
export function askedIn(method: string, params: Members): string {
  let text: string;
  try {
    text = JSON.stringify(withoutContinuation(params));
  } catch {
    // Nested deeper than the engine can write.
    text = "";
  }
  return hash("sha256", `${method}\n${text}`);
}
