import { DatabaseSync } from "node:sqlite";
import { messageOf } from "../../base/error.ts";
import type { JsonObject } from "../../base/json.ts";
import { EVENT_TYPES, SYSTEM_TENANT } from "../../event/vocabulary.ts";
import { joinRanges, readClosing, toRanges } from "../emissions.ts";
import { checkIdentity } from "./migrate.ts";
import { blockEvents, firstBlockOf, openBlockOf, posOf, seqOf } from "./position.ts";
import { blockOfKey, bloomKey, encodeIndex } from "./views/block-values.ts";
import type { Marks } from "./views/emitters.ts";
import { type Summary, summarizeRows } from "./views/summary.ts";
import { completedNodes, tallyBlocks } from "./views/tallies.ts";
import { holdsText } from "./views/text-index.ts";

const FINDINGS_MAX = 100;

interface TenantRow {
  readonly no: number;
  readonly name: string;
  readonly head: number;
  readonly lastAt: number;
}

/**
 * Holds a store's file against itself, at one moment: the file's structure, gap-free seqs, times that
 * do not run backwards, and every view against what the rows say. Resolves to what is wrong, at most
 * a hundred findings; an empty list is a sound file. Reads everything once.
 */
export async function checkFile(path: string): Promise<string[]> {
  const findings: string[] = [];
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
    checkIdentity(db, path);
    db.exec("BEGIN");
    for (const finding of findingsOf(db)) {
      findings.push(finding);
      if (findings.length >= FINDINGS_MAX) break;
    }
  } catch (thrown) {
    findings.push(messageOf(thrown));
  } finally {
    db?.close();
  }
  return findings;
}

function* findingsOf(db: DatabaseSync): Generator<string> {
  for (const row of db.prepare("PRAGMA integrity_check(10)").iterate()) {
    if (row.integrity_check !== "ok") yield `structure: ${row.integrity_check}`;
  }
  const select = db.prepare("SELECT no, name, head, last_at AS lastAt FROM tenants ORDER BY no");
  const tenants = select.all() as unknown as TenantRow[];
  for (const tenant of tenants) {
    yield* checkSeqs(db, tenant);
    yield* checkBlocks(db, tenant);
  }
  yield* checkClosings(db);
  const strays = `SELECT count(*) AS n FROM events WHERE tenant_no NOT IN (SELECT no FROM tenants)`;
  const stray = db.prepare(strays).get()?.n as number;
  if (stray > 0) yield `${stray} events belong to no tenant`;
}

function* checkSeqs(db: DatabaseSync, { no, name, head, lastAt }: TenantRow): Generator<string> {
  const rows = db
    .prepare("SELECT pos, tenant_no, created_at FROM events WHERE pos >= ? AND pos < ? ORDER BY pos")
    .iterate(posOf(no, 0), posOf(no + 1, 0));
  const removed = prunedOf(db, no);
  let found = 0;
  let last = 0;
  let before = 0;
  for (const row of rows) {
    const { pos, tenant_no, created_at } = row as { pos: number; tenant_no: number; created_at: number };
    const seq = seqOf(pos);
    found++;
    if (tenant_no !== no) yield `tenant ${name}: seq ${seq} names tenant number ${tenant_no}`;
    if (created_at < before) yield `tenant ${name}: seq ${seq} was recorded before the one in front of it`;
    last = seq;
    before = created_at;
  }
  if (found + removed !== head) {
    const said = removed === 0 ? "" : ` and ${removed} pruned`;
    yield `tenant ${name}: the head says ${head}, there are ${found} events${said}, the last is ${last}`;
  }
  if (removed === 0 && head > 0 && lastAt !== before)
    yield `tenant ${name}: the last time of recording is not that of the head`;
}

function* checkBlocks(db: DatabaseSync, tenant: TenantRow): Generator<string> {
  const first = firstBlockOf(tenant.no);
  const open = openBlockOf(tenant.no, tenant.head);
  const marks: Marks = new Map();
  for (let block = first; block < open; block++) {
    const summary = summarizeRows(db, block);
    const where = `tenant ${tenant.name}: block ${block - first}`;
    const pruned = prunedOf(db, tenant.no, block);
    if (summary.events + pruned !== blockEvents(block)) yield `${where} has ${summary.events} events`;
    if (summary.events > 0) yield* checkBlock(db, where, block, summary);
    for (const [key, mark] of summary.marks) {
      const known = marks.get(key);
      if (known === undefined) {
        marks.set(key, mark);
      } else {
        for (const number of mark.numbers) known.numbers.push(number);
        known.lastAt = mark.lastAt;
      }
    }
  }
  yield* checkNothingBehind(db, tenant, open);
  yield* checkEmitters(db, tenant, marks);
}

/** How many events retention took from a tenant, or from one of its blocks. */
function prunedOf(db: DatabaseSync, tenantNo: number, block?: number): number {
  const [first, last] =
    block === undefined ? [firstBlockOf(tenantNo), firstBlockOf(tenantNo + 1) - 1] : [block, block];
  const sql = "SELECT coalesce(sum(events), 0) AS n FROM pruned_blocks WHERE block BETWEEN ? AND ?";
  return db.prepare(sql).get(first, last)?.n as number;
}

function* checkBlock(db: DatabaseSync, where: string, block: number, summary: Summary): Generator<string> {
  const row = db.prepare("SELECT * FROM blocks WHERE block = ?").get(block);
  const expected = {
    block,
    events: summary.events,
    occurred_min: summary.occurredMin,
    occurred_max: summary.occurredMax,
    duration_min: summary.durationMin,
    duration_max: summary.durationMax,
    kept_back: summary.keptBack,
  };
  const { hashes: stored, ...bounds } = row ?? {};
  const { hashes, blooms } = encodeIndex(summary.sets());
  if (JSON.stringify(bounds) !== JSON.stringify(expected)) yield `${where} has wrong bounds`;
  if (!isSameBytes(stored, hashes)) yield `${where} has a wrong list of values`;

  const selectBloom = db.prepare("SELECT bits FROM block_blooms WHERE key = ?");
  for (const [field, bits] of blooms) {
    if (!isSameBytes(selectBloom.get(bloomKey(field, block))?.bits, bits)) {
      yield `${where} has a wrong filter for ${field}`;
    }
  }
  if (!holdsText(db, block, summary.text)) yield `${where} has texts that a search would not find`;
  const selectTally = db.prepare("SELECT counts FROM tallies WHERE key = ?");
  const read = (key: number): string | undefined => selectTally.get(key)?.counts as string | undefined;
  for (const [key, counts] of completedNodes(block, summary.counts, read)) {
    if (!isSameTally(read(key), counts)) yield `${where} has wrong counts`;
  }
}

function isSameBytes(stored: unknown, made: Uint8Array): boolean {
  return stored instanceof Uint8Array && Buffer.compare(stored, made) === 0;
}

/** A block's rows may say the same values in another order after it was read again. */
function isSameTally(stored: string | undefined, made: string): boolean {
  if (stored === made) return true;
  if (stored === undefined) return false;
  const sorted = (text: string): string =>
    JSON.stringify((JSON.parse(text) as Array<Array<[string, number]>>).map((entries) => entries.sort()));
  return sorted(stored) === sorted(made);
}

/** An open block has no views: rows of it would be counted twice. */
function* checkNothingBehind(db: DatabaseSync, tenant: TenantRow, open: number): Generator<string> {
  const end = firstBlockOf(tenant.no + 1);
  const count = (sql: string, ...range: number[]): number => db.prepare(sql).get(...range)?.n as number;
  const blocks = count("SELECT count(*) AS n FROM blocks WHERE block >= ? AND block < ?", open, end);
  if (blocks > 0) yield `tenant ${tenant.name}: ${blocks} blocks have bounds and are not complete`;
  let blooms = 0;
  for (const row of db.prepare("SELECT key FROM block_blooms").iterate()) {
    const block = blockOfKey(row.key as number);
    if (block >= open && block < end) blooms++;
  }
  if (blooms > 0) yield `tenant ${tenant.name}: ${blooms} filters are of blocks that are not complete`;
  for (const row of db.prepare("SELECT key FROM tallies").iterate()) {
    const { first, last } = tallyBlocks(row.key as number);
    if (first >= firstBlockOf(tenant.no) && first < end && last >= open) {
      yield `tenant ${tenant.name}: counts reach into the open block`;
    }
  }
}

function* checkEmitters(db: DatabaseSync, tenant: TenantRow, marks: Marks): Generator<string> {
  const rows = db.prepare("SELECT * FROM emitters WHERE tenant_no = ?").all(tenant.no);
  if (prunedOf(db, tenant.no) > 0) {
    yield* checkNumbersKnown(db, tenant, marks, rows);
    return;
  }
  if (rows.length !== marks.size) yield `tenant ${tenant.name}: ${rows.length} emitters, not ${marks.size}`;
  const ranges = db.prepare("SELECT low, high FROM emitter_ranges WHERE emitter_no = ? ORDER BY low");
  for (const row of rows) {
    const mark = marks.get(`${row.epoch} ${row.id}`);
    const stored = ranges.all(row.no as number).map(({ low, high }) => [low, high]);
    const made = mark === undefined ? [] : joinRanges(toRanges(mark.numbers));
    const isSame =
      mark !== undefined &&
      JSON.stringify(stored) === JSON.stringify(made) &&
      row.first_seq === mark.firstSeq &&
      row.first_at === mark.firstAt &&
      row.last_at === mark.lastAt;
    if (!isSame) yield `tenant ${tenant.name}: emitter ${row.id} (${row.epoch}) differs from its events`;
  }
}

/** After retention more numbers are known than there are events; none may be unknown. */
function* checkNumbersKnown(
  db: DatabaseSync,
  tenant: TenantRow,
  marks: Marks,
  rows: ReadonlyArray<Record<string, unknown>>,
): Generator<string> {
  const covers = db.prepare("SELECT 1 FROM emitter_ranges WHERE emitter_no = ? AND low <= ? AND high >= ?");
  for (const mark of marks.values()) {
    const row = rows.find(({ id, epoch }) => id === mark.id && epoch === mark.epoch);
    const isKnown =
      row !== undefined &&
      toRanges(mark.numbers).every(([low, high]) => covers.get(row.no as number, low, high));
    if (!isKnown) yield `tenant ${tenant.name}: emitter ${mark.id} (${mark.epoch}) differs from its events`;
  }
}

function* checkClosings(db: DatabaseSync): Generator<string> {
  const made = new Map<string, number>();
  const events = db.prepare(`SELECT data FROM events
    WHERE tenant_no = (SELECT no FROM tenants WHERE name = ?) AND event_type = ? ORDER BY pos`);
  for (const row of events.iterate(SYSTEM_TENANT, EVENT_TYPES.emitterClosed)) {
    const closing = readClosing(JSON.parse(row.data as string) as JsonObject);
    if (closing === null) continue;
    const key = JSON.stringify([closing.tenant, closing.id, closing.epoch]);
    if (!made.has(key)) made.set(key, closing.sent);
  }
  const stored = db.prepare("SELECT tenant, emitter_id, emitter_epoch, sent FROM closings").all();
  if (stored.length !== made.size) yield `${stored.length} closings are stored, ${made.size} were recorded`;
  for (const row of stored) {
    const key = JSON.stringify([row.tenant, row.emitter_id, row.emitter_epoch]);
    if (made.get(key) !== row.sent) yield `the closing of emitter ${row.emitter_id} differs from its event`;
  }
}
