import type { AuditEvent } from "../../event/event.ts";
import { matches } from "../../query/matches.ts";
import type { Row } from "../event-row.ts";
import type { PruneOrder, PruneResult } from "../store.ts";
import type { Client } from "./database.ts";
import { EVENT_COLUMNS, eventOf } from "./list.ts";
import { dropEmptyPartitions } from "./partitions.ts";
import { indexedSql, Params, restSql } from "./predicate.ts";
import { forget } from "./projector.ts";
import { readHead } from "./stats.ts";

/** Bounds of one transaction. */
const ROWS_MAX = 1_024;

/** Takes the next events that match out of the log, and months that are empty then out of the database. */
export async function pruneSome(client: Client, order: PruneOrder): Promise<PruneResult> {
  const { tenant, after = 0, where, except } = order;
  const head = await readHead(client, tenant);
  const limit = Math.min(order.limit, ROWS_MAX);
  const params = new Params();
  const { rows } = await client.query<Row>({
    text: `SELECT ${EVENT_COLUMNS} FROM events
      WHERE tenant = ${params.add(tenant)} AND seq > ${params.add(after)}${indexedSql(where, params)}${restSql(where, params)}
      ORDER BY seq LIMIT ${limit}`,
    values: params.values,
    rowMode: "array",
  });
  const found = rows.map((row) => eventOf(row, tenant));
  const doomed = found.filter((event) => !except.some((exception) => matches(event, exception)));
  if (order.dryRun !== true && doomed.length > 0) await remove(client, tenant, doomed);
  const [first, final, last] = [doomed[0], doomed.at(-1), found.at(-1)];
  const isWhole = found.length < limit || last === undefined || last.seq >= head;
  return {
    removed: doomed.length,
    kept: found.length - doomed.length,
    range: first === undefined || final === undefined ? null : [first.seq, final.seq],
    end: isWhole ? null : last.seq,
  };
}

async function remove(client: Client, tenant: string, events: readonly AuditEvent[]): Promise<void> {
  await forget(client, tenant, events);
  const ids = events.map(({ id }) => id);
  await client.query("DELETE FROM events WHERE tenant = $1 AND seq = ANY ($2::bigint[])", [
    tenant,
    events.map(({ seq }) => seq),
  ]);
  await client.query("DELETE FROM event_keys WHERE tenant = $1 AND id = ANY ($2::uuid[])", [tenant, ids]);
  await client.query("DELETE FROM event_ids WHERE tenant = $1 AND id = ANY ($2::uuid[])", [tenant, ids]);
  await client.query("UPDATE tenants SET events = events - $2 WHERE name = $1", [tenant, events.length]);
  await dropEmptyPartitions(
    client,
    tenant,
    events.map(({ recordedAt }) => recordedAt),
  );
}
