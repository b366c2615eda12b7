import { EMPTY_ROOT, HASH_BYTES, nodeHash, sameBytes } from "./hash.ts";

/**
 * Checking proofs, as RFC 9162 §2.1.3.2 (inclusion) and §2.1.4.2 (consistency) write it down.
 * Numbers are halved by division: shifts would cut a size at 2^32.
 */
const half = (n: number): number => Math.floor(n / 2);

/** Whether `proof` shows that `leaf` stands at `index` in the tree of `size` leaves with this root. */
export function verifyInclusion(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (!isSize(index) || !isSize(size) || index >= size || !areHashes([leaf, root, ...proof])) return false;
  let fn = index;
  let sn = size - 1;
  let hash = leaf;
  for (const other of proof) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      hash = nodeHash(other, hash);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      hash = nodeHash(hash, other);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && sameBytes(hash, root);
}

/** Whether `proof` shows that the tree of `second` leaves begins with the tree of `first` leaves. */
export function verifyConsistency(
  first: number,
  second: number,
  proof: readonly Uint8Array[],
  firstRoot: Uint8Array,
  secondRoot: Uint8Array,
): boolean {
  if (!isSize(first) || !isSize(second) || first > second || !areHashes([firstRoot, secondRoot, ...proof]))
    return false;
  if (first === second) return proof.length === 0 && sameBytes(firstRoot, secondRoot);
  if (first === 0) return proof.length === 0 && sameBytes(firstRoot, EMPTY_ROOT);
  let fn = first - 1;
  let sn = second - 1;
  while (fn % 2 === 1) [fn, sn] = [half(fn), half(sn)];
  // A first tree that is one complete subtree is its own first node, and is left out of the proof.
  const [start, ...rest] = fn === 0 ? [firstRoot, ...proof] : proof;
  if (start === undefined) return false;
  let fr = start;
  let sr = start;
  for (const other of rest) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      fr = nodeHash(other, fr);
      sr = nodeHash(other, sr);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      sr = nodeHash(sr, other);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && sameBytes(fr, firstRoot) && sameBytes(sr, secondRoot);
}

function isSize(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function areHashes(values: readonly Uint8Array[]): boolean {
  return values.every((value) => value.length === HASH_BYTES);
}
