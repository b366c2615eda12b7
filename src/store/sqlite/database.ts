import { chmodSync, closeSync, fstatSync, mkdirSync, openSync, readSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import {
  APPLICATION_ID,
  checkIdentity,
  foreignFile,
  migrate,
  newerSchema,
  SCHEMA_VERSION,
} from "./migrate.ts";
import { storeError } from "./trouble.ts";

export interface SqliteOptions {
  /**
   * `full` (default): an acknowledged append survives a power cut. `normal`: it survives the death
   * of the process, and a power cut may take the last ones.
   */
  readonly durability?: "full" | "normal";
  /** How long an append waits for the write lock of another process; default 5000. */
  readonly busyTimeoutMs?: number;
}

const DEFAULT_BUSY_TIMEOUT_MS = 5_000;
const WRITER_CACHE_KIB = 16 * 1024;
const READER_CACHE_KIB = 16 * 1024;
const CHECKPOINT_PAGES = 10_000;
const HEADER_BYTES = 100;
const MAGIC = "SQLite format 3\0";

/** The one connection that writes. Makes the file and its folder where there is none. */
export function openForWriting(path: string, options: SqliteOptions): DatabaseSync {
  const busyTimeoutMs = options.busyTimeoutMs ?? DEFAULT_BUSY_TIMEOUT_MS;
  let db: DatabaseSync | undefined;
  try {
    createFile(path);
    db = new DatabaseSync(path, { timeout: busyTimeoutMs });
    migrate(db, path, busyTimeoutMs);
    db.exec(`PRAGMA synchronous = ${options.durability === "normal" ? "NORMAL" : "FULL"}`);
    db.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    db.exec(`PRAGMA cache_size = -${WRITER_CACHE_KIB}`);
    return db;
  } catch (thrown) {
    db?.close();
    throw storeError(path, thrown);
  }
}

export function openForReading(path: string, options: SqliteOptions): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, {
      readOnly: true,
      timeout: options.busyTimeoutMs ?? DEFAULT_BUSY_TIMEOUT_MS,
    });
    db.exec(`PRAGMA cache_size = -${READER_CACHE_KIB}`);
    checkIdentity(db, path);
    return db;
  } catch (thrown) {
    db?.close();
    throw storeError(path, thrown);
  }
}

/**
 * Reads the file's header without SQLite, so that opening a store that is up to date costs no
 * thread. True when it is; false when a writer must look; throws when it is surely not ours.
 */
export function isCurrent(path: string): boolean {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT") return false;
    throw storeError(path, thrown);
  }
  try {
    if (fstatSync(file).isDirectory()) throw foreignFile(path);
    const header = Buffer.alloc(HEADER_BYTES);
    const read = readSync(file, header, 0, HEADER_BYTES, 0);
    if (read === 0) return false;
    if (header.toString("latin1", 0, MAGIC.length) !== MAGIC) throw foreignFile(path);
    if (read < HEADER_BYTES || header.readUInt32BE(68) !== APPLICATION_ID) return false;
    const version = header.readUInt32BE(60);
    if (version > SCHEMA_VERSION) throw newerSchema(path, version);
    return version === SCHEMA_VERSION;
  } finally {
    closeSync(file);
  }
}

function createFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    closeSync(openSync(path, "wx", 0o600));
    chmodSync(path, 0o600);
  } catch (thrown) {
    if (!(thrown instanceof Error && "code" in thrown && thrown.code === "EEXIST")) throw thrown;
  }
}
