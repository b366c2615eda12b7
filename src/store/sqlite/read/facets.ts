import { FacetCounter } from "../../facet-counter.ts";
import type { FacetQuery, Facets } from "../../store.ts";
import type { SqlValue } from "../database.ts";
import { blockOf, openBlockOf } from "../position.ts";
import { candidateBlocks, canPrune, type Span, toSpans } from "./candidates.ts";
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
  const blocks = candidateBlocks(view, predicate.pruning, blockOf(bounds.low), blockOf(bounds.high), open);
  return toSpans(blocks, bounds).reverse();
}

function* strides(spans: readonly Span[]): Generator<Span> {
  for (const { low, high } of spans) {
    for (let end = high; end >= low; end -= STRIDE_ROWS) {
      yield { low: Math.max(low, end - STRIDE_ROWS + 1), high: end };
    }
  }
}
