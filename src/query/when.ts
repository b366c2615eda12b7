import { type Micros, nowMicros, parseMicros } from "../base/clock.ts";
import { TrailError } from "../base/error.ts";

const AGE = /^(\d{1,9})(s|m|h|d|w)$/;
const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };
const MICROS_PER_SECOND = 1_000_000;

/** RFC 3339, or an age such as `15m`, as microseconds. Throws `option.invalid` naming the flag. */
export function parseWhen(flag: string, text: string, now: Micros = nowMicros()): Micros {
  const age = AGE.exec(text);
  const micros =
    age === null
      ? parseMicros(text)
      : now - Number(age[1]) * (SECONDS[age[2] ?? ""] ?? 0) * MICROS_PER_SECOND;
  if (micros === undefined) {
    throw new TrailError("option.invalid", `${flag} must be a time or an age.`, {
      field: flag,
      fix: "Write 2026-01-31T12:00:00Z, or 15m, 2h, 7d for so long ago.",
    });
  }
  return micros;
}
