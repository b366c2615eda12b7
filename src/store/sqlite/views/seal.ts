import type { DatabaseSync } from "node:sqlite";
import { EQUAL_FIELDS } from "../../../query/filter.ts";
import { bloomKey, encodeIndex } from "./block-values.ts";
import { mergeMarks } from "./emitters.ts";
import { type Summary, summarizeRows } from "./summary.ts";
import { replaceTallies, writeTallies } from "./tallies.ts";
import { forgetText, writeText } from "./text-index.ts";

const INSERT_BLOCK = `INSERT INTO blocks
  (block, events, occurred_min, occurred_max, duration_min, duration_max, kept_back, hashes)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;
const DELETE_BLOCK = "DELETE FROM blocks WHERE block = ?";
const DELETE_BLOOM = "DELETE FROM block_blooms WHERE key = ?";
const INSERT_BLOOM = "INSERT INTO block_blooms (key, bits) VALUES (?, ?)";

/**
 * Writes every view of a block that has just become complete, in the transaction that completes it.
 * A block is sealed once and touched by retention only; the views of the open block are read from its rows.
 */
export function sealBlock(db: DatabaseSync, tenantNo: number, block: number, summary: Summary): void {
  writeIndex(db, block, summary);
  writeText(db, block, summary.text);
  writeTallies(db, block, summary.counts);
  mergeMarks(db, tenantNo, summary.marks);
}

/** Makes the views of a complete block again, from the rows that retention left. Marks stay as they are. */
export function resealBlock(db: DatabaseSync, block: number): void {
  db.prepare(DELETE_BLOCK).run(block);
  const remove = db.prepare(DELETE_BLOOM);
  for (const field of EQUAL_FIELDS) remove.run(bloomKey(field, block));
  const summary = summarizeRows(db, block);
  if (summary.events > 0) writeIndex(db, block, summary);
  else forgetText(db, block);
  replaceTallies(db, block, summary.counts);
}

function writeIndex(db: DatabaseSync, block: number, summary: Summary): void {
  const { hashes, blooms } = encodeIndex(summary.sets());
  db.prepare(INSERT_BLOCK).run(
    block,
    summary.events,
    summary.occurredMin,
    summary.occurredMax,
    summary.durationMin,
    summary.durationMax,
    summary.keptBack,
    hashes,
  );
  const insert = db.prepare(INSERT_BLOOM);
  for (const [field, bits] of blooms) insert.run(bloomKey(field, block), bits);
}
