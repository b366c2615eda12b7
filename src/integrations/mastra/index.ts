import { isObject } from "../../base/json.ts";
import { type AdapterOptions, Recorder, type Target } from "../recorder.ts";
import { Spans } from "./spans.ts";

export type { AdapterOptions, Target };

/** An exporter of Mastra's observability. */
export interface MastraExporter {
  readonly name: string;
  exportTracingEvent(event: unknown): Promise<void>;
  /** The name that it had before Mastra 1. */
  exportEvent(event: unknown): Promise<void>;
  flush(): Promise<void>;
  shutdown(): Promise<void>;
}

/**
 * An exporter for Mastra: `new Observability({ configs: { daybook: { serviceName, exporters: [recordMastra(trail)] } } })`.
 * Agents, workflows and their steps, model calls with tokens, tool calls, questions and answers, each when it
 * happens. Never throws into the agent.
 *
 * @see https://mastra.ai/docs/observability/tracing/overview
 */
export function recordMastra(trail: Target, options: AdapterOptions = {}): MastraExporter {
  const recorder = new Recorder(trail, { source: "mastra", origin: "mastra" }, options);
  const spans = new Spans(recorder);
  const hear = async (event: unknown): Promise<void> => {
    recorder.guard("mastra span", () => {
      if (!isObject(event) || !isObject(event.exportedSpan)) return;
      if (event.type === "span_started") spans.started(event.exportedSpan);
      else if (event.type === "span_ended") spans.ended(event.exportedSpan);
    });
  };
  return {
    name: "daybook",
    exportTracingEvent: hear,
    exportEvent: hear,
    flush: async () => undefined,
    shutdown: async () => undefined,
  };
}
