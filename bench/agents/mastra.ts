import { Mastra } from "@mastra/core";
import { Agent } from "@mastra/core/agent";
import { createTool } from "@mastra/core/tools";
import { Observability } from "@mastra/observability";
import { MockLanguageModelV3 } from "ai6/test";
import { z } from "zod";
import { recordMastra } from "../../src/integrations/mastra/index.ts";
import type { Target } from "../../src/integrations/recorder.ts";
import { ANSWER, ARGS, RESULT, type Work } from "./work.ts";

const CALL = {
  type: "tool-call" as const,
  toolCallId: "c1",
  toolName: "refund",
  input: JSON.stringify(ARGS),
};
const usage = {
  inputTokens: { total: 900, noCache: 100, cacheRead: 800, cacheWrite: undefined },
  outputTokens: { total: 60, text: 60, reasoning: 0 },
};

/** With a trail, Mastra makes spans and the adapter is their only exporter; without one it makes none. */
export function mastra(trail?: Target): Work {
  let turn = 0;
  const model = new MockLanguageModelV3({
    modelId: "stand-in-1",
    doGenerate: async () => ({
      content: [turn++ % 2 === 0 ? CALL : { type: "text", text: ANSWER }],
      finishReason: { unified: turn % 2 === 1 ? "tool-calls" : "stop", raw: undefined },
      usage,
      warnings: [],
    }),
  });
  const refund = createTool({
    id: "refund",
    description: "Refunds.",
    inputSchema: z.object({ order: z.number(), reason: z.string() }),
    execute: async () => RESULT,
  });
  const billing = new Agent({
    id: "billing",
    name: "billing",
    instructions: "Help.",
    model,
    tools: { refund },
  });
  const observability =
    trail === undefined
      ? {}
      : {
          observability: new Observability({
            configs: { daybook: { serviceName: "bench", exporters: [recordMastra(trail)] } },
          }),
        };
  const program = new Mastra({ agents: { billing }, logger: false, ...observability });
  return () => program.getAgent("billing").generate("Refund it.", { maxSteps: 3 });
}
