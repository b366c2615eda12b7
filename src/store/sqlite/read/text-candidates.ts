import { firstPosOf, lastPosOf } from "../position.ts";
import { GROUP_SEQS } from "../views/text-grams.ts";
import { SEGMENT_BLOCKS, SLICE_BYTES, segmentOf, sliceAt } from "../views/text-index.ts";
import type { Span } from "./candidates.ts";
import type { Snapshot } from "./snapshot.ts";

export const ALL_GROUPS = 0xffff;
const GROUPS = 16;

/** The groups that may hold a text with all these bits, by block, as sixteen bits; other blocks have none. */
export function groupsWith(
  view: Snapshot,
  probes: readonly number[],
  first: number,
  last: number,
): Map<number, number> {
  const groups = new Map<number, number>();
  for (let segment = segmentOf(first); segment <= segmentOf(last); segment++) {
    const slice = sliceWith(view, probes, segment);
    for (let i = 0; slice !== undefined && i < SEGMENT_BLOCKS; i++) {
      const [block, held] = [segment * SEGMENT_BLOCKS + i, slice[i] as number];
      if (held !== 0 && block >= first && block <= last) groups.set(block, held);
    }
  }
  const columns = probes.map((bit) => `, substr(bits, ${bit * 2 + 1}, 2)`).join("");
  const sql = `SELECT block, length(bits)${columns} FROM text_blocks WHERE block BETWEEN ? AND ?`;
  for (const [block, length, ...found] of view.all(sql, first, last)) {
    const held =
      length === 0
        ? ALL_GROUPS
        : found.reduce<number>((both, bytes) => both & wordAt(bytes as Uint8Array), ALL_GROUPS);
    if (held !== 0) groups.set(block as number, held);
  }
  return groups;
}

/** The stretches of a block whose groups are set, ascending, as far as they are within `bounds`. */
export function* groupSpans(block: number, held: number, bounds: Span): Generator<Span> {
  if (held === ALL_GROUPS) {
    const [low, high] = [Math.max(bounds.low, firstPosOf(block)), Math.min(bounds.high, lastPosOf(block))];
    if (low <= high) yield { low, high };
    return;
  }
  for (let group = 0; group < GROUPS; group++) {
    if ((held & (1 << group)) === 0) continue;
    const start = firstPosOf(block) + group * GROUP_SEQS;
    const low = Math.max(bounds.low, start);
    const high = Math.min(bounds.high, start + GROUP_SEQS - 1);
    if (low <= high) yield { low, high };
  }
}

/** What the slices of all these bits have in common; undefined where nothing is left. */
function sliceWith(view: Snapshot, probes: readonly number[], segment: number): Uint16Array | undefined {
  let both: Uint16Array | undefined;
  for (const bit of probes) {
    const [key, at] = sliceAt(segment, bit);
    const sql = "SELECT substr(bits, ?, ?) FROM text_slices WHERE key = ?";
    const bytes = view.get(sql, at, SLICE_BYTES, key)?.[0] as Uint8Array | undefined;
    if (bytes === undefined) return undefined;
    const slice = new Uint16Array(bytes.slice().buffer);
    if (both === undefined) both = slice;
    else for (let i = 0; i < SEGMENT_BLOCKS; i++) both[i] = (both[i] as number) & (slice[i] as number);
    if (both.every((groups) => groups === 0)) return undefined;
  }
  return both;
}

function wordAt(bytes: Uint8Array): number {
  return (bytes[0] as number) | ((bytes[1] as number) << 8);
}
