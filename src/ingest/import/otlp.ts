import { isObject, type JsonValue } from "../../base/json.ts";
import type { Ingested } from "../ingested.ts";
import { broken, dropped, imported, type Read } from "./importer.ts";

/**
 * One line of an OTLP file export (OTLP 1.9, "File Exporter": a JSON line is an export request): traces, logs
 * or metrics. Its events are the same as if it had come by HTTP, so a file and the wire do not double.
 */
export async function readOtlpLine(record: JsonValue): Promise<Read> {
  if (!isObject(record)) return broken("line", "must be a JSON object");
  const ingested = await read(record);
  if (ingested === undefined)
    return broken("line", "must have resourceSpans, resourceLogs or resourceMetrics");
  const drafts = imported("otlp", ingested.drafts);
  const [rejected] = ingested.rejected;
  if (rejected !== undefined)
    return { drafts, problem: { field: `item ${rejected.index}`, rule: rejected.reason } };
  return drafts.length === 0 ? dropped("no agent activity") : { drafts };
}

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
