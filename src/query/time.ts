import { type Micros, parseMicros } from "../base/clock.ts";
import { TrailError } from "../base/error.ts";

/** A time as a caller may give it: a `Date`, RFC 3339 text, or integer microseconds UTC. */
export type Time = Date | string | Micros;

/** The time in microseconds. Throws `query.invalid`, naming the field. */
export function microsOf(time: Time, field: string): Micros {
  const micros =
    typeof time === "string" ? parseMicros(time) : time instanceof Date ? time.getTime() * 1_000 : time;
  if (micros === undefined || !Number.isSafeInteger(micros)) {
    throw new TrailError("query.invalid", `${field} must be a Date, RFC 3339 text or integer microseconds.`, {
      field,
    });
  }
  return micros;
}
