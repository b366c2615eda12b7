import { isObject, type JsonValue } from "../../base/json.ts";
import type { Ingested } from "../ingested.ts";
import { broken, dropped, imported, joined, type Read } from "./importer.ts";

/**
 * One line of an OTLP file export (OTLP 1.9, "File Exporter": a JSON line is an export request, or a list of them):
 * traces, logs or metrics. Its events are the same as if it had come by HTTP, so a file and the wire do not double.
 */
export async function readOtlpLine(record: JsonValue): Promise<Read> {
  if (Array.isArray(record)) return joined(await Promise.all(record.map(readOtlpLine)), "no agent activity");
  if (!isObject(record)) return broken("line", "must be a JSON object");
  const ingested = await read(record);
  if (ingested === undefined)
    return broken("line", "must have resourceSpans, resourceLogs or resourceMetrics");
  return readIngested(ingested);
}

function readIngested({ drafts: told, rejected }: Ingested): Read {
  const drafts = imported("otlp", told);
  const [problem, ...more] = rejected.map(({ index, reason }) => ({ field: `item ${index}`, rule: reason }));
  if (problem !== undefined) return { drafts, problem, more };
  return drafts.length === 0 ? dropped("no agent activity") : { drafts };
}

/**
 * One message of the collector's `proto` form. A file holds messages of one kind and does not say of which: a span
 * and a log record begin with fields of different shapes, so the wrong kind cannot be decoded, or gives nothing.
 */
export async function readOtlpMessage(bytes: Uint8Array): Promise<Read> {
  const { decodeLogs, decodeTraces } = await import("../otlp/decode.ts");
  const spans = await decodeTraces(bytes, PROTOBUF).catch(() => []);
  if (spans.some(({ traceId }) => traceId !== "")) {
    const { fromTraces } = await import("../otlp/traces.ts");
    return readIngested(fromTraces(spans));
  }
  const records = await decodeLogs(bytes, PROTOBUF).catch(() => []);
  if (records.length === 0) return dropped("no agent activity");
  const { fromLogs } = await import("../otlp/logs.ts");
  return readIngested(fromLogs(records));
}

const PROTOBUF = "application/x-protobuf";

async function read(record: Record<string, unknown>): Promise<Ingested | undefined> {
  const { decodeLogs, decodeTraces } = await import("../otlp/decode.ts");
  const body = Buffer.from(JSON.stringify(record));
  if (record.resourceSpans !== undefined) {
    const { fromTraces } = await import("../otlp/traces.ts");
    return fromTraces(await decodeTraces(body, "application/json"));
  }
  if (record.resourceLogs !== undefined) {
    const { fromLogs } = await import("../otlp/logs.ts");
    return fromLogs(await decodeLogs(body, "application/json"));
  }
  return record.resourceMetrics === undefined
    ? undefined
    : { drafts: [], accepted: 0, dropped: {}, rejected: [] };
}
