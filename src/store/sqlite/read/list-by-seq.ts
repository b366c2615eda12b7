import type { SqlValue } from "../../event-row.ts";
import { blockOf, firstPosOf, lastPosOf, openBlockOf, seqOf } from "../position.ts";
import type { PageRows } from "../protocol.ts";
import { EVENT_COLUMNS, type Row } from "../rows.ts";
import { candidateSpans, canPrune, type Span } from "./candidates.ts";
import type { Listing } from "./list.ts";

/** Blocks whose index is asked together: few at first, since most pages fill from the first ones. */
const WINDOW_BLOCKS_FIRST = 16;
const WINDOW_BLOCKS_MAX = 256;
/** Rows in one statement at most, so that the deadline is looked at in between. */
const STRIDE_ROWS = 4_096;

/** Walks the log from one end, skipping the blocks that cannot match. */
export function listBySeq(listing: Listing): PageRows {
  const walk = new SeqWalk(listing);
  for (const window of windows(listing)) {
    for (const span of spansOf(listing, window)) {
      if (!walk.take(span)) return walk.page();
    }
    if (!walk.passed(window)) return walk.page();
  }
  return walk.lastPage();
}

class SeqWalk {
  readonly #listing: Listing;
  readonly #descends: boolean;
  readonly #rows: Row[] = [];
  readonly #sql: string;
  #scanned = 0;
  /** Everything up to here, in walking order, is accounted for. */
  #covered: number | undefined;

  constructor(listing: Listing) {
    this.#listing = listing;
    this.#descends = listing.query.direction === "desc";
    this.#sql = `SELECT ${EVENT_COLUMNS} FROM events NOT INDEXED
      WHERE pos BETWEEN ? AND ?${listing.predicate.sql}
      ORDER BY pos ${this.#descends ? "DESC" : "ASC"} LIMIT ?`;
  }

  /** Looks at the rows of the span; false when the page ends here. */
  take(span: Span): boolean {
    const { query, view, predicate, deadline } = this.#listing;
    let rest: Span | undefined = span;
    while (rest !== undefined) {
      const room = Math.min(query.scanMax - this.#scanned, STRIDE_ROWS);
      if (room <= 0) return false;
      const [part, behind]: [Span, Span | undefined] = this.#split(rest, room);
      const wanted = query.limit + 1 - this.#rows.length;
      const found = view.all(this.#sql, part.low, part.high, ...(predicate.params as SqlValue[]), wanted);
      if (found.length === wanted) {
        // The last one only says that there is more behind the page.
        const more = found.pop()?.[0] as number;
        this.#scanned += this.#descends ? part.high - more + 1 : more - part.low + 1;
        this.#rows.push(...found);
        this.#covered = this.#rows.at(-1)?.[0] as number;
        return false;
      }
      this.#rows.push(...found);
      this.#scanned += part.high - part.low + 1;
      this.#covered = this.#descends ? part.low : part.high;
      rest = behind;
      if (rest !== undefined && performance.now() > deadline) return false;
    }
    return true;
  }

  /** Takes a window's end as accounted for; false when the time is over. */
  passed(window: Span): boolean {
    this.#covered = this.#descends ? window.low : window.high;
    return performance.now() <= this.#listing.deadline;
  }

  page(): PageRows {
    const { query, view, bounds } = this.#listing;
    if (this.#covered === (this.#descends ? bounds.low : bounds.high)) return this.lastPage();
    const isFull = this.#rows.length === query.limit;
    const at = this.#covered ?? (this.#descends ? bounds.high + 1 : bounds.low - 1);
    const occurredAt = view.get("SELECT occurred_at FROM events WHERE pos = ?", at)?.[0] as
      | number
      | undefined;
    return {
      rows: this.#rows,
      scan: { scanned: this.#scanned, matched: this.#rows.length, exhausted: !isFull },
      end: { seq: seqOf(at), occurredAt: occurredAt ?? 0 },
    };
  }

  lastPage(): PageRows {
    const matched = this.#rows.length;
    return { rows: this.#rows, scan: { scanned: this.#scanned, matched, exhausted: false }, end: null };
  }

  /** The first `room` positions in walking order, and what is behind them. */
  #split(span: Span, room: number): [Span, Span | undefined] {
    if (span.high - span.low + 1 <= room) return [span, undefined];
    return this.#descends
      ? [
          { low: span.high - room + 1, high: span.high },
          { low: span.low, high: span.high - room },
        ]
      : [
          { low: span.low, high: span.low + room - 1 },
          { low: span.low + room, high: span.high },
        ];
  }
}

/** The bounds in pieces of growing size, in walking order. */
function* windows({ bounds, query, predicate }: Listing): Generator<Span> {
  if (!canPrune(predicate.pruning)) {
    yield bounds;
    return;
  }
  let blocks = WINDOW_BLOCKS_FIRST;
  if (query.direction === "desc") {
    for (let high = bounds.high; high >= bounds.low; ) {
      const low = Math.max(bounds.low, firstPosOf(Math.max(0, blockOf(high) - blocks + 1)));
      yield { low, high };
      high = low - 1;
      blocks = Math.min(blocks * 2, WINDOW_BLOCKS_MAX);
    }
  } else {
    for (let low = bounds.low; low <= bounds.high; ) {
      const high = Math.min(bounds.high, lastPosOf(blockOf(low) + blocks - 1));
      yield { low, high };
      low = high + 1;
      blocks = Math.min(blocks * 2, WINDOW_BLOCKS_MAX);
    }
  }
}

function spansOf({ view, tenant, predicate, query }: Listing, window: Span): Span[] {
  if (!canPrune(predicate.pruning)) return [window];
  const open = openBlockOf(tenant.no, tenant.head);
  const spans = candidateSpans(view, predicate.pruning, window, open);
  return query.direction === "desc" ? spans.reverse() : spans;
}
