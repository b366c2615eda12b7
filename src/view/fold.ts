import type { JsonObject } from "../base/json.ts";
import type { Change, Entry, Projection } from "./projection.ts";

/** What a batch of events does to one row: a store writes the document and the difference of entries. */
export interface RowChange {
  readonly key: string;
  /** Null: the row goes, or was never kept. */
  readonly doc: JsonObject | null;
  readonly added: readonly Entry[];
  readonly removed: readonly Entry[];
}

/**
 * What a projection's changes make of the rows that they touch. `rows` holds the documents that the
 * store has of these; they may be changed.
 */
export function foldRows(
  projection: Projection,
  changes: ReadonlyMap<string, Change>,
  rows: ReadonlyMap<string, JsonObject>,
): RowChange[] {
  const changed: RowChange[] = [];
  for (const [key, change] of changes) {
    const known = rows.get(key) ?? null;
    if (known !== null && projection.isSettled) continue;
    const old = known === null ? [] : projection.entries(known, key);
    const doc = change(known);
    if (doc === null && known === null) continue;
    const now = doc === null ? [] : projection.entries(doc, key);
    changed.push({ key, doc, added: without(now, old), removed: without(old, now) });
  }
  return changed;
}

function without(entries: readonly Entry[], others: readonly Entry[]): Entry[] {
  if (others.length === 0) return [...entries];
  return entries.filter(({ group, sort }) => !others.some((it) => it.group === group && it.sort === sort));
}
