import { derivedUuid } from "../../base/derived-uuid.ts";
import { isObject, type JsonValue } from "../../base/json.ts";
import type { EventDraft } from "../../event/event.ts";
import { resourceOf } from "../resource-of.ts";
import { first, oneLine, structured } from "../values.ts";
import { callData } from "./fields.ts";
import type { Span } from "./model.ts";

const PARTS_MAX = 10_000;

interface Call {
  readonly tool: string;
  readonly args: JsonValue | undefined;
}

/**
 * Calls that a person refused. They never run, so no span is theirs; that they were refused stands
 * in the messages that the next model call is given (AI SDK 7), and in those of every call after it.
 */
export function refusedCalls(span: Span, common: Partial<EventDraft>): EventDraft[] {
  const messages = structured(
    first(span.attributes, ["gen_ai.input.messages", "pydantic_ai.all_messages", "ai.prompt.messages"]),
  );
  if (!Array.isArray(messages)) return [];
  const calls = new Map<string, Call>();
  const drafts: EventDraft[] = [];
  for (const part of messages.flatMap(partsOf).slice(0, PARTS_MAX)) {
    const callId = part.id ?? part.toolCallId;
    if (typeof callId !== "string") continue;
    if (part.type === "tool_call" || part.type === "tool-call") {
      const tool = part.name ?? part.toolName;
      if (typeof tool === "string")
        calls.set(callId, { tool, args: structured((part.arguments ?? part.input) as JsonValue) });
    }
    const reason = refusalIn(part.response ?? part.result ?? part.output);
    const call = calls.get(callId);
    if (reason !== undefined && call !== undefined)
      drafts.push(...refused(callId, call, reason, common, span));
  }
  return drafts;
}

function partsOf(message: unknown): Array<Record<string, unknown>> {
  if (!isObject(message)) return [];
  const parts = message.parts ?? message.content;
  return Array.isArray(parts) ? parts.filter(isObject) : [];
}

/** What Pydantic AI tells the model of a call that a person refused without a word. */
const DENIED = "The tool call was denied.";

function refusalIn(response: unknown): string | undefined {
  if (response === DENIED) return DENIED;
  if (!isObject(response)) return undefined;
  if (response.denied !== true && response.type !== "execution-denied") return undefined;
  return typeof response.reason === "string" && response.reason !== "" ? response.reason : "denied";
}

/** The ids leave the trace out: the history goes along into the traces that follow. */
function refused(
  callId: string,
  { tool, args }: Call,
  reason: string,
  common: Partial<EventDraft>,
  span: Span,
): EventDraft[] {
  const whose = [
    common.app ?? "",
    common.conversationId ?? "",
    callId,
    tool,
    JSON.stringify(args ?? null),
    reason,
  ];
  const startId = derivedUuid(["otlp", "refused", ...whose, "started"]);
  const fields: EventDraft = {
    ...common,
    type: "tool.execute",
    category: "tool_call",
    tool,
    callId,
    resource: resourceOf(tool, args),
    occurredAt: span.start ?? span.end ?? null,
    spanId: null,
    data: callData(args),
  };
  return [
    { ...fields, id: startId, phase: "started", status: "pending", summary: `${tool} starts` },
    {
      ...fields,
      id: derivedUuid(["otlp", "refused", ...whose, "completed"]),
      startId,
      phase: "completed",
      status: "denied",
      severity: "WARN",
      error: reason,
      summary: oneLine(`${tool}: ${reason}`, 200),
    },
  ];
}
