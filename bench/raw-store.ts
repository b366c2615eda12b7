import type { DatabaseSync } from "node:sqlite";
import { nowMicros } from "../src/base/clock.ts";
import type { WireDraft } from "../src/event/wire.ts";
import { type SqlValue, toRow } from "../src/store/event-row.ts";
import { openForWriting } from "../src/store/sqlite/database.ts";
import { posOf } from "../src/store/sqlite/position.ts";
import { INSERT_EVENT } from "../src/store/sqlite/rows.ts";

/**
 * The baseline: the same file, schema, indexes and pragmas, one prepared statement and nothing else.
 * No order between processes, no duplicates, no views, no redaction.
 */
export function openRaw(path: string): { insert(rows: readonly SqlValue[][]): void; close(): void } {
  const db: DatabaseSync = openForWriting(path, {});
  const statement = db.prepare(INSERT_EVENT);
  return {
    insert(rows) {
      db.exec("BEGIN IMMEDIATE");
      for (const row of rows) statement.run(...row);
      db.exec("COMMIT");
    },
    close: () => db.close(),
  };
}

export function rowOf(draft: WireDraft, seq: number): SqlValue[] {
  const now = nowMicros();
  return toRow(draft, posOf(1, seq), 1, now, now);
}
