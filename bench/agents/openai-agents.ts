import {
  Agent,
  type Model,
  type ModelResponse,
  Runner,
  setTraceProcessors,
  setTracingDisabled,
  type TracingProcessor,
  tool,
  Usage,
  withGenerationSpan,
} from "@openai/agents";
import { recordOpenAiAgents } from "../../src/integrations/openai-agents/index.ts";
import type { Target } from "../../src/integrations/recorder.ts";
import { ANSWER, ARGS, RESULT, type Work } from "./work.ts";

const nothing = async (): Promise<void> => undefined;
const silent: TracingProcessor = {
  onTraceStart: nothing,
  onTraceEnd: nothing,
  onSpanStart: nothing,
  onSpanEnd: nothing,
  shutdown: nothing,
  forceFlush: nothing,
};

/** The SDK has one list of processors for the process: each round of work says which one listens. */
let listening: TracingProcessor = silent;
const whoListens: TracingProcessor = {
  onTraceStart: (trace) => listening.onTraceStart(trace),
  onTraceEnd: (trace) => listening.onTraceEnd(trace),
  onSpanStart: (span) => listening.onSpanStart(span),
  onSpanEnd: (span) => listening.onSpanEnd(span),
  shutdown: nothing,
  forceFlush: nothing,
};

function standIn(): Model {
  let turn = 0;
  const first: ModelResponse["output"] = [
    {
      type: "function_call",
      callId: "c1",
      name: "refund",
      status: "completed",
      arguments: JSON.stringify(ARGS),
    },
  ];
  const second: ModelResponse["output"] = [
    {
      type: "message",
      role: "assistant",
      status: "completed",
      content: [{ type: "output_text", text: ANSWER }],
    },
  ];
  return {
    getResponse: () =>
      withGenerationSpan(async (span) => {
        span.spanData.model = "stand-in-1";
        span.spanData.usage = { input_tokens: 900, output_tokens: 60, details: { cached_tokens: 800 } };
        const usage = new Usage({ requests: 1, inputTokens: 900, outputTokens: 60 });
        return { usage, output: turn++ === 0 ? first : second };
      }),
    getStreamedResponse() {
      throw new Error("Nobody asks for a stream here.");
    },
  };
}

/** With a trail, the adapter listens to the SDK's traces; without one, somebody does who does nothing. */
export function openAiAgents(trail?: Target): Work {
  setTracingDisabled(false);
  setTraceProcessors([whoListens]);
  const refund = tool({
    name: "refund",
    description: "Refunds.",
    parameters: {
      type: "object",
      properties: { order: { type: "number" }, reason: { type: "string" } },
      required: ["order", "reason"],
      additionalProperties: false,
    },
    execute: async () => RESULT,
  });
  const adapter = trail === undefined ? undefined : recordOpenAiAgents(trail);
  const plain = new Runner({ workflowName: "billing" });
  const runner = adapter === undefined ? plain : adapter.attach(plain);
  return () => {
    listening = (adapter as TracingProcessor | undefined) ?? silent;
    return runner.run(new Agent({ name: "billing", model: standIn(), tools: [refund] }), "Refund it.");
  };
}
