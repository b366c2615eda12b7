import { type Micros, nowMicros } from "../../base/clock.ts";
import { addDecimals } from "../../base/decimal.ts";
import { TrailError } from "../../base/error.ts";
import { LIMITS } from "../../event/limits.ts";
import { costOfTokens } from "../../price/cost.ts";
import { PRICES } from "../../price/prices.ts";
import { type PriceTable, priceOf } from "../../price/table.ts";
import { microsOf, type Time } from "../../query/time.ts";
import type { Store } from "../../store/store.ts";
import type { Spend, SpendSum } from "../../view/cost/spend.ts";
import { sortable } from "../../view/projection.ts";
import type { RowPlace } from "../../view/row-query.ts";
import { bucketStart, LEVELS } from "../../view/totals/totals.ts";
import type { Scope } from "../trail.ts";

/** Tokens and cost of a part. Costs are decimal strings in US dollars. */
export interface CostLine {
  readonly requests: number;
  /** All that was read; `cachedTokens` and `writtenTokens` are parts of it. */
  readonly inputTokens: number;
  readonly cachedTokens: number;
  readonly writtenTokens: number;
  /** All that was written, thoughts too. */
  readonly outputTokens: number;
  readonly thinkingTokens: number;
  /** What the events themselves said they cost. Null where none did. */
  readonly recordedUsd: string | null;
  /** What the table makes of the tokens. Null where it has no price of any of them. */
  readonly computedUsd: string | null;
}

export const COST_DIMENSIONS = ["model", "agent", "source", "day", "conversation"] as const;
export type CostDimension = (typeof COST_DIMENSIONS)[number];

export interface CostQuery extends Scope {
  /** Default: 30 days before `until`. Whole days (UTC) are counted. */
  since?: Time;
  until?: Time;
  /** Also by these; default `model`. The dearest first. */
  by?: readonly CostDimension[];
  /** Default: the table that comes with Daybook. */
  prices?: PriceTable;
}

export interface CostReport {
  /** From the begin of a day, up to and without the begin of another. */
  readonly since: Micros;
  readonly until: Micros;
  readonly table: { readonly version: string; readonly currency: "USD" };
  readonly total: CostLine;
  readonly by: Readonly<Record<string, ReadonlyArray<CostLine & { readonly value: string }>>>;
  /** Models that the table has no price of; their tokens are in the total, and cost nothing there. */
  readonly unpriced: readonly string[];
  /** What a second source told of the same conversations and models again. It is not in the total. */
  readonly repeated: CostLine;
}

const DAY = LEVELS.day;

/** What model requests cost, by a table of prices. Each token counts once, also where two sources told of it. */
export async function costReport(store: Store, ownTenant: string, query: CostQuery): Promise<CostReport> {
  const { tenant = ownTenant, prices = PRICES, by = ["model"] } = query;
  const unknown = by.find((name) => !COST_DIMENSIONS.includes(name));
  if (unknown !== undefined) {
    throw new TrailError("query.invalid", `by must be one of ${COST_DIMENSIONS.join(", ")}.`, {
      field: "by",
    });
  }
  const end = query.until === undefined ? nowMicros() : microsOf(query.until, "until");
  const begin = query.since === undefined ? end - 30 * DAY : microsOf(query.since, "since");
  const since = bucketStart("day", begin);
  const until = bucketStart("day", end) + DAY;
  const { counted, repeated } = toldOnce(await rowsOf(store, tenant, since, until));
  const models = new Set(counted.map(({ model }) => model));
  return {
    since,
    until,
    table: { version: prices.version, currency: "USD" },
    total: lineOf(counted, prices),
    by: Object.fromEntries(by.map((name) => [name, breakdown(counted, name, prices)])),
    unpriced: [...models].filter((model) => priceOf(prices, model) === undefined).sort(),
    repeated: lineOf(repeated, prices),
  };
}

async function rowsOf(store: Store, tenant: string, since: Micros, until: Micros): Promise<Spend[]> {
  const rows: Spend[] = [];
  let after: RowPlace | undefined;
  do {
    const page = await store.rows({
      tenant,
      view: "spend",
      group: "all",
      from: sortable(since),
      to: sortable(until - 1),
      direction: "asc",
      limit: LIMITS.pageSize,
      ...(after === undefined ? {} : { after }),
    });
    rows.push(...page.rows.map(({ doc }) => doc as unknown as Spend));
    after = page.end ?? undefined;
  } while (after !== undefined);
  return rows;
}

/**
 * The rows of the source that told of most requests of a model in a conversation's day, and the rows of those
 * that told of them again. What has no conversation cannot be told twice for sure, and counts.
 */
function toldOnce(rows: readonly Spend[]): { counted: Spend[]; repeated: Spend[] } {
  const counted: Spend[] = [];
  const repeated: Spend[] = [];
  const same = Map.groupBy(rows, ({ environment, at, scope, model }) =>
    JSON.stringify([environment, at, scope, model]),
  );
  for (const group of same.values()) {
    const sources = Map.groupBy(group, ({ source }) => source);
    const requests = ([, of]: [string, Spend[]]): number => of.reduce((sum, row) => sum + row.requests, 0);
    const [first] = [...sources].sort((a, b) => requests(b) - requests(a) || (a[0] < b[0] ? -1 : 1));
    for (const row of group) (row.scope === "" || row.source === first?.[0] ? counted : repeated).push(row);
  }
  return { counted, repeated };
}

function breakdown(
  rows: readonly Spend[],
  name: CostDimension,
  prices: PriceTable,
): Array<CostLine & { value: string }> {
  const named = (row: Spend): string => {
    if (name === "conversation") return row.scope;
    if (name === "day") return new Date(row.at / 1000).toISOString().slice(0, 10);
    return row[name] ?? "";
  };
  return [...Map.groupBy(rows, named)]
    .map(([value, part]) => ({ value, ...lineOf(part, prices) }))
    .sort((a, b) => dearness(b) - dearness(a) || (a.value < b.value ? -1 : 1));
}

/** For the order only: sums are exact, and this need not be. */
function dearness({ computedUsd, recordedUsd }: CostLine): number {
  return Number(computedUsd ?? recordedUsd ?? 0);
}

function lineOf(rows: readonly Spend[], prices: PriceTable): CostLine {
  const sum = (name: SpendSum): number => rows.reduce((total, row) => total + row[name], 0);
  const told = rows.filter(({ toldBy }) => toldBy > 0);
  const costs = rows.flatMap((row) => {
    const price = priceOf(prices, row.model);
    return price === undefined ? [] : [costOfTokens(row, price, row.isLong)];
  });
  return {
    requests: sum("requests"),
    inputTokens: sum("input"),
    cachedTokens: sum("cached"),
    writtenTokens: sum("written") + sum("writtenLong"),
    outputTokens: sum("output"),
    thinkingTokens: sum("thinking"),
    recordedUsd: told.length === 0 ? null : total(told.map((row) => row.told)),
    computedUsd: costs.length === 0 ? null : total(costs),
  };
}

function total(costs: readonly string[]): string {
  return costs.reduce((sum, cost) => addDecimals(sum, cost), "0");
}
