import type { DatabaseSync } from "node:sqlite";
import { TrailError } from "../../base/error.ts";
import * as events from "./migrations/0001-events.ts";
import * as viewRows from "./migrations/0002-view-rows.ts";
import * as prunedBlocks from "./migrations/0003-pruned-blocks.ts";
import * as blobs from "./migrations/0004-blobs.ts";
import * as textIndex from "./migrations/0005-text-index.ts";
import { isBusy } from "./trouble.ts";

/** "Dayb": marks a SQLite file as ours. */
export const APPLICATION_ID = 0x44617962;

/** Applied in order; the number of them is the schema's version. Never edit one that was released. */
const MIGRATIONS: readonly string[] = [events.sql, viewRows.sql, prunedBlocks.sql, blobs.sql, textIndex.sql];
export const SCHEMA_VERSION = MIGRATIONS.length;

const RETRY_MS = 20;

/** Brings the file to the newest schema, or throws when it is not ours to bring. */
export function migrate(db: DatabaseSync, path: string, busyTimeoutMs: number): void {
  const deadline = performance.now() + busyTimeoutMs;
  patiently(deadline, () => checkIdentity(db, path));
  // Must come before the first table; has no effect on a file that holds something.
  db.exec("PRAGMA page_size = 8192");
  // Two processes that open a new file at once: this lock ignores the busy timeout.
  patiently(deadline, () => db.exec("PRAGMA journal_mode = WAL"));
  if (checkIdentity(db, path) === SCHEMA_VERSION) return;
  patiently(deadline, () => db.exec("BEGIN IMMEDIATE"));
  try {
    // Another process may have done it meanwhile.
    const version = checkIdentity(db, path);
    for (const sql of MIGRATIONS.slice(version)) db.exec(sql);
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    db.exec("COMMIT");
  } catch (thrown) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw thrown;
  }
}

/** The file's schema version, 0 for an empty one. */
export function checkIdentity(db: DatabaseSync, path: string): number {
  const pragma = (name: string): number => Number(Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
  const application = pragma("application_id");
  const version = pragma("user_version");
  if (application !== APPLICATION_ID) {
    const tables = db.prepare("SELECT count(*) AS n FROM sqlite_schema").get()?.n;
    if (application !== 0 || version !== 0 || tables !== 0) throw foreignFile(path);
    return 0;
  }
  if (version > SCHEMA_VERSION) throw newerSchema(path, version);
  return version;
}

export function foreignFile(path: string): TrailError {
  return new TrailError("store.foreign_file", `${path} is not a Daybook store; it was left as it is.`, {
    fix: "Name another file, or move this one away.",
  });
}

export function newerSchema(path: string, version: number): TrailError {
  return new TrailError(
    "store.newer_schema",
    `${path} has schema ${version}; this Daybook knows up to ${SCHEMA_VERSION}.`,
    { fix: "Upgrade Daybook, or open a file that this version wrote." },
  );
}

function patiently(deadline: number, step: () => void): void {
  for (;;) {
    try {
      step();
      return;
    } catch (thrown) {
      if (!isBusy(thrown) || performance.now() >= deadline) throw thrown;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    }
  }
}
