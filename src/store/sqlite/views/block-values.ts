import type { EqualField } from "../../../query/filter.ts";

/**
 * Numbers that are stored: never change one. A block's set of values of a field is the row
 * `number × 2^44 + block` of `block_values`.
 */
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
/** Up to here a sorted list of 32-bit hashes; above, a Bloom filter, which is never shorter than BLOOM_BYTES_MIN. */
const LIST_MAX = 127;
const BLOOM_BYTES_MIN = 512;
const BLOOM_BITS_PER_VALUE = 16;
const BLOOM_PROBES = 8;

export function valuesKey(field: EqualField, block: number): number {
  return FIELD_NUMBERS[field] * FIELD_STRIDE + block;
}

export function blockOfKey(key: number): number {
  return key % FIELD_STRIDE;
}

/** 32 bits of a text: FNV-1a over its code units, then a mixer. Stored: never change it. */
export function hashValue(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The values of a block as bytes: what `mayHold` reads. */
export function encodeValues(values: Iterable<string>, count: number): Uint8Array {
  if (count > LIST_MAX) return encodeBloom(values, count);
  const hashes = Uint32Array.from(values, hashValue).sort();
  const bytes = new Uint8Array(hashes.length * 4);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < hashes.length; i++) view.setUint32(i * 4, hashes[i] as number, true);
  return bytes;
}

function encodeBloom(values: Iterable<string>, count: number): Uint8Array {
  let bytes = BLOOM_BYTES_MIN;
  while (bytes * 8 < count * BLOOM_BITS_PER_VALUE) bytes *= 2;
  const bits = new Uint8Array(bytes);
  const mask = bytes * 8 - 1;
  for (const value of values) {
    const hash = hashValue(value);
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

/** The lengths that `encodeBloom` makes of a block's values. */
const BLOOM_BYTES = [512, 1_024, 2_048] as const;
const PROBES_IN_SQL = 3;
/** For each bit of a byte, every byte in which it is set. */
const BYTES_WITH_BIT: readonly Uint8Array[] = Array.from({ length: 8 }, (_, bit) =>
  Uint8Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => (byte & (1 << bit)) !== 0),
);

/**
 * An SQL term over `hashes` that is false for most sets that do not hold a value, so that few cross
 * into JavaScript; `mayHold` has the last word. Its parameters come from `sieveParams`.
 */
export const SIEVE_SQL = `CASE length(hashes) ${BLOOM_BYTES.map(
  (bytes) =>
    `WHEN ${bytes} THEN ${Array(PROBES_IN_SQL).fill("instr(?, substr(hashes, ?, 1))").join(" AND ")} `,
).join("")}ELSE instr(hashes, ?) END`;

export function sieveParams(hash: number): Array<number | Uint8Array> {
  const params: Array<number | Uint8Array> = [];
  const step = stepOf(hash);
  for (const bytes of BLOOM_BYTES) {
    for (let probe = 0; probe < PROBES_IN_SQL; probe++) {
      const bit = (hash + Math.imul(probe, step)) & (bytes * 8 - 1);
      params.push(BYTES_WITH_BIT[bit & 7] as Uint8Array, (bit >>> 3) + 1);
    }
  }
  params.push(Uint8Array.of(hash, hash >>> 8, hash >>> 16, hash >>> 24));
  return params;
}

/** False when none of the hashed values is in the block; true when one may be. */
export function mayHold(bytes: Uint8Array, hashes: readonly number[]): boolean {
  return bytes.length < BLOOM_BYTES_MIN
    ? hashes.some((hash) => inList(bytes, hash))
    : hashes.some((hash) => inBloom(bytes, hash));
}

function inList(bytes: Uint8Array, hash: number): boolean {
  for (let at = 0; at < bytes.length; at += 4) {
    const stored =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    if (stored >>> 0 === hash) return true;
  }
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
