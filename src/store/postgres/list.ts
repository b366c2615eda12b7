import type { AuditEvent } from "../../event/event.ts";
import type { Query } from "../../query/filter.ts";
import { COLUMNS, type Row, toEvent } from "../event-row.ts";
import { FacetCounter } from "../facet-counter.ts";
import type { CountQuery, Counts, FacetQuery, Facets, Page } from "../store.ts";
import type { Client } from "./database.ts";
import { indexedSql, Params, restSql } from "./predicate.ts";

export const EVENT_COLUMNS = `seq, ${COLUMNS.join(", ")}`;

/** A page: what an index leaves, in the order of the query, looked at up to `scanMax`. */
export async function listEvents(client: Client, query: Query): Promise<Page> {
  const { tenant, limit, where } = query;
  const params = new Params();
  const order = orderOf(query);
  const { rows } = await client.query<Row>({
    text: `SELECT ${EVENT_COLUMNS}, place FROM
        (SELECT *, row_number() OVER (ORDER BY ${order}) AS place FROM (${windowSql(query, params)}) looked_at) numbered
      WHERE TRUE${restSql(where, params)} ORDER BY place LIMIT ${limit + 1}`,
    values: params.values,
    rowMode: "array",
  });
  // The last one only says that there is more behind the page.
  const more = rows.length > limit ? rows.pop() : undefined;
  const events = rows.map((row) => eventOf(row, tenant));
  const matched = events.length;
  if (more !== undefined) {
    const scan = { scanned: more.at(-1) as number, matched, exhausted: false };
    return { events, scan, end: placeOf(events.at(-1)) };
  }
  const looked = await lookAt(client, query);
  const exhausted = looked.more && matched < limit;
  return {
    events,
    scan: { scanned: looked.scanned, matched, exhausted },
    end: looked.more ? looked.end : null,
  };
}

/** How many rows the window has, whether there are more behind it, and its last place. */
async function lookAt(
  client: Client,
  query: Query,
): Promise<{ scanned: number; more: boolean; end: Page["end"] }> {
  const params = new Params();
  const { scanMax } = query;
  const { rows } = await client.query({
    text: `SELECT seq, occurred_at, row_number() OVER (ORDER BY ${orderOf(query)}) AS place
      FROM (${windowSql({ ...query, scanMax: scanMax + 1 }, params, "seq, occurred_at")}) looked_at
      ORDER BY place DESC LIMIT 2`,
    values: params.values,
  });
  const [last, before] = rows;
  const more = last !== undefined && last.place > scanMax;
  const edge = more ? before : last;
  const end = edge === undefined ? null : { seq: edge.seq, occurredAt: edge.occurred_at };
  return { scanned: more ? scanMax : (last?.place ?? 0), more, end };
}

/** The rows that an index leaves, in the order of the query, `scanMax` at most. */
function windowSql(query: Query, params: Params, columns = "*"): string {
  const { tenant, where, scanMax } = query;
  return `SELECT ${columns} FROM events
    WHERE tenant = ${params.add(tenant)}${indexedSql(where, params)}${behind(query, params)}
    ORDER BY ${orderOf(query)} LIMIT ${scanMax}`;
}

function behind({ after, order, direction }: Query, params: Params): string {
  if (after === undefined) return "";
  const sign = direction === "asc" ? ">" : "<";
  if (order === "seq" || after.occurredAt === undefined) return ` AND seq ${sign} ${params.add(after.seq)}`;
  return ` AND (occurred_at, seq) ${sign} (${params.add(after.occurredAt)}, ${params.add(after.seq)})`;
}

function orderOf({ order, direction }: Query): string {
  const way = direction === "asc" ? "ASC" : "DESC";
  return order === "seq" ? `seq ${way}` : `occurred_at ${way}, seq ${way}`;
}

export function eventOf(row: Row, tenant: string): AuditEvent {
  return toEvent(row, tenant, row[0] as number);
}

function placeOf(event: AuditEvent | undefined): Page["end"] {
  return event === undefined ? null : { seq: event.seq, occurredAt: event.occurredAt };
}

/** Counts values over the newest rows, as far as `scanMax` goes. */
export async function countFacets(client: Client, facets: FacetQuery): Promise<Facets> {
  const query = { ...facets, order: "seq", direction: "desc", limit: 1 } as const;
  const params = new Params();
  const { rows } = await client.query<Row>({
    text: `SELECT occurred_at${facets.fields.map((field) => `, ${field}`).join("")}
      FROM (${windowSql(query, params)}) looked_at WHERE TRUE${restSql(facets.where, params)}`,
    values: params.values,
    rowMode: "array",
  });
  const counter = new FacetCounter(facets);
  for (const [at, ...values] of rows) counter.add(at as number, values as Array<string | null>);
  const { scanned, more } = await lookAt(client, query);
  return counter.facets(scanned, more);
}

/** Exact, over the whole log. */
export async function countEvents(client: Client, { tenant, where, fields }: CountQuery): Promise<Counts> {
  const params = new Params();
  const from = `FROM events
    WHERE tenant = ${params.add(tenant)}${indexedSql(where, params)}${restSql(where, params)}`;
  const { rows } = await client.query(`SELECT count(*) AS n ${from}`, params.values);
  const counts: Array<readonly [string, Record<string, number>]> = [];
  for (const field of fields) {
    const found = await client.query<[string, number]>({
      text: `SELECT ${field}, count(*) ${from} AND ${field} IS NOT NULL GROUP BY ${field}`,
      values: params.values,
      rowMode: "array",
    });
    counts.push([field, Object.fromEntries(found.rows)]);
  }
  return { matched: rows[0]?.n, fields: Object.fromEntries(counts) };
}
