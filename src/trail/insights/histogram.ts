import { type Micros, nowMicros } from "../../base/clock.ts";
import { TrailError } from "../../base/error.ts";
import type { JsonObject } from "../../base/json.ts";
import { LIMITS } from "../../event/limits.ts";
import type { Condition, EqualField } from "../../query/filter.ts";
import { microsOf, type Time } from "../../query/time.ts";
import type { Store } from "../../store/store.ts";
import type { Dimension, Level } from "../../view/totals/totals.ts";
import { bucketStart, LEVELS } from "../../view/totals/totals.ts";
import { bucketsOf } from "./buckets.ts";

export interface HistogramQuery {
  tenant: string;
  where: readonly Condition[];
  /** Default: the first event's time. Moved down to the start of its bar. */
  since?: Time;
  /** Default: now. Moved up to the end of its bar. */
  until?: Time;
  /** Bars at most; default 60. */
  bars?: number;
}

/** Events over `occurredAt`, by status. */
export interface Histogram {
  readonly since: Micros;
  readonly until: Micros;
  /** The width of a bar. */
  readonly step: Micros;
  /** The bars that hold events, in order; events without a status stand under the empty name. */
  readonly bars: readonly Bar[];
  /** Counted from here on; later than `since` where the search was at its bound. */
  readonly countedSince: Micros;
}

export interface Bar {
  readonly at: Micros;
  readonly events: number;
  readonly statuses: Readonly<Record<string, number>>;
}

const SECOND = 1_000_000;
const { minute: MINUTE, hour: HOUR, day: DAY } = LEVELS;
const STEPS = [
  ...[1, 2, 5, 10, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
  ...[1, 2, 7, 14, 30, 90, 365, 3_650].map((n) => n * DAY),
];
const BARS = 60;
const SCAN_EVENTS = 200_000;
const TIME_MAX_MS = 1_500;
const STATUSES_MAX = 64;
const VALUE_CHARS = 200;

/** The totals' dimensions, by the field of an event that each is of. */
const DIMENSION_OF: Partial<Readonly<Record<EqualField, Dimension>>> = {
  environment: "environment",
  category: "category",
  event_type: "type",
  agent: "agent",
  tool: "tool",
  model: "model",
};

/**
 * From sums that are kept where they can tell (all events or one value of a dimension, any statuses, whole
 * minutes or hours): exact at any size. Otherwise counted bar by bar, newest first, up to a bound of rows
 * and of time.
 */
export async function readHistogram(store: Store, query: HistogramQuery): Promise<Histogram> {
  const span = await spanOf(store, query);
  const kept = keptOf(query.where, span.step);
  if (kept !== null) {
    const bars = await fromTotals(store, query.tenant, kept, span);
    if (bars !== null) return { ...span, bars, countedSince: span.since };
  }
  return counted(store, query, span);
}

interface Span {
  readonly since: Micros;
  readonly until: Micros;
  readonly step: Micros;
}

async function spanOf(store: Store, { tenant, since, until, bars = BARS }: HistogramQuery): Promise<Span> {
  const end = until === undefined ? nowMicros() : microsOf(until, "until");
  const start = since === undefined ? await firstAt(store, tenant, end) : microsOf(since, "since");
  if (start > end)
    throw new TrailError("query.invalid", "since must not be after until.", { field: "since" });
  const step = STEPS.find((width) => (end - start) / width <= bars - 1) ?? (STEPS.at(-1) as number);
  return {
    since: Math.floor(start / step) * step,
    // The end is not part of the span, so an end on a bar's edge needs no bar of its own.
    until: Math.max(Math.ceil(end / step) * step, Math.floor(start / step) * step + step),
    step,
  };
}

async function firstAt(store: Store, tenant: string, fallback: Micros): Promise<Micros> {
  const { events } = await store.list({
    tenant,
    where: [],
    order: "occurred_at",
    direction: "asc",
    limit: 1,
    scanMax: LIMITS.scanRows,
  });
  return Math.min(events[0]?.occurredAt ?? fallback, fallback);
}

interface Kept {
  readonly level: Level;
  readonly group: string;
  readonly wants: (status: string) => boolean;
}

/** Which sums answer the conditions exactly; null where none do. */
function keptOf(where: readonly Condition[], step: Micros): Kept | null {
  let group = "all";
  let wants = (_: string): boolean => true;
  for (const condition of where) {
    if (condition.op !== "any" && condition.op !== "none") return null;
    const { field, values, op } = condition;
    const dimension = DIMENSION_OF[field];
    if (field === "status") {
      const before = wants;
      // An event without a status is none of any, and passes where some are left out.
      wants = (status) => before(status) && values.includes(status) === (op === "any");
    } else if (dimension !== undefined && op === "any" && values.length === 1 && group === "all") {
      const value = values[0] as string;
      if (value.length >= VALUE_CHARS) return null;
      group = `${dimension}=${value}`;
    } else return null;
  }
  const level = step % DAY === 0 ? "day" : step % HOUR === 0 ? "hour" : "minute";
  if (step < MINUTE || (group !== "all" && level === "minute")) return null;
  return { level, group, wants };
}

/** Null where the reader may not see the sums of the whole tenant: then the events that it sees are counted. */
async function fromTotals(
  store: Store,
  tenant: string,
  { level, group, wants }: Kept,
  span: Span,
): Promise<Bar[] | null> {
  let docs: JsonObject[];
  try {
    docs = await bucketsOf(store, tenant, `${level}/${group}`, span);
  } catch (thrown) {
    if (thrown instanceof TrailError && thrown.code === "access.denied") return null;
    throw thrown;
  }
  const bars = new Map<number, Record<string, number>>();
  for (const doc of docs) {
    const at = Math.floor(bucketStart(level, doc.at as number) / span.step) * span.step;
    const statuses = bars.get(at) ?? {};
    for (const [status, count] of Object.entries(doc.statuses as Record<string, number>)) {
      if (wants(status)) statuses[status] = (statuses[status] ?? 0) + count;
    }
    bars.set(at, statuses);
  }
  return [...bars].flatMap(([at, statuses]) => {
    const events = Object.values(statuses).reduce((sum, count) => sum + count, 0);
    return events === 0 ? [] : [{ at, events, statuses }];
  });
}

async function counted(store: Store, { tenant, where }: HistogramQuery, span: Span): Promise<Histogram> {
  const bars: Bar[] = [];
  const deadline = performance.now() + TIME_MAX_MS;
  let room = SCAN_EVENTS;
  let countedSince = span.until;
  for (let at = span.until - span.step; at >= span.since; at -= span.step) {
    if (room <= 0 || performance.now() > deadline) break;
    const found = await store.facets({
      tenant,
      where: [...where, { op: "range", field: "occurred_at", min: at, max: at + span.step - 1 }],
      fields: ["status"],
      top: STATUSES_MAX,
      scanMax: room,
    });
    room -= found.scanned;
    // A bar that was counted in part would look like a true one.
    if (found.exhausted) break;
    if (found.matched > 0) bars.push(toBar(at, found.matched, found.fields.status ?? []));
    countedSince = at;
  }
  return { ...span, bars: bars.reverse(), countedSince };
}

function toBar(
  at: Micros,
  events: number,
  values: ReadonlyArray<{ readonly value: string; readonly count: number }>,
): Bar {
  const known = values.reduce((sum, { count }) => sum + count, 0);
  const statuses = Object.fromEntries(values.map(({ value, count }) => [value, count]));
  return { at, events, statuses: events > known ? { ...statuses, "": events - known } : statuses };
}
