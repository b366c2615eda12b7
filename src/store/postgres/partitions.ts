import { type Micros, nowMicros } from "../../base/clock.ts";
import type { Client } from "./database.ts";

const MICROS_PER_MS = 1_000;
/** Of an advisory lock: two writers in a new month make one partition. */
const PARTITION_LOCK = 0x44617963;

interface Month {
  readonly name: string;
  /** Included and excluded bound of `created_at`. */
  readonly from: Micros;
  readonly to: Micros;
}

/** The UTC month of a time. */
export function monthOf(at: Micros): Month {
  const date = new Date(at / MICROS_PER_MS);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return {
    name: `events_${year}_${String(month + 1).padStart(2, "0")}`,
    from: Date.UTC(year, month) * MICROS_PER_MS,
    to: Date.UTC(year, month + 1) * MICROS_PER_MS,
  };
}

/**
 * Makes the partition of the month. A partition shows nothing to who asks it directly, its owner included:
 * row security is forced, and only the table above has policies.
 */
export async function ensurePartition(client: Client, at: Micros): Promise<void> {
  const { name, from, to } = monthOf(at);
  if (await exists(client, name)) return;
  await client.query(`SELECT pg_advisory_xact_lock(${PARTITION_LOCK})`);
  if (await exists(client, name)) return;
  // Attached rather than created in place: writers of other months go on meanwhile.
  await client.query(`CREATE TABLE ${name} (LIKE events INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
    ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY;
    ALTER TABLE ${name} FORCE ROW LEVEL SECURITY;
    ALTER TABLE events ATTACH PARTITION ${name} FOR VALUES FROM (${from}) TO (${to})`);
}

/** Drops the months of these times that retention has emptied, and gives their disk back at once. */
export async function dropEmptyPartitions(
  client: Client,
  tenant: string,
  times: readonly Micros[],
): Promise<void> {
  const months = new Map(times.map(monthOf).map((month) => [month.name, month]));
  months.delete(monthOf(nowMicros()).name);
  for (const { name, from, to } of months.values()) {
    const { rowCount } = await client.query(
      "SELECT 1 FROM events WHERE tenant = $1 AND created_at >= $2 AND created_at < $3 LIMIT 1",
      [tenant, from, to],
    );
    if (rowCount !== 0) continue;
    // Others may have rows in it, which nobody sees while row security is forced.
    await client.query(`ALTER TABLE ${name} NO FORCE ROW LEVEL SECURITY`);
    const held = await client.query(`SELECT 1 FROM ${name} LIMIT 1`);
    if (held.rowCount === 0) await client.query(`DROP TABLE ${name}`);
    else await client.query(`ALTER TABLE ${name} FORCE ROW LEVEL SECURITY`);
  }
}

async function exists(client: Client, name: string): Promise<boolean> {
  const { rows } = await client.query("SELECT to_regclass($1) AS found", [name]);
  return rows[0]?.found !== null;
}
