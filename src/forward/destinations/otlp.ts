import { isObject, type JsonValue } from "../../base/json.ts";
import type { Item } from "../destination.ts";
import { nanos } from "../formats/table.ts";
import { answerJson, judgeStatus, overHttp } from "./over-http.ts";

/** Any collector that speaks OTLP/HTTP (1.9, JSON): events as log records. */
export const otlp = overHttp({
  type: "otlp",
  name: "OpenTelemetry (OTLP/HTTP)",
  docsUrl: "https://opentelemetry.io/docs/specs/otlp/#otlphttp",
  limits: { events: 500, bytes: 4 << 20, eventBytes: 1 << 20, overheadBytes: 200, lingerMs: 1000 },
  format: "otlp",
  gzip: true,
  template: {
    method: "POST",
    url: "http://{host}:4318/v1/logs",
    headers: { "Content-Type": "application/json" },
    placeholders: { host: { label: "Collector" } },
    transform: null,
  },
  options: {},
  encode: (items, { method, url }) => ({
    method,
    url,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({
      resourceLogs: [
        {
          resource: { attributes: [{ key: "service.name", value: { stringValue: "daybook" } }] },
          scopeLogs: [{ scope: { name: "daybook", version: "1" }, logRecords: items.map(recordOf) }],
        },
      ],
    }),
  }),
  judge(answer, items, { successStatus }) {
    const judged = judgeStatus(answer, successStatus);
    if (judged.verdict !== "ok") return judged;
    const said = answerJson(answer.body);
    const partial = isObject(said) && isObject(said.partialSuccess) ? said.partialSuccess : {};
    const rejected = Number(partial.rejectedLogRecords ?? 0);
    if (!(rejected > 0)) return judged;
    const reason = `The collector rejected ${rejected} records: ${String(partial.errorMessage ?? "").slice(0, 500)}`;
    // It does not say which. One at a time it does.
    if (rejected < items.length) return { verdict: "refuse", reason };
    return { verdict: "ok", refused: new Map(items.map((_, at) => [at, reason])) };
  },
});

/** A payload that is no log record becomes the body of one. */
function recordOf({ event, payload, text }: Item): JsonValue {
  if (isObject(payload) && typeof payload.timeUnixNano === "string") return payload as JsonValue;
  return {
    timeUnixNano: nanos(event.occurredAt),
    observedTimeUnixNano: nanos(event.recordedAt),
    eventName: event.type,
    body: { stringValue: text },
    attributes: [{ key: "log.record.uid", value: { stringValue: event.id } }],
  };
}
