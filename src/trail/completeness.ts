import type { AuditEvent } from "../event/event.ts";
import type { Condition } from "../query/filter.ts";
import type { EmitterState, Store } from "../store/store.ts";
import { RUN_EVENTS } from "../view/runs.ts";
import { readLog } from "./feed.ts";

/** A stretch of an emitter's numbers in which events of the selection lie. */
export interface EmitterStretch {
  readonly id: string;
  readonly epoch: number;
  readonly first: number;
  readonly last: number;
  /** Events of the selection that carry its numbers. */
  readonly present: number;
  /** Closed intervals of its numbers within the stretch that never arrived: each may be of the selection. */
  readonly missing: ReadonlyArray<readonly [number, number]>;
}

/** Whether everything that was recorded of a run, or of a thread, is there: "412 of 412". */
export interface Completeness {
  /** Events that are there. */
  readonly present: number;
  /** `present`, and every number that may be of the selection and never arrived. */
  readonly expected: number;
  /** Events that no emitter numbered, as a door without numbers brings them. */
  readonly unnumbered: number;
  /** Starts of calls without an end. */
  readonly openCalls: number;
  /** Nothing that was numbered is missing; null where nothing was numbered, so that nobody can say. */
  readonly complete: boolean | null;
  readonly emitters: readonly EmitterStretch[];
}

interface Seen {
  first: number;
  last: number;
  present: number;
}

/**
 * Counts the events that match against the numbers of their emitters. An emitter numbers everything
 * that its process records, in one row, so a number that is missing between two events of a run may
 * be of this run or of another one beside it: it is named, and it counts against the run. Behind the
 * last event, numbers count as long as nothing told the run's end.
 */
export async function judgeCompleteness(
  open: () => Promise<Store>,
  tenant: string,
  where: readonly Condition[],
): Promise<Completeness> {
  const seen = new Map<string, Seen>();
  const pending = new Set<string>();
  let [present, unnumbered, isEnded] = [0, 0, false];
  for await (const event of readLog(open, { tenant, where, after: 0 })) {
    present++;
    isEnded ||= event.type === RUN_EVENTS.finished;
    if (event.startId !== null) pending.delete(event.startId);
    else if (event.phase === "started" && event.category === "tool_call") pending.add(event.id);
    if (event.emitter === null) unnumbered++;
    else note(seen, event.emitter);
  }
  const states = seen.size === 0 ? [] : await (await open()).emitters(tenant);
  const emitters = states.flatMap((state) => stretchOf(state, seen.get(keyOf(state)), isEnded));
  const missing = emitters.reduce((sum, stretch) => sum + countOf(stretch.missing), 0);
  return {
    present,
    expected: present + missing,
    unnumbered,
    openCalls: pending.size,
    complete: present === unnumbered && missing === 0 ? null : missing === 0,
    emitters,
  };
}

function note(seen: Map<string, Seen>, emitter: NonNullable<AuditEvent["emitter"]>): void {
  const { number } = emitter;
  const known = seen.get(keyOf(emitter));
  if (known === undefined) seen.set(keyOf(emitter), { first: number, last: number, present: 1 });
  else {
    known.first = Math.min(known.first, number);
    known.last = Math.max(known.last, number);
    known.present++;
  }
}

function stretchOf(state: EmitterState, seen: Seen | undefined, isEnded: boolean): EmitterStretch[] {
  if (seen === undefined) return [];
  const end = isEnded ? seen.last : Number.POSITIVE_INFINITY;
  const missing = state.missing
    .map(([from, to]) => [Math.max(from, seen.first), Math.min(to, end)] as const)
    .filter(([from, to]) => from <= to);
  return [{ id: state.id, epoch: state.epoch, ...seen, missing }];
}

function keyOf({ id, epoch }: { readonly id: string; readonly epoch: number }): string {
  return JSON.stringify([id, epoch]);
}

function countOf(ranges: ReadonlyArray<readonly [number, number]>): number {
  return ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0);
}

/** In words: `412 of 412`, and what is missing. */
export function completenessText(found: Completeness): string {
  const { present, expected, unnumbered, complete } = found;
  if (complete === null)
    return `${present} events, which no emitter numbered: nobody can say what is missing`;
  const rest = unnumbered === 0 ? "" : `, ${unnumbered} of them without a number`;
  if (complete) return `${present} of ${expected}${rest}`;
  const gaps = found.emitters.flatMap(({ id, missing }) =>
    missing.map(([from, to]) => `${from === to ? from : `${from} to ${to}`} of emitter ${id}`),
  );
  return `${present} of ${expected}${rest}; never arrived: ${gaps.slice(0, 20).join(", ")}${gaps.length > 20 ? ", …" : ""}`;
}
