import { formatMicros } from "../../base/clock.ts";
import { isObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import type { Item } from "../destination.ts";
import { millis } from "../formats/table.ts";
import { overHttp } from "./over-http.ts";

const AGE_MAX_MS = 48 * 3_600_000;
/** Longer attribute values are cut there; the whole event stands in `message` then. */
const VALUE_CHARS = 4_094;
const ATTRIBUTES_MAX = 250;

/** New Relic's Log API. It drops what is older than 48 hours, so such an event keeps its time as an attribute. */
export const newRelic = overHttp({
  type: "new_relic",
  name: "New Relic",
  docsUrl: "https://docs.newrelic.com/docs/logs/log-api/introduction-log-api/",
  limits: { events: 1000, bytes: 1_000_000, eventBytes: 400_000, overheadBytes: 400, lingerMs: 1000 },
  format: "native",
  gzip: true,
  template: {
    method: "POST",
    url: "https://log-api.newrelic.com/log/v1",
    headers: { "Content-Type": "application/json", "Api-Key": "{license_key}" },
    placeholders: { license_key: { label: "License key", secret: true } },
    transform: null,
  },
  options: {},
  encode: (items, { method, url }) => ({
    method,
    url,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify([{ common: { attributes: { logtype: "daybook" } }, logs: items.map(record) }]),
  }),
});

function record({ event, payload, text }: Item): JsonObject {
  const happened = millis(event.occurredAt);
  const isLate = Date.now() - happened > AGE_MAX_MS;
  const attributes: JsonObject = { daybook_id: event.id };
  if (isLate) attributes.original_timestamp = formatMicros(event.occurredAt);
  let isCut = !isObject(payload);
  for (const [name, value] of isObject(payload) ? Object.entries(payload as JsonObject) : []) {
    const plain = attributeOf(value);
    if (plain === null) continue;
    if (Object.keys(attributes).length >= ATTRIBUTES_MAX || String(plain).length > VALUE_CHARS) isCut = true;
    else attributes[name] = plain;
  }
  const message = isCut ? text : (event.summary ?? event.type);
  return { timestamp: isLate ? Date.now() : happened, message, attributes };
}

function attributeOf(value: JsonValue): string | number | boolean | null {
  return typeof value === "object" && value !== null ? JSON.stringify(value) : value;
}
