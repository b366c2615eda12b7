import type { AuditEvent } from "../event/event.ts";
import type { Condition, EqualField, RangeField } from "./filter.ts";

const EQUAL: { readonly [K in EqualField]: (event: AuditEvent) => string | null } = {
  environment: (event) => event.environment,
  event_type: (event) => event.type,
  category: (event) => event.category,
  phase: (event) => event.phase,
  status: (event) => event.status,
  severity: (event) => event.severity,
  actor_type: (event) => event.actor.type,
  actor_id: (event) => event.actor.id,
  actor_label: (event) => event.actor.label,
  agent: (event) => event.agent,
  origin: (event) => event.origin,
  source: (event) => event.source,
  app: (event) => event.app,
  destination: (event) => event.destination,
  tool: (event) => event.tool,
  resource_type: (event) => event.resource.type,
  resource_id: (event) => event.resource.id,
  conversation_id: (event) => event.conversationId,
  thread_id: (event) => event.threadId,
  run_id: (event) => event.runId,
  parent_id: (event) => event.parentId,
  start_id: (event) => event.startId,
  trace_id: (event) => event.traceId,
  span_id: (event) => event.spanId,
  call_id: (event) => event.callId,
  model: (event) => event.model,
  emitter_id: (event) => event.emitter?.id ?? null,
};

/** What a condition on the field compares. */
export function fieldOf(event: AuditEvent, field: EqualField): string | null {
  return EQUAL[field](event);
}

const RANGE: { readonly [K in RangeField]: (event: AuditEvent) => number | null } = {
  seq: (event) => event.seq,
  occurred_at: (event) => event.occurredAt,
  created_at: (event) => event.recordedAt,
  duration_ms: (event) => event.durationMs,
};

/**
 * The reference meaning of a filter, in memory. Every store must agree with it; a property test
 * compares them on random filters. The live stream uses it as it stands.
 */
export function matches(event: AuditEvent, where: readonly Condition[]): boolean {
  return where.every((condition) => holds(event, condition));
}

function holds(event: AuditEvent, condition: Condition): boolean {
  switch (condition.op) {
    case "any": {
      const value = EQUAL[condition.field](event);
      return value !== null && condition.values.includes(value);
    }
    case "none": {
      const value = EQUAL[condition.field](event);
      return value === null || !condition.values.includes(value);
    }
    case "range": {
      const value = RANGE[condition.field](event);
      if (value === null) return false;
      return (
        (condition.min === undefined || value >= condition.min) &&
        (condition.max === undefined || value <= condition.max)
      );
    }
    case "contains": {
      const text = fold(condition.text);
      return fold(event.summary ?? "").includes(text) || fold(event.resource.id ?? "").includes(text);
    }
    case "flag":
      return event.doNotForward === condition.value;
  }
}

/** Letter case aside, the same everywhere: what `contains` compares. */
export function fold(text: string): string {
  return text.toLowerCase();
}
