import { MAX_MICROS, type Micros } from "../../base/clock.ts";
import { isTrailError, TrailError } from "../../base/error.ts";
import { exceedsDepth, isObject, type JsonValue } from "../../base/json.ts";
import type { Attributes, LogRecord, Span, SpanEvent } from "./model.ts";

type Raw = Record<string, unknown>;
type Message = "TracesData" | "LogsData" | "MetricsData";

const DEPTH_MAX = 100;
const NANOS_PER_MICRO = 1000n;

/** OTLP traces, JSON or protobuf by the content type. Throws `request.malformed` and nothing else. */
export async function decodeTraces(bytes: Uint8Array, contentType: string | undefined): Promise<Span[]> {
  return guarded(async () => {
    const spans: Span[] = [];
    for (const part of list((await read(bytes, contentType, "TracesData")).resourceSpans)) {
      const resource = attributesOf(object(part.resource).attributes);
      for (const scoped of list(part.scopeSpans ?? part.instrumentationLibrarySpans)) {
        const scope = text(object(scoped.scope).name);
        for (const span of list(scoped.spans)) spans.push(toSpan(span, resource, scope));
      }
    }
    return spans;
  });
}

export async function decodeLogs(bytes: Uint8Array, contentType: string | undefined): Promise<LogRecord[]> {
  return guarded(async () => {
    const records: LogRecord[] = [];
    for (const part of list((await read(bytes, contentType, "LogsData")).resourceLogs)) {
      const resource = attributesOf(object(part.resource).attributes);
      for (const scoped of list(part.scopeLogs)) {
        const scope = text(object(scoped.scope).name);
        for (const record of list(scoped.logRecords)) records.push(toLogRecord(record, resource, scope));
      }
    }
    return records;
  });
}

/** How many metrics there are; they are no events. */
export async function decodeMetrics(bytes: Uint8Array, contentType: string | undefined): Promise<number> {
  return guarded(async () => {
    let metrics = 0;
    for (const part of list((await read(bytes, contentType, "MetricsData")).resourceMetrics)) {
      for (const scoped of list(part.scopeMetrics)) metrics += list(scoped.metrics).length;
    }
    return metrics;
  });
}

async function guarded<T>(decode: () => Promise<T>): Promise<T> {
  try {
    return await decode();
  } catch (thrown) {
    if (isTrailError(thrown)) throw thrown;
    throw malformed("The body is not an OTLP message.", thrown);
  }
}

function malformed(message: string, cause?: unknown): TrailError {
  return new TrailError("request.malformed", message, {
    fix: "Send OTLP as JSON or protobuf and say which in Content-Type.",
    cause,
  });
}

async function read(bytes: Uint8Array, contentType: string | undefined, message: Message): Promise<Raw> {
  const isProtobuf = contentType === undefined ? bytes[0] !== 0x7b : contentType.includes("protobuf");
  if (isProtobuf) return readProtobuf(bytes, message);
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"));
  } catch (cause) {
    throw malformed("The body is not JSON.", cause);
  }
  if (!isObject(value)) throw malformed("The body is not a JSON object.");
  if (exceedsDepth(value, DEPTH_MAX)) throw malformed(`The body nests deeper than ${DEPTH_MAX} levels.`);
  return value;
}

/** Loaded at the first protobuf body: who sends JSON does not pay for it. */
async function readProtobuf(bytes: Uint8Array, message: Message): Promise<Raw> {
  const [{ default: protobuf }, { DESCRIPTOR }] = await Promise.all([
    import("protobufjs/light.js"),
    import("./messages.ts"),
  ]);
  roots.root ??= protobuf.Root.fromJSON(DESCRIPTOR);
  const type = roots.root.lookupType(message);
  return type.toObject(type.decode(bytes), { longs: String, defaults: false });
}

const roots: { root?: import("protobufjs/light.js").Root } = {};

function toSpan(raw: Raw, resource: Attributes, scope: string): Span {
  const status = object(raw.status);
  return {
    resource,
    scope,
    traceId: hexId(raw.traceId, 32),
    spanId: hexId(raw.spanId, 16),
    parentSpanId: hexId(raw.parentSpanId, 16),
    name: text(raw.name),
    start: nanos(raw.startTimeUnixNano),
    end: nanos(raw.endTimeUnixNano),
    attributes: attributesOf(raw.attributes),
    events: list(raw.events).map(
      (event): SpanEvent => ({
        name: text(event.name),
        at: nanos(event.timeUnixNano),
        attributes: attributesOf(event.attributes),
      }),
    ),
    statusCode: statusCode(status.code),
    statusMessage: text(status.message),
  };
}

function toLogRecord(raw: Raw, resource: Attributes, scope: string): LogRecord {
  return {
    resource,
    scope,
    at: nanos(raw.timeUnixNano) ?? nanos(raw.observedTimeUnixNano),
    body: anyValue(raw.body),
    eventName: text(raw.eventName),
    attributes: attributesOf(raw.attributes),
    traceId: hexId(raw.traceId, 32),
    spanId: hexId(raw.spanId, 16),
  };
}

function object(value: unknown): Raw {
  return isObject(value) ? value : {};
}

function list(value: unknown): Raw[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function statusCode(value: unknown): number {
  if (value === "STATUS_CODE_ERROR") return 2;
  if (value === "STATUS_CODE_OK") return 1;
  return typeof value === "number" ? value : 0;
}

/** Hex in JSON (OTLP differs from proto3 JSON here), bytes in protobuf; some send base64 all the same. */
function hexId(value: unknown, digits: number): string {
  let hex = "";
  if (value instanceof Uint8Array) hex = Buffer.from(value).toString("hex");
  else if (typeof value === "string" && /^[0-9a-f]*$/i.test(value) && value.length === digits)
    hex = value.toLowerCase();
  else if (typeof value === "string") hex = Buffer.from(value, "base64").toString("hex");
  return hex.length === digits && !/^0+$/.test(hex) ? hex : "";
}

/** Nanoseconds as text or number; a number has lost its last digits, which microseconds do not need. */
function nanos(value: unknown): Micros | undefined {
  let micros: number;
  if (typeof value === "string" && /^\d{1,20}$/.test(value)) micros = Number(BigInt(value) / NANOS_PER_MICRO);
  else if (typeof value === "number" && value > 0) micros = Math.floor(value / 1000);
  else return undefined;
  return micros > 0 && micros <= MAX_MICROS ? micros : undefined;
}

function attributesOf(value: unknown): Attributes {
  const attributes: Attributes = {};
  for (const { key, value: item } of list(value)) {
    if (typeof key === "string" && key !== "__proto__") attributes[key] = anyValue(item);
  }
  return attributes;
}

function anyValue(value: unknown): JsonValue {
  if (!isObject(value)) return null;
  if (typeof value.stringValue === "string") return value.stringValue;
  if (typeof value.boolValue === "boolean") return value.boolValue;
  if (value.intValue !== undefined && value.intValue !== null) return integer(value.intValue);
  if (value.doubleValue !== undefined && value.doubleValue !== null) return Number(value.doubleValue);
  if (isObject(value.arrayValue)) return list(value.arrayValue.values).map(anyValue);
  if (isObject(value.kvlistValue)) return attributesOf(value.kvlistValue.values);
  if (value.bytesValue instanceof Uint8Array) return Buffer.from(value.bytesValue).toString("base64");
  return typeof value.bytesValue === "string" ? value.bytesValue : null;
}

function integer(value: unknown): JsonValue {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}
