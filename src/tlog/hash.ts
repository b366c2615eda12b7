import { hash } from "node:crypto";

/**
 * Hashing of RFC 6962 §2.1 (RFC 9162 §2.1.1), with SHA-256: a leaf is hashed behind a zero byte, a
 * node behind a one, so that neither can be taken for the other.
 */
export const HASH_BYTES = 32;

/** The root of the empty tree: the hash of nothing. */
export const EMPTY_ROOT: Uint8Array = sha256(new Uint8Array());

export function sha256(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(hash("sha256", bytes, "buffer"));
}

/** The leaf hash of an entry's bytes. */
export function leafHash(entry: Uint8Array): Uint8Array {
  const input = new Uint8Array(entry.length + 1);
  input.set(entry, 1);
  return sha256(input);
}

/** The same of an entry that is text: hashed as UTF-8, without a copy of its bytes. */
export function leafHashOfText(entry: string): Uint8Array {
  return hash("sha256", `\0${entry}`, "buffer");
}

const pair = new Uint8Array(1 + 2 * HASH_BYTES);
pair[0] = 1;

export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  pair.set(left, 1);
  pair.set(right, 1 + HASH_BYTES);
  return sha256(pair);
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** One hash out of many that lie one behind the other. */
export function hashAt(hashes: Uint8Array, index: number): Uint8Array {
  return hashes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);
}

/** The root over 2^n hashes that lie one behind the other: a complete subtree. */
export function completeRoot(hashes: Uint8Array): Uint8Array {
  let level = hashes;
  while (level.length > HASH_BYTES) {
    const above = new Uint8Array(level.length / 2);
    for (let at = 0; at < above.length; at += HASH_BYTES) {
      const left = level.subarray(2 * at, 2 * at + HASH_BYTES);
      above.set(nodeHash(left, level.subarray(2 * at + HASH_BYTES, 2 * at + 2 * HASH_BYTES)), at);
    }
    level = above;
  }
  return level;
}
