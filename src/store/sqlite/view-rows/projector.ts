import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { JsonObject } from "../../../base/json.ts";
import type { AuditEvent } from "../../../event/event.ts";
import { foldRows, type RowChange } from "../../../view/fold.ts";
import type { Projection, Way } from "../../../view/projection.ts";
import { PROJECTIONS } from "../../../view/projections.ts";
import { posOf } from "../position.ts";
import { EVENT_COLUMNS, type Row, toEvent } from "../rows.ts";
import type { FreshEvents } from "./fresh-events.ts";

/** Events in one transaction: few enough that an append behind it hardly waits. */
export const STEP_EVENTS = 4_096;
const STEP_ROWS_DELETED = 4_096;
/** The cursor of a view whose older rows are being thrown away. */
const CLEARING = -1;

/** Folds the log into the rows of the views, a bounded step at a time. Lives in the writer's thread. */
export class Projector {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #fresh: () => FreshEvents;

  /** `fresh` is asked within a transaction for the events that need not be read back. */
  constructor(db: DatabaseSync, fresh: () => FreshEvents) {
    this.#db = db;
    this.#fresh = fresh;
  }

  /** Folds the next events of the tenant into its rows, in one transaction. True when nothing is left. */
  step(tenantName: string): boolean {
    // Rows can be folded again: their commit need not wait for the disk, and the next append's makes it safe.
    const { synchronous } = this.#sql("PRAGMA synchronous").get() as { synchronous: number };
    this.#db.exec("PRAGMA synchronous = NORMAL");
    try {
      return this.inTransaction(() => this.#foldNext(tenantName));
    } finally {
      this.#db.exec(`PRAGMA synchronous = ${synchronous}`);
    }
  }

  #foldNext(tenantName: string): boolean {
    const tenant = this.#sql("SELECT no, head FROM tenants WHERE name = ?").get(tenantName);
    if (tenant === undefined) return true;
    const no = tenant.no as number;
    const head = tenant.head as number;
    const cursors = this.#cursors(no);
    const from = Math.min(...cursors.values());
    if (from === CLEARING) {
      this.#clearSome(no, cursors);
      return false;
    }
    if (cursors.size === 0 || from >= head) return true;
    const upTo = Math.min(head, from + STEP_EVENTS);
    const events = this.#events(tenantName, no, from, upTo);
    for (const projection of PROJECTIONS) {
      const cursor = cursors.get(projection.name) ?? 0;
      if (cursor >= upTo) continue;
      const fresh = cursor <= from ? events : events.filter(({ seq }) => seq > cursor);
      this.#change(no, projection, fresh, "fold");
      this.#setCursor(no, projection, upTo);
    }
    this.#fresh().folded(tenantName, upTo);
    return upTo >= head;
  }

  /** Takes events that are being deleted out of the rows; the caller's transaction is open. */
  forget(tenantNo: number, events: readonly AuditEvent[]): void {
    const cursors = this.#cursors(tenantNo);
    for (const projection of PROJECTIONS) {
      const cursor = cursors.get(projection.name) ?? 0;
      const folded = events.filter(({ seq }) => seq <= cursor);
      this.#change(tenantNo, projection, folded, "forget");
    }
  }

  /** Marks all rows of the tenant as to be thrown away; the next steps do it, and fold anew. */
  startOver(tenantName: string): void {
    this.inTransaction(() => {
      const tenant = this.#sql("SELECT no FROM tenants WHERE name = ?").get(tenantName);
      if (tenant === undefined) return;
      for (const projection of PROJECTIONS) this.#setCursor(tenant.no as number, projection, CLEARING);
    });
  }

  /** How far each view of today is folded; views of other versions begin again. */
  #cursors(tenantNo: number): Map<string, number> {
    const stored = new Map(
      this.#sql("SELECT view, version, seq FROM view_cursors WHERE tenant_no = ?")
        .all(tenantNo)
        .map(({ view, version, seq }) => [view as string, { version, seq: seq as number }]),
    );
    return new Map(
      PROJECTIONS.map(({ name, version }) => {
        const cursor = stored.get(name);
        if (cursor === undefined) return [name, 0];
        return [name, cursor.version === version ? cursor.seq : CLEARING];
      }),
    );
  }

  #clearSome(tenantNo: number, cursors: ReadonlyMap<string, number>): void {
    const projection = PROJECTIONS.find(({ name }) => cursors.get(name) === CLEARING);
    if (projection === undefined) return;
    const { name } = projection;
    for (const [table, columns] of [
      ["view_rows", "tenant_no, view, key"],
      ["view_entries", "tenant_no, view, list, sort, key"],
    ] as const) {
      const { changes } = this.#sql(`DELETE FROM ${table} WHERE (${columns}) IN
        (SELECT ${columns} FROM ${table} WHERE tenant_no = ? AND view = ? LIMIT ${STEP_ROWS_DELETED})`).run(
        tenantNo,
        name,
      );
      if (changes === STEP_ROWS_DELETED) {
        this.#setCursor(tenantNo, projection, CLEARING);
        return;
      }
    }
    this.#setCursor(tenantNo, projection, 0);
  }

  #setCursor(tenantNo: number, { name, version }: Projection, seq: number): void {
    this.#sql(`INSERT INTO view_cursors (tenant_no, view, version, seq) VALUES (?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET version = excluded.version, seq = excluded.seq`).run(
      tenantNo,
      name,
      version,
      seq,
    );
  }

  #events(tenantName: string, tenantNo: number, after: number, upTo: number): AuditEvent[] {
    const fresh = this.#fresh().between(tenantName, after + 1, upTo);
    if (fresh !== null) return fresh;
    const statement = this.#sql(`SELECT ${EVENT_COLUMNS} FROM events WHERE pos BETWEEN ? AND ? ORDER BY pos`);
    statement.setReturnArrays(true);
    const rows = statement.all(posOf(tenantNo, after + 1), posOf(tenantNo, upTo)) as unknown as Row[];
    return rows.map((row) => toEvent(row, tenantName));
  }

  #change(tenantNo: number, projection: Projection, events: readonly AuditEvent[], way: Way): void {
    const changes = projection.changes(events, way);
    if (changes.size === 0) return;
    const rows = new Map<string, JsonObject>();
    // Most logs have no approvals, and every call with an id could be one's execution.
    const any = this.#sql("SELECT 1 FROM view_rows WHERE tenant_no = ? AND view = ? LIMIT 1");
    if (any.get(tenantNo, projection.name) !== undefined) {
      const find = this.#sql("SELECT doc FROM view_rows WHERE tenant_no = ? AND view = ? AND key = ?");
      for (const key of changes.keys()) {
        const doc = find.get(tenantNo, projection.name, key)?.doc;
        if (doc !== undefined) rows.set(key, JSON.parse(doc as string));
      }
    }
    for (const change of foldRows(projection, changes, rows)) this.#write(tenantNo, projection, change);
  }

  #write(tenantNo: number, { name }: Projection, { key, doc, added, removed }: RowChange): void {
    if (doc === null) {
      this.#sql("DELETE FROM view_rows WHERE tenant_no = ? AND view = ? AND key = ?").run(
        tenantNo,
        name,
        key,
      );
    } else {
      this.#sql(`INSERT INTO view_rows (tenant_no, view, key, doc) VALUES (?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET doc = excluded.doc`).run(tenantNo, name, key, JSON.stringify(doc));
    }
    for (const { group, sort } of removed) {
      this.#sql(
        "DELETE FROM view_entries WHERE tenant_no = ? AND view = ? AND list = ? AND sort = ? AND key = ?",
      ).run(tenantNo, name, group, sort, key);
    }
    for (const { group, sort } of added) {
      this.#sql(
        "INSERT OR IGNORE INTO view_entries (tenant_no, view, list, sort, key) VALUES (?, ?, ?, ?, ?)",
      ).run(tenantNo, name, group, sort, key);
    }
  }

  /** Throws when nothing of the work was committed. */
  inTransaction<T>(work: () => T): T {
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.#db.exec("COMMIT");
      return result;
    } catch (thrown) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw thrown;
    }
  }

  #sql(text: string): StatementSync {
    let statement = this.#statements.get(text);
    if (statement === undefined) {
      statement = this.#db.prepare(text);
      this.#statements.set(text, statement);
    }
    return statement;
  }
}
