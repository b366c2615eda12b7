import { PROJECTIONS } from "../../../view/projections.ts";
import { meets, type RowPage, type RowQuery, type ViewRow } from "../../../view/row-query.ts";
import type { SqlValue } from "../../event-row.ts";
import { findTenant, type Snapshot } from "../read/snapshot.ts";

/** An answer, or the seq up to which the views must be folded before there is one. */
export type Folded<T> =
  | { readonly answer: T; readonly behind?: never }
  | { readonly answer?: never; readonly behind: number };

const NO_ROWS: RowPage = { rows: [], end: null, total: 0 };
const PAGE_ROWS = 1_000;

/**
 * Runs a read of one view on its rows, if they hold everything up to `atLeast` (default: the log's
 * head at this moment).
 */
export function whenFolded<T>(
  snapshot: Snapshot,
  { tenant, view, atLeast }: { tenant: string; view: string; atLeast?: number | undefined },
  empty: T,
  read: (tenantNo: number) => T,
): Folded<T> {
  const found = findTenant(snapshot, tenant);
  const version = PROJECTIONS.find(({ name }) => name === view)?.version;
  if (found === undefined || version === undefined) return { answer: empty };
  const sql = "SELECT seq FROM view_cursors WHERE tenant_no = ? AND view = ? AND version = ?";
  const seq = (snapshot.get(sql, found.no, view, version)?.[0] ?? 0) as number;
  const needed = atLeast ?? found.head;
  return seq < needed ? { behind: needed } : { answer: read(found.no) };
}

export function readRow(snapshot: Snapshot, tenantNo: number, view: string, key: string): ViewRow | null {
  const sql = "SELECT doc FROM view_rows WHERE tenant_no = ? AND view = ? AND key = ?";
  const row = snapshot.get(sql, tenantNo, view, key);
  return row === undefined ? null : { key, doc: JSON.parse(row[0] as string) };
}

/** The rows of a group in order, those that match picked here; one walk gives the page and the count. */
export function readRows(snapshot: Snapshot, tenantNo: number, query: RowQuery): RowPage {
  const { where = [], limit, after, total: wantsTotal = false } = query;
  if (wantsTotal && after !== undefined) {
    const { total } = readRows(snapshot, tenantNo, withoutAfter(query));
    return { ...readRows(snapshot, tenantNo, { ...query, total: false }), total };
  }
  const rows: ViewRow[] = [];
  let offset = query.offset ?? 0;
  let total = 0;
  let end: RowPage["end"] = null;
  let more = false;
  for (const [sort, key, text] of walk(snapshot, tenantNo, query)) {
    const doc = JSON.parse(text);
    if (where.length > 0 && !meets(doc, where)) continue;
    total++;
    if (offset > 0) offset--;
    else if (rows.length < limit) {
      rows.push({ key, doc });
      end = { sort, key };
    } else {
      more = true;
      if (!wantsTotal) break;
      if (where.length === 0) {
        total = countEntries(snapshot, tenantNo, query);
        break;
      }
    }
  }
  return { rows, end: more ? end : null, total: wantsTotal ? total : null };
}

export function noRows({ total = false }: RowQuery): RowPage {
  return { ...NO_ROWS, total: total ? 0 : null };
}

function withoutAfter({ after: _, ...query }: RowQuery): RowQuery {
  return query;
}

function* walk(
  snapshot: Snapshot,
  tenantNo: number,
  query: RowQuery,
): Generator<[sort: string, key: string, doc: string]> {
  const { view, direction } = query;
  const order = direction === "asc" ? "ASC" : "DESC";
  const sign = direction === "asc" ? ">" : "<";
  const picks = (query.where?.length ?? 0) > 0;
  let { after } = query;
  for (;;) {
    const bounds = boundsOf(query);
    if (after !== undefined) {
      bounds.sql += ` AND (e.sort, e.key) ${sign} (?, ?)`;
      bounds.params.push(after.sort, after.key);
    }
    const page = snapshot.all(
      `SELECT e.sort, e.key, r.doc FROM view_entries e
        JOIN view_rows r ON r.tenant_no = e.tenant_no AND r.view = e.view AND r.key = e.key
        WHERE e.tenant_no = ? AND e.view = ? AND e.list = ?${bounds.sql}
        ORDER BY e.sort ${order}, e.key ${order} LIMIT ?`,
      tenantNo,
      view,
      query.group,
      ...bounds.params,
      picks ? PAGE_ROWS : Math.min(PAGE_ROWS, query.limit + 1 + (query.offset ?? 0)),
    );
    yield* page as Array<[string, string, string]>;
    const last = page.at(-1);
    if (last === undefined) return;
    after = { sort: last[0] as string, key: last[1] as string };
  }
}

function countEntries(snapshot: Snapshot, tenantNo: number, query: RowQuery): number {
  const { sql, params } = boundsOf(query);
  const text = `SELECT count(*) FROM view_entries e WHERE e.tenant_no = ? AND e.view = ? AND e.list = ?${sql}`;
  return snapshot.get(text, tenantNo, query.view, query.group, ...params)?.[0] as number;
}

function boundsOf({ from, to }: RowQuery): { sql: string; params: SqlValue[] } {
  const params: SqlValue[] = [];
  let sql = "";
  if (from !== undefined) {
    sql += " AND e.sort >= ?";
    params.push(from);
  }
  if (to !== undefined) {
    sql += " AND e.sort <= ?";
    params.push(to);
  }
  return { sql, params };
}
