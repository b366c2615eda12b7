import type { WireEvent } from "../api/events.ts";

/** One line of a run: a call with both its halves, or an event that stands alone. */
export interface Step {
  readonly event: WireEvent;
  /** The half that ended it; null where it is open, or one event. */
  readonly end: WireEvent | null;
  readonly depth: number;
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
  readonly status: string | null;
  readonly isOpen: boolean;
}

/** The steps of a run in the order of the log, each under the one that it names as its parent. */
export function toSteps(events: readonly WireEvent[]): Step[] {
  const starts = new Set(events.filter(({ phase }) => phase === "started").map(({ id }) => id));
  const ends = new Map<string, WireEvent>();
  for (const event of events) {
    const { start_id: startId } = event;
    if (startId !== null && starts.has(startId) && !ends.has(startId)) ends.set(startId, event);
  }
  const paired = new Set([...ends.values()].map(({ id }) => id));
  const heads = events.filter(({ id }) => !paired.has(id));
  const known = new Map(heads.map((event) => [event.id, event]));
  const below = Map.groupBy(heads, ({ parent_id: parent }) =>
    parent !== null && known.has(parent) ? parent : "",
  );
  const steps: Step[] = [];
  const seen = new Set<string>();
  // A list of what is still to be shown, because a chain may be as long as the run.
  const open = (below.get("") ?? []).toReversed().map((event) => ({ event, depth: 0 }));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { event, depth } = next;
    if (seen.has(event.id)) continue;
    seen.add(event.id);
    steps.push(toStep(event, ends.get(event.id) ?? null, depth));
    for (const child of (below.get(event.id) ?? []).toReversed())
      open.push({ event: child, depth: depth + 1 });
  }
  // Events that are each other's parents are nobody's children.
  for (const event of heads)
    if (!seen.has(event.id)) steps.push(toStep(event, ends.get(event.id) ?? null, 0));
  return steps;
}

function toStep(event: WireEvent, end: WireEvent | null, depth: number): Step {
  const at = Date.parse(event.occurred_at);
  const isOpen = event.phase === "started" && end === null;
  const to = end === null ? at : Date.parse(end.occurred_at);
  // An event that only tells how long something took ended when it was told.
  const from = end === null && !isOpen && event.duration_ms !== null ? at - event.duration_ms : at;
  return { event, end, depth, from, to: Math.max(from, to), status: (end ?? event).status, isOpen };
}
