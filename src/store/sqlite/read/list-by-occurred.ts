import type { SqlValue } from "../../event-row.ts";
import { blockOf, firstPosOf, lastPosOf, openBlockOf, posOf, seqOf } from "../position.ts";
import type { PageRows } from "../protocol.ts";
import { EVENT_COLUMNS, type Row } from "../rows.ts";
import { candidateBlocks } from "./candidates.ts";
import type { Listing } from "./list.ts";

/** Blocks that one page may read whole. */
const BLOCKS_MAX = 64;
/** Sorts behind every event of its time. */
const LAST_SEQ = 2 ** 36 - 1;
/** Index entries in one statement: few at first, never so many that the deadline is missed. */
const STRIDE_FIRST = 128;
const STRIDE_MAX = 2_048;

/** A row's place in this order. */
interface Key {
  readonly occurredAt: number;
  readonly pos: number;
}

/**
 * Events mostly happen in the order in which they are recorded, so a page is mostly in few blocks:
 * those are read first, by what they bound. Where that is not enough, the index by time is walked.
 */
export function listByOccurred(listing: Listing): PageRows {
  return listFromBlocks(listing) ?? listFromIndex(listing);
}

const isDescending = ({ query }: Listing): boolean => query.direction === "desc";

/** ` AND …` for what is behind `after`. */
function behind({ query, tenant }: Listing): { sql: string; params: SqlValue[] } {
  const { after } = query;
  if (after === undefined) return { sql: "", params: [] };
  const sign = query.direction === "desc" ? "<" : ">";
  if (after.occurredAt === undefined) {
    return { sql: ` AND pos ${sign} ?`, params: [posOf(tenant.no, after.seq)] };
  }
  return {
    sql: ` AND (occurred_at, pos) ${sign} (?, ?)`,
    params: [after.occurredAt, posOf(tenant.no, after.seq)],
  };
}

interface BlockEdge {
  readonly block: number;
  /** No row of the block stands before this time, in the list's order; */
  readonly edge: number;
  /** none stands behind this one. */
  readonly farEdge: number;
}

/**
 * The page from the blocks that can have it. Where they are too many it is what is certain so far, or
 * undefined when the blocks overlap so much in time that little is.
 */
function listFromBlocks(listing: Listing): PageRows | undefined {
  const { view, query, predicate, bounds } = listing;
  const descends = isDescending(listing);
  const edges = blockEdges(listing);
  const start = behind(listing);
  const way = descends ? "DESC" : "ASC";
  const sql = `SELECT occurred_at, pos FROM events NOT INDEXED
    WHERE pos BETWEEN ? AND ?${predicate.sql}${start.sql} ORDER BY occurred_at ${way}, pos ${way} LIMIT ?`;
  const isBefore = (time: number, edge: number): boolean => (descends ? time > edge : time < edge);
  let best: Key[] = [];
  let scanned = 0;
  for (const [i, { block, edge }] of edges.entries()) {
    const last = best[query.limit];
    if (last !== undefined && isBefore(last.occurredAt, edge)) break;
    const low = Math.max(bounds.low, firstPosOf(block));
    const high = Math.min(bounds.high, lastPosOf(block));
    const rows = Math.max(0, high - low + 1);
    if (i >= BLOCKS_MAX || scanned + rows > query.scanMax || performance.now() > listing.deadline) {
      const read = edges.slice(0, i);
      const passed = read.filter(({ farEdge }) => isBefore(farEdge, edge)).length;
      const moved = query.after?.occurredAt === undefined || isBefore(query.after.occurredAt, edge);
      if (!moved || passed * 2 < read.length || i === 0) return undefined;
      return partialPage(
        listing,
        best.filter(({ occurredAt }) => isBefore(occurredAt, edge)),
        edge,
        scanned,
      );
    }
    scanned += rows;
    const params = [low, high, ...predicate.params, ...start.params, query.limit + 1];
    const found = view.all(sql, ...params).map(toKey);
    best = [...best, ...found].sort((a, b) => (descends ? compare(b, a) : compare(a, b)));
    best.length = Math.min(best.length, query.limit + 1);
  }
  const isMore = best.length > query.limit;
  const keys = best.slice(0, query.limit);
  return {
    rows: rowsOf(listing, keys),
    scan: { scanned, matched: keys.length, exhausted: false },
    end: isMore ? toEnd(keys.at(-1) as Key) : null,
  };
}

/** What stands before `edge`, the time from which on blocks were not read. */
function partialPage(listing: Listing, certain: readonly Key[], edge: number, scanned: number): PageRows {
  const { limit } = listing.query;
  const keys = certain.slice(0, limit);
  return {
    rows: rowsOf(listing, keys),
    scan: { scanned, matched: keys.length, exhausted: keys.length < limit },
    end:
      certain.length > limit
        ? toEnd(keys.at(-1) as Key)
        : { seq: isDescending(listing) ? LAST_SEQ : 0, occurredAt: edge },
  };
}

function rowsOf({ view }: Listing, keys: readonly Key[]): Row[] {
  const sql = `SELECT ${EVENT_COLUMNS} FROM events WHERE pos = ?`;
  return keys.map(({ pos }) => view.get(sql, pos) as Row);
}

/** The blocks that may hold a match behind `after`, in the order of their edges; the open one first. */
function blockEdges(listing: Listing): BlockEdge[] {
  const { view, query, tenant, predicate, bounds } = listing;
  const descends = isDescending(listing);
  const open = openBlockOf(tenant.no, tenant.head);
  const first = blockOf(bounds.low);
  const last = blockOf(bounds.high);
  const terms = [predicate.pruning.sql];
  const params = [...predicate.pruning.params];
  if (query.after?.occurredAt !== undefined) {
    terms.push(descends ? " AND occurred_min <= ?" : " AND occurred_max >= ?");
    params.push(query.after.occurredAt);
  }
  const order = descends ? "occurred_max DESC" : "occurred_min ASC";
  const columns = descends ? "occurred_max, occurred_min" : "occurred_min, occurred_max";
  const isSieved = predicate.pruning.any.length > 0 || predicate.pruning.probes.length > 0;
  const sql = `SELECT block, ${columns} FROM blocks WHERE block BETWEEN ? AND ?${terms.join("")}
    ORDER BY ${order} LIMIT ?`;
  const limit = isSieved ? -1 : BLOCKS_MAX + 1;
  let edges = view
    .all(sql, first, Math.min(last, open - 1), ...params, limit)
    .map(([block, edge, farEdge]) => ({ block, edge, farEdge }) as BlockEdge);
  if (isSieved) {
    const candidates = new Map(candidateBlocks(view, predicate.pruning, first, last, open));
    edges = edges.filter(({ block }) => candidates.has(block));
  }
  if (open >= first && open <= last) {
    const edge = descends ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
    edges.unshift({ block: open, edge, farEdge: edge });
  }
  return edges;
}

/** Walks the index by time, in growing strides, until the page is full or `scanMax` or the time is reached. */
function listFromIndex(listing: Listing): PageRows {
  const { view, query, predicate, bounds, deadline } = listing;
  const sql = `SELECT ${EVENT_COLUMNS} FROM (SELECT value AS key_pos FROM json_each(?)) CROSS JOIN events ON pos = key_pos
    WHERE pos BETWEEN ? AND ?${predicate.sql}`;
  const rows: Row[] = [];
  let scanned = 0;
  let stride = Math.max(STRIDE_FIRST, query.limit + 1);
  let at: Key | undefined;
  let isEnd = false;
  while (!isEnd && scanned < query.scanMax && (at === undefined || performance.now() <= deadline)) {
    const wanted = Math.min(stride, query.scanMax - scanned);
    const keys = keysBehind(listing, at, wanted);
    const places = new Map(keys.map(({ pos }, place) => [pos, place]));
    const found = view.all(
      sql,
      JSON.stringify([...places.keys()]),
      bounds.low,
      bounds.high,
      ...predicate.params,
    );
    found.sort((a, b) => (places.get(a[0] as number) ?? 0) - (places.get(b[0] as number) ?? 0));
    const more = found[query.limit - rows.length];
    if (more !== undefined) {
      // It only says that there is more behind the page.
      rows.push(...found.slice(0, query.limit - rows.length));
      scanned += (places.get(more[0] as number) ?? 0) + 1;
      return { rows, scan: { scanned, matched: rows.length, exhausted: false }, end: endOf(rows) };
    }
    rows.push(...found);
    scanned += keys.length;
    at = keys.at(-1) ?? at;
    isEnd = keys.length < wanted;
    stride = Math.min(stride * 2, STRIDE_MAX);
  }
  isEnd ||= keysBehind(listing, at, 1).length === 0;
  return {
    rows,
    scan: { scanned, matched: rows.length, exhausted: !isEnd && rows.length < query.limit },
    end: at === undefined || isEnd ? null : toEnd(at),
  };
}

/**
 * The next keys behind `at`, or behind the query's own position, from the index alone. Those of the
 * same time are asked for by themselves, so that many events of one time cost no more than others.
 */
function keysBehind({ view, query, tenant }: Listing, at: Key | undefined, count: number): Key[] {
  const [sign, way] = query.direction === "desc" ? ["<", "DESC"] : [">", "ASC"];
  const select = "SELECT occurred_at, pos FROM events INDEXED BY events_by_occurred WHERE tenant_no = ?";
  const order = `ORDER BY occurred_at ${way}, pos ${way} LIMIT ?`;
  const { after } = query;
  const from = at ?? (after && { occurredAt: after.occurredAt, pos: posOf(tenant.no, after.seq) });
  if (from?.occurredAt === undefined) {
    const behindSeq = from === undefined ? "" : ` AND pos ${sign} ${from.pos}`;
    return view.all(`${select}${behindSeq} ${order}`, tenant.no, count).map(toKey);
  }
  const ties = `${select} AND occurred_at = ? AND pos ${sign} ? ORDER BY pos ${way} LIMIT ?`;
  const keys = view.all(ties, tenant.no, from.occurredAt, from.pos, count).map(toKey);
  if (keys.length === count) return keys;
  const rest = `${select} AND occurred_at ${sign} ? ${order}`;
  keys.push(...view.all(rest, tenant.no, from.occurredAt, count - keys.length).map(toKey));
  return keys;
}

const OCCURRED_INDEX = EVENT_COLUMNS.split(", ").indexOf("occurred_at");

function endOf(rows: readonly Row[]): PageRows["end"] {
  const row = rows.at(-1);
  return row === undefined
    ? null
    : { seq: seqOf(row[0] as number), occurredAt: row[OCCURRED_INDEX] as number };
}

function toKey([occurredAt, pos]: Row): Key {
  return { occurredAt: occurredAt as number, pos: pos as number };
}

function compare(a: Key, b: Key): number {
  return a.occurredAt - b.occurredAt || a.pos - b.pos;
}

function toEnd({ occurredAt, pos }: Key): { seq: number; occurredAt: number } {
  return { seq: seqOf(pos), occurredAt };
}
