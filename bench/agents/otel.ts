import { context, trace } from "@opentelemetry/api";
import { BasicTracerProvider, BatchSpanProcessor, type SpanExporter } from "@opentelemetry/sdk-trace-base";
import { recordSpans } from "../../src/integrations/otel/index.ts";
import type { Target } from "../../src/integrations/recorder.ts";
import { ANSWER, ARGS, RESULT, type Work } from "./work.ts";

const nowhere: SpanExporter = {
  export: (_spans, done) => done({ code: 0 }),
  shutdown: async () => undefined,
};
const AGENT = { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "billing" };
const TOOL = {
  "gen_ai.operation.name": "execute_tool",
  "gen_ai.tool.name": "refund",
  "gen_ai.tool.call.id": "c1",
  "gen_ai.tool.call.arguments": JSON.stringify(ARGS),
  "gen_ai.tool.call.result": JSON.stringify(RESULT),
};
const CHAT = {
  "gen_ai.operation.name": "chat",
  "gen_ai.request.model": "stand-in-1",
  "gen_ai.usage.input_tokens": 900,
  "gen_ai.usage.output_tokens": 60,
  "gen_ai.output.messages": JSON.stringify([{ role: "assistant", content: ANSWER }]),
};

/** The four spans of one round, through a batch processor that sends nowhere; with a trail, through ours too. */
export function otel(trail?: Target): Work {
  const batch = new BatchSpanProcessor(nowhere, { maxQueueSize: 65_536 });
  const spanProcessors = trail === undefined ? [batch] : [batch, recordSpans(trail)];
  const tracer = new BasicTracerProvider({ spanProcessors }).getTracer("gen_ai");
  return async () => {
    const run = tracer.startSpan("invoke_agent billing", { attributes: AGENT });
    const inside = trace.setSpan(context.active(), run);
    for (const attributes of [CHAT, TOOL, CHAT]) tracer.startSpan("step", { attributes }, inside).end();
    run.end();
  };
}
