import type { EventDraft } from "../../event/event.ts";
import { fromLogs } from "../../ingest/otlp/logs.ts";
import { type AdapterOptions, Recorder, type Target } from "../recorder.ts";
import { logRecordOf } from "./model.ts";
import { LiveSpans } from "./spans.ts";
import { type TrailTracer, tracerInto } from "./tracer.ts";

export type { AdapterOptions, Target, TrailTracer };

/** A span processor of the OpenTelemetry SDK. */
export interface TrailSpanProcessor {
  onStart(span: unknown, context?: unknown): void;
  onEnd(span: unknown): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

/** A log record processor of the OpenTelemetry SDK. */
export interface TrailLogProcessor {
  onEmit(record: unknown, context?: unknown): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

/**
 * A span processor: `new NodeTracerProvider({ spanProcessors: [recordSpans(trail)] })`. What agents' spans tell,
 * in all the dialects that OTLP is read in, but at once: a run and a tool call when they start, each other
 * operation when it ends. Spans that are no agent's work are left out.
 *
 * @see https://opentelemetry.io/docs/specs/otel/trace/sdk/#span-processor
 */
export function recordSpans(trail: Target, options: AdapterOptions = {}): TrailSpanProcessor {
  const recorder = new Recorder(trail, { source: "otlp", origin: "otel" }, options);
  const spans = new LiveSpans();
  return {
    onStart: (span) => void recorder.guard("otel span start", () => relay(recorder, spans.started(span))),
    onEnd: (span) => void recorder.guard("otel span end", () => relay(recorder, spans.ended(span))),
    forceFlush: async () => undefined,
    shutdown: async () => undefined,
  };
}

/**
 * A tracer for a program that takes one, where OpenTelemetry itself is not set up:
 * `experimental_telemetry: { isEnabled: true, tracer: trailTracer(trail) }` of the AI SDK 5 and 6. Tells what
 * `recordSpans` tells, when it does. `scope` is the name by which spans are known: the AI SDK's is `ai`.
 */
export function trailTracer(trail: Target, options: AdapterOptions = {}, scope = "ai"): TrailTracer {
  const { onStart, onEnd } = recordSpans(trail, options);
  return tracerInto({ started: onStart, ended: onEnd }, scope);
}

/** A log record processor: what agents' log records tell, each when it is emitted. */
export function recordLogs(trail: Target, options: AdapterOptions = {}): TrailLogProcessor {
  const recorder = new Recorder(trail, { source: "otlp", origin: "otel" }, options);
  return {
    onEmit(record) {
      recorder.guard("otel log", () => relay(recorder, fromLogs([logRecordOf(record)]).drafts));
    },
    forceFlush: async () => undefined,
    shutdown: async () => undefined,
  };
}

/** The SDK's name for a service that nobody named. */
const NAMELESS = /^unknown_service\b/;

/** Where a span names no agent its service stands in for one; whoever set up the adapter may know better. */
function relay(recorder: Recorder, drafts: readonly EventDraft[]): void {
  for (const draft of drafts) {
    const isService = draft.agent === draft.app;
    const isNameless = NAMELESS.test(draft.app ?? "");
    const app = isNameless ? null : (draft.app ?? null);
    const agent = isNameless && isService ? null : (draft.agent ?? null);
    recorder.relay([{ ...draft, app, agent }], { knowsAgent: isService });
  }
}
