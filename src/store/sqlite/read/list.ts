import type { Query } from "../../../query/filter.ts";
import { posOf } from "../position.ts";
import type { PageRows } from "../protocol.ts";
import type { Span } from "./candidates.ts";
import { listByOccurred } from "./list-by-occurred.ts";
import { listBySeq } from "./list-by-seq.ts";
import { toPredicate } from "./predicate.ts";
import { findTenant, firstSeqSince, type Snapshot, type TenantHead } from "./snapshot.ts";

/** A query answers with what it has after about this long. */
const TIME_MAX_MS = 120;

export interface Listing {
  readonly view: Snapshot;
  readonly query: Query;
  readonly tenant: TenantHead;
  readonly predicate: ReturnType<typeof toPredicate>;
  /** The positions that can match. */
  readonly bounds: Span;
  /** By `performance.now()`. */
  readonly deadline: number;
}

export const EMPTY_PAGE: PageRows = {
  rows: [],
  scan: { scanned: 0, matched: 0, exhausted: false },
  end: null,
};

export function listRows(view: Snapshot, query: Query): PageRows {
  const listing = toListing(view, query);
  if (listing === undefined) return EMPTY_PAGE;
  return query.order === "seq" ? listBySeq(listing) : listByOccurred(listing);
}

/** What a walk needs to know; undefined where nothing can match. */
export function toListing(view: Snapshot, query: Query): Listing | undefined {
  const tenant = findTenant(view, query.tenant);
  if (tenant === undefined) return undefined;
  const bounds = toBounds(view, query, tenant);
  if (bounds.low > bounds.high) return undefined;
  const predicate = toPredicate(query.where);
  view.setNeedles(predicate.needles);
  return { view, query, tenant, predicate, bounds, deadline: performance.now() + TIME_MAX_MS };
}

/** What the conditions on seq and on the time of recording, which grows with it, leave of the log. */
function toBounds(view: Snapshot, query: Query, tenant: TenantHead): Span {
  let low = 1;
  let high = tenant.head;
  for (const condition of query.where) {
    if (condition.op !== "range") continue;
    const { field, min, max } = condition;
    if (field === "seq") {
      if (min !== undefined) low = Math.max(low, Math.ceil(min));
      if (max !== undefined) high = Math.min(high, Math.floor(max));
    } else if (field === "created_at") {
      if (min !== undefined) low = Math.max(low, firstSeqSince(view, tenant, min));
      if (max !== undefined) high = Math.min(high, firstSeqSince(view, tenant, max + 1) - 1);
    }
  }
  if (query.order === "seq" && query.after !== undefined) {
    if (query.direction === "desc") high = Math.min(high, query.after.seq - 1);
    else low = Math.max(low, query.after.seq + 1);
  }
  // NaN compares with nothing: no event passes such a bound.
  if (Number.isNaN(low) || Number.isNaN(high)) return { low: 1, high: 0 };
  return { low: posOf(tenant.no, low), high: posOf(tenant.no, high) };
}
