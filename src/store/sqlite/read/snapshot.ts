import type { DatabaseSync, StatementSync } from "node:sqlite";
import { fold } from "../../../query/matches.ts";
import type { SqlValue } from "../../event-row.ts";
import { posOf, seqOf } from "../position.ts";
import type { Row } from "../rows.ts";

const STATEMENTS_MAX = 64;

/** The reading connection with its prepared statements. Rows come as arrays. */
export class Snapshot {
  readonly db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #needles: readonly string[] = [];

  constructor(db: DatabaseSync) {
    this.db = db;
    // SQL knows letter case for ASCII only; this is `contains` of matches.ts.
    db.function("daybook_contains", { varargs: false }, (needle, summary, resource) => {
      const text = this.#needles[needle as number] as string;
      return holds(summary, text) || holds(resource, text) ? 1 : 0;
    });
  }

  /** The folded texts that `daybook_contains(n, …)` looks for. */
  setNeedles(needles: readonly string[]): void {
    this.#needles = needles;
  }

  all(sql: string, ...params: SqlValue[]): Row[] {
    return this.#prepare(sql).all(...params) as unknown as Row[];
  }

  get(sql: string, ...params: SqlValue[]): Row | undefined {
    return this.#prepare(sql).get(...params) as unknown as Row | undefined;
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.db.prepare(sql);
      statement.setReturnArrays(true);
      const [oldest] = this.#statements.keys();
      if (this.#statements.size >= STATEMENTS_MAX && oldest !== undefined) this.#statements.delete(oldest);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

function holds(value: SqlValue, text: string): boolean {
  return text === "" || (typeof value === "string" && fold(value).includes(text));
}

export interface TenantHead {
  readonly no: number;
  readonly head: number;
}

export function findTenant(view: Snapshot, name: string): TenantHead | undefined {
  const row = view.get("SELECT no, head FROM tenants WHERE name = ?", name);
  return row === undefined ? undefined : { no: row[0] as number, head: row[1] as number };
}

/** The first seq that was recorded at or after the time; head + 1 where none was. `created_at` never runs backwards. */
export function firstSeqSince(view: Snapshot, tenant: TenantHead, time: number): number {
  let low = 1;
  let high = tenant.head + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    // Retention leaves holes: the next event that is there stands for them.
    const row = view.get(
      "SELECT pos, created_at FROM events WHERE pos BETWEEN ? AND ? ORDER BY pos LIMIT 1",
      posOf(tenant.no, middle),
      posOf(tenant.no, tenant.head),
    );
    if (row !== undefined && (row[1] as number) < time) low = seqOf(row[0] as number) + 1;
    else high = middle;
  }
  return low;
}
