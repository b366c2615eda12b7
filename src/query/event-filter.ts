import type { Condition, EqualField, RangeField } from "./filter.ts";
import { microsOf, type Time } from "./time.ts";

/** The fields of a filter that take a value or several (a union), under their TypeScript names. */
const EQUAL_NAMES = {
  environment: "environment",
  type: "event_type",
  category: "category",
  phase: "phase",
  status: "status",
  severity: "severity",
  actorType: "actor_type",
  actorId: "actor_id",
  actorLabel: "actor_label",
  agent: "agent",
  origin: "origin",
  source: "source",
  app: "app",
  destination: "destination",
  tool: "tool",
  resourceType: "resource_type",
  resourceId: "resource_id",
  conversationId: "conversation_id",
  threadId: "thread_id",
  runId: "run_id",
  parentId: "parent_id",
  startId: "start_id",
  traceId: "trace_id",
  spanId: "span_id",
  callId: "call_id",
  model: "model",
  emitterId: "emitter_id",
} as const satisfies Record<string, EqualField>;

type EqualName = keyof typeof EQUAL_NAMES;
type EqualFilter = { [K in EqualName]?: string | readonly string[] };

/**
 * What a reader asks for, as the library writes it: `{ agent: "a", status: ["error", "denied"],
 * not: { app: "ci" }, since: "2026-01-01T00:00:00Z", search: "refund" }`. Everything given must
 * hold; an empty list of values is no condition.
 */
export interface EventFilter extends EqualFilter {
  /** None of these values; an event without the field passes. */
  not?: EqualFilter;
  /** `occurredAt` at or after, at or before. */
  since?: Time;
  until?: Time;
  /** `recordedAt` at or after, at or before. */
  recordedSince?: Time;
  recordedUntil?: Time;
  durationMs?: { min?: number; max?: number };
  seq?: { min?: number; max?: number };
  /** A substring of the summary or the resource id, letter case aside. */
  search?: string;
  doNotForward?: boolean;
}

export function toConditions(filter: EventFilter): Condition[] {
  const where: Condition[] = [];
  addEqual(where, "any", filter);
  if (filter.not !== undefined) addEqual(where, "none", filter.not);
  addRange(where, "occurred_at", micros("since", filter.since), micros("until", filter.until));
  addRange(
    where,
    "created_at",
    micros("recordedSince", filter.recordedSince),
    micros("recordedUntil", filter.recordedUntil),
  );
  addRange(where, "duration_ms", filter.durationMs?.min, filter.durationMs?.max);
  addRange(where, "seq", filter.seq?.min, filter.seq?.max);
  if (filter.search !== undefined && filter.search !== "")
    where.push({ op: "contains", text: filter.search });
  if (filter.doNotForward !== undefined) where.push({ op: "flag", value: filter.doNotForward });
  return where;
}

function addEqual(where: Condition[], op: "any" | "none", filter: EqualFilter): void {
  for (const [key, field] of Object.entries(EQUAL_NAMES) as Array<[EqualName, EqualField]>) {
    const given = filter[key];
    if (given === undefined) continue;
    const values = typeof given === "string" ? [given] : [...new Set(given)];
    if (values.length > 0) where.push({ op, field, values });
  }
}

function addRange(
  where: Condition[],
  field: RangeField,
  min: number | undefined,
  max: number | undefined,
): void {
  if (min !== undefined || max !== undefined) where.push({ op: "range", field, min, max });
}

function micros(field: string, time: Time | undefined): number | undefined {
  return time === undefined ? undefined : microsOf(time, field);
}
