import type { Micros } from "../base/clock.ts";
import type { JsonObject } from "../base/json.ts";
import { isCount } from "../event/parse.ts";
import type { EmitterState } from "./store.ts";

export type Range = readonly [low: number, high: number];

/** What an `emitter.closed` event says. */
export interface Closing {
  readonly tenant: string;
  readonly id: string;
  readonly epoch: number;
  readonly sent: number;
}

/** The data of an `emitter.closed` event as a closing, or null where it is none. The first one of an emitter counts. */
export function readClosing(data: JsonObject | undefined): Closing | null {
  const { tenant, emitter_id: id, emitter_epoch: epoch, sent } = data ?? {};
  return typeof tenant === "string" && typeof id === "string" && isCount(epoch) && isCount(sent)
    ? { tenant, id, epoch, sent }
    : null;
}

/** Closed intervals, ascending, that neither overlap nor touch. Numbers start at 1; 0 is none. */
export function toRanges(numbers: readonly number[]): Range[] {
  return joinRanges([...Float64Array.from(numbers).sort()].map((number) => [number, number]));
}

/** The union of intervals that are sorted by their low ends. */
export function joinRanges(sorted: readonly Range[]): Range[] {
  const ranges: Array<[number, number]> = [];
  for (const [low, high] of sorted) {
    const last = ranges.at(-1);
    if (high < 1) continue;
    if (last !== undefined && low <= last[1] + 1) last[1] = Math.max(last[1], high);
    else ranges.push([low, high]);
  }
  return ranges;
}

/** The state of an emitter of which the numbers in `ranges` (from `joinRanges`) are there. */
export function toEmitterState(
  emitter: { id: string; epoch: number; firstAt: Micros; lastAt: Micros },
  ranges: readonly Range[],
  sent: number | null,
): EmitterState {
  const highest = ranges.at(-1)?.[1] ?? 0;
  const missing: Array<[number, number]> = [];
  let next = 1;
  let received = 0;
  for (const [low, high] of ranges) {
    if (low > next) missing.push([next, low - 1]);
    received += high - low + 1;
    next = high + 1;
  }
  const upTo = Math.max(sent ?? 0, highest);
  if (next <= upTo) missing.push([next, upTo]);
  return { ...emitter, received, highest, sent, missing };
}
