import type { DatabaseSync } from "node:sqlite";
import { bloomKey, encodeIndex } from "./block-values.ts";
import { mergeMarks } from "./emitters.ts";
import type { Summary } from "./summary.ts";
import { writeTallies } from "./tallies.ts";

const INSERT_BLOCK = `INSERT INTO blocks
  (block, events, occurred_min, occurred_max, duration_min, duration_max, kept_back, hashes)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;
const INSERT_BLOOM = "INSERT INTO block_blooms (key, bits) VALUES (?, ?)";

/**
 * Writes every view of a block that has just become complete, in the transaction that completes it.
 * A block is sealed once and never touched again; the views of the open block are read from its rows.
 */
export function sealBlock(db: DatabaseSync, tenantNo: number, block: number, summary: Summary): void {
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
  writeTallies(db, block, summary.counts);
  mergeMarks(db, tenantNo, summary.marks);
}
