import type { JsonObject } from "../../base/json.ts";
import type { AuditEvent } from "../../event/event.ts";
import { type Format, type FormatRow, fromRows, millis } from "./table.ts";

const VERSION = "1.8.0";
const CLASS = 6003;
const OTHER = 99;

/** Create, read, update and delete, as the names of operations usually say it. */
const ACTIVITIES: ReadonlyArray<readonly [RegExp, number, string]> = [
  [/(^|[._-])(create|created|add|insert|write|record|start|started)($|[._-])/i, 1, "Create"],
  [/(^|[._-])(read|get|list|search|query|fetch|view)($|[._-])/i, 2, "Read"],
  [/(^|[._-])(update|updated|edit|patch|set|change|changed|rename)($|[._-])/i, 3, "Update"],
  [/(^|[._-])(delete|deleted|remove|removed|drop|erase)($|[._-])/i, 4, "Delete"],
];
const SEVERITY_IDS = { TRACE: 1, DEBUG: 1, INFO: 1, WARN: 3, ERROR: 4, FATAL: 6 } as const;
/** By status: outcome, action of the control, disposition. */
const OUTCOMES: Readonly<Record<string, { status: number; action: number; disposition: number }>> = {
  ok: { status: 1, action: 1, disposition: 1 },
  error: { status: 2, action: 1, disposition: 27 },
  denied: { status: 2, action: 2, disposition: 2 },
};

/**
 * OCSF 1.8.0, class API Activity (6003) with the profiles ai_operation, trace and security_control.
 * What has no place of its own stands in `unmapped`, so nothing is lost.
 */
const ROWS: readonly FormatRow[] = [
  ["activity_id", (event) => activityOf(event).id],
  ["activity_name", (event) => activityOf(event).name],
  ["category_uid", () => 6],
  ["category_name", () => "Application Activity"],
  ["class_uid", () => CLASS],
  ["class_name", () => "API Activity"],
  ["type_uid", (event) => CLASS * 100 + activityOf(event).id],
  ["time", (event) => millis(event.occurredAt)],
  ["severity_id", (event) => SEVERITY_IDS[event.severity]],
  ["severity", (event) => event.severity],
  ["message", (event) => event.summary],
  ["duration", (event) => event.durationMs],
  ["start_time", (event) => startOf(event)],
  ["end_time", (event) => (event.durationMs === null ? null : millis(event.occurredAt))],
  ["status_id", (event) => (event.status === null ? 0 : (OUTCOMES[event.status]?.status ?? OTHER))],
  ["status", (event) => event.status],
  ["status_detail", (event) => event.error],
  ["action_id", (event) => outcomeOf(event)?.action],
  ["disposition_id", (event) => outcomeOf(event)?.disposition],
  ["metadata.version", () => VERSION],
  ["metadata.uid", (event) => event.id],
  ["metadata.sequence", (event) => event.seq],
  ["metadata.logged_time", (event) => millis(event.recordedAt)],
  ["metadata.event_code", (event) => event.type],
  ["metadata.correlation_uid", (event) => event.runId ?? event.conversationId],
  ["metadata.tenant_uid", (event) => event.tenant],
  ["metadata.labels", (event) => [event.environment]],
  ["metadata.product.name", () => "Daybook"],
  ["metadata.product.vendor_name", () => "Daybook"],
  ["metadata.profiles", (event) => profilesOf(event)],
  ["actor.user.uid", (event) => event.actor.id],
  ["actor.user.name", (event) => event.actor.label],
  ["actor.user.type", (event) => (event.actor.id ?? event.actor.label) && event.actor.type],
  ["actor.app_name", (event) => event.agent ?? event.actor.type ?? "unknown"],
  ["api.operation", (event) => event.tool ?? event.type],
  ["api.service.name", (event) => event.destination ?? event.source],
  ["api.request.uid", (event) => event.callId ?? event.startId ?? event.id],
  ["api.response.error_message", (event) => event.error],
  ["src_endpoint.name", (event) => event.agent ?? event.source ?? "daybook"],
  ["src_endpoint.svc_name", (event) => event.source],
  ["dst_endpoint.name", (event) => event.destination],
  ["resources", (event) => resourcesOf(event)],
  ["trace.uid", (event) => event.traceId],
  ["trace.span", (event) => spanOf(event)],
  ["ai_model", (event) => modelOf(event)],
  ["message_context", (event) => contextOf(event)],
  ["unmapped", (event) => unmappedOf(event)],
];

export const ocsf: Format = {
  name: "ocsf",
  version: VERSION,
  contentType: "application/json",
  render: fromRows(ROWS),
};

function activityOf({ tool, type }: AuditEvent): { id: number; name: string } {
  const found = ACTIVITIES.find(([pattern]) => pattern.test(tool ?? type));
  return found === undefined ? { id: OTHER, name: type } : { id: found[1], name: found[2] };
}

function outcomeOf({ status }: AuditEvent) {
  return status === null ? undefined : OUTCOMES[status];
}

function startOf({ occurredAt, durationMs }: AuditEvent): number | null {
  return durationMs === null ? null : millis(occurredAt) - durationMs;
}

function profilesOf(event: AuditEvent): string[] {
  const profiles = ["ai_operation"];
  if (event.traceId !== null) profiles.push("trace");
  if (outcomeOf(event) !== undefined) profiles.push("security_control");
  return profiles;
}

function resourcesOf({ resource }: AuditEvent): JsonObject[] | null {
  if (resource.id === null && resource.type === null) return null;
  return [
    {
      ...(resource.id === null ? { name: resource.type } : { uid: resource.id }),
      ...(resource.type === null ? {} : { type: resource.type }),
    },
  ];
}

/** A span needs both of its ends. */
function spanOf(event: AuditEvent): JsonObject | null {
  const start = startOf(event);
  if (event.traceId === null || event.spanId === null || start === null) return null;
  return { uid: event.spanId, start_time: start, end_time: millis(event.occurredAt) };
}

function modelOf({ model, data }: AuditEvent): JsonObject | null {
  if (model === null) return null;
  const { provider } = data;
  return { name: model, ai_provider: typeof provider === "string" ? provider : "unknown" };
}

function contextOf(event: AuditEvent): JsonObject | null {
  const { usage, conversationId, threadId, agent, tool } = event;
  const uid = conversationId ?? threadId;
  if (uid === null && usage === null) return null;
  const { input, output } = usage ?? {};
  return {
    application: { name: agent ?? event.source ?? "daybook" },
    ai_role_id: tool === null ? 4 : 3,
    ...(uid === null ? {} : { uid }),
    ...(input === undefined ? {} : { prompt_tokens: input }),
    ...(output === undefined ? {} : { completion_tokens: output }),
    ...(input === undefined || output === undefined ? {} : { total_tokens: input + output }),
  };
}

const UNMAPPED = [
  ["category", "category"],
  ["phase", "phase"],
  ["origin", "origin"],
  ["app", "app"],
  ["threadId", "thread_id"],
  ["parentId", "parent_id"],
  ["startId", "start_id"],
  ["spanId", "span_id"],
  ["costUsd", "cost_usd"],
] as const satisfies ReadonlyArray<readonly [keyof AuditEvent, string]>;

function unmappedOf(event: AuditEvent): JsonObject {
  const rest: JsonObject = { data: event.data };
  for (const [key, name] of UNMAPPED) if (event[key] !== null) rest[name] = event[key];
  return rest;
}
