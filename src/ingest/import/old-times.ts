import { type Micros, parseMicros } from "../../base/clock.ts";

/**
 * A time as older systems write it: RFC 3339 in any zone, with a space for the `T`, a zone of hours only, or
 * none, which is UTC; or a count since 1970 in whichever unit its size says. 0 is no time.
 */
export function timeOf(value: unknown): Micros | undefined {
  if (typeof value === "string") return parseMicros(value) ?? parseMicros(completed(value));
  const count = typeof value === "bigint" ? Number(value) : value;
  if (typeof count !== "number" || !(count > 0)) return undefined;
  if (count > 1e17) return Math.round(count / 1e3);
  if (count > 1e14) return Math.round(count);
  return Math.round(count > 1e11 ? count * 1e3 : count * 1e6);
}

function completed(text: string): string {
  const time = text
    .trim()
    .replace(" ", "T")
    .replace(/ (?=[+-]\d)/, "");
  const zone = /([+-]\d{2}):?(\d{2})?$/.exec(time.slice(10));
  if (zone === null) return `${time}Z`;
  return `${time.slice(0, time.length - zone[0].length)}${zone[1]}:${zone[2] ?? "00"}`;
}
