import type { DatabaseSync } from "node:sqlite";
import type { Micros } from "../../../base/clock.ts";
import { joinRanges, type Range, toEmitterState, toRanges } from "../../emissions.ts";
import type { EmitterState } from "../../store.ts";

/** What one block says of one emitter. */
interface Mark {
  readonly id: string;
  readonly epoch: number;
  readonly numbers: number[];
  readonly firstSeq: number;
  readonly firstAt: Micros;
  lastAt: Micros;
}
export type Marks = Map<string, Mark>;

interface Marked {
  readonly emitter_id?: string | null;
  readonly emitter_epoch?: number | null;
  readonly emitter_number?: number | null;
}

export function noteMark(marks: Marks, event: Marked, seq: number, recordedAt: Micros): void {
  const { emitter_id: id, emitter_epoch: epoch, emitter_number: number } = event;
  if (typeof id !== "string" || typeof epoch !== "number" || typeof number !== "number") return;
  const key = keyOf(id, epoch);
  let mark = marks.get(key);
  if (mark === undefined) {
    mark = { id, epoch, numbers: [], firstSeq: seq, firstAt: recordedAt, lastAt: recordedAt };
    marks.set(key, mark);
  }
  mark.numbers.push(number);
  mark.lastAt = recordedAt;
}

const UPSERT_EMITTER = `INSERT INTO emitters (tenant_no, id, epoch, first_seq, first_at, last_at)
  VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (tenant_no, id, epoch) DO UPDATE SET last_at = excluded.last_at RETURNING no`;
const NEXT_BELOW = `SELECT low, high FROM emitter_ranges
  WHERE emitter_no = ? AND low <= ? ORDER BY low DESC LIMIT 1`;
const DELETE_RANGE = "DELETE FROM emitter_ranges WHERE emitter_no = ? AND low = ?";
const INSERT_RANGE = "INSERT INTO emitter_ranges (emitter_no, low, high) VALUES (?, ?, ?)";

/** Takes a completed block's numbers into the stored ranges, which never touch one another. */
export function mergeMarks(db: DatabaseSync, tenantNo: number, marks: Marks): void {
  if (marks.size === 0) return;
  const upsert = db.prepare(UPSERT_EMITTER);
  const below = db.prepare(NEXT_BELOW);
  const remove = db.prepare(DELETE_RANGE);
  const insert = db.prepare(INSERT_RANGE);
  for (const mark of marks.values()) {
    const emitter = upsert.get(tenantNo, mark.id, mark.epoch, mark.firstSeq, mark.firstAt, mark.lastAt)
      ?.no as number;
    for (const range of toRanges(mark.numbers)) {
      let [low, high] = range;
      for (;;) {
        const near = below.get(emitter, high + 1) as { low: number; high: number } | undefined;
        if (near === undefined || near.high < low - 1) break;
        remove.run(emitter, near.low);
        low = Math.min(low, near.low);
        high = Math.max(high, near.high);
      }
      insert.run(emitter, low, high);
    }
  }
}

interface Known {
  id: string;
  epoch: number;
  firstSeq: number;
  firstAt: Micros;
  lastAt: Micros;
  ranges: Range[];
  sent: number | null;
}

/** Every emitter of a tenant: what complete blocks stored, what the open one (`fresh`) adds, what closings say. */
export function readEmitters(
  db: DatabaseSync,
  tenantNo: number,
  tenant: string,
  fresh: Marks,
): EmitterState[] {
  const known = new Map<string, Known>();
  const byNo = new Map<number, Known>();
  for (const row of db.prepare("SELECT * FROM emitters WHERE tenant_no = ?").iterate(tenantNo)) {
    const emitter: Known = {
      id: row.id as string,
      epoch: row.epoch as number,
      firstSeq: row.first_seq as number,
      firstAt: row.first_at as number,
      lastAt: row.last_at as number,
      ranges: [],
      sent: null,
    };
    known.set(keyOf(emitter.id, emitter.epoch), emitter);
    byNo.set(row.no as number, emitter);
  }
  const ranges = db.prepare(`SELECT emitter_no, low, high FROM emitter_ranges
    WHERE emitter_no IN (SELECT no FROM emitters WHERE tenant_no = ?)`);
  for (const row of ranges.iterate(tenantNo)) {
    byNo.get(row.emitter_no as number)?.ranges.push([row.low as number, row.high as number]);
  }
  for (const mark of fresh.values()) {
    const emitter = known.get(keyOf(mark.id, mark.epoch)) ?? { ...mark, ranges: [], sent: null };
    emitter.ranges.push(...toRanges(mark.numbers));
    emitter.lastAt = mark.lastAt;
    known.set(keyOf(mark.id, mark.epoch), emitter);
  }
  for (const row of db.prepare("SELECT * FROM closings WHERE tenant = ?").iterate(tenant)) {
    const {
      emitter_id: id,
      emitter_epoch: epoch,
      sent,
      closed_at: at,
    } = row as Record<string, string | number>;
    const key = keyOf(id as string, epoch as number);
    const emitter = known.get(key) ?? unheard(id as string, epoch as number, at as number);
    emitter.sent = sent as number;
    // Nothing sent and nothing there is nothing to tell.
    if (emitter.ranges.length > 0 || emitter.sent > 0) known.set(key, emitter);
  }
  return [...known.values()]
    .sort((a, b) => a.firstAt - b.firstAt || a.firstSeq - b.firstSeq)
    .map(({ id, epoch, firstAt, lastAt, ranges, sent }) =>
      toEmitterState({ id, epoch, firstAt, lastAt }, joinRanges(ranges.sort((a, b) => a[0] - b[0])), sent),
    );
}

/** An emitter that said how many events it sent, of which none arrived. */
function unheard(id: string, epoch: number, at: Micros): Known {
  return { id, epoch, firstSeq: Number.MAX_SAFE_INTEGER, firstAt: at, lastAt: at, ranges: [], sent: null };
}

function keyOf(id: string, epoch: number): string {
  return `${epoch} ${id}`;
}
