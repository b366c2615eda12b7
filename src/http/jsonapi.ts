import type { AuditEvent } from "../event/event.ts";
import { toWire } from "../event/wire.ts";

/** An event as a JSON:API resource: the id apart, every other wire field an attribute. */
export function toResource(event: AuditEvent): {
  type: "event";
  id: string;
  attributes: Record<string, unknown>;
} {
  const { id, ...attributes } = toWire(event);
  return { type: "event", id, attributes };
}

/** Clients cut the cursor out after a literal `page[after]=`, so it stands last and unencoded. */
export function nextLink(url: URL, cursor: string): string {
  const kept = [...url.searchParams].filter(([key]) => key !== "page[after]");
  const query = kept
    .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}&`)
    .join("");
  return `${url.pathname}?${query}page[after]=${cursor}`;
}
