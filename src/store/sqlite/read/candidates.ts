import { firstPosOf, lastPosOf } from "../position.ts";
import { blockOfKey, mayHold, SIEVE_SQL, sieveParams, valuesKey } from "../views/block-values.ts";
import type { Pruning } from "./predicate.ts";
import type { Snapshot } from "./snapshot.ts";

/** With more values than this, the sieve costs more than it saves. */
const SIEVED_VALUES_MAX = 4;

/** A stretch of positions, both ends inclusive. */
export interface Span {
  readonly low: number;
  readonly high: number;
}

export function canPrune(pruning: Pruning): boolean {
  return pruning.any.length > 0 || pruning.sql !== "";
}

/**
 * The blocks from `first` to `last` that may hold a match, ascending. A block that is not complete
 * has no index, so `open` is always one of them.
 */
export function candidateBlocks(
  view: Snapshot,
  pruning: Pruning,
  first: number,
  last: number,
  open: number,
): number[] {
  const lastSealed = Math.min(last, open - 1);
  let blocks: number[] | undefined;
  if (pruning.sql !== "") {
    const sql = `SELECT block FROM blocks WHERE block BETWEEN ? AND ?${pruning.sql} ORDER BY block`;
    blocks = view.all(sql, first, lastSealed, ...pruning.params).map(([block]) => block as number);
  }
  for (const { field, hashes } of pruning.any) {
    const low = blocks === undefined ? first : blocks[0];
    const high = blocks === undefined ? lastSealed : blocks.at(-1);
    if (low === undefined || high === undefined) break;
    const wanted = blocks === undefined ? undefined : new Set(blocks);
    blocks = [];
    const isSieved = hashes.length <= SIEVED_VALUES_MAX;
    const sieve = isSieved ? ` AND (${Array(hashes.length).fill(SIEVE_SQL).join(" OR ") || "0"})` : "";
    const sql = `SELECT key, hashes FROM block_values WHERE key BETWEEN ? AND ?${sieve} ORDER BY key`;
    const params = isSieved ? hashes.flatMap(sieveParams) : [];
    for (const [key, bytes] of view.all(sql, valuesKey(field, low), valuesKey(field, high), ...params)) {
      const block = blockOfKey(key as number);
      if (wanted !== undefined && !wanted.has(block)) continue;
      if (mayHold(bytes as Uint8Array, hashes)) blocks.push(block);
    }
  }
  blocks ??= Array.from({ length: Math.max(0, lastSealed - first + 1) }, (_, i) => first + i);
  if (open >= first && open <= last) blocks.push(open);
  return blocks;
}

/** The blocks as few spans within `bounds`, ascending. */
export function toSpans(blocks: readonly number[], bounds: Span): Span[] {
  const spans: Array<{ low: number; high: number }> = [];
  for (const block of blocks) {
    const low = Math.max(bounds.low, firstPosOf(block));
    const high = Math.min(bounds.high, lastPosOf(block));
    if (low > high) continue;
    const previous = spans.at(-1);
    if (previous !== undefined && previous.high + 1 === low) previous.high = high;
    else spans.push({ low, high });
  }
  return spans;
}
