import type { SqlValue } from "../../event-row.ts";
import { FacetCounter } from "../../facet-counter.ts";
import type { CountQuery, FacetQuery, Facets } from "../../store.ts";
import { openBlockOf, seqOf } from "../position.ts";
import { candidateSpans, canPrune, type Span } from "./candidates.ts";
import { type Listing, toListing } from "./list.ts";
import type { Snapshot } from "./snapshot.ts";

/** Rows in one statement at most, so that the deadline is looked at in between. */
const STRIDE_ROWS = 4_096;
/** The values of this much time are worth waiting for. */
const TIME_MAX_MS = 400;

/** Counts values over the newest rows that match; blocks that cannot match cost nothing of the bound. */
export function countFacets(view: Snapshot, query: FacetQuery): Facets {
  const counter = new FacetCounter(query);
  const listing = toListing(view, { ...query, order: "seq", direction: "desc", limit: 1 });
  if (listing === undefined) return counter.facets(0, false);
  const deadline = performance.now() + TIME_MAX_MS;
  const { sql, params } = listing.predicate;
  const select = `SELECT occurred_at, ${query.fields.join(", ")} FROM events NOT INDEXED
    WHERE pos BETWEEN ? AND ?${sql}`;
  let scanned = 0;
  for (const { low, high } of strides(spansOf(listing))) {
    const room = query.scanMax - scanned;
    if (room <= 0 || performance.now() > deadline) return counter.facets(scanned, true);
    const from = Math.max(low, high - room + 1);
    for (const [at, ...values] of view.all(select, from, high, ...(params as SqlValue[]))) {
      counter.add(at as number, values as Array<string | null>);
    }
    scanned += high - from + 1;
    if (from > low) return counter.facets(scanned, true);
  }
  return counter.facets(scanned, false);
}

/** The stretches that may hold matches, newest first. */
function spansOf({ view, tenant, predicate, bounds }: Listing): Span[] {
  if (!canPrune(predicate.pruning)) return [bounds];
  const open = openBlockOf(tenant.no, tenant.head);
  return candidateSpans(view, predicate.pruning, bounds, open).reverse();
}

function* strides(spans: readonly Span[]): Generator<Span> {
  for (const { low, high } of spans) {
    for (let end = high; end >= low; end -= STRIDE_ROWS) {
      yield { low: Math.max(low, end - STRIDE_ROWS + 1), high: end };
    }
  }
}

/** What one step of a count found. */
export interface CountStep {
  readonly matched: number;
  readonly fields: ReadonlyArray<ReadonlyArray<readonly [value: string, count: number]>>;
  /** Go on below this seq; null when the log was counted to its begin. */
  readonly below: number | null;
}

const STEP_MS = 50;

/** Counts downward from `below`, for a bounded time. */
export function countStep(view: Snapshot, { fields, ...query }: CountQuery, below: number): CountStep {
  const counts = fields.map(() => new Map<string, number>());
  const where = [...query.where, { op: "range" as const, field: "seq" as const, max: below - 1 }];
  const listing = toListing(view, { ...query, where, order: "seq", direction: "desc", limit: 1, scanMax: 1 });
  const deadline = performance.now() + STEP_MS;
  let matched = 0;
  for (const { low, high } of listing === undefined ? [] : strides(spansOf(listing))) {
    const { sql, params } = (listing as Listing).predicate;
    const select = `SELECT ${["1", ...fields].join(", ")} FROM events NOT INDEXED WHERE pos BETWEEN ? AND ?${sql}`;
    for (const [, ...values] of view.all(select, low, high, ...(params as SqlValue[]))) {
      matched++;
      for (const [i, value] of values.entries()) {
        if (typeof value === "string") counts[i]?.set(value, (counts[i].get(value) ?? 0) + 1);
      }
    }
    if (performance.now() > deadline)
      return { matched, fields: counts.map((map) => [...map]), below: seqOf(low) };
  }
  return { matched, fields: counts.map((map) => [...map]), below: null };
}
