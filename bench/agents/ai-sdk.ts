import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { generateText, isStepCount, jsonSchema, tool } from "ai";
import { MockLanguageModelV4 } from "ai/test";
import * as ai5 from "ai5";
import { MockLanguageModelV2 } from "ai5/test";
import * as ai6 from "ai6";
import { MockLanguageModelV3 } from "ai6/test";
import { recordAiSdk } from "../../src/integrations/ai-sdk/index.ts";
import { recordSpans } from "../../src/integrations/otel/index.ts";
import type { Target } from "../../src/integrations/recorder.ts";
import { ANSWER, ARGS, RESULT, type Work } from "./work.ts";

const CALL = {
  type: "tool-call" as const,
  toolCallId: "c1",
  toolName: "refund",
  input: JSON.stringify(ARGS),
};
const TEXT = { type: "text" as const, text: ANSWER };
const USAGE = {
  inputTokens: { total: 900, noCache: 100, cacheRead: 800, cacheWrite: 0 },
  outputTokens: { total: 60, text: 60, reasoning: 0 },
};

/** The AI SDK 7, with the adapter where there is a trail. */
export function aiSdk7(trail?: Target): Work {
  const inputSchema = jsonSchema<typeof ARGS>({ type: "object" });
  const tools = { refund: tool({ inputSchema, execute: async () => RESULT }) };
  const integrations = trail === undefined ? {} : recordAiSdk(trail);
  return () => {
    let turn = 0;
    const model = new MockLanguageModelV4({
      doGenerate: async () => ({
        content: [turn++ === 0 ? CALL : TEXT],
        finishReason: { unified: "stop", raw: undefined },
        usage: USAGE,
        warnings: [],
      }),
    });
    const telemetry = { functionId: "billing", integrations };
    return generateText({ model, tools, prompt: "Refund it.", stopWhen: isStepCount(3), telemetry });
  };
}

/** The AI SDK 6, with the adapter where there is a trail. */
export function aiSdk6(trail?: Target): Work {
  const inputSchema = ai6.jsonSchema<typeof ARGS>({ type: "object" });
  const tools = { refund: ai6.tool({ inputSchema, execute: async () => RESULT }) };
  const telemetry =
    trail === undefined ? {} : { isEnabled: true, functionId: "billing", integrations: recordAiSdk(trail) };
  return () => {
    let turn = 0;
    const model = new MockLanguageModelV3({
      doGenerate: async () => ({
        content: [turn++ === 0 ? CALL : TEXT],
        finishReason: { unified: "stop", raw: undefined },
        usage: { ...USAGE, inputTokens: { ...USAGE.inputTokens, cacheWrite: undefined } },
        warnings: [],
      }),
    });
    return ai6.generateText({
      model,
      tools,
      prompt: "Refund it.",
      stopWhen: ai6.stepCountIs(3),
      experimental_telemetry: telemetry,
    });
  };
}

/** The AI SDK 5, which tells by spans only: with a trail they are made and given to our processor. */
export function aiSdk5(trail?: Target): Work {
  const inputSchema = ai5.jsonSchema<typeof ARGS>({ type: "object" });
  const tools = { refund: ai5.tool({ inputSchema, execute: async () => RESULT }) };
  const telemetry =
    trail === undefined
      ? {}
      : {
          isEnabled: true,
          functionId: "billing",
          tracer: new BasicTracerProvider({ spanProcessors: [recordSpans(trail)] }).getTracer("ai"),
        };
  return () => {
    let turn = 0;
    const model = new MockLanguageModelV2({
      doGenerate: async () => ({
        content: [turn++ === 0 ? CALL : TEXT],
        finishReason: "stop",
        usage: { inputTokens: 900, outputTokens: 60, totalTokens: 960, cachedInputTokens: 800 },
        warnings: [],
      }),
    });
    return ai5.generateText({
      model,
      tools,
      prompt: "Refund it.",
      stopWhen: ai5.stepCountIs(3),
      experimental_telemetry: telemetry,
    });
  };
}
