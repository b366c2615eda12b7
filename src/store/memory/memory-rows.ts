import type { JsonObject } from "../../base/json.ts";
import type { AuditEvent } from "../../event/event.ts";
import { foldRows } from "../../view/fold.ts";
import type { Entry, Projection, Way } from "../../view/projection.ts";
import { PROJECTIONS } from "../../view/projections.ts";
import { meets, type RowPage, type RowPlace, type RowQuery, type ViewRow } from "../../view/row-query.ts";

interface View {
  readonly projection: Projection;
  /** The seq up to which events are folded in. */
  seq: number;
  readonly docs: Map<string, JsonObject>;
}

/** The rows of one tenant's views. They are folded when somebody reads. */
export class MemoryRows {
  #views = newViews();

  row(log: readonly AuditEvent[], name: string, key: string): ViewRow | null {
    const doc = this.#caughtUp(log, name)?.docs.get(key);
    return doc === undefined ? null : { key, doc: structuredClone(doc) };
  }

  rows(log: readonly AuditEvent[], query: RowQuery): RowPage {
    const view = this.#caughtUp(log, query.view);
    const places = view === undefined ? [] : placesOf(view, query);
    const passed = (query.offset ?? 0) + (query.after === undefined ? 0 : countBefore(places, query));
    const page = places.slice(passed, passed + query.limit);
    const last = page.at(-1);
    const rows = page.map(({ key }) => ({ key, doc: structuredClone(view?.docs.get(key) ?? {}) }));
    const more = passed + page.length < places.length;
    return { rows, end: more && last !== undefined ? last : null, total: query.total ? places.length : null };
  }

  rebuild(): void {
    this.#views = newViews();
  }

  /** Takes events out of the rows that they were folded into. */
  forget(events: readonly AuditEvent[]): void {
    for (const view of this.#views) {
      const known = events.filter(({ seq }) => seq <= view.seq);
      change(view, known, "forget");
    }
  }

  #caughtUp(log: readonly AuditEvent[], name: string): View | undefined {
    const view = this.#views.find(({ projection }) => projection.name === name);
    const head = log.at(-1)?.seq ?? 0;
    if (view !== undefined && view.seq < head) {
      change(
        view,
        log.filter(({ seq }) => seq > view.seq),
        "fold",
      );
      view.seq = head;
    }
    return view;
  }
}

function newViews(): View[] {
  return PROJECTIONS.map((projection) => ({ projection, seq: 0, docs: new Map() }));
}

function change({ projection, docs }: View, events: readonly AuditEvent[], way: Way): void {
  const changes = projection.changes(events, way);
  const rows = new Map<string, JsonObject>();
  for (const key of changes.keys()) {
    const doc = docs.get(key);
    if (doc !== undefined) rows.set(key, doc);
  }
  for (const { key, doc } of foldRows(projection, changes, rows)) {
    if (doc === null) docs.delete(key);
    else docs.set(key, doc);
  }
}

function placesOf({ projection, docs }: View, query: RowQuery): RowPlace[] {
  const { group, from, to, where = [], direction } = query;
  const isWanted = (entry: Entry): boolean =>
    entry.group === group &&
    (from === undefined || compareBytes(entry.sort, from) >= 0) &&
    (to === undefined || compareBytes(entry.sort, to) <= 0);
  const places: RowPlace[] = [];
  for (const [key, doc] of docs) {
    const entries = projection.entries(doc, key).filter(isWanted);
    if (entries.length === 0 || !meets(doc, where)) continue;
    for (const { sort } of entries) places.push({ sort, key });
  }
  return places.sort((a, b) => (direction === "asc" ? 1 : -1) * comparePlaces(a, b));
}

function countBefore(places: readonly RowPlace[], { after, direction }: RowQuery): number {
  if (after === undefined) return 0;
  const sign = direction === "asc" ? 1 : -1;
  return places.filter((place) => sign * comparePlaces(place, after) <= 0).length;
}

function comparePlaces(a: RowPlace, b: RowPlace): number {
  return compareBytes(a.sort, b.sort) || compareBytes(a.key, b.key);
}

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
