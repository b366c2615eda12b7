import type { JsonObject } from "../base/json.ts";
import type { AuditEvent } from "../event/event.ts";

/** A place of a row in one of its view's orders. Sorts compare as UTF-8 bytes. */
export interface Entry {
  /** The list that the row stands in: `all`, `agent=billing`. */
  readonly group: string;
  readonly sort: string;
}

/**
 * One view of the log: rows by key, each folded from the events that touch it, in the order of
 * `seq`. A projection is pure and knows no store; every store folds the same rows, in a transaction
 * that also moves the view's cursor, and a view that is thrown away comes out the same again.
 */
export interface Projection {
  /** As `Store.rows` names it. */
  readonly name: string;
  /** Raised with each change of meaning: stores throw the older rows away and fold anew. */
  readonly version: number;
  /**
   * The member of a row that names the one environment of all that it tells; null in a row that mixes
   * several. Who is bound to some environments sees the rows of these. Absent: nothing of the view.
   */
  readonly environment?: string;
  /** True: a row never changes once it is made, and is not written again. */
  readonly isSettled?: true;
  /**
   * The rows that events touch, and what becomes of each. The rows of a log are the same however it was
   * cut into batches. `forget` is for events that retention takes away.
   */
  changes(events: readonly AuditEvent[], way: Way): ReadonlyMap<string, Change>;
  /** Where the row stands. Called with what a change returned. */
  entries(doc: JsonObject, key: string): readonly Entry[];
}

export type Way = "fold" | "forget";

/** The row after a batch; null: there is none. May change `doc`, which is the folder's own. */
export type Change = (doc: JsonObject | null) => JsonObject | null;

/** A view that looks at one event after the other. */
interface PerEvent {
  /** The rows that this event touches; most touch none. */
  keys(event: AuditEvent): readonly string[];
  fold(doc: JsonObject | null, event: AuditEvent, key: string): JsonObject | null;
  /** The row without an event. Absent: the row stays as it is. */
  forget?(doc: JsonObject, event: AuditEvent, key: string): JsonObject | null;
}

export function perEvent({ keys, fold, forget }: PerEvent): Projection["changes"] {
  return (events, way) => {
    const touching = new Map<string, AuditEvent[]>();
    for (const event of events) {
      for (const key of keys(event)) {
        const known = touching.get(key);
        if (known === undefined) touching.set(key, [event]);
        else known.push(event);
      }
    }
    const changes = new Map<string, Change>();
    for (const [key, own] of touching) {
      changes.set(key, (doc) => {
        let row = doc;
        for (const event of own) {
          if (way === "fold") row = fold(row, event, key);
          else if (row !== null && forget !== undefined) row = forget(row, event, key);
        }
        return row;
      });
    }
    return changes;
  };
}

/** A number as text that sorts like the number. Whole, from 0 to 2^53. */
export function sortable(number: number): string {
  return Math.max(0, Math.floor(number)).toString(16).padStart(14, "0");
}

/** The one environment of a row's events, its member `onlyIn`; null once there are several. */
export function onlyIn(doc: JsonObject | null, { environment }: AuditEvent): string | null {
  return doc === null || doc.onlyIn === environment ? environment : null;
}
