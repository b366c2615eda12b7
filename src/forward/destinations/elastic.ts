import { formatMicros } from "../../base/clock.ts";
import { isObject } from "../../base/json.ts";
import type { Item, Judgment } from "../destination.ts";
import { answerJson, judgeStatus, option, overHttp } from "./over-http.ts";

/**
 * Elasticsearch, and what speaks its `_bulk`. `create` with the event's id as `_id`: an event that is there already
 * answers 409, which is what success looks like the second time. The status of the whole says nothing;
 * each item is read.
 */
export const elastic = overHttp({
  type: "elastic",
  name: "Elastic",
  docsUrl: "https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk",
  limits: { events: 1000, bytes: 5 << 20, eventBytes: 4 << 20, overheadBytes: 200, lingerMs: 1000 },
  format: "ecs",
  gzip: true,
  template: {
    method: "POST",
    url: "https://{host}/_bulk",
    headers: { Authorization: "ApiKey {api_key}", "Content-Type": "application/x-ndjson" },
    placeholders: { host: { label: "Host" }, api_key: { label: "API key", secret: true } },
    transform: null,
  },
  options: { index: { type: "text", doc: "Index or data stream. Default: logs-daybook-default." } },
  encode(items, configuration) {
    const index = option(configuration, "index", "logs-daybook-default");
    const lines = items.map(
      (item) => `${JSON.stringify({ create: { _index: index, _id: item.event.id } })}\n${documentOf(item)}\n`,
    );
    return {
      method: configuration.method,
      url: configuration.url,
      headers: { "Content-Type": "application/x-ndjson" },
      body: lines.join(""),
    };
  },
  judge(answer, items, { successStatus }) {
    const judged = judgeStatus(answer, successStatus);
    if (judged.verdict !== "ok") return judged;
    const said = answerJson(answer.body);
    if (!isObject(said) || !Array.isArray(said.items)) {
      // A long answer is cut; where it says "errors": false in front, that is enough.
      if (/^\s*\{[^[{]*"errors"\s*:\s*false/.test(answer.body)) return { verdict: "ok" };
      return items.length === 1
        ? { verdict: "retry", reason: "The answer to _bulk could not be read." }
        : { verdict: "refuse", reason: "The answer to _bulk could not be read." };
    }
    return readItems(said.items, items);
  },
});

/** A data stream wants a time in every document. */
function documentOf({ event, payload, text }: Item): string {
  if (!isObject(payload))
    return JSON.stringify({ "@timestamp": formatMicros(event.occurredAt), message: text });
  if (payload["@timestamp"] !== undefined) return text;
  return JSON.stringify({ "@timestamp": formatMicros(event.occurredAt), ...payload });
}

function readItems(said: readonly unknown[], items: readonly Item[]): Judgment {
  const refused = new Map<number, string>();
  const again = new Set<number>();
  for (const at of items.keys()) {
    const outer = said[at];
    const item = isObject(outer) ? (outer.create ?? outer.index) : undefined;
    const status = isObject(item) && typeof item.status === "number" ? item.status : 0;
    if ((status >= 200 && status < 300) || status === 409) continue;
    if (status === 0 || status === 429 || status >= 500) again.add(at);
    else refused.set(at, reasonOf(item, status));
  }
  return { verdict: "ok", refused, again };
}

function reasonOf(item: unknown, status: number): string {
  const error = isObject(item) && isObject(item.error) ? item.error : {};
  return `The index refused the event with ${status}: ${String(error.reason ?? error.type ?? "").slice(0, 500)}`;
}
