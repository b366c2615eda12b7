import type { WireEvent } from "../api/events.ts";
import type { IconName } from "../design/icons.tsx";
import { currentZone, type Zone } from "../parts/zone.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const CLOCK = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" } as const;
const DAY = { month: "short", day: "numeric" } as const;
const written = { local: writers({}), utc: writers({ timeZone: "UTC" }) };

function writers(zone: { timeZone?: string }) {
  return {
    clock: new Intl.DateTimeFormat(undefined, { ...CLOCK, ...zone }),
    day: new Intl.DateTimeFormat(undefined, { ...DAY, ...zone }),
    full: new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long", ...zone }),
  };
}

/** The time of day with milliseconds; another day's is led by its date. */
export function shortTime(rfc3339: string, zone: Zone = currentZone()): string {
  const { clock, day } = written[zone];
  const at = new Date(rfc3339);
  const date = day.format(at);
  if (date !== day.format(new Date()) || Math.abs(Date.now() - at.getTime()) > DAY_MS)
    return `${date} ${clock.format(at).slice(0, 5)}`;
  return `${clock.format(at)}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}

export function fullTime(rfc3339: string, zone: Zone = currentZone()): string {
  return `${written[zone].full.format(new Date(rfc3339))} (${rfc3339})`;
}

export function duration(ms: number | null): string {
  if (ms === null) return "";
  if (ms < 1000) return `${ms} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  if (ms < HOUR_MS)
    return `${Math.floor(ms / 60_000)} m ${rest(Math.round((ms % 60_000) / 1000), "s")}`.trim();
  if (ms < DAY_MS)
    return `${Math.floor(ms / HOUR_MS)} h ${rest(Math.round((ms % HOUR_MS) / 60_000), "m")}`.trim();
  return `${Math.floor(ms / DAY_MS)} d ${rest(Math.round((ms % DAY_MS) / HOUR_MS), "h")}`.trim();
}

function rest(count: number, unit: string): string {
  return count === 0 ? "" : `${count} ${unit}`;
}

export function statusName(event: Pick<WireEvent, "status">): { name: IconName; word: string } {
  switch (event.status) {
    case "ok":
    case "error":
    case "denied":
    case "pending":
      return { name: event.status, word: event.status };
    default:
      return { name: "none", word: event.status ?? "–" };
  }
}

/** What happened, in a word or two, and the part that says which. */
export function what(event: WireEvent): { name: string; detail: string } {
  if (event.tool !== null) return { name: event.tool, detail: event.phase === "started" ? "started" : "" };
  return { name: event.event_type, detail: event.phase === "started" ? "started" : "" };
}

/** The line for people, or the best that can be made of what there is. */
export function summaryOf(event: WireEvent): string {
  if (event.error !== null) return firstLine(event.error);
  const args = event.data.arguments;
  if (event.tool !== null && args !== undefined && args !== null)
    return firstLine(typeof args === "string" ? args : argumentsLine(args));
  if (event.description !== null) return firstLine(event.description);
  if (event.resource_id !== null) return `${event.resource_type ?? "resource"} ${event.resource_id}`;
  return event.model ?? "";
}

function argumentsLine(args: unknown): string {
  if (typeof args !== "object" || args === null) return String(args);
  const parts = Object.entries(args).map(
    ([key, value]) => `${key}: ${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  return parts.join("  ").slice(0, 400);
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0]?.slice(0, 400) ?? "";
}
