import type { WireEvent } from "../api/events.ts";
import type { IconName } from "../design/icons.tsx";

const clock = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
const day = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });

/** The time of day with milliseconds; another day's is led by its date. */
export function shortTime(rfc3339: string): string {
  const at = new Date(rfc3339);
  if (at.toDateString() !== new Date().toDateString())
    return `${day.format(at)} ${clock.format(at).slice(0, 5)}`;
  return `${clock.format(at)}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}

export function fullTime(rfc3339: string): string {
  return `${new Date(rfc3339).toLocaleString(undefined, { dateStyle: "full", timeStyle: "long" })} (${rfc3339})`;
}

export function duration(ms: number | null): string {
  if (ms === null) return "";
  if (ms < 1000) return `${ms} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  return `${Math.floor(ms / 60_000)} m ${Math.round((ms % 60_000) / 1000)} s`;
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
