import { createHmac, randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { type Micros, nowMicros } from "../base/clock.ts";
import { TrailError } from "../base/error.ts";
import { uuidv7 } from "../base/uuid.ts";

/** A subject's key, and since when it is used. */
export interface SubjectKey {
  readonly id: string;
  readonly key: Uint8Array;
  readonly since: Micros;
}

/** What is known of a subject's key that was destroyed. */
export interface Erasure {
  readonly keyId: string;
  readonly since: Micros;
  readonly erasedAt: Micros;
  /** Whether the receipt is in the log. */
  readonly isTold: boolean;
}

/**
 * The keys of subjects, apart from the log that they open. A key that is taken out is overwritten, and
 * nothing else can open what it closed. Who the subjects are is not in here: they stand under an HMAC.
 */
export interface Vault {
  /** The key in use for a subject, made where there is none. */
  keyFor(tenant: string, subject: string): SubjectKey;
  /** A living key by its id, or null. */
  keyById(id: string): Uint8Array | null;
  /** The living key of a subject, or null. */
  find(tenant: string, subject: string): SubjectKey | null;
  /** The last erasure of a subject, or null. */
  erasure(tenant: string, subject: string): Erasure | null;
  /** Destroys the living key of a subject; null where there is none. */
  destroy(tenant: string, subject: string): Erasure | null;
  /** The receipt is in the log. */
  told(keyId: string): void;
  /** What stands for a subject where it must not be named. */
  pseudonym(tenant: string, subject: string): string;
  close(): void;
}

const KEY_BYTES = 32;
const KNOWN_MAX = 10_000;
const SCHEMA = `
CREATE TABLE IF NOT EXISTS secret (bytes BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS keys (
  id TEXT PRIMARY KEY, subject TEXT NOT NULL UNIQUE, key BLOB NOT NULL, since INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS erasures (
  key_id TEXT PRIMARY KEY, subject TEXT NOT NULL, since INTEGER NOT NULL, erased_at INTEGER NOT NULL, told INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS erasures_by_subject ON erasures (subject, erased_at);
`;

/**
 * A vault in a file of its own, for its owner alone; in memory where there is no disk. SQLite, because
 * several processes make and destroy keys at once: `secure_delete` overwrites what is taken out, and the
 * rollback journal, which would hold it a little longer, stays in memory.
 */
export function openVault(path: string | null): Vault {
  return new FileVault(path);
}

class FileVault implements Vault {
  readonly #path: string | null;
  #db: DatabaseSync | null = null;
  #secret: Uint8Array = new Uint8Array();
  readonly #statements = new Map<string, StatementSync>();
  #version = -1;
  /** Keys in use, by subject and by id, until somebody else writes. */
  readonly #bySubject = new Map<string, SubjectKey>();
  readonly #byId = new Map<string, Uint8Array | null>();

  constructor(path: string | null) {
    this.#path = path;
  }

  keyFor(tenant: string, subject: string): SubjectKey {
    this.#open();
    const pseudonym = this.#pseudonym(tenant, subject);
    const known = this.#bySubject.get(pseudonym) ?? this.#read(pseudonym);
    if (known !== null) return this.#remember(pseudonym, known);
    this.#sql("INSERT OR IGNORE INTO keys (id, subject, key, since) VALUES (?, ?, ?, ?)").run(
      uuidv7(),
      pseudonym,
      randomBytes(KEY_BYTES),
      nowMicros(),
    );
    const made = this.#read(pseudonym);
    if (made === null) throw new TrailError("store.unavailable", "The key of a subject could not be made.");
    return this.#remember(pseudonym, made);
  }

  keyById(id: string): Uint8Array | null {
    if (this.#db === null && !this.#exists()) return null;
    this.#open();
    const known = this.#byId.get(id);
    if (known !== undefined) return known;
    const row = this.#sql("SELECT key FROM keys WHERE id = ?").get(id);
    const key = row === undefined ? null : (row.key as Uint8Array);
    bound(this.#byId, id, key);
    return key;
  }

  find(tenant: string, subject: string): SubjectKey | null {
    if (this.#db === null && !this.#exists()) return null;
    return this.#read(this.#pseudonym(tenant, subject));
  }

  erasure(tenant: string, subject: string): Erasure | null {
    if (this.#db === null && !this.#exists()) return null;
    const row = this.#sql("SELECT * FROM erasures WHERE subject = ? ORDER BY erased_at DESC LIMIT 1").get(
      this.#pseudonym(tenant, subject),
    );
    if (row === undefined) return null;
    const { key_id: keyId, since, erased_at: erasedAt, told } = row;
    return { keyId, since, erasedAt, isTold: told === 1 } as Erasure;
  }

  destroy(tenant: string, subject: string): Erasure | null {
    const known = this.find(tenant, subject);
    if (known === null) return null;
    const pseudonym = this.#pseudonym(tenant, subject);
    const erased = { keyId: known.id, since: known.since, erasedAt: nowMicros(), isTold: false };
    const db = this.#open();
    db.exec("BEGIN IMMEDIATE");
    try {
      this.#sql("INSERT INTO erasures (key_id, subject, since, erased_at, told) VALUES (?, ?, ?, ?, 0)").run(
        known.id,
        pseudonym,
        known.since,
        erased.erasedAt,
      );
      this.#sql("DELETE FROM keys WHERE id = ?").run(known.id);
      db.exec("COMMIT");
    } catch (thrown) {
      db.exec("ROLLBACK");
      throw thrown;
    }
    this.#forget();
    return erased;
  }

  told(keyId: string): void {
    this.#sql("UPDATE erasures SET told = 1 WHERE key_id = ?").run(keyId);
  }

  pseudonym(tenant: string, subject: string): string {
    this.#open();
    return this.#pseudonym(tenant, subject);
  }

  close(): void {
    this.#statements.clear();
    this.#db?.close();
    this.#db = null;
    this.#forget();
  }

  #pseudonym(tenant: string, subject: string): string {
    return createHmac("sha256", this.#secret)
      .update(JSON.stringify([tenant, subject]))
      .digest("hex");
  }

  #exists(): boolean {
    return this.#path !== null && existsSync(this.#path);
  }

  #open(): DatabaseSync {
    const db = this.#db ?? this.#connect();
    // Another process may have destroyed a key since.
    const version = this.#sql("PRAGMA data_version").get()?.data_version as number;
    if (version !== this.#version) this.#forget();
    this.#version = version;
    return db;
  }

  #connect(): DatabaseSync {
    // Loaded when it is needed, and at once: `record()` cannot wait.
    const { DatabaseSync: Database } = process.getBuiltinModule("node:sqlite");
    if (this.#path !== null) mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    const db = new Database(this.#path ?? ":memory:", { timeout: 2_000 });
    db.exec("PRAGMA secure_delete = ON; PRAGMA journal_mode = MEMORY; PRAGMA synchronous = FULL;");
    db.exec(SCHEMA);
    if (this.#path !== null) chmodSync(this.#path, 0o600);
    db.prepare("INSERT INTO secret (bytes) SELECT ? WHERE NOT EXISTS (SELECT 1 FROM secret)").run(
      randomBytes(KEY_BYTES),
    );
    this.#secret = db.prepare("SELECT bytes FROM secret ORDER BY rowid LIMIT 1").get()?.bytes as Uint8Array;
    this.#db = db;
    return db;
  }

  /** Prepared once: a draft with a subject asks several times. */
  #sql(text: string): StatementSync {
    const known = this.#statements.get(text) ?? (this.#db ?? this.#connect()).prepare(text);
    this.#statements.set(text, known);
    return known;
  }

  #read(pseudonym: string): SubjectKey | null {
    const row = this.#sql("SELECT id, key, since FROM keys WHERE subject = ?").get(pseudonym);
    return row === undefined ? null : (row as unknown as SubjectKey);
  }

  #remember(pseudonym: string, key: SubjectKey): SubjectKey {
    bound(this.#bySubject, pseudonym, key);
    return key;
  }

  #forget(): void {
    this.#bySubject.clear();
    this.#byId.clear();
  }
}

/** Adds to a map, and lets the oldest go where there are too many. */
function bound<V>(known: Map<string, V>, key: string, value: V): void {
  known.set(key, value);
  const [oldest] = known.keys();
  if (known.size > KNOWN_MAX && oldest !== undefined) known.delete(oldest);
}
