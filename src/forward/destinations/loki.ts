import { isObject } from "../../base/json.ts";
import type { AuditEvent } from "../../event/event.ts";
import { nanos } from "../formats/table.ts";
import { overHttp } from "./over-http.ts";

/** Grafana Loki's push door. Few labels, each with few values; what is rare is structured metadata. */
export const loki = overHttp({
  type: "loki",
  name: "Grafana Loki",
  docsUrl: "https://grafana.com/docs/loki/latest/reference/loki-http-api/#ingest-logs",
  limits: { events: 1000, bytes: 3 << 20, eventBytes: 256_000, overheadBytes: 250, lingerMs: 1000 },
  format: "native",
  gzip: true,
  template: {
    method: "POST",
    url: "https://{host}/loki/api/v1/push",
    headers: { "Content-Type": "application/json", Authorization: "Basic {credentials}" },
    placeholders: {
      host: { label: "Host" },
      credentials: { label: "Basic credentials, base64", secret: true },
    },
    transform: null,
  },
  options: { labels: { type: "map", doc: "More labels, the same for all events." } },
  encode(items, { method, url, options }) {
    const streams = new Map<string, { stream: Record<string, string>; values: unknown[] }>();
    for (const { event, text } of items) {
      const stream = { ...labelsOf(event), ...fixedLabels(options.labels) };
      const key = JSON.stringify(stream);
      const into = streams.get(key) ?? { stream, values: [] };
      streams.set(key, into);
      into.values.push([nanos(event.occurredAt), text, metadataOf(event)]);
    }
    return {
      method,
      url,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ streams: [...streams.values()] }),
    };
  },
});

function labelsOf(event: AuditEvent): Record<string, string> {
  return {
    job: "daybook",
    tenant: event.tenant,
    environment: event.environment,
    level: event.severity.toLowerCase(),
  };
}

function fixedLabels(labels: unknown): Record<string, string> {
  if (!isObject(labels)) return {};
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, String(value)]));
}

function metadataOf({ id, seq, agent, tool, status }: AuditEvent): Record<string, string> {
  return {
    id,
    seq: String(seq),
    ...(agent === null ? {} : { agent }),
    ...(tool === null ? {} : { tool }),
    ...(status === null ? {} : { status }),
  };
}
