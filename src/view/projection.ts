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
  /** The rows that this event touches; most touch none. */
  keys(event: AuditEvent): readonly string[];
  /** The row after the event; null removes it. May change `doc`, which is the folder's own. */
  fold(doc: JsonObject | null, event: AuditEvent, key: string): JsonObject | null;
  /** The row without an event that retention takes away. Absent: the row stays as it is. */
  forget?(doc: JsonObject, event: AuditEvent, key: string): JsonObject | null;
  /** Where the row stands. Called with what `fold` returned. */
  entries(doc: JsonObject, key: string): readonly Entry[];
}

/** A number as text that sorts like the number. Whole, from 0 to 2^53. */
export function sortable(number: number): string {
  return Math.max(0, Math.floor(number)).toString(16).padStart(14, "0");
}

/** The one environment of a row's events, its member `onlyIn`; null once there are several. */
export function onlyIn(doc: JsonObject | null, { environment }: AuditEvent): string | null {
  return doc === null || doc.onlyIn === environment ? environment : null;
}
