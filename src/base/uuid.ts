import { randomFillSync } from "node:crypto";

const HEX: string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const HEX4: string[] = Array.from({ length: 65_536 }, (_, n) => n.toString(16).padStart(4, "0"));

const POOL_WORDS = 4096;
const pool = new Uint16Array(POOL_WORDS);
let poolAt = POOL_WORDS;

let lastMs = 0;
let counter = 0;
let prefix = "";

/**
 * A UUIDv7 (RFC 9562 §5.7): 48 bits of milliseconds, a 12-bit counter that makes the ids of one
 * process grow strictly (§6.2, method 1), 62 random bits.
 */
export function uuidv7(): string {
  let ms = Date.now();
  if (poolAt + 5 > POOL_WORDS) {
    randomFillSync(pool);
    poolAt = 0;
  }
  if (ms <= lastMs) {
    counter++;
    if (counter > 0xfff) {
      ms = lastMs + 1;
    } else {
      ms = lastMs;
    }
  }
  if (ms !== lastMs) {
    lastMs = ms;
    counter = (pool[poolAt++] as number) & 0x7ff;
    const high = Math.floor(ms / 0x10000);
    prefix = `${HEX4[high >>> 16]}${HEX4[high & 0xffff]}-${HEX4[ms % 0x10000]}-`;
  }
  const a = ((pool[poolAt] as number) & 0x3fff) | 0x8000;
  const b = pool[poolAt + 1] as number;
  const c = pool[poolAt + 2] as number;
  const d = pool[poolAt + 3] as number;
  poolAt += 4;
  return `${prefix}${HEX4[0x7000 | counter]}-${HEX4[a]}-${HEX4[b]}${HEX4[c]}${HEX4[d]}`;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function isUuid(text: string): boolean {
  return text.length === 36 && UUID.test(text);
}

/** The 16 bytes of a UUID; the text must be one. */
export function uuidToBytes(uuid: string): Uint8Array {
  const bytes = new Uint8Array(16);
  let at = 0;
  for (let i = 0; i < 16; i++) {
    if (at === 8 || at === 13 || at === 18 || at === 23) at++;
    bytes[i] = (digitOf(uuid.charCodeAt(at)) << 4) | digitOf(uuid.charCodeAt(at + 1));
    at += 2;
  }
  return bytes;
}

/** The value of a hex digit's character code. */
function digitOf(code: number): number {
  return code <= 57 ? code - 48 : (code | 32) - 87;
}

export function uuidFromBytes(bytes: Uint8Array): string {
  let hex = "";
  for (let i = 0; i < 16; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) hex += "-";
    hex += HEX[bytes[i] as number];
  }
  return hex;
}
