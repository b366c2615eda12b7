import { isObject, type JsonValue } from "../../base/json.ts";
import type { Attributes, LogRecord, Span } from "../../ingest/otlp/model.ts";

type Foreign = Readonly<Record<string, unknown>>;

const of = (value: unknown): Foreign => (isObject(value) ? value : {});
const text = (value: unknown): string => (typeof value === "string" ? value : "");
const attributesOf = (value: unknown): Attributes => of(value) as Attributes;

/** `[seconds, nanoseconds]`, as the SDK keeps times, in whole microseconds. */
function micros(time: unknown): number | undefined {
  if (!Array.isArray(time)) return undefined;
  const [seconds, nanos] = time as unknown[];
  if (typeof seconds !== "number" || typeof nanos !== "number" || seconds <= 0) return undefined;
  return seconds * 1_000_000 + Math.floor(nanos / 1_000);
}

function scopeOf(item: Foreign): string {
  return text(of(item.instrumentationScope ?? item.instrumentationLibrary).name);
}

/** A span of the SDK 1 to 3, ended or not, as the mapper of OTLP reads it. */
export function spanOf(given: unknown): Span {
  const span = of(given);
  const { traceId, spanId } = contextOf(span);
  const status = of(span.status);
  const events = Array.isArray(span.events) ? span.events : [];
  return {
    resource: attributesOf(of(span.resource).attributes),
    scope: scopeOf(span),
    traceId,
    spanId,
    parentSpanId: text(of(span.parentSpanContext).spanId) || text(span.parentSpanId),
    name: text(span.name),
    start: micros(span.startTime),
    end: span.ended === true ? micros(span.endTime) : undefined,
    attributes: attributesOf(span.attributes),
    events: events.filter(isObject).map((event) => ({
      name: text(event.name),
      at: micros(event.time),
      attributes: attributesOf(event.attributes),
    })),
    statusCode: typeof status.code === "number" ? status.code : 0,
    statusMessage: text(status.message),
  };
}

function contextOf(span: Foreign): { traceId: string; spanId: string } {
  const read: unknown = span.spanContext;
  const context = of(typeof read === "function" ? read.call(span) : read);
  return { traceId: text(context.traceId), spanId: text(context.spanId) };
}

export function logRecordOf(given: unknown): LogRecord {
  const record = of(given);
  return {
    resource: attributesOf(of(record.resource).attributes),
    scope: scopeOf(record),
    at: micros(record.hrTime) ?? micros(record.hrTimeObserved),
    body: (record.body ?? null) as JsonValue,
    eventName: text(record.eventName),
    attributes: attributesOf(record.attributes),
    ...contextOf(record),
  };
}
