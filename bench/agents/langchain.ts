import { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { AIMessage } from "@langchain/core/messages";
import type { ChatResult } from "@langchain/core/outputs";
import { createAgent, tool } from "langchain";
import { recordLangChain } from "../../src/integrations/langchain/index.ts";
import type { Target } from "../../src/integrations/recorder.ts";
import { ANSWER, ARGS, RESULT, type Work } from "./work.ts";

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
  const refund = tool(async () => RESULT, { name: "refund", description: "Refunds.", schema });
  const callbacks = trail === undefined ? [] : [recordLangChain(trail)];
  return () =>
    createAgent({ model: new StandIn(), tools: [refund], name: "billing" }).invoke(
      { messages: [{ role: "user", content: "Refund it." }] },
      { callbacks },
    );
}
