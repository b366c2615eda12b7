import type { EqualField } from "../../../query/filter.ts";

/** Numbers that are stored, in keys and in hashes: never change one. */
const FIELD_NUMBERS = {
  environment: 1,
  event_type: 2,
  category: 3,
  phase: 4,
  status: 5,
  severity: 6,
  actor_type: 7,
  actor_id: 8,
  actor_label: 9,
  agent: 10,
  origin: 11,
  source: 12,
  app: 13,
  destination: 14,
  tool: 15,
  resource_type: 16,
  resource_id: 17,
  conversation_id: 18,
  thread_id: 19,
  run_id: 20,
  parent_id: 21,
  start_id: 22,
  trace_id: 23,
  span_id: 24,
  call_id: 25,
  model: 26,
  emitter_id: 27,
} as const satisfies Record<EqualField, number>;

const FIELD_STRIDE = 2 ** 44;
/** A field with more distinct values in a block than this has a Bloom filter of its own. */
const LISTED_MAX = 63;
const BLOOM_BYTES_MIN = 128;
const BLOOM_BYTES = [128, 256, 512, 1_024, 2_048] as const;
const BLOOM_BITS_PER_VALUE = 16;
const BLOOM_PROBES = 8;

/** The key of a field's Bloom filter in `block_blooms`. */
export function bloomKey(field: EqualField, block: number): number {
  return FIELD_NUMBERS[field] * FIELD_STRIDE + block;
}

export function blockOfKey(key: number): number {
  return key % FIELD_STRIDE;
}

/** 32 bits of a field's value: FNV-1a over its code units, then a mixer. Stored: never change it. */
export function hashValue(field: EqualField, value: string): number {
  let hash = 0x811c9dc5 ^ (FIELD_NUMBERS[field] << 24);
  for (let i = 0; i < value.length; i++) hash = Math.imul(hash ^ value.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The index of a block: the hashes of all fields with few values in one list, a filter for each of the others. */
export interface BlockIndex {
  readonly hashes: Uint8Array;
  readonly blooms: ReadonlyArray<readonly [field: EqualField, bits: Uint8Array]>;
}

/** `sets` has the distinct hashes of each field, ascending. */
export function encodeIndex(sets: Iterable<readonly [field: EqualField, hashes: Uint32Array]>): BlockIndex {
  const listed: number[] = [];
  const blooms: Array<[EqualField, Uint8Array]> = [];
  for (const [field, hashes] of sets) {
    if (hashes.length > LISTED_MAX) blooms.push([field, encodeBloom(hashes)]);
    else listed.push(...hashes);
  }
  const bytes = new Uint8Array(listed.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [i, hash] of listed.entries()) view.setUint32(i * 4, hash, true);
  return { hashes: bytes, blooms };
}

function encodeBloom(hashes: Uint32Array): Uint8Array {
  let bytes = BLOOM_BYTES_MIN;
  while (bytes * 8 < hashes.length * BLOOM_BITS_PER_VALUE) bytes *= 2;
  const bits = new Uint8Array(bytes);
  const mask = bytes * 8 - 1;
  for (const hash of hashes) {
    const step = stepOf(hash);
    for (let probe = 0; probe < BLOOM_PROBES; probe++) {
      const bit = (hash + Math.imul(probe, step)) & mask;
      bits[bit >>> 3] = (bits[bit >>> 3] as number) | (1 << (bit & 7));
    }
  }
  return bits;
}

/** From the product's high bits: the low ones would only repeat what the hash's own low bits say. */
function stepOf(hash: number): number {
  return (Math.imul(hash, 0x9e3779b1) >>> 16) | 1;
}

/** False when a list of hashes has none of these; true when one may be there. */
export function mayList(bytes: Uint8Array, hashes: ReadonlySet<number>): boolean {
  for (let at = 0; at < bytes.length; at += 4) {
    const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
    const high = (bytes[at + 2] as number) | ((bytes[at + 3] as number) << 8);
    if (hashes.has(((high << 16) | low) >>> 0)) return true;
  }
  return false;
}

/** False when a Bloom filter has none of these; true when one may be there. */
export function mayHold(bits: Uint8Array, hashes: Iterable<number>): boolean {
  for (const hash of hashes) if (inBloom(bits, hash)) return true;
  return false;
}

function inBloom(bits: Uint8Array, hash: number): boolean {
  const mask = bits.length * 8 - 1;
  const step = stepOf(hash);
  for (let probe = 0; probe < BLOOM_PROBES; probe++) {
    const bit = (hash + Math.imul(probe, step)) & mask;
    if (((bits[bit >>> 3] as number) & (1 << (bit & 7))) === 0) return false;
  }
  return true;
}

/** An SQL term over `hashes` of `blocks`, true where the list has the hash of `listParam`. */
export const LIST_SQL = "instr(hashes, ?) > 0";

export function listParam(hash: number): Uint8Array {
  return Uint8Array.of(hash, hash >>> 8, hash >>> 16, hash >>> 24);
}

const PROBES_IN_SQL = 3;
/** For each bit of a byte, every byte in which it is set. */
const BYTES_WITH_BIT: readonly Uint8Array[] = Array.from({ length: 8 }, (_, bit) =>
  Uint8Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => (byte & (1 << bit)) !== 0),
);

/**
 * An SQL term over `bits` that is false for most filters that do not hold a value, so that few cross
 * into JavaScript; `mayHold` has the last word. Its parameters come from `sieveParams`.
 */
export const SIEVE_SQL = `CASE length(bits) ${BLOOM_BYTES.map(
  (bytes) => `WHEN ${bytes} THEN ${Array(PROBES_IN_SQL).fill("instr(?, substr(bits, ?, 1))").join(" AND ")} `,
).join("")}ELSE 1 END`;

export function sieveParams(hash: number): Array<number | Uint8Array> {
  const step = stepOf(hash);
  return BLOOM_BYTES.flatMap((bytes) =>
    Array.from({ length: PROBES_IN_SQL }, (_, probe) => {
      const bit = (hash + Math.imul(probe, step)) & (bytes * 8 - 1);
      return [BYTES_WITH_BIT[bit & 7] as Uint8Array, (bit >>> 3) + 1];
    }).flat(),
  );
}
