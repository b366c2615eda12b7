import { formatMicros } from "../../base/clock.ts";
import { isObject } from "../../base/json.ts";
import type { Item, Judgment } from "../destination.ts";
import { answerJson, judgeStatus, overHttp } from "./over-http.ts";

/** Honeycomb's batch door: 200 for the whole, and a status for each event. */
export const honeycomb = overHttp({
  type: "honeycomb",
  name: "Honeycomb",
  docsUrl: "https://docs.honeycomb.io/api/events/",
  limits: { events: 1000, bytes: 5_000_000, eventBytes: 100_000, overheadBytes: 100, lingerMs: 1000 },
  format: "native",
  gzip: true,
  template: {
    method: "POST",
    url: "https://api.honeycomb.io/1/batch/{dataset}",
    headers: { "Content-Type": "application/json", "X-Honeycomb-Team": "{api_key}" },
    placeholders: { dataset: { label: "Dataset" }, api_key: { label: "API key", secret: true } },
    transform: null,
  },
  options: {},
  encode: (items, { method, url }) => ({
    method,
    url,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(
      items.map(({ event, payload }) => ({
        time: formatMicros(event.occurredAt),
        data: isObject(payload) ? payload : { message: payload, id: event.id },
      })),
    ),
  }),
  judge(answer, items, { successStatus }) {
    const judged = judgeStatus(answer, successStatus);
    const said = answerJson(answer.body);
    return judged.verdict === "ok" && Array.isArray(said) ? readItems(said, items) : judged;
  },
});

function readItems(said: readonly unknown[], items: readonly Item[]): Judgment {
  const refused = new Map<number, string>();
  const again = new Set<number>();
  for (const at of items.keys()) {
    const item = said[at];
    const status = isObject(item) && typeof item.status === "number" ? item.status : 0;
    if (status >= 200 && status < 300) continue;
    const error = isObject(item) ? String(item.error ?? "") : "";
    if (status === 0 || status === 429 || status >= 500) again.add(at);
    else refused.set(at, `The dataset refused the event with ${status}: ${error.slice(0, 500)}`);
  }
  return { verdict: "ok", refused, again };
}
