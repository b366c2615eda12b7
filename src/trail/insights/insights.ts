import { type Micros, nowMicros } from "../../base/clock.ts";
import { addDecimals } from "../../base/decimal.ts";
import { TrailError } from "../../base/error.ts";
import type { JsonObject } from "../../base/json.ts";
import { LIMITS } from "../../event/limits.ts";
import { type EventFilter, toConditions } from "../../query/event-filter.ts";
import type { Condition, EqualField } from "../../query/filter.ts";
import { microsOf, type Time } from "../../query/time.ts";
import type { Facets, FacetValue, Store } from "../../store/store.ts";
import { quantile } from "../../view/measures.ts";
import { sortable } from "../../view/projection.ts";
import { bucketStart, DIMENSIONS, type Dimension, LEVELS, type Level } from "../../view/totals/totals.ts";
import type { Scope } from "../trail.ts";
import { bucketsOf } from "./buckets.ts";
import type { CostQuery, CostReport } from "./cost.ts";
import { type Histogram, type HistogramQuery, readHistogram } from "./histogram.ts";

/** What was counted over a span of `occurredAt`. Durations are milliseconds, as the top of a bucket of 12.5 %. */
export interface Totals {
  readonly events: number;
  readonly failures: number;
  /** By status; events without one stand under the empty name. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly thinkingTokens: number;
  readonly cachedTokens: number;
  readonly costUsd: string;
}

export interface TotalsQuery extends Scope {
  /** Default: 30 days before `until`. Moved down to the start of its bucket. */
  since?: Time;
  /** Default: now. Moved up to the end of its bucket. */
  until?: Time;
  /** Width of the buckets; default: `minute` up to 6 hours, `hour` up to 8 days, else `day`. */
  bucket?: Level;
  /** Only events with this value of a dimension; then buckets are hours or days. */
  only?: { dimension: Dimension; value: string };
  /** Also the totals of each value of these dimensions, most events first. */
  by?: readonly Dimension[];
}

export interface TotalsReport {
  /** The span that was counted: from `since`, up to and without `until`. */
  readonly since: Micros;
  readonly until: Micros;
  readonly bucket: Level;
  readonly total: Totals;
  /** The buckets that hold events, in order. */
  readonly series: ReadonlyArray<Totals & { readonly at: Micros }>;
  readonly by: Readonly<Record<string, ReadonlyArray<Totals & { readonly value: string }>>>;
}

export interface FailureGroup {
  readonly fingerprint: string;
  readonly type: string;
  readonly tool: string | null;
  /** Of the last case. */
  readonly message: string;
  readonly count: number;
  readonly firstAt: Micros;
  readonly lastAt: Micros;
  /** The id of the last case. */
  readonly lastId: string;
  readonly agents: readonly string[];
  readonly environments: readonly string[];
}

export interface FacetsQuery extends Scope {
  filter?: EventFilter | readonly Condition[];
  fields: readonly EqualField[];
  /** Values for each field; default 20. */
  top?: number;
  /** Events to look at, newest first; default 50 000. */
  scanMax?: number;
}

export interface TouchQuery extends Scope {
  filter: EventFilter | readonly Condition[];
  /** Default 20. */
  top?: number;
}

/** A resource that was touched, or who touched it. */
export interface Touch extends FacetValue {
  /** `resource_type`, or the field that names who. */
  readonly kind: string;
}

export interface Touches {
  readonly touches: readonly Touch[];
  /** True where older events were not looked at. */
  readonly exhausted: boolean;
}

export interface Insights {
  /** Counts, failures, latency, tokens and cost over time, exact for the span that it names. */
  totals(query?: TotalsQuery): Promise<TotalsReport>;
  /** What model requests cost by a table of prices, beside what was recorded. Each token counts once. */
  cost(query?: CostQuery): Promise<CostReport>;
  /** Events over time by status, for any filter: exact where sums are kept, else counted up to a bound. */
  histogram(
    query?: Scope &
      Omit<HistogramQuery, "tenant" | "where"> & { filter?: EventFilter | readonly Condition[] },
  ): Promise<Histogram>;
  /** Failures of one kind together, last seen first. */
  failures(
    query?: Scope & { tool?: string; agent?: string; environment?: string; since?: Time; limit?: number },
  ): Promise<FailureGroup[]>;
  /** The most frequent values of fields among the events that match. */
  facets(query: FacetsQuery): Promise<Facets>;
  /** What resources the matching events were about: what an agent, an actor or a run touched. */
  touched(query: TouchQuery): Promise<Touches>;
  /** Which agents, actors and tools the matching events are of: who touched a resource. */
  touchedBy(query: TouchQuery): Promise<Touches>;
}

const DAY = LEVELS.day;
const SCAN_EVENTS = 50_000;
const TOP = 20;
const BUCKETS_MAX = 10_000;

export function createInsights(open: () => Promise<Store>, ownTenant: string): Insights {
  const insights: Insights = {
    cost: async (query = {}) => (await import("./cost.ts")).costReport(await open(), ownTenant, query),

    async totals(query = {}) {
      const span = spanOf(query);
      const store = await open();
      const tenant = query.tenant ?? ownTenant;
      const only = query.only === undefined ? "all" : `${query.only.dimension}=${query.only.value}`;
      const docs = await bucketsOf(store, tenant, `${span.bucket}/${only}`, span);
      const by: Record<string, Array<Totals & { value: string }>> = {};
      for (const dimension of query.by ?? []) by[dimension] = await breakdown(store, tenant, dimension, span);
      return {
        ...span,
        total: toTotals(sum(docs)),
        series: docs.map((doc) => ({ at: doc.at as number, ...toTotals(doc) })),
        by,
      };
    },

    async histogram({ tenant = ownTenant, filter = {}, ...query } = {}) {
      return readHistogram(await open(), { ...query, tenant, where: conditionsOf(filter) });
    },

    async failures({ tenant = ownTenant, tool, agent, environment, since, limit = 50 } = {}) {
      const store = await open();
      const has = (member: string, value: string | undefined) =>
        value === undefined ? [] : [{ op: "has" as const, member, value }];
      const { rows } = await store.rows({
        tenant,
        view: "failures",
        group: tool === undefined ? "all" : `tool=${tool}`,
        direction: "desc",
        limit: Math.min(Math.max(1, limit), LIMITS.pageSize),
        ...(since === undefined ? {} : { from: sortable(microsOf(since, "since")) }),
        where: [...has("agents", agent), ...has("environments", environment)],
      });
      return rows.map(({ doc }) => doc as unknown as FailureGroup);
    },

    async facets({ tenant = ownTenant, filter = {}, fields, top = TOP, scanMax = SCAN_EVENTS }) {
      return (await open()).facets({ tenant, where: conditionsOf(filter), fields, top, scanMax });
    },

    async touched({ filter, top = TOP, ...scope }) {
      const types = await insights.facets({ ...scope, filter, fields: ["resource_type"], top });
      const touches: Touch[] = [];
      let { exhausted } = types;
      for (const { value: kind } of types.fields.resource_type ?? []) {
        const ofKind = [
          ...conditionsOf(filter),
          { op: "any", field: "resource_type", values: [kind] } as const,
        ];
        const ids = await insights.facets({ ...scope, filter: ofKind, fields: ["resource_id"], top });
        exhausted ||= ids.exhausted;
        for (const value of ids.fields.resource_id ?? []) touches.push({ kind, ...value });
      }
      return { touches: touches.sort((a, b) => b.count - a.count).slice(0, top), exhausted };
    },

    async touchedBy({ filter, top = TOP, ...scope }) {
      const who = ["agent", "actor_id", "tool"] as const;
      const { fields, exhausted } = await insights.facets({ ...scope, filter, fields: who, top });
      const touches = who.flatMap((kind) => (fields[kind] ?? []).map((value) => ({ kind, ...value })));
      return { touches, exhausted };
    },
  };
  return insights;
}

function conditionsOf(filter: EventFilter | readonly Condition[]): readonly Condition[] {
  return isConditions(filter) ? filter : toConditions(filter);
}

function isConditions(filter: EventFilter | readonly Condition[]): filter is readonly Condition[] {
  return Array.isArray(filter);
}

interface Span {
  readonly since: Micros;
  readonly until: Micros;
  readonly bucket: Level;
}

/** The span moved out to whole buckets, so that sums of buckets are exact. */
function spanOf({ since, until, bucket, only, by }: TotalsQuery): Span {
  const end = until === undefined ? nowMicros() : microsOf(until, "until");
  const start = since === undefined ? end - 30 * DAY : microsOf(since, "since");
  if (start > end)
    throw new TrailError("query.invalid", "since must not be after until.", { field: "since" });
  const needsHours = only !== undefined || (by !== undefined && by.length > 0);
  const fitting = end - start <= 6 * LEVELS.hour ? "minute" : end - start <= 8 * DAY ? "hour" : "day";
  const level = bucket ?? (needsHours && fitting === "minute" ? "hour" : fitting);
  if (needsHours && level === "minute") {
    throw new TrailError("query.invalid", "Minutes are kept for all events only, not by dimension.", {
      field: "bucket",
      fix: "Ask for hours or days.",
    });
  }
  const from = bucketStart(level, start);
  const to = bucketStart(level, end) + LEVELS[level];
  if ((to - from) / LEVELS[level] > BUCKETS_MAX) {
    throw new TrailError("query.invalid", `The span holds more than ${BUCKETS_MAX} buckets.`, {
      field: "bucket",
      fix: "Ask for wider buckets or a shorter span.",
    });
  }
  return { since: from, until: to, bucket: level };
}

/** The widest buckets that fill the span exactly: days where it begins and ends at midnight, else hours. */
async function breakdown(
  store: Store,
  tenant: string,
  dimension: Dimension,
  span: Span,
): Promise<Array<Totals & { value: string }>> {
  if (!DIMENSIONS.includes(dimension)) {
    throw new TrailError("query.invalid", `by must be one of ${DIMENSIONS.join(", ")}.`, { field: "by" });
  }
  const isWhole =
    bucketStart("day", span.since) === span.since && bucketStart("day", span.until) === span.until;
  const docs = await bucketsOf(store, tenant, `${isWhole ? "day" : "hour"}/${dimension}`, span);
  const values = Map.groupBy(docs, ({ value }) => value as string);
  return [...values]
    .map(([value, parts]) => ({ value, ...toTotals(sum(parts)) }))
    .sort((a, b) => b.events - a.events || (a.value < b.value ? -1 : 1));
}

const SUMS = ["events", "failures", "input", "output", "thinking", "cached"] as const;

function sum(docs: readonly JsonObject[]): JsonObject {
  const whole: JsonObject = { statuses: Object.create(null), durations: Object.create(null), cost: "0" };
  for (const member of SUMS) whole[member] = 0;
  for (const doc of docs) {
    for (const member of SUMS) whole[member] = (whole[member] as number) + (doc[member] as number);
    for (const member of ["statuses", "durations"] as const) {
      const counts = whole[member] as Record<string, number>;
      for (const [value, count] of Object.entries(doc[member] as Record<string, number>)) {
        counts[value] = (counts[value] ?? 0) + count;
      }
    }
    whole.cost = addDecimals(whole.cost as string, doc.cost as string);
  }
  return whole;
}

function toTotals(doc: JsonObject): Totals {
  const durations = doc.durations as Record<string, number>;
  return {
    events: doc.events as number,
    failures: doc.failures as number,
    statuses: doc.statuses as Record<string, number>,
    p50: quantile(durations, 0.5),
    p95: quantile(durations, 0.95),
    p99: quantile(durations, 0.99),
    inputTokens: doc.input as number,
    outputTokens: doc.output as number,
    thinkingTokens: doc.thinking as number,
    cachedTokens: doc.cached as number,
    costUsd: doc.cost as string,
  };
}
