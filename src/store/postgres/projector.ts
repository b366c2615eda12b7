import type { JsonObject } from "../../base/json.ts";
import type { AuditEvent } from "../../event/event.ts";
import { foldRows, type RowChange } from "../../view/fold.ts";
import type { Projection, Way } from "../../view/projection.ts";
import { PROJECTIONS } from "../../view/projections.ts";
import type { Row } from "../event-row.ts";
import type { Client } from "./database.ts";
import { EVENT_COLUMNS, eventOf } from "./list.ts";
import { readHead } from "./stats.ts";

/** Events in one transaction. */
const STEP_EVENTS = 1_024;

/** Folds the next events of the tenant into the rows of its views. True when nothing is left. */
export async function foldSome(client: Client, tenant: string): Promise<boolean> {
  const cursors = await lockCursors(client, tenant);
  const head = await readHead(client, tenant);
  const from = Math.min(...cursors.values());
  if (from >= head) return true;
  const upTo = Math.min(head, from + STEP_EVENTS);
  const { rows } = await client.query<Row>({
    text: `SELECT ${EVENT_COLUMNS} FROM events WHERE tenant = $1 AND seq > $2 AND seq <= $3 ORDER BY seq`,
    values: [tenant, from, upTo],
    rowMode: "array",
  });
  const events = rows.map((row) => eventOf(row, tenant));
  for (const projection of PROJECTIONS) {
    const cursor = cursors.get(projection.name) ?? 0;
    if (cursor >= upTo) continue;
    const fresh = events.filter(({ seq }) => seq > cursor);
    await change(client, tenant, projection, fresh, "fold");
    await setCursor(client, tenant, projection, upTo);
  }
  return upTo >= head;
}

/** Takes events that are being deleted out of the rows that they were folded into. */
export async function forget(client: Client, tenant: string, events: readonly AuditEvent[]): Promise<void> {
  const cursors = await lockCursors(client, tenant);
  for (const projection of PROJECTIONS) {
    const cursor = cursors.get(projection.name) ?? 0;
    const folded = events.filter(({ seq }) => seq <= cursor);
    await change(client, tenant, projection, folded, "forget");
  }
}

/** Throws the rows of all views away. */
export async function startOver(client: Client, tenant: string): Promise<void> {
  await lockCursors(client, tenant);
  for (const projection of PROJECTIONS) await clear(client, tenant, projection);
}

/** How far each view is folded; one who folds at a time. Rows of another version are thrown away. */
async function lockCursors(client: Client, tenant: string): Promise<Map<string, number>> {
  await client.query("SELECT pg_advisory_xact_lock(hashtextextended('daybook views ' || $1, 0))", [tenant]);
  const { rows } = await client.query("SELECT view, version, seq FROM view_cursors WHERE tenant = $1", [
    tenant,
  ]);
  const cursors = new Map<string, number>();
  for (const projection of PROJECTIONS) {
    const stored = rows.find(({ view }) => view === projection.name);
    const isCurrent = stored === undefined || stored.version === projection.version;
    if (!isCurrent) await clear(client, tenant, projection);
    cursors.set(projection.name, isCurrent ? (stored?.seq ?? 0) : 0);
  }
  return cursors;
}

async function clear(client: Client, tenant: string, projection: Projection): Promise<void> {
  for (const table of ["view_rows", "view_entries"]) {
    await client.query(`DELETE FROM ${table} WHERE tenant = $1 AND view = $2`, [tenant, projection.name]);
  }
  await setCursor(client, tenant, projection, 0);
}

async function setCursor(
  client: Client,
  tenant: string,
  { name, version }: Projection,
  seq: number,
): Promise<void> {
  await client.query(
    `INSERT INTO view_cursors VALUES ($1, $2, $3, $4)
      ON CONFLICT (tenant, view) DO UPDATE SET version = excluded.version, seq = excluded.seq`,
    [tenant, name, version, seq],
  );
}

async function change(
  client: Client,
  tenant: string,
  projection: Projection,
  events: readonly AuditEvent[],
  way: Way,
): Promise<void> {
  const changes = projection.changes(events, way);
  if (changes.size === 0) return;
  const { rows: stored } = await client.query(
    `SELECT key, doc FROM view_rows
      WHERE tenant = $1 AND view = $2 AND md5(key) IN (SELECT md5(k) FROM unnest($3::text[]) k)`,
    [tenant, projection.name, [...changes.keys()]],
  );
  const rows = new Map<string, JsonObject>(stored.map(({ key, doc }) => [key, JSON.parse(doc)]));
  await write(client, tenant, projection, foldRows(projection, changes, rows));
}

async function write(
  client: Client,
  tenant: string,
  { name }: Projection,
  changes: readonly RowChange[],
): Promise<void> {
  const gone = changes.filter(({ doc }) => doc === null).map(({ key }) => key);
  const kept = changes.filter(({ doc }) => doc !== null);
  const removed = changes.flatMap((row) => row.removed.map((entry) => ({ ...entry, key: row.key })));
  const added = changes.flatMap((row) => row.added.map((entry) => ({ ...entry, key: row.key })));
  if (gone.length > 0) {
    await client.query(
      `DELETE FROM view_rows
        WHERE tenant = $1 AND view = $2 AND md5(key) IN (SELECT md5(k) FROM unnest($3::text[]) k)`,
      [tenant, name, gone],
    );
  }
  if (kept.length > 0) {
    await client.query(
      `INSERT INTO view_rows SELECT $1, $2, * FROM unnest($3::text[], $4::json[])
        ON CONFLICT (tenant, view, md5(key)) DO UPDATE SET doc = excluded.doc`,
      [tenant, name, kept.map(({ key }) => key), kept.map(({ doc }) => JSON.stringify(doc))],
    );
  }
  const columns = (entries: typeof added): string[][] => [
    entries.map(({ group }) => group),
    entries.map(({ sort }) => sort),
    entries.map(({ key }) => key),
  ];
  if (removed.length > 0) {
    await client.query(
      `DELETE FROM view_entries e USING unnest($3::text[], $4::text[], $5::text[]) AS r (list, sort, key)
        WHERE e.tenant = $1 AND e.view = $2 AND md5(e.key) = md5(r.key)
          AND e.key = r.key AND e.list = r.list AND e.sort = r.sort`,
      [tenant, name, ...columns(removed)],
    );
  }
  if (added.length > 0) {
    await client.query(
      "INSERT INTO view_entries SELECT $1, $2, * FROM unnest($3::text[], $4::text[], $5::text[])",
      [tenant, name, ...columns(added)],
    );
  }
}
