import { type Column, LeafEncoder, type LeafEntry, type StoredValue } from "../event/leaf.ts";
import { HASH_BYTES, leafHashOfText } from "../tlog/hash.ts";

export interface LeafQuery {
  readonly tenant: string;
  /** Events behind this seq. */
  readonly after: number;
  readonly limit: number;
  /** 32 bytes. */
  readonly saltKey: Uint8Array;
}

/** Leaf hashes in the order of `seq`; where an event is gone, its seq is not there. */
export interface Leaves {
  readonly seqs: Float64Array;
  /** 32 bytes for each seq. */
  readonly hashes: Uint8Array;
}

/** An event as it is stored. */
export interface StoredEvent {
  readonly seq: number;
  readonly read: (column: Column) => StoredValue;
}

/** What every store makes of its rows, so that a leaf is the same in all of them. */
export function toEntries(events: Iterable<StoredEvent>, saltKey: Uint8Array): LeafEntry[] {
  const encoder = new LeafEncoder(saltKey);
  return Array.from(events, ({ seq, read }) => encoder.encode(seq, read));
}

export function toLeaves(events: Iterable<StoredEvent>, saltKey: Uint8Array): Leaves {
  const entries = toEntries(events, saltKey);
  const hashes = new Uint8Array(entries.length * HASH_BYTES);
  for (const [i, { entry }] of entries.entries()) hashes.set(leafHashOfText(entry), i * HASH_BYTES);
  return { seqs: Float64Array.from(entries, ({ seq }) => seq), hashes };
}

/** One change of the tenant's named bytes. */
export interface BlobWrite {
  readonly name: string;
  /** Null takes the name away. */
  readonly bytes: Uint8Array | null;
  /** What must be there before: these bytes, or nothing (null). Left out: whatever is there. */
  readonly expect?: Uint8Array | null;
}

export interface BlobQuery {
  readonly tenant: string;
  readonly prefix: string;
  /** Names behind this one, in the order of their UTF-16 units; ASCII is all that we use. */
  readonly after?: string;
  readonly limit: number;
}
