import type { Micros } from "../base/clock.ts";

/** The fields that a condition can compare with given values, by wire name. */
export const EQUAL_FIELDS = [
  "environment",
  "event_type",
  "category",
  "phase",
  "status",
  "severity",
  "actor_type",
  "actor_id",
  "actor_label",
  "agent",
  "origin",
  "source",
  "app",
  "destination",
  "tool",
  "resource_type",
  "resource_id",
  "conversation_id",
  "thread_id",
  "run_id",
  "parent_id",
  "start_id",
  "trace_id",
  "span_id",
  "call_id",
  "model",
  "emitter_id",
] as const;
export type EqualField = (typeof EQUAL_FIELDS)[number];

/** The fields that a condition can bound: integers, times in microseconds. */
export const RANGE_FIELDS = ["seq", "occurred_at", "created_at", "duration_ms"] as const;
export type RangeField = (typeof RANGE_FIELDS)[number];

/**
 * One condition; a query is their conjunction. `any`: the field is one of the values (a union).
 * `none`: it is none of them; an event without the field passes. `range`: both ends inclusive, an
 * absent end is open, an event without the field fails. `contains`: the text stands, letter case
 * aside (full Unicode), in the summary or the resource id. `flag`: do_not_forward.
 */
export type Condition =
  | { readonly op: "any" | "none"; readonly field: EqualField; readonly values: readonly string[] }
  | { readonly op: "range"; readonly field: RangeField; readonly min?: number; readonly max?: number }
  | { readonly op: "contains"; readonly text: string }
  | { readonly op: "flag"; readonly value: boolean };

/** Which order a list has. `seq` is the log's own; `occurred_at` is what the emitters said, ties by seq. */
export type Order = "seq" | "occurred_at";

/** Where a page ended: the key of the last event looked at. */
export interface Position {
  readonly seq: number;
  /** Only in the order by `occurred_at`. */
  readonly occurredAt?: Micros;
}

export interface Query {
  readonly tenant: string;
  readonly where: readonly Condition[];
  readonly order: Order;
  readonly direction: "desc" | "asc";
  /** Start behind this position. */
  readonly after?: Position;
  /** Events at most, 1 to LIMITS.pageSize. */
  readonly limit: number;
  /** Rows to look at, at most. */
  readonly scanMax: number;
}
