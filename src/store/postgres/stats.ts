import { type Micros, nowMicros } from "../../base/clock.ts";
import type { Stats } from "../store.ts";
import type { Client } from "./database.ts";

const MICROS_PER_HOUR = 3_600_000_000;
const FIELDS = ["category", "status", "event_type", "agent", "tool"] as const;

/** Counted from the rows, in one pass. */
export async function readStats(client: Client, tenant: string, since: Micros | undefined): Promise<Stats> {
  const head = await readHead(client, tenant);
  const recent = await client.query(
    "SELECT count(*) AS n FROM events WHERE tenant = $1 AND created_at >= $2",
    [tenant, nowMicros() - MICROS_PER_HOUR],
  );
  const { rows } = await client.query({
    text: `SELECT ${FIELDS.join(", ")}, count(*), grouping(${FIELDS.join(", ")}) FROM events
      WHERE tenant = $1 AND created_at >= $2
      GROUP BY GROUPING SETS ((), ${FIELDS.map((field) => `(${field})`).join(", ")})`,
    values: [tenant, since ?? 0],
    rowMode: "array",
  });
  const counts = FIELDS.map(() => new Map<string, number>());
  let total = 0;
  for (const row of rows as unknown as Array<Array<string | number | null>>) {
    const [n, grouped] = [row[FIELDS.length] as number, row[FIELDS.length + 1] as number];
    // A bit is 0 where the field is what was grouped by; the first field is the highest bit.
    const at = FIELDS.findIndex((_, i) => (grouped & (1 << (FIELDS.length - 1 - i))) === 0);
    const value = row[at];
    if (at < 0) total = n;
    else if (typeof value === "string") counts[at]?.set(value, n);
  }
  const [byCategory = {}, byStatus = {}, byType = {}, byAgent = {}, byTool = {}] = counts.map((map) =>
    Object.fromEntries(map),
  );
  return { total, head, eventsLastHour: recent.rows[0]?.n, byCategory, byStatus, byType, byAgent, byTool };
}

export async function readHead(client: Client, tenant: string): Promise<number> {
  const { rows } = await client.query("SELECT head FROM tenants WHERE name = $1", [tenant]);
  return rows[0]?.head ?? 0;
}
