import { PROJECTIONS } from "../../view/projections.ts";
import { meets, type RowPage, type RowPlace, type RowQuery, type ViewRow } from "../../view/row-query.ts";
import type { Client } from "./database.ts";
import { Params } from "./predicate.ts";
import { begin } from "./schema.ts";
import { readHead } from "./stats.ts";

const PAGE_ROWS = 1_000;

/** True when the view holds everything up to `atLeast`, or to the head; then the rows may be read. */
export async function isFolded(
  client: Client,
  tenant: string,
  view: string,
  atLeast: number | undefined,
): Promise<{ isFolded: boolean; head: number }> {
  const version = PROJECTIONS.find(({ name }) => name === view)?.version;
  const head = atLeast ?? (await readHead(client, tenant));
  if (version === undefined) return { isFolded: true, head };
  const { rows } = await client.query(
    "SELECT seq FROM view_cursors WHERE tenant = $1 AND view = $2 AND version = $3",
    [tenant, view, version],
  );
  return { isFolded: (rows[0]?.seq ?? 0) >= head, head };
}

export async function readRow(
  client: Client,
  tenant: string,
  view: string,
  key: string,
): Promise<ViewRow | null> {
  if (key.includes("\0") || !key.isWellFormed()) return null;
  const { rows } = await client.query(
    "SELECT doc FROM view_rows WHERE tenant = $1 AND view = $2 AND md5(key) = md5($3) AND key = $3",
    [tenant, view, key],
  );
  return rows[0] === undefined ? null : { key, doc: JSON.parse(rows[0].doc) };
}

/** The rows of a group in order, those that match picked here. */
export async function readRows(client: Client, query: RowQuery): Promise<RowPage> {
  const { where = [], limit, after, total: wantsTotal = false } = query;
  const rows: ViewRow[] = [];
  let skip = query.offset ?? 0;
  let end: RowPlace | null = null;
  let more = false;
  for (let behind = after; !more; ) {
    const page = await readPage(client, query, behind, where.length > 0 ? PAGE_ROWS : limit + 1 + skip);
    for (const { sort, key, doc: text } of page) {
      const doc = JSON.parse(text);
      if (!meets(doc, where)) continue;
      if (skip > 0) skip--;
      else if (rows.length < limit) {
        rows.push({ key, doc });
        end = { sort, key };
      } else {
        more = true;
        break;
      }
    }
    behind = page.at(-1);
    if (behind === undefined) break;
  }
  const total = wantsTotal ? await countRows(client, query) : null;
  return { rows, end: more ? end : null, total };
}

async function readPage(
  client: Client,
  query: RowQuery,
  after: RowPlace | undefined,
  limit: number,
): Promise<Array<RowPlace & { doc: string }>> {
  const params = new Params();
  const way = query.direction === "asc" ? "ASC" : "DESC";
  const sign = query.direction === "asc" ? ">" : "<";
  let bounds = boundsOf(query, params);
  if (after !== undefined) {
    const [sort, key] = [params.add(after.sort), params.add(after.key)];
    // The first term is what the index knows.
    bounds += ` AND ${begin("e.sort")} ${sign}= ${begin(`${sort}::text COLLATE "C"`)} AND (e.sort, e.key) ${sign} (${sort}, ${key})`;
  }
  const order = `${begin("e.sort")} ${way}, e.sort ${way}, e.key ${way}`;
  // First the places, then their documents: a planner that joins first reads every row of the view for a page.
  const { rows } = await client.query(
    `WITH e AS MATERIALIZED (
        SELECT e.tenant, e.view, e.sort, e.key FROM view_entries e
        WHERE ${bounds} ORDER BY ${order} LIMIT ${Math.max(1, Math.min(limit, PAGE_ROWS))}
      )
      SELECT e.sort, e.key, r.doc FROM e
      JOIN LATERAL (
        SELECT doc FROM view_rows r
        WHERE r.tenant = e.tenant AND r.view = e.view AND md5(r.key) = md5(e.key) AND r.key = e.key
        OFFSET 0
      ) r ON true
      ORDER BY ${order}`,
    params.values,
  );
  return rows;
}

async function countRows(client: Client, query: RowQuery): Promise<number> {
  const { where = [] } = query;
  const params = new Params();
  if (where.length === 0) {
    const { rows } = await client.query(
      `SELECT count(*) AS n FROM view_entries e WHERE ${boundsOf(query, params)}`,
      params.values,
    );
    return rows[0]?.n;
  }
  let total = 0;
  for (let behind: (RowPlace & { doc: string }) | undefined; ; ) {
    const page = await readPage(client, query, behind, PAGE_ROWS);
    for (const { doc } of page) if (meets(JSON.parse(doc), where)) total++;
    behind = page.at(-1);
    if (behind === undefined) return total;
  }
}

function boundsOf({ tenant, view, group, from, to }: RowQuery, params: Params): string {
  const list = params.add(group);
  const terms = [
    `e.tenant = ${params.add(tenant)}`,
    `e.view = ${params.add(view)}`,
    `md5(e.list) = md5(${list}) AND e.list = ${list}`,
  ];
  if (from !== undefined) terms.push(`e.sort >= ${params.add(from)}`);
  if (to !== undefined) terms.push(`e.sort <= ${params.add(to)}`);
  return terms.join(" AND ");
}
