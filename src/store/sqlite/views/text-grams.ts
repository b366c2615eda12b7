/** Neighboring positions that share their bits. */
export const GROUP_SEQS = 64;
const GRAM_UNITS = 3;
/** Bits of a group; each gram sets two. Stored, in keys and in hashes: never change these. */
export const BITS = 16_384;
const MASK = BITS - 1;
/** Probes of a search at most: more would cost more than they rule out. */
const PROBES_MAX = 24;

/**
 * Which grams (three UTF-16 code units, case folded) the texts of a block have, as a Bloom filter for
 * each of its sixteen groups of 64 positions: entry `bit` holds the groups that have that bit.
 */
export type BlockText = Uint16Array<ArrayBuffer>;

/** Adds one folded text of the event with this seq. */
export function addText(bits: BlockText, seq: number, text: string): void {
  // A block starts at a multiple of 1024.
  const group = 1 << ((seq / GROUP_SEQS) & 15);
  if (text.length < GRAM_UNITS) return;
  let [a, b] = [text.charCodeAt(0), text.charCodeAt(1)];
  for (let i = GRAM_UNITS - 1; i < text.length; i++) {
    const c = text.charCodeAt(i);
    const hash = hashGram(a, b, c);
    bits[hash & MASK] = (bits[hash & MASK] as number) | group;
    const second = (hash >>> 14) & MASK;
    bits[second] = (bits[second] as number) | group;
    [a, b] = [b, c];
  }
}

/** The bits that a group must have to hold this folded text; none for a text that is too short to say. */
export function probesOf(text: string): number[] {
  const grams = Math.max(0, text.length - GRAM_UNITS + 1);
  const step = Math.max(1, (grams * 2) / PROBES_MAX);
  const probes = new Set<number>();
  for (let at = 0; at < grams; at += step) {
    const i = Math.floor(at);
    const hash = hashGram(text.charCodeAt(i), text.charCodeAt(i + 1), text.charCodeAt(i + 2));
    probes.add(hash & MASK).add((hash >>> 14) & MASK);
  }
  return [...probes];
}

function hashGram(a: number, b: number, c: number): number {
  let hash = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b) ^ Math.imul(c, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}
