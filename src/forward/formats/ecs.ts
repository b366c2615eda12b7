import { formatMicros } from "../../base/clock.ts";
import type { AuditEvent } from "../../event/event.ts";
import { type Format, type FormatRow, fromRows } from "./table.ts";

const SEVERITIES = { TRACE: 1, DEBUG: 2, INFO: 3, WARN: 5, ERROR: 7, FATAL: 9 } as const;

/** Elastic Common Schema 9; `event.duration` is in nanoseconds. */
const ROWS: readonly FormatRow[] = [
  ["@timestamp", (event) => formatMicros(event.occurredAt)],
  ["ecs.version", () => "9.0.0"],
  ["message", (event) => event.summary ?? event.type],
  ["event.id", (event) => event.id],
  ["event.sequence", (event) => event.seq],
  ["event.kind", () => "event"],
  ["event.action", (event) => event.type],
  ["event.category", () => ["api"]],
  [
    "event.type",
    (event) => [event.status === "denied" ? "denied" : event.status === "error" ? "error" : "info"],
  ],
  ["event.outcome", (event) => outcomeOf(event)],
  ["event.reason", (event) => event.error],
  ["event.severity", (event) => SEVERITIES[event.severity]],
  ["event.created", (event) => formatMicros(event.recordedAt)],
  ["event.duration", (event) => (event.durationMs === null ? null : event.durationMs * 1_000_000)],
  ["event.dataset", () => "daybook.audit"],
  ["event.provider", (event) => event.source],
  ["log.level", (event) => event.severity.toLowerCase()],
  ["user.id", (event) => event.actor.id],
  ["user.name", (event) => event.actor.label],
  ["gen_ai.agent.name", (event) => event.agent],
  ["gen_ai.tool.name", (event) => event.tool],
  ["gen_ai.tool.call.id", (event) => event.callId],
  ["gen_ai.request.model.id", (event) => event.model],
  ["gen_ai.usage.input_tokens", (event) => event.usage?.input],
  ["gen_ai.usage.output_tokens", (event) => event.usage?.output],
  ["gen_ai.conversation.id", (event) => event.conversationId],
  ["error.message", (event) => event.error],
  ["trace.id", (event) => event.traceId],
  ["span.id", (event) => event.spanId],
  ["service.name", (event) => event.source ?? event.agent],
  ["service.environment", (event) => event.environment],
  ["organization.id", (event) => event.tenant],
  ["labels.actor_type", (event) => event.actor.type],
  ["labels.app", (event) => event.app],
  ["labels.category", (event) => event.category],
  ["labels.destination", (event) => event.destination],
  ["labels.origin", (event) => event.origin],
  ["labels.phase", (event) => event.phase],
  ["labels.resource_id", (event) => event.resource.id],
  ["labels.resource_type", (event) => event.resource.type],
  ["labels.run_id", (event) => event.runId],
  ["labels.status", (event) => event.status],
  ["labels.thread_id", (event) => event.threadId],
  // As text: free JSON would open a field of the index for each member that anybody ever writes.
  ["event.original", (event) => (Object.keys(event.data).length === 0 ? null : JSON.stringify(event.data))],
];

export const ecs: Format = {
  name: "ecs",
  version: "9.0.0",
  contentType: "application/json",
  render: fromRows(ROWS),
};

function outcomeOf({ status }: AuditEvent): string {
  if (status === "ok") return "success";
  return status === "error" || status === "denied" ? "failure" : "unknown";
}
