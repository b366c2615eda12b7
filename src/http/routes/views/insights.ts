import type { Context } from "hono";
import { formatMicros } from "../../../base/clock.ts";
import type { PriceTable } from "../../../price/table.ts";
import { EQUAL_FIELDS } from "../../../query/filter.ts";
import { parseFilters } from "../../../query/params.ts";
import type { EmitterState, Facets } from "../../../store/store.ts";
import type { CostLine } from "../../../trail/insights/cost.ts";
import type { Insights, Totals, TotalsQuery } from "../../../trail/insights/insights.ts";
import { DIMENSIONS, type Dimension, LEVELS, type Level } from "../../../view/totals/totals.ts";
import { type Access, denied } from "../../access.ts";
import { invalid, Params } from "../../params.ts";
import type { Route } from "../../routing.ts";
import type { ServerState } from "../../server-state.ts";

const FACET_VALUES_MAX = 200;
const SCAN_MAX = 200_000;
const GROUPS_MAX = 1_000;
const BARS_MAX = 500;

/** Figures over the log: totals and series, failures, facets, touches, emitters. */
export function insightRoutes(route: Route, state: ServerState): void {
  route("get", "/api/v1/stats", (c, access) => stats(c, access, state));
  route("get", "/api/v1/failures", (c, access) => failures(c, access, state));
  route("get", "/api/v1/facets", (c, access) => facets(c, access, state));
  route("get", "/api/v1/histogram", (c, access) => histogram(c, access, state));
  route("get", "/api/v1/touches", (c, access) => touches(c, access, state));
  route("get", "/api/v1/emitters", async (c, access) => {
    const emitters = await state.trail.forTenant(access.tenant, access).emitters();
    return c.json({ data: emitters.map((emitter) => ({ ...emitter, verdict: verdictOf(emitter) })) });
  });
}

/**
 * Counts of what was recorded since `since`, and the figures of the window by `occurred_at`: its
 * totals, its series, and per value of each dimension in `by`. A key of some environments sees one
 * of them at a time, and no dimensions, which are summed over all.
 */
async function stats(c: Context, access: Access, state: ServerState): Promise<Response> {
  const params = new Params(new URL(c.req.url).searchParams);
  const since = params.time("since");
  const query = totalsQuery(params, since);
  const asksCost = params.flag("cost");
  params.end();
  const own = access.environments;
  if (own !== null) narrow(query, own);
  const trail = state.trail.forTenant(access.tenant, access);
  const [counts, report] = await Promise.all([wholeCounts(trail, since), trail.insights.totals(query)]);
  const span = { since: report.since, until: report.until - 1 };
  const cost = asksCost ? { cost: await costFigures(trail.insights, span, state.prices) } : {};
  return c.json({
    ...counts,
    ...cost,
    window: { since: formatMicros(report.since), until: formatMicros(report.until), bucket: report.bucket },
    totals: toFigures(report.total),
    series: report.series.map(({ at, ...totals }) => ({ at: formatMicros(at), ...toFigures(totals) })),
    by: Object.fromEntries(
      Object.entries(report.by).map(([dimension, values]) => [
        dimension,
        values.map(({ value, ...totals }) => ({ value, ...toFigures(totals) })),
      ]),
    ),
  });
}

/** What the table makes of the tokens of whole days, beside what events said of themselves. */
async function costFigures(
  insights: Insights,
  span: { since: number; until: number },
  prices: PriceTable,
): Promise<Record<string, unknown>> {
  const by = ["model", "agent", "source"] as const;
  const report = await insights.cost({ ...span, by, prices });
  return {
    window: { since: formatMicros(report.since), until: formatMicros(report.until) },
    table: report.table,
    total: toCostFigures(report.total),
    by: Object.fromEntries(
      Object.entries(report.by).map(([name, lines]) => [
        name,
        lines.map(({ value, ...line }) => ({ value, ...toCostFigures(line) })),
      ]),
    ),
    unpriced: report.unpriced,
    repeated: toCostFigures(report.repeated),
  };
}

function toCostFigures(line: CostLine): Record<string, unknown> {
  return {
    requests: line.requests,
    input_tokens: line.inputTokens,
    cached_tokens: line.cachedTokens,
    written_tokens: line.writtenTokens,
    output_tokens: line.outputTokens,
    thinking_tokens: line.thinkingTokens,
    recorded_usd: line.recordedUsd,
    computed_usd: line.computedUsd,
  };
}

function totalsQuery(params: Params, since: number | undefined): TotalsQuery {
  const until = params.time("until");
  const bucket = params.text("bucket");
  if (bucket !== undefined && !Object.hasOwn(LEVELS, bucket)) {
    throw invalid("bucket", `must be one of ${Object.keys(LEVELS).join(", ")}.`);
  }
  const only = params.text("only");
  const [dimension, ...value] = only?.split(":") ?? [];
  if (only !== undefined && value.join(":") === "")
    throw invalid("only", "must be a dimension, a colon and a value.");
  return {
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    ...(bucket === undefined ? {} : { bucket: bucket as Level }),
    ...(only === undefined
      ? {}
      : { only: { dimension: dimensionOf("only", dimension), value: value.join(":") } }),
    by: params.list("by").map((name) => dimensionOf("by", name)),
  };
}

function dimensionOf(parameter: string, name: string | undefined): Dimension {
  const found = DIMENSIONS.find((dimension) => dimension === name);
  if (found === undefined) throw invalid(parameter, `must name one of ${DIMENSIONS.join(", ")}.`);
  return found;
}

function narrow(query: TotalsQuery, environments: readonly string[]): void {
  const [first, ...others] = environments;
  const named = query.only?.dimension === "environment" ? query.only.value : undefined;
  const environment = named ?? (others.length === 0 ? first : undefined);
  if (environment === undefined || !environments.includes(environment) || (query.by?.length ?? 0) > 0) {
    throw denied("The key reaches some environments: ask for one with only=environment:<name>, without by.");
  }
  query.only = { dimension: "environment", value: environment };
}

type Tenant = ReturnType<ServerState["trail"]["forTenant"]>;

async function wholeCounts(trail: Tenant, since: number | undefined) {
  const found = await trail.events.stats(since === undefined ? {} : { since });
  return {
    total: found.total,
    head: found.head,
    events_last_hour: found.eventsLastHour,
    by_category: found.byCategory,
    by_status: found.byStatus,
    by_type: found.byType,
    by_agent: found.byAgent,
    by_tool: found.byTool,
  };
}

function toFigures(totals: Totals) {
  return {
    events: totals.events,
    failures: totals.failures,
    statuses: totals.statuses,
    duration_ms: { p50: totals.p50, p95: totals.p95, p99: totals.p99 },
    tokens: {
      input: totals.inputTokens,
      output: totals.outputTokens,
      thinking: totals.thinkingTokens,
      cached: totals.cachedTokens,
    },
    cost_usd: totals.costUsd,
  };
}

async function failures(c: Context, access: Access, state: ServerState): Promise<Response> {
  const params = new Params(new URL(c.req.url).searchParams);
  const query = {
    tool: params.text("filter[tool]"),
    agent: params.text("filter[agent]"),
    environment: params.text("filter[environment]"),
    since: params.time("since"),
  };
  const limit = params.count("limit", { min: 1, max: GROUPS_MAX, fallback: 50 });
  params.end();
  const given = Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined));
  const groups = await state.trail.forTenant(access.tenant, access).insights.failures({ ...given, limit });
  return c.json({
    data: groups.map(({ firstAt, lastAt, lastId, ...group }) => ({
      ...group,
      first_seen: formatMicros(firstAt),
      last_seen: formatMicros(lastAt),
      last_id: lastId,
    })),
  });
}

async function facets(c: Context, access: Access, state: ServerState): Promise<Response> {
  const params = new Params(new URL(c.req.url).searchParams);
  const fields = params.list("field").map((name) => {
    const field = EQUAL_FIELDS.find((known) => known === name);
    if (field === undefined) throw invalid("field", `must name one of ${EQUAL_FIELDS.join(", ")}.`);
    return field;
  });
  if (fields.length === 0) throw invalid("field", "must name a field at least.");
  const top = params.count("top", { min: 1, max: FACET_VALUES_MAX, fallback: 20 });
  const scanMax = params.count("scan", { min: 1, max: SCAN_MAX, fallback: 50_000 });
  const filter = parseFilters(params.filters());
  params.end();
  const found = await state.trail
    .forTenant(access.tenant, access)
    .insights.facets({ filter, fields, top, scanMax });
  return c.json(toFacets(found));
}

function toFacets({ scanned, matched, exhausted, fields }: Facets) {
  const data = Object.entries(fields).map(([field, values]) => ({
    field,
    values: values.map(({ value, count, firstAt, lastAt }) => ({
      value,
      count,
      first_seen: formatMicros(firstAt),
      last_seen: formatMicros(lastAt),
    })),
  }));
  return { data, meta: { scan: { scanned, matched, exhausted } } };
}

/** Bars of the events that match, by status; `counted_since` says how far back. */
async function histogram(c: Context, access: Access, state: ServerState): Promise<Response> {
  const params = new Params(new URL(c.req.url).searchParams);
  const since = params.time("since");
  const until = params.time("until");
  const bars = params.count("bars", { min: 2, max: BARS_MAX, fallback: 60 });
  const filter = parseFilters(params.filters());
  params.end();
  const found = await state.trail.forTenant(access.tenant, access).insights.histogram({
    filter,
    bars,
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  });
  return c.json({
    data: found.bars.map(({ at, ...bar }) => ({ at: formatMicros(at), ...bar })),
    meta: {
      since: formatMicros(found.since),
      until: formatMicros(found.until),
      step_seconds: found.step / 1_000_000,
      counted_since: formatMicros(found.countedSince),
    },
  });
}

/** What the matching events touched; with a resource as the filter, who touched it. */
async function touches(c: Context, access: Access, state: ServerState): Promise<Response> {
  const params = new Params(new URL(c.req.url).searchParams);
  const top = params.count("top", { min: 1, max: FACET_VALUES_MAX, fallback: 20 });
  const filter = parseFilters(params.filters());
  params.end();
  const { insights } = state.trail.forTenant(access.tenant, access);
  const byResource = filter.some(
    ({ op, ...rest }) => op === "any" && "field" in rest && rest.field === "resource_type",
  );
  const found = byResource
    ? await insights.touchedBy({ filter, top })
    : await insights.touched({ filter, top });
  return c.json({
    data: found.touches.map(({ kind, value, count, firstAt, lastAt }) => ({
      kind,
      value,
      count,
      first_seen: formatMicros(firstAt),
      last_seen: formatMicros(lastAt),
    })),
    meta: { exhausted: found.exhausted },
  });
}

/** In words: what can be said of an emitter's completeness. */
export function verdictOf({ received, highest, sent, missing }: EmitterState): string {
  const holes = missing.map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`)).join(", ");
  if (missing.length > 0) return `missing ${holes} of ${sent ?? highest}`;
  return sent === null ? `open, ${received} of ${highest} so far` : `complete, ${received} of ${sent}`;
}
