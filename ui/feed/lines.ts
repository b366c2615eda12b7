import type { WireEvent } from "../api/events.ts";
import type { Term } from "./query-text.ts";

/** One row of the list: an event, or a call with both its halves. */
export interface Line {
  /** Of a joined call: its end, with what only its start tells, at the time of its start. */
  readonly event: WireEvent;
  /** The id of the other half in the same row, or null. */
  readonly startId: string | null;
  /** A start whose end would be in the list if there were one. */
  readonly isOpen: boolean;
  /** Stays the same when the end comes. */
  readonly key: number;
}

/** Conditions that one half of a call may meet and the other not. */
const TELLS_HALVES: ReadonlySet<string> = new Set([
  ...["status", "phase", "duration", "severity", "text", "seq", "at", "start", "parent", "span", "type"],
  ...["model", "resource", "resource_type", "emitter"],
]);

/** Whether a call's end is in the list of these conditions wherever its start is. */
export function keepsHalvesTogether(terms: readonly Term[]): boolean {
  return terms.every(({ key }) => !TELLS_HALVES.has(key));
}

interface Options {
  /** A start and its end as one row. */
  join: boolean;
  /** The list goes up to the newest event, and keeps both halves of calls. */
  knowsOpen: boolean;
}

/** The rows for events, newest first. A call stands where it began, so that it does not move when it ends. */
export function toLines(events: readonly WireEvent[], { join, knowsOpen }: Options): Line[] {
  const starts = new Set<string>();
  for (const { id, phase } of events) if (phase === "started") starts.add(id);
  const ends = new Map<string, WireEvent>();
  for (const event of events) {
    // The first end of a start is its end: the list is read from the newest, so the last one seen stays.
    if (event.start_id !== null && starts.has(event.start_id)) ends.set(event.start_id, event);
  }
  const joined = new Set(join ? [...ends.values()].map(({ id }) => id) : []);
  const lines: Line[] = [];
  for (const event of events) {
    if (joined.has(event.id)) continue;
    const end = event.phase === "started" ? ends.get(event.id) : undefined;
    const isJoined = join && end !== undefined;
    lines.push({
      event: isJoined ? both(event, end) : event,
      startId: isJoined ? event.id : null,
      isOpen: knowsOpen && event.phase === "started" && end === undefined,
      key: event.seq,
    });
  }
  return lines;
}

/** The end, with what it does not say of itself from its start. */
function both(start: WireEvent, end: WireEvent): WireEvent {
  const told = Object.entries(end).filter(([, value]) => value !== null);
  return {
    ...start,
    ...Object.fromEntries(told),
    data: { ...start.data, ...end.data },
    occurred_at: start.occurred_at,
    duration_ms: end.duration_ms ?? Date.parse(end.occurred_at) - Date.parse(start.occurred_at),
  } as WireEvent;
}
