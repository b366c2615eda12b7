import type { Micros } from "../../base/clock.ts";
import { derivedUuid } from "../../base/derived-uuid.ts";

/**
 * Ids of what comes by OTLP. The event by which others name a span (its start, or the only one) has
 * an id of the span's own ids alone, so that a child that comes first can name it; all others carry
 * their time too. Where a program says the same fact in a span and in a log record, both get the id
 * of what they share, and the store keeps the one that came first.
 */
export const ids = {
  anchor: (traceId: string, spanId: string) => derivedUuid(["otlp", "span", traceId, spanId]),
  end: (traceId: string, spanId: string, at: Micros | undefined) =>
    derivedUuid(["otlp", "span end", traceId, spanId], at),
  call: (session: string, callId: string, phase: "started" | "completed") =>
    derivedUuid(["otlp", "call", session, callId, phase]),
  request: (session: string, requestId: string) => derivedUuid(["otlp", "request", session, requestId]),
  decision: (session: string, callId: string, decision: string, by: string) =>
    derivedUuid(["otlp", "decision", session, callId, decision, by]),
  agent: (session: string, agentId: string, phase: "started" | "completed") =>
    derivedUuid(["otlp", "agent", session, agentId, phase]),
  record: (parts: ReadonlyArray<string | number>, at: Micros | undefined) =>
    derivedUuid(["otlp", "log", ...parts], at),
};
