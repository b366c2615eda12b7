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
    const body = await read(bytes, contentType, "TracesData");
    for (const { item, place, resource, scope } of items(body, "resourceSpans", "scopeSpans", "spans"))
      spans.push(toSpan(item, place, resource, scope));
    return spans;
  });
}

/** OTLP logs, like `decodeTraces`. */
export async function decodeLogs(bytes: Uint8Array, contentType: string | undefined): Promise<LogRecord[]> {
  return guarded(async () => {
    const records: LogRecord[] = [];
    const body = await read(bytes, contentType, "LogsData");
    for (const { item, place, resource, scope } of items(body, "resourceLogs", "scopeLogs", "logRecords"))
      records.push(toLogRecord(item, place, resource, scope));
    return records;
  });
}

/** How many metrics there are; they are no events. */
export async function decodeMetrics(bytes: Uint8Array, contentType: string | undefined): Promise<number> {
  return guarded(async () => {
    let metrics = 0;
    const body = await read(bytes, contentType, "MetricsData");
    for (const _metric of items(body, "resourceMetrics", "scopeMetrics", "metrics")) metrics++;
    return metrics;
  });
}

interface Item {
  readonly item: Raw;
  readonly place: string;
  readonly resource: Attributes;
  readonly scope: string;
}

/** The three levels that traces, logs and metrics share. */
function* items(body: Raw, outer: string, middle: string, inner: string): Generator<Item> {
  for (const [i, part] of list(body[outer], outer).entries()) {
    const at = `${outer}[${i}]`;
    const resource = attributesOf(
      object(part.resource, `${at}.resource`).attributes,
      `${at}.resource.attributes`,
    );
    for (const [j, scoped] of list(part[middle], `${at}.${middle}`).entries()) {
      const inside = `${at}.${middle}[${j}]`;
      const scope = text(object(scoped.scope, `${inside}.scope`).name);
      for (const [k, item] of list(scoped[inner], `${inside}.${inner}`).entries())
        yield { item, place: `${inside}.${inner}[${k}]`, resource, scope };
    }
  }
}

async function guarded<T>(decode: () => Promise<T>): Promise<T> {
  try {
    return await decode();
  } catch (thrown) {
    if (isTrailError(thrown)) throw thrown;
    throw malformed("The body is not an OTLP message.", thrown);
  }
}

function malformed(message: string, cause?: unknown, field?: string): TrailError {
  return new TrailError("request.malformed", message, {
    fix: "Send OTLP as JSON or protobuf and say which in Content-Type.",
    cause,
    ...(field === undefined ? {} : { field }),
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
    import("../otlp-messages.ts"),
  ]);
  roots.root ??= protobuf.Root.fromJSON(DESCRIPTOR);
  const type = roots.root.lookupType(message);
  return type.toObject(type.decode(bytes), { longs: String, defaults: false });
}

const roots: { root?: import("protobufjs/light.js").Root } = {};

function toSpan(raw: Raw, place: string, resource: Attributes, scope: string): Span {
  const status = object(raw.status, `${place}.status`);
  return {
    resource,
    scope,
    traceId: hexId(raw.traceId, 32),
    spanId: hexId(raw.spanId, 16),
    parentSpanId: hexId(raw.parentSpanId, 16),
    name: text(raw.name),
    start: nanos(raw.startTimeUnixNano),
    end: nanos(raw.endTimeUnixNano),
    attributes: attributesOf(raw.attributes, `${place}.attributes`),
    events: list(raw.events, `${place}.events`).map(
      (event, i): SpanEvent => ({
        name: text(event.name),
        at: nanos(event.timeUnixNano),
        attributes: attributesOf(event.attributes, `${place}.events[${i}].attributes`),
      }),
    ),
    statusCode: statusCode(status.code),
    statusMessage: text(status.message),
  };
}

function toLogRecord(raw: Raw, place: string, resource: Attributes, scope: string): LogRecord {
  return {
    resource,
    scope,
    at: nanos(raw.timeUnixNano) ?? nanos(raw.observedTimeUnixNano),
    body: anyValue(raw.body),
    eventName: text(raw.eventName),
    attributes: attributesOf(raw.attributes, `${place}.attributes`),
    traceId: hexId(raw.traceId, 32),
    spanId: hexId(raw.spanId, 16),
  };
}

/** Absent is empty; something else than an object is a mistake that must not pass for nothing. */
function object(value: unknown, place: string): Raw {
  if (value === undefined || value === null) return {};
  if (isObject(value)) return value;
  throw malformed(`${place} must be an object.`, undefined, place);
}

function list(value: unknown, place: string): Raw[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw malformed(`${place} must be an array.`, undefined, place);
  const wrong = value.findIndex((item) => !isObject(item));
  if (wrong >= 0) throw malformed(`${place}[${wrong}] must be an object.`, undefined, `${place}[${wrong}]`);
  return value;
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

function attributesOf(value: unknown, place: string): Attributes {
  const attributes: Attributes = {};
  for (const { key, value: item } of list(value, place)) {
    if (typeof key === "string" && key !== "__proto__") attributes[key] = anyValue(item);
  }
  return attributes;
}

/** A value of a kind that nobody knows is null: `{}` is what some exporters write for undefined. */
function anyValue(value: unknown): JsonValue {
  if (!isObject(value)) return null;
  if (typeof value.stringValue === "string") return value.stringValue;
  if (typeof value.boolValue === "boolean") return value.boolValue;
  if (value.intValue !== undefined && value.intValue !== null) return integer(value.intValue);
  if (value.doubleValue !== undefined && value.doubleValue !== null) return double(value.doubleValue);
  if (isObject(value.arrayValue)) return list(value.arrayValue.values, "arrayValue.values").map(anyValue);
  if (isObject(value.kvlistValue)) return attributesOf(value.kvlistValue.values, "kvlistValue.values");
  if (value.bytesValue instanceof Uint8Array) return Buffer.from(value.bytesValue).toString("base64");
  return typeof value.bytesValue === "string" ? value.bytesValue : null;
}

/** NaN and the infinities, which JSON cannot say, keep their names. */
function double(value: unknown): JsonValue {
  const number = Number(value);
  return Number.isFinite(number) ? number : String(value);
}

function integer(value: unknown): JsonValue {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}
