import { formatMicros, type Micros } from "../base/clock.ts";

export { parseWhen } from "../query/when.ts";

/** For people: `2026-01-31 12:00:00.123`, UTC. */
export function readableTime(micros: Micros): string {
  return formatMicros(micros).slice(0, 23).replace("T", " ");
}
