import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { TrailError } from "../base/error.ts";

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const PREFIX = "sealed:1:";

/** 32 bytes, as such or as base64. Throws `option.invalid`. */
export function secretKeyFrom(text: string): Buffer {
  const key = Buffer.from(text.trim(), "base64");
  if (key.length === KEY_BYTES) return key;
  throw new TrailError("option.invalid", `The secret key must be ${KEY_BYTES} bytes in base64.`, {
    field: "secretKey",
    fix: "Make one with: openssl rand -base64 32",
  });
}

/**
 * The key in a file that only its owner can read, made where there is none. Two processes that
 * start together agree: the file is made with O_EXCL, and who comes second reads the first one's.
 * Null is a key that nobody keeps.
 */
export function secretKeyAt(path: string | null): Buffer {
  if (path === null) return randomBytes(KEY_BYTES);
  mkdirSync(dirname(path), { recursive: true });
  try {
    writeFileSync(path, `${randomBytes(KEY_BYTES).toString("base64")}\n`, { flag: "wx", mode: 0o600 });
    chmodSync(path, 0o600);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "EEXIST") throw thrown;
  }
  return secretKeyFrom(readFileSync(path, "utf8"));
}

/** Seals secrets for the log: AES-256-GCM (NIST SP 800-38D), a fresh nonce each, bound to the place they belong to. */
export class Vault {
  readonly #key: () => Buffer;
  #cached: Buffer | null = null;

  /** The key is asked for at the first need. */
  constructor(key: () => Buffer) {
    this.#key = key;
  }

  seal(text: string, place: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv("aes-256-gcm", this.#keyBytes(), nonce).setAAD(Buffer.from(place));
    const sealed = Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
    return PREFIX + sealed.toString("base64");
  }

  /** Throws `option.invalid` when it was sealed with another key, for another place, or changed. */
  open(sealed: string, place: string): string {
    const bytes = Buffer.from(sealed.slice(PREFIX.length), "base64");
    try {
      const end = bytes.length - TAG_BYTES;
      const nonce = bytes.subarray(0, NONCE_BYTES);
      const decipher = createDecipheriv("aes-256-gcm", this.#keyBytes(), nonce, { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(place)).setAuthTag(bytes.subarray(end));
      return decipher.update(bytes.subarray(NONCE_BYTES, end), undefined, "utf8") + decipher.final("utf8");
    } catch (cause) {
      throw new TrailError("option.invalid", "A forwarder's secrets were sealed with another key.", {
        field: "secretKey",
        fix: "Start with the key file, or the key, that was there when the forwarder was saved.",
        cause,
      });
    }
  }

  #keyBytes(): Buffer {
    this.#cached ??= this.#key();
    return this.#cached;
  }
}
