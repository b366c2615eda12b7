import type { DatabaseSync } from "node:sqlite";
import type { AuditEvent } from "../../event/event.ts";
import { matches } from "../../query/matches.ts";
import type { SqlValue } from "../event-row.ts";
import type { PruneOrder, PruneResult } from "../store.ts";
import { blockOf, openBlockOf, posOf } from "./position.ts";
import { toPredicate } from "./read/predicate.ts";
import { EVENT_COLUMNS, type Row, toEvent } from "./rows.ts";
import type { Projector } from "./view-rows/projector.ts";
import { type Marks, mergeMarks, noteMark } from "./views/emitters.ts";
import { resealBlock } from "./views/seal.ts";

/** Bounds of one transaction, so that an append behind it waits for some ten milliseconds at most. */
const ROWS_MAX = 256;
const SCAN_MAX = 8_192;

/**
 * Takes the next events that match out of the log. What blocks say of themselves is made again from
 * the rows that are left; what emitters sent stays known.
 */
export function pruneSome(db: DatabaseSync, projector: Projector, order: PruneOrder): PruneResult {
  const tenant = db.prepare("SELECT no, head FROM tenants WHERE name = ?").get(order.tenant);
  const { after = 0 } = order;
  if (tenant === undefined) return { removed: 0, kept: 0, range: null, end: null };
  const no = tenant.no as number;
  const head = tenant.head as number;
  const upTo = Math.min(head, after + SCAN_MAX);
  const limit = Math.min(order.limit, ROWS_MAX);
  const found = findEvents(db, order, no, after, upTo, limit);
  const last = found.at(-1);
  const searchedTo = found.length === limit && last !== undefined ? last.seq : upTo;
  const doomed = found.filter((event) => !order.except.some((where) => matches(event, where)));
  if (order.dryRun !== true && doomed.length > 0) removeEvents(db, projector, no, head, doomed);
  const [first, final] = [doomed[0], doomed.at(-1)];
  return {
    removed: doomed.length,
    kept: found.length - doomed.length,
    range: first === undefined || final === undefined ? null : [first.seq, final.seq],
    end: searchedTo < head ? searchedTo : null,
  };
}

function findEvents(
  db: DatabaseSync,
  order: PruneOrder,
  no: number,
  after: number,
  upTo: number,
  limit: number,
): AuditEvent[] {
  const where = order.where.filter(({ op }) => op !== "contains");
  const predicate = toPredicate(where);
  const statement = db.prepare(`SELECT ${EVENT_COLUMNS} FROM events NOT INDEXED
    WHERE pos BETWEEN ? AND ?${predicate.sql} ORDER BY pos LIMIT ?`);
  statement.setReturnArrays(true);
  const params = [posOf(no, after + 1), posOf(no, upTo), ...(predicate.params as SqlValue[]), limit];
  const rows = statement.all(...params) as unknown as Row[];
  return rows.map((row) => toEvent(row, order.tenant)).filter((event) => matches(event, order.where));
}

function removeEvents(
  db: DatabaseSync,
  projector: Projector,
  no: number,
  head: number,
  events: readonly AuditEvent[],
): void {
  projector.forget(no, events);
  const remove = db.prepare("DELETE FROM events WHERE pos = ?");
  const count = db.prepare(`INSERT INTO pruned_blocks (block, events) VALUES (?, ?)
    ON CONFLICT DO UPDATE SET events = events + excluded.events`);
  const open = openBlockOf(no, head);
  for (const [block, removed] of Map.groupBy(events, ({ seq }) => blockOf(posOf(no, seq)))) {
    for (const { seq } of removed) remove.run(posOf(no, seq));
    count.run(block, removed.length);
    if (block < open) resealBlock(db, block);
    // The open block's numbers are read from its rows, which are gone.
    else mergeMarks(db, no, marksOf(removed));
  }
}

function marksOf(events: readonly AuditEvent[]): Marks {
  const marks: Marks = new Map();
  for (const { emitter, seq, recordedAt } of events) {
    if (emitter === null) continue;
    const { id, epoch, number } = emitter;
    const marked = { emitter_id: id, emitter_epoch: epoch, emitter_number: number };
    noteMark(marks, marked, seq, recordedAt);
  }
  return marks;
}
