import { formatMicros } from "../../base/clock.ts";
import { isObject, type JsonObject } from "../../base/json.ts";
import type { Item } from "../destination.ts";
import { millis } from "../formats/table.ts";
import { option, overHttp } from "./over-http.ts";

const AGE_MAX_MS = 18 * 3_600_000;

/**
 * Datadog's log intake. It throws away what is older than 18 hours, without a word: such an event goes
 * with the time of sending, its own time in `original_timestamp`, and the tag `daybook_late:true`.
 */
export const datadog = overHttp({
  type: "datadog",
  name: "Datadog",
  docsUrl: "https://docs.datadoghq.com/api/latest/logs/#send-logs",
  limits: {
    events: 1000,
    bytes: 5_000_000,
    eventBytes: 1_000_000 - 1000,
    overheadBytes: 500,
    lingerMs: 1000,
  },
  format: "native",
  gzip: true,
  template: {
    method: "POST",
    url: "https://http-intake.logs.{site}/api/v2/logs",
    headers: { "Content-Type": "application/json", "DD-API-KEY": "{api_key}" },
    placeholders: {
      site: { label: "Site", default: "datadoghq.com" },
      api_key: { label: "API key", secret: true },
    },
    transform: '{ "ddsource": "daybook", "message": event_type }',
  },
  options: {
    service: { type: "text", doc: "Default: the event's source, or daybook." },
    tags: { type: "text", doc: "More tags, as key:value,key:value." },
  },
  encode(items, configuration) {
    const records = items.map((item) =>
      record(item, option(configuration, "service", ""), configuration.options.tags),
    );
    return {
      method: configuration.method,
      url: configuration.url,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(records),
    };
  },
});

function record({ event, payload }: Item, service: string, more: unknown): JsonObject {
  const happened = millis(event.occurredAt);
  const isLate = Date.now() - happened > AGE_MAX_MS;
  const tags = [`env:${event.environment}`, ...(isLate ? ["daybook_late:true"] : [])];
  if (typeof more === "string" && more !== "") tags.push(more);
  const own: JsonObject = {
    ddsource: "daybook",
    ddtags: tags.join(","),
    hostname: event.agent ?? "daybook",
    service: service || event.source || "daybook",
    status: event.severity.toLowerCase(),
    message: event.summary ?? event.type,
    timestamp: isLate ? Date.now() : happened,
    daybook_id: event.id,
    ...(isLate ? { original_timestamp: formatMicros(event.occurredAt) } : {}),
  };
  if (!isObject(payload)) return { ...own, message: String(payload) };
  const { status, ...rest } = payload as JsonObject;
  // `status` is what Datadog calls the level; ours is the outcome.
  return { ...own, ...rest, ...(status === undefined || status === null ? {} : { outcome: status }) };
}
