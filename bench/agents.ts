import { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { AIMessage } from "@langchain/core/messages";
import type { ChatResult } from "@langchain/core/outputs";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { generateText, isStepCount, jsonSchema, tool } from "ai";
import { MockLanguageModelV4 } from "ai/test";
import { createAgent, tool as langChainTool } from "langchain";
import { recordAiSdk } from "../src/integrations/ai-sdk/index.ts";
import { recordLangChain } from "../src/integrations/langchain/index.ts";
import { recordTransport } from "../src/integrations/mcp/index.ts";
import type { Target } from "../src/integrations/recorder.ts";

/** One round of an agent that asks its model, calls one tool, and asks again; or of one call over MCP. */
export type Work = () => Promise<unknown>;

const RESULT = { order: 42, lines: ["shirt", "shoes", "hat"], state: "back from the depot" };
const ARGS = { order: 42, reason: "The parcel came back before the second attempt." };
const ANSWER = "The order was refunded because the parcel came back from the depot.";

/** The AI SDK 7, with the adapter where there is a trail. */
export function aiSdk(trail?: Target): Work {
  const tools = {
    refund: tool({ inputSchema: jsonSchema<typeof ARGS>({ type: "object" }), execute: async () => RESULT }),
  };
  const call = {
    type: "tool-call" as const,
    toolCallId: "c1",
    toolName: "refund",
    input: JSON.stringify(ARGS),
  };
  const usage = {
    inputTokens: { total: 900, noCache: 100, cacheRead: 800, cacheWrite: 0 },
    outputTokens: { total: 60, text: 60, reasoning: 0 },
  };
  const integrations = trail === undefined ? {} : recordAiSdk(trail);
  return () => {
    let turn = 0;
    const model = new MockLanguageModelV4({
      doGenerate: async () => ({
        content: [turn++ === 0 ? call : { type: "text", text: ANSWER }],
        finishReason: { unified: "stop", raw: undefined },
        usage,
        warnings: [],
      }),
    });
    const telemetry = { functionId: "billing", integrations };
    return generateText({ model, tools, prompt: "Refund it.", stopWhen: isStepCount(3), telemetry });
  };
}

class StandIn extends BaseChatModel {
  #turn = 0;

  constructor() {
    super({});
  }

  override _llmType(): string {
    return "stand-in";
  }

  override bindTools(): this {
    return this;
  }

  override async _generate(): Promise<ChatResult> {
    const calls = [{ id: "c1", name: "refund", args: ARGS, type: "tool_call" as const }];
    const isFirst = this.#turn++ === 0;
    const message = new AIMessage({
      content: isFirst ? "" : ANSWER,
      tool_calls: isFirst ? calls : [],
      usage_metadata: { input_tokens: 900, output_tokens: 60, total_tokens: 960 },
    });
    return { generations: [{ text: ANSWER, message }] };
  }
}

export function langChain(trail?: Target): Work {
  const schema = { type: "object" as const, properties: {} };
  const refund = langChainTool(async () => RESULT, { name: "refund", description: "Refunds.", schema });
  const callbacks = trail === undefined ? [] : [recordLangChain(trail)];
  return () =>
    createAgent({ model: new StandIn(), tools: [refund], name: "billing" }).invoke(
      { messages: [{ role: "user", content: "Refund it." }] },
      { callbacks },
    );
}

export async function mcp(trail?: Target): Promise<Work> {
  const server = new McpServer({ name: "shop", version: "1.0.0" });
  const content = [{ type: "text" as const, text: JSON.stringify(RESULT) }];
  server.registerTool("refund", { description: "Refunds." }, async () => ({ content }));
  const [ours, theirs] = InMemoryTransport.createLinkedPair();
  await server.connect(theirs);
  const client = new Client({ name: "desk", version: "1.0.0" });
  await client.connect(trail === undefined ? ours : recordTransport(ours, trail));
  return () => client.callTool({ name: "refund", arguments: ARGS });
}
