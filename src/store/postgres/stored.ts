import { ENVELOPE, PAYLOAD, type StoredValue } from "../../event/leaf.ts";
import type { LeafQuery, StoredEvent } from "../leaves.ts";
import type { Client } from "./database.ts";

const COLUMNS = [...ENVELOPE, ...PAYLOAD].join(", ");

/** Rows with the texts that the table holds, in the order of `seq`. */
export async function readStored(
  client: Client,
  { tenant, after, limit }: LeafQuery,
): Promise<StoredEvent[]> {
  const { rows } = await client.query(
    `SELECT ${COLUMNS} FROM events WHERE tenant = $1 AND seq > $2 ORDER BY seq LIMIT $3`,
    [tenant, after, limit],
  );
  return rows.map((row: Record<string, StoredValue>) => ({
    seq: row.seq as number,
    read: (column) => row[column] ?? null,
  }));
}
