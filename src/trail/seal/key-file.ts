import { randomBytes } from "node:crypto";
import { chmodSync, linkSync, mkdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { messageOf, TrailError } from "../../base/error.ts";
import { isObject } from "../../base/json.ts";
import { signingKey } from "../../tlog/note.ts";

/** One signing key. `retired` no longer signs, what it signed counts; `revoked` never counts again. */
export interface StoredKey {
  readonly state: "active" | "overlap" | "retired" | "revoked";
  /** 32 bytes in base64: what signs. Thrown away when the key is retired or revoked. */
  readonly seed: string | null;
  readonly public: string;
  readonly since: string;
  /** When an overlapping key stops signing, or when it was retired or revoked. */
  readonly until: string | null;
}

/**
 * What stands in the key file: apart from the database, because whoever can change both can rewrite
 * history. `log` begins the names of all logs of the store and never changes.
 */
export interface KeyFile {
  readonly version: 1;
  readonly log: string;
  readonly keys: readonly StoredKey[];
}

const SEED_BYTES = 32;
const OVERLAP_MS = 7 * 24 * 3_600_000;

export function newKeyFile(now: Date, log = `daybook.local/${randomBytes(8).toString("hex")}`): KeyFile {
  return { version: 1, log, keys: [newKey(now)] };
}

function newKey(now: Date): StoredKey {
  const seed = randomBytes(SEED_BYTES);
  return {
    state: "active",
    seed: seed.toString("base64"),
    public: Buffer.from(signingKey(seed).publicKey).toString("base64"),
    since: now.toISOString(),
    until: null,
  };
}

/** A new key signs from now on; the one before signs beside it for a week, so that readers can learn the new one. */
export function rotate(file: KeyFile, now: Date): KeyFile {
  const until = new Date(now.getTime() + OVERLAP_MS).toISOString();
  const older = file.keys.map((key) =>
    key.state === "active" ? { ...key, state: "overlap" as const, until } : key,
  );
  return { ...file, keys: [...older.map((key) => retireIfDue(key, now)), newKey(now)] };
}

/** Nothing that this key signed counts any more. A key that was signing is followed by a new one. */
export function revoke(file: KeyFile, publicKey: string, now: Date): KeyFile {
  const known = file.keys.find((key) => key.public === publicKey);
  if (known === undefined) {
    throw new TrailError("option.invalid", "No key of this log is the one to be revoked.", {
      field: "key",
      fix: "Name the public key in base64, as the key file has it.",
    });
  }
  const revoked: StoredKey = { ...known, state: "revoked", seed: null, until: now.toISOString() };
  const keys = file.keys.map((key) => (key === known ? revoked : key));
  return { ...file, keys: known.state === "active" ? [...keys, newKey(now)] : keys };
}

function retireIfDue(key: StoredKey, now: Date): StoredKey {
  const isDue = key.state === "overlap" && key.until !== null && Date.parse(key.until) <= now.getTime();
  return isDue ? { ...key, state: "retired", seed: null } : key;
}

/** Null where there is none. Throws `log.key_unknown` for a file that cannot be read. */
export function readKeyFile(path: string): KeyFile | null {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw unreadable(path, messageOf(thrown));
  }
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch (thrown) {
    throw unreadable(path, messageOf(thrown).slice(0, 40));
  }
  if (!isObject(file) || file.version !== 1 || typeof file.log !== "string" || !Array.isArray(file.keys))
    throw unreadable(path, "it is no key file");
  return file as unknown as KeyFile;
}

function unreadable(path: string, why: string): TrailError {
  return new TrailError("log.key_unknown", `The key file ${path} cannot be read: ${why}.`, {
    fix: "Put the file back from where you keep it; do not make a new one over it.",
  });
}

/** Makes the file where there is none, for one of several processes that try; the file is for its owner alone. */
export function createKeyFile(path: string, file: KeyFile): KeyFile {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const draft = write(path, file);
  try {
    linkSync(draft, path);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "EEXIST") throw thrown;
  } finally {
    unlinkSync(draft);
  }
  return readKeyFile(path) ?? file;
}

export function replaceKeyFile(path: string, file: KeyFile): void {
  renameSync(write(path, file), path);
}

function write(path: string, file: KeyFile): string {
  const draft = `${path}.${process.pid}-${randomBytes(4).toString("hex")}`;
  writeFileSync(draft, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 });
  chmodSync(draft, 0o600);
  return draft;
}
