import { hash } from "node:crypto";
import { crc32 } from "node:zlib";
import type { Micros } from "./clock.ts";
import { uuidFromBytes } from "./uuid.ts";

/**
 * The same id for the same facts, so that what is delivered twice is known the second time. With a
 * time (not before 1970) it has the layout of a UUIDv7, hash bits in place of random ones; without
 * one it is a UUIDv8 (RFC 9562 §5.8).
 */
export function derivedUuid(parts: ReadonlyArray<string | number>, micros?: Micros): string {
  // As JSON no part can run into the next, whatever characters it holds.
  const bytes = hash("sha256", JSON.stringify(parts.map(String)), "buffer").subarray(0, 16);
  const isTimed = micros !== undefined && micros >= 0;
  if (isTimed) bytes.writeUIntBE(Math.floor(micros / 1000), 0, 6);
  bytes[6] = ((bytes[6] as number) & 0x0f) | (isTimed ? 0x70 : 0x80);
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  return uuidFromBytes(bytes);
}

/**
 * Tells two texts of one moment apart, and stands in an id in place of what was said: too little of a hash,
 * 16 bits, for anybody to confirm by it what the text was once the text itself is erased.
 */
export function apart(text: string): string {
  return `${text.length}.${crc32(text) & 0xffff}`;
}
