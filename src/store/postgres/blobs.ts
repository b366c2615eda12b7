import type { BlobQuery, BlobWrite } from "../leaves.ts";
import type { Client } from "./database.ts";

export async function readBlob(client: Client, tenant: string, name: string): Promise<Uint8Array | null> {
  const { rows } = await client.query("SELECT bytes FROM blobs WHERE tenant = $1 AND name = $2", [
    tenant,
    name,
  ]);
  return rows[0] === undefined ? null : Uint8Array.from(rows[0].bytes);
}

export async function readBlobNames(
  client: Client,
  { tenant, prefix, after, limit }: BlobQuery,
): Promise<string[]> {
  const { rows } = await client.query(
    `SELECT name FROM blobs WHERE tenant = $1 AND starts_with(name, $2) AND name > $3 ORDER BY name LIMIT $4`,
    [tenant, prefix, after ?? "", limit],
  );
  return rows.map(({ name }) => name);
}

/** False, and nothing written, when a name does not hold what was expected. */
export async function writeBlobs(
  client: Client,
  tenant: string,
  writes: readonly BlobWrite[],
): Promise<boolean> {
  await client.query("SELECT pg_advisory_xact_lock(hashtextextended('daybook blobs ' || $1, 0))", [tenant]);
  for (const { name, expect } of writes) {
    if (expect === undefined) continue;
    const held = await readBlob(client, tenant, name);
    const isExpected =
      held === null || expect === null ? held === expect : Buffer.compare(held, expect) === 0;
    if (!isExpected) return false;
  }
  for (const { name, bytes } of writes) {
    if (bytes === null)
      await client.query("DELETE FROM blobs WHERE tenant = $1 AND name = $2", [tenant, name]);
    else {
      await client.query(
        `INSERT INTO blobs VALUES ($1, $2, $3)
          ON CONFLICT (tenant, name) DO UPDATE SET bytes = excluded.bytes`,
        [tenant, name, Buffer.from(bytes)],
      );
    }
  }
  return true;
}
