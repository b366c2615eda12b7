import type { DatabaseSync } from "node:sqlite";
import { BITS, type BlockText } from "./text-grams.ts";

/** Neighboring blocks whose bits are turned together. */
export const SEGMENT_BLOCKS = 64;
/** A slice: one bit of every group of a segment. */
export const SLICE_BYTES = SEGMENT_BLOCKS * 2;
/** Slices in one row, so that a row is half a page. */
const ROW_SLICES = 32;
const ROWS_PER_SEGMENT = BITS / ROW_SLICES;

export function segmentOf(block: number): number {
  return Math.floor(block / SEGMENT_BLOCKS);
}

/** Where the slice of a bit is: the key of its row, and its first byte there, from 1 as SQL counts. */
export function sliceAt(segment: number, bit: number): readonly [key: number, at: number] {
  const key = segment * ROWS_PER_SEGMENT + Math.floor(bit / ROW_SLICES);
  return [key, (bit % ROW_SLICES) * SLICE_BYTES + 1];
}

/** Keeps the bits of a complete block; the last block of a segment turns them all. */
export function writeText(db: DatabaseSync, block: number, bits: BlockText): void {
  if (bits.some((groups) => groups !== 0)) {
    const bytes = new Uint8Array(bits.buffer);
    db.prepare("INSERT INTO text_blocks (block, bits) VALUES (?, ?)").run(block, bytes);
  }
  if (block % SEGMENT_BLOCKS === SEGMENT_BLOCKS - 1) turnSegment(db, segmentOf(block));
}

/** A segment without events needs no bits. What is left of one keeps those of its pruned neighbors. */
export function forgetText(db: DatabaseSync, block: number): void {
  db.prepare("DELETE FROM text_blocks WHERE block = ?").run(block);
  const segment = segmentOf(block);
  const [low, high] = [segment * SEGMENT_BLOCKS, (segment + 1) * SEGMENT_BLOCKS - 1];
  if (db.prepare("SELECT 1 FROM blocks WHERE block BETWEEN ? AND ?").get(low, high) !== undefined) return;
  db.prepare("DELETE FROM text_slices WHERE key BETWEEN ? AND ?").run(
    segment * ROWS_PER_SEGMENT,
    (segment + 1) * ROWS_PER_SEGMENT - 1,
  );
}

/** Whether the bits that are kept have all of these: they may have more, of events that were pruned. */
export function holdsText(db: DatabaseSync, block: number, bits: BlockText): boolean {
  const kept = db.prepare("SELECT bits FROM text_blocks WHERE block = ?").get(block)?.bits;
  if (kept instanceof Uint8Array && kept.length === 0) return true;
  const [segment, place] = [segmentOf(block), (block % SEGMENT_BLOCKS) * 2];
  const slice = db.prepare("SELECT substr(bits, ?, 2) AS bits FROM text_slices WHERE key = ?");
  for (let bit = 0; bit < BITS; bit++) {
    const wanted = bits[bit] as number;
    if (wanted === 0) continue;
    const [key, at] = sliceAt(segment, bit);
    const bytes = kept instanceof Uint8Array ? kept.subarray(bit * 2) : slice.get(at + place, key)?.bits;
    if (!(bytes instanceof Uint8Array)) return false;
    const held = (bytes[0] as number) | ((bytes[1] as number) << 8);
    if ((held & wanted) !== wanted) return false;
  }
  return true;
}

function turnSegment(db: DatabaseSync, segment: number): void {
  const first = segment * SEGMENT_BLOCKS;
  const last = first + SEGMENT_BLOCKS - 1;
  const rows = db.prepare("SELECT block, bits FROM text_blocks WHERE block BETWEEN ? AND ?").all(first, last);
  // Blocks from before there were bits: searched whole, as they were.
  if (rows.some(({ bits }) => (bits as Uint8Array).length === 0)) return;
  const turned = new Uint16Array(BITS * SEGMENT_BLOCKS);
  for (const row of rows) {
    const place = (row.block as number) - first;
    const bits = row.bits as Uint8Array;
    const groups = new Uint16Array(bits.buffer, bits.byteOffset, BITS);
    for (let bit = 0; bit < BITS; bit++) turned[bit * SEGMENT_BLOCKS + place] = groups[bit] as number;
  }
  const bytes = new Uint8Array(turned.buffer);
  const insert = db.prepare("INSERT INTO text_slices (key, bits) VALUES (?, ?)");
  const size = ROW_SLICES * SLICE_BYTES;
  for (let row = 0; row < ROWS_PER_SEGMENT; row++) {
    insert.run(segment * ROWS_PER_SEGMENT + row, bytes.subarray(row * size, (row + 1) * size));
  }
  db.prepare("DELETE FROM text_blocks WHERE block BETWEEN ? AND ?").run(first, last);
}
