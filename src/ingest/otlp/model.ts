import type { Micros } from "../../base/clock.ts";
import type { JsonValue } from "../../base/json.ts";

/** Attributes as plain JSON, whatever encoding they came in. */
export type Attributes = Record<string, JsonValue>;

export interface SpanEvent {
  readonly name: string;
  readonly at: Micros | undefined;
  readonly attributes: Attributes;
}

export interface Span {
  readonly resource: Attributes;
  readonly scope: string;
  /** Hex, or "" where it is missing or malformed. */
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly start: Micros | undefined;
  readonly end: Micros | undefined;
  readonly attributes: Attributes;
  readonly events: readonly SpanEvent[];
  /** OTLP: 0 unset, 1 ok, 2 error. */
  readonly statusCode: number;
  readonly statusMessage: string;
}

export interface LogRecord {
  readonly resource: Attributes;
  readonly scope: string;
  readonly at: Micros | undefined;
  readonly body: JsonValue;
  readonly eventName: string;
  readonly attributes: Attributes;
  readonly traceId: string;
  readonly spanId: string;
}
