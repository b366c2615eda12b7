import type { EqualField } from "../../../query/filter.ts";
import { blockOf } from "../position.ts";
import {
  blockOfKey,
  bloomKey,
  LIST_SQL,
  listParam,
  mayHold,
  mayList,
  SIEVE_SQL,
  sieveParams,
} from "../views/block-values.ts";
import type { Pruning } from "./predicate.ts";
import type { Snapshot } from "./snapshot.ts";
import { ALL_GROUPS, groupSpans, groupsWith } from "./text-candidates.ts";

/** With more values than this, the sieve costs more than it saves. */
const SIEVED_VALUES_MAX = 4;

/** A stretch of positions, both ends inclusive. */
export interface Span {
  readonly low: number;
  readonly high: number;
}

export function canPrune(pruning: Pruning): boolean {
  return pruning.any.length > 0 || pruning.sql !== "" || pruning.probes.length > 0;
}

/**
 * The blocks from `first` to `last` that may hold a match, ascending, each with the groups of it that
 * may, as sixteen bits. A block that is not complete has no index, so `open` is always one of them.
 */
export function candidateBlocks(
  view: Snapshot,
  pruning: Pruning,
  first: number,
  last: number,
  open: number,
): Array<readonly [block: number, groups: number]> {
  const lastSealed = Math.min(last, open - 1);
  const blocks = sealedCandidates(view, pruning, first, lastSealed);
  const groups = pruning.probes.length > 0 ? groupsWith(view, pruning.probes, first, lastSealed) : undefined;
  const candidates: Array<readonly [number, number]> = [];
  for (const block of blocks) {
    const held = groups === undefined ? ALL_GROUPS : (groups.get(block) ?? 0);
    if (held !== 0) candidates.push([block, held]);
  }
  if (open >= first && open <= last) candidates.push([open, ALL_GROUPS]);
  return candidates;
}

/** The stretches within `bounds` that may hold a match, as few as can be, ascending. */
export function candidateSpans(view: Snapshot, pruning: Pruning, bounds: Span, open: number): Span[] {
  const spans: Array<{ low: number; high: number }> = [];
  const candidates = candidateBlocks(view, pruning, blockOf(bounds.low), blockOf(bounds.high), open);
  for (const [block, groups] of candidates) {
    for (const { low, high } of groupSpans(block, groups, bounds)) {
      const previous = spans.at(-1);
      if (previous !== undefined && previous.high + 1 === low) previous.high = high;
      else spans.push({ low, high });
    }
  }
  return spans;
}

function sealedCandidates(view: Snapshot, pruning: Pruning, first: number, lastSealed: number): number[] {
  let blocks: number[] | undefined;
  if (pruning.sql !== "") {
    const sql = `SELECT block FROM blocks WHERE block BETWEEN ? AND ?${pruning.sql} ORDER BY block`;
    blocks = view.all(sql, first, lastSealed, ...pruning.params).map(([block]) => block as number);
  }
  for (const { field, hashes } of pruning.any) {
    const low = blocks === undefined ? first : blocks[0];
    const high = blocks === undefined ? lastSealed : blocks.at(-1);
    if (low === undefined || high === undefined) break;
    const holding = [...listing(view, hashes, low, high), ...blooming(view, field, hashes, low, high)];
    const wanted = blocks === undefined ? undefined : new Set(blocks);
    // A field of a block is either listed or has a filter; other fields' hashes can collide, though.
    blocks = [...new Set(holding)].sort((a, b) => a - b).filter((block) => wanted?.has(block) ?? true);
  }
  return blocks ?? Array.from({ length: Math.max(0, lastSealed - first + 1) }, (_, i) => first + i);
}

function listing(view: Snapshot, hashes: readonly number[], low: number, high: number): number[] {
  const isSieved = hashes.length <= SIEVED_VALUES_MAX;
  const term = isSieved ? ` AND (${Array(hashes.length).fill(LIST_SQL).join(" OR ") || "0"})` : "";
  const columns = isSieved ? "block" : "block, hashes";
  const sql = `SELECT ${columns} FROM blocks WHERE block BETWEEN ? AND ?${term}`;
  const rows = view.all(sql, low, high, ...(isSieved ? hashes.map(listParam) : []));
  const wanted = new Set(hashes);
  return rows
    .filter(([, bytes]) => isSieved || mayList(bytes as Uint8Array, wanted))
    .map(([block]) => block as number);
}

function blooming(
  view: Snapshot,
  field: EqualField,
  hashes: readonly number[],
  low: number,
  high: number,
): number[] {
  const isSieved = hashes.length <= SIEVED_VALUES_MAX;
  const term = isSieved ? ` AND (${Array(hashes.length).fill(SIEVE_SQL).join(" OR ") || "0"})` : "";
  const sql = `SELECT key, bits FROM block_blooms WHERE key BETWEEN ? AND ?${term}`;
  const params = isSieved ? hashes.flatMap(sieveParams) : [];
  return view
    .all(sql, bloomKey(field, low), bloomKey(field, high), ...params)
    .filter(([, bits]) => mayHold(bits as Uint8Array, hashes))
    .map(([key]) => blockOfKey(key as number));
}
