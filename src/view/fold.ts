import type { JsonObject } from "../base/json.ts";
import type { AuditEvent } from "../event/event.ts";
import type { Entry, Projection } from "./projection.ts";

/** What a batch of events does to one row: a store writes the document and the difference of entries. */
export interface RowChange {
  readonly key: string;
  /** Null: the row goes, or was never kept. */
  readonly doc: JsonObject | null;
  readonly added: readonly Entry[];
  readonly removed: readonly Entry[];
}

/** The keys of all rows that the events touch, each once. */
export function touchedKeys(projection: Projection, events: readonly AuditEvent[]): string[] {
  const keys = new Set<string>();
  for (const event of events) for (const key of projection.keys(event)) keys.add(key);
  return [...keys];
}

/**
 * Folds events, in order of `seq`, into the rows that they touch. `rows` holds the documents that
 * the store has; it is changed. `way` is `forget` for events that are being pruned.
 */
export function foldRows(
  projection: Projection,
  events: readonly AuditEvent[],
  rows: ReadonlyMap<string, JsonObject>,
  way: "fold" | "forget" = "fold",
): RowChange[] {
  const before = new Map<string, readonly Entry[]>();
  const after = new Map<string, JsonObject | null>();
  for (const event of events) {
    for (const key of projection.keys(event)) {
      if (projection.isSettled && rows.has(key)) continue;
      let doc = after.get(key);
      if (doc === undefined) {
        doc = rows.get(key) ?? null;
        before.set(key, doc === null ? [] : projection.entries(doc, key));
      }
      if (way === "fold") after.set(key, projection.fold(doc, event, key));
      else after.set(key, doc === null ? null : (projection.forget?.(doc, event, key) ?? null));
    }
  }
  const changes: RowChange[] = [];
  for (const [key, doc] of after) {
    const old = before.get(key) ?? [];
    if (doc === null && !rows.has(key)) continue;
    const now = doc === null ? [] : projection.entries(doc, key);
    changes.push({ key, doc, added: without(now, old), removed: without(old, now) });
  }
  return changes;
}

function without(entries: readonly Entry[], others: readonly Entry[]): Entry[] {
  return entries.filter(({ group, sort }) => !others.some((it) => it.group === group && it.sort === sort));
}
