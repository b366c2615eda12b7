import type { Ingested } from "../../src/ingest/ingested.ts";
import { decodeLogs, decodeTraces } from "../../src/ingest/otlp/decode.ts";
import { fromLogs } from "../../src/ingest/otlp/logs.ts";
import { fromTraces } from "../../src/ingest/otlp/traces.ts";
import { JSON_TYPE } from "./read.ts";

type Plain = Record<string, unknown>;

export interface SpanSketch {
  /** One or more hex digits; the ids are filled up with zeros in front. */
  id: string;
  parent?: string;
  trace?: string;
  name?: string;
  /** Milliseconds. */
  at?: number;
  took?: number;
  is?: Plain;
  events?: Array<{ name: string; is: Plain }>;
  error?: string;
}

function value(of: unknown): Plain {
  if (of === undefined) return {};
  if (typeof of === "string") return { stringValue: of };
  if (typeof of === "boolean") return { boolValue: of };
  if (typeof of === "number") return Number.isInteger(of) ? { intValue: String(of) } : { doubleValue: of };
  if (Array.isArray(of)) return { arrayValue: { values: of.map(value) } };
  return { kvlistValue: { values: attributes(of as Plain) } };
}

const attributes = (of: Plain) => Object.entries(of).map(([key, item]) => ({ key, value: value(item) }));
const nanos = (ms: number) => `${1_795_000_000_000 + ms}000000`;

/** Spans as an exporter would send them, read as the server would. */
export async function traces(service: string, scope: string, spans: SpanSketch[]): Promise<Ingested> {
  const body = {
    resourceSpans: [
      {
        resource: { attributes: attributes({ "service.name": service }) },
        scopeSpans: [
          {
            scope: { name: scope },
            spans: spans.map(({ id, parent, trace, name, at, took, is, events, error }) => ({
              traceId: (trace ?? "1").padStart(32, "0"),
              spanId: id.padStart(16, "0"),
              ...(parent === undefined ? {} : { parentSpanId: parent.padStart(16, "0") }),
              name: name ?? "span",
              startTimeUnixNano: nanos(at ?? 0),
              endTimeUnixNano: nanos((at ?? 0) + (took ?? 10)),
              attributes: attributes(is ?? {}),
              events: (events ?? []).map((event) => ({ name: event.name, attributes: attributes(event.is) })),
              status: error === undefined ? {} : { code: "STATUS_CODE_ERROR", message: error },
            })),
          },
        ],
      },
    ],
  };
  return fromTraces(await decodeTraces(Buffer.from(JSON.stringify(body)), JSON_TYPE));
}

export async function logs(
  service: string,
  records: Array<
    Plain & { at?: number; body?: unknown; eventName?: string; traceId?: string; spanId?: string }
  >,
): Promise<Ingested> {
  const body = {
    resourceLogs: [
      {
        resource: { attributes: attributes({ "service.name": service }) },
        scopeLogs: [
          {
            logRecords: records.map(({ at, body: said, eventName, traceId, spanId, ...is }) => ({
              ...(at === undefined ? {} : { timeUnixNano: nanos(at) }),
              body: value(said),
              eventName,
              traceId,
              spanId,
              attributes: attributes(is),
            })),
          },
        ],
      },
    ],
  };
  return fromLogs(await decodeLogs(Buffer.from(JSON.stringify(body)), JSON_TYPE));
}
