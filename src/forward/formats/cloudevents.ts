import { formatMicros } from "../../base/clock.ts";
import { toWire } from "../../event/wire.ts";
import { type Format, type FormatRow, fromRows } from "./table.ts";

/**
 * CloudEvents 1.0.2, structured JSON. `source` and `id` together are unique, as section 3.1.1 asks;
 * extension names have letters and digits only, twenty at most.
 */
const ROWS: readonly FormatRow[] = [
  ["specversion", () => "1.0"],
  ["id", (event) => event.id],
  [
    "source",
    (event) =>
      `/tenants/${encodeURIComponent(event.tenant)}/agents/${encodeURIComponent(event.agent ?? event.source ?? "unknown")}`,
  ],
  ["type", (event) => `daybook.${event.type}`],
  ["subject", (event) => event.resource.id ?? event.tool],
  ["time", (event) => formatMicros(event.occurredAt)],
  ["datacontenttype", () => "application/json"],
  ["recordedtime", (event) => formatMicros(event.recordedAt)],
  ["sequence", (event) => String(event.seq)],
  ["environment", (event) => event.environment],
  ["actorid", (event) => event.actor.id],
  [
    "traceparent",
    (event) =>
      event.traceId === null || event.spanId === null ? null : `00-${event.traceId}-${event.spanId}-01`,
  ],
  ["data", (event) => JSON.parse(JSON.stringify(toWire(event)))],
];

export const cloudevents: Format = {
  name: "cloudevents",
  version: "1.0",
  contentType: "application/cloudevents+json",
  render: fromRows(ROWS),
};
