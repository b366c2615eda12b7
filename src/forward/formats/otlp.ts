import type { JsonObject, JsonValue } from "../../base/json.ts";
import type { AuditEvent } from "../../event/event.ts";
import { type Format, type FormatRow, fromRows, nanos } from "./table.ts";

const NUMBERS = { TRACE: 1, DEBUG: 5, INFO: 9, WARN: 13, ERROR: 17, FATAL: 21 } as const;

/** By the semantic conventions for generative AI where they have a name, `daybook.*` elsewhere. */
const ATTRIBUTES: ReadonlyArray<readonly [string, (event: AuditEvent) => JsonValue | undefined]> = [
  ["log.record.uid", (event) => event.id],
  ["event.name", (event) => event.type],
  ["daybook.seq", (event) => event.seq],
  ["daybook.tenant", (event) => event.tenant],
  ["daybook.category", (event) => event.category],
  ["daybook.phase", (event) => event.phase],
  ["daybook.status", (event) => event.status],
  ["daybook.actor.type", (event) => event.actor.type],
  ["daybook.resource.type", (event) => event.resource.type],
  ["daybook.resource.id", (event) => event.resource.id],
  ["daybook.run.id", (event) => event.runId],
  ["daybook.thread.id", (event) => event.threadId],
  ["daybook.app", (event) => event.app],
  ["daybook.origin", (event) => event.origin],
  ["daybook.destination", (event) => event.destination],
  ["daybook.duration_ms", (event) => event.durationMs],
  ["daybook.cost_usd", (event) => event.costUsd],
  ["daybook.data", (event) => (Object.keys(event.data).length === 0 ? null : JSON.stringify(event.data))],
  ["deployment.environment.name", (event) => event.environment],
  ["user.id", (event) => event.actor.id],
  ["user.name", (event) => event.actor.label],
  ["gen_ai.agent.name", (event) => event.agent],
  ["gen_ai.operation.name", (event) => (event.tool === null ? null : "execute_tool")],
  ["gen_ai.tool.name", (event) => event.tool],
  ["gen_ai.tool.call.id", (event) => event.callId],
  ["gen_ai.conversation.id", (event) => event.conversationId],
  ["gen_ai.request.model", (event) => event.model],
  ["gen_ai.usage.input_tokens", (event) => event.usage?.input],
  ["gen_ai.usage.output_tokens", (event) => event.usage?.output],
  ["error.message", (event) => event.error],
];

const ROWS: readonly FormatRow[] = [
  ["timeUnixNano", (event) => nanos(event.occurredAt)],
  ["observedTimeUnixNano", (event) => nanos(event.recordedAt)],
  ["severityNumber", (event) => NUMBERS[event.severity]],
  ["severityText", (event) => event.severity],
  ["eventName", (event) => event.type],
  ["body", (event) => ({ stringValue: event.summary ?? event.type })],
  ["attributes", (event) => attributesOf(event)],
  ["traceId", (event) => event.traceId],
  ["spanId", (event) => event.spanId],
];

/** A LogRecord of OTLP 1.9, in its JSON encoding: ids in hex, 64-bit numbers as text. */
export const otlpLog: Format = {
  name: "otlp",
  version: "1.9",
  contentType: "application/json",
  render: fromRows(ROWS),
};

function attributesOf(event: AuditEvent): JsonObject[] {
  return ATTRIBUTES.flatMap(([key, value]): JsonObject[] => {
    const given = value(event);
    if (given === null || given === undefined) return [];
    const typed: JsonObject =
      typeof given === "number" ? { intValue: String(given) } : { stringValue: String(given) };
    return [{ key, value: typed }];
  });
}
