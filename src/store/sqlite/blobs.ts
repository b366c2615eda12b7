import type { DatabaseSync } from "node:sqlite";
import type { BlobQuery, BlobWrite } from "../leaves.ts";

const FIND = "SELECT bytes FROM blobs WHERE tenant = ? AND name = ?";

export function readBlob(db: DatabaseSync, tenant: string, name: string): Uint8Array | null {
  const bytes = db.prepare(FIND).get(tenant, name)?.bytes;
  return bytes instanceof Uint8Array ? bytes : null;
}

export function listBlobs(db: DatabaseSync, { tenant, prefix, after = "", limit }: BlobQuery): string[] {
  const end = prefix + String.fromCodePoint(0x10ffff);
  return db
    .prepare(
      "SELECT name FROM blobs WHERE tenant = ? AND name >= ? AND name < ? AND name > ? ORDER BY name LIMIT ?",
    )
    .all(tenant, prefix, end, after, limit)
    .map(({ name }) => name as string);
}

/** In the caller's transaction. */
export function writeBlobs(db: DatabaseSync, tenant: string, writes: readonly BlobWrite[]): boolean {
  for (const { name, expect } of writes) {
    if (expect === undefined) continue;
    const there = readBlob(db, tenant, name);
    const isExpected =
      there === null || expect === null ? there === expect : Buffer.compare(there, expect) === 0;
    if (!isExpected) return false;
  }
  const remove = db.prepare("DELETE FROM blobs WHERE tenant = ? AND name = ?");
  const save = db.prepare(`INSERT INTO blobs (tenant, name, bytes) VALUES (?, ?, ?)
    ON CONFLICT (tenant, name) DO UPDATE SET bytes = excluded.bytes`);
  for (const { name, bytes } of writes) {
    if (bytes === null) remove.run(tenant, name);
    else save.run(tenant, name, bytes);
  }
  return true;
}
