import { fetchNext, fetchPage, type WireEvent } from "../api/events.ts";

export const EVENTS_MAX = 10_000;
const PAGE = 1_000;

/** Every event of the run, oldest first, up to ten thousand. */
export async function fetchRunEvents(
  id: string,
  signal: AbortSignal,
): Promise<{ events: WireEvent[]; more: boolean }> {
  const filters = new URLSearchParams({
    "filter[run_id]": id.replaceAll(/[\\,]/g, "\\$&").replace(/^-/, "\\-"),
  });
  let page = await fetchPage(filters, PAGE, signal);
  const events = [...page.events];
  while (page.next !== null && events.length < EVENTS_MAX) {
    page = await fetchNext(page.next, signal);
    events.push(...page.events);
  }
  return { events: events.toReversed(), more: page.next !== null };
}
