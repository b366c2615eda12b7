import { currentZone, type Zone } from "../parts/zone.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Times back from now, by their name in the address. */
const SPANS: Readonly<Record<string, readonly [ms: number, name: string]>> = {
  "15m": [15 * MINUTE, "Last 15 minutes"],
  "1h": [HOUR, "Last hour"],
  "6h": [6 * HOUR, "Last 6 hours"],
  "24h": [DAY, "Last 24 hours"],
  "7d": [7 * DAY, "Last 7 days"],
  "30d": [30 * DAY, "Last 30 days"],
};
export const SPAN_NAMES: ReadonlyArray<readonly [span: string, name: string]> = Object.entries(SPANS).map(
  ([span, [, name]]) => [span, name],
);

/** A time range as it stands in the address; nothing means all of the log. */
export interface Range {
  /** One of the named spans; then there is no `from` and no `to`. */
  range?: string;
  /** RFC 3339, UTC; absent: open. */
  from?: string;
  /** Exclusive. */
  to?: string;
}

/** What can be understood of an address; the rest is left out. */
export function readRange({ range, from, to }: Readonly<Record<string, unknown>>): Range {
  if (typeof range === "string" && Object.hasOwn(SPANS, range)) return { range };
  const [low, high] = [timeOf(from), timeOf(to)];
  return {
    ...(low === undefined ? {} : { from: low }),
    ...(high === undefined || (low !== undefined && high <= low) ? {} : { to: high }),
  };
}

function timeOf(text: unknown): string | undefined {
  if (typeof text !== "string") return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}

/** RFC 3339; an absent end is open. */
export interface Bounds {
  since?: string;
  until?: string;
}

export function isAll({ range, from, to }: Range): boolean {
  return range === undefined && from === undefined && to === undefined;
}

/** The ends of the range, as times. */
export function boundsOf({ range, from, to }: Range, now: number): Bounds {
  const span = range === undefined ? undefined : SPANS[range];
  if (span !== undefined) return { since: new Date(now - span[0]).toISOString() };
  return { ...(from === undefined ? {} : { since: from }), ...(to === undefined ? {} : { until: to }) };
}

/** The bounds as a filter of `occurred_at`; null where there are none. */
export function toInterval({ since, until }: Bounds): string | null {
  return since === undefined && until === undefined ? null : `[${since ?? "*"},${until ?? "*"})`;
}

export function rangeLabel({ range, from, to }: Range, zone: Zone = currentZone()): string {
  const span = range === undefined ? undefined : SPANS[range];
  if (span !== undefined) return span[1];
  if (from === undefined && to === undefined) return "All time";
  if (to === undefined) return `Since ${inZone(from, zone)}`;
  return from === undefined ? `Until ${inZone(to, zone)}` : `${inZone(from, zone)} – ${inZone(to, zone)}`;
}

function inZone(at: string | undefined, zone: Zone): string {
  return toInput(at, zone).replace("T", " ").replace(/:00$/, "");
}

/** A time for a field of date and time, which knows no zone. */
export function toInput(at: string | undefined, zone: Zone): string {
  if (at === undefined) return "";
  const date = new Date(at);
  const offset = zone === "utc" ? 0 : date.getTimezoneOffset() * MINUTE;
  return new Date(date.getTime() - offset).toISOString().slice(0, 19);
}

/** The other way; undefined for an empty field. */
export function fromInput(text: string, zone: Zone): string | undefined {
  return text === "" ? undefined : timeOf(zone === "utc" ? `${text}Z` : text);
}
