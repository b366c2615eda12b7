import { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { AIMessage, type BaseMessage } from "@langchain/core/messages";
import type { ChatResult } from "@langchain/core/outputs";
import { BaseRetriever } from "@langchain/core/retrievers";
import { RunnableLambda } from "@langchain/core/runnables";
import { Command, interrupt, MemorySaver, MessagesAnnotation, StateGraph } from "@langchain/langgraph";
import { createAgent, humanInTheLoopMiddleware, tool } from "langchain";
import { describe, expect, it } from "vitest";
import { recordLangChain } from "../../src/integrations/langchain/index.ts";
import { eventsOf, line, linesOf, memoryTrail, refusing } from "./told.ts";

/** A model that says what it is told to, one turn after the other. */
class StandIn extends BaseChatModel {
  readonly #turns: Array<
    Error | { content?: string; calls?: Array<[id: string, name: string, args: object]> }
  >;

  constructor(...turns: Array<Error | { content?: string; calls?: Array<[string, string, object]> }>) {
    super({});
    this.#turns = turns;
  }

  override _llmType(): string {
    return "stand-in";
  }

  override bindTools(): this {
    return this;
  }

  override async _generate(_messages: BaseMessage[]): Promise<ChatResult> {
    const turn = this.#turns.shift() ?? {};
    if (turn instanceof Error) throw turn;
    const message = new AIMessage({
      content: turn.content ?? "",
      tool_calls: (turn.calls ?? []).map(([id, name, args]) => ({
        id,
        name,
        args,
        type: "tool_call" as const,
      })),
      usage_metadata: {
        input_tokens: 10,
        output_tokens: 5,
        total_tokens: 15,
        input_token_details: { cache_read: 2 },
      },
      response_metadata: { model_name: "stand-in-1" },
    });
    return { generations: [{ text: turn.content ?? "", message }] };
  }
}

const schema = { type: "object" as const, properties: { query: { type: "string" as const } } };
const search = tool(async ({ query }: { query?: string }) => ({ hits: query }), {
  name: "search",
  description: "Searches.",
  schema,
});
const refund = tool(
  async (): Promise<string> => {
    throw new Error("The card was declined.");
  },
  { name: "refund", description: "Refunds.", schema },
);
const ask = { messages: [{ role: "user" as const, content: "go" }] };
const withoutSteps = (lines: string[]) => lines.filter((each) => !each.startsWith("agent.step"));

describe("LangChain", () => {
  it("tells an agent's run, its model calls with tokens, and its tool calls with the model's ids", async () => {
    const trail = memoryTrail();
    const model = new StandIn(
      { calls: [["c1", "search", { query: "a" }]] },
      { calls: [["c2", "refund", {}]] },
      { content: "done" },
    );
    const agent = createAgent({ model, tools: [search, refund], name: "billing" });
    await agent.invoke(ask, {
      callbacks: [recordLangChain(trail)],
      configurable: { thread_id: "t1" },
      metadata: { user_id: "ada" },
    });
    const events = await eventsOf(trail);
    expect(withoutSteps(events.map(line))).toEqual([
      "agent.run  started  pending  billing",
      "llm.complete  completed  ok  billing  stand-in-1  10+5 tokens, 2 cached",
      "tool.execute  started  pending  billing  search  c1",
      "tool.execute  completed  ok  billing  search  c1",
      "llm.complete  completed  ok  billing  stand-in-1  10+5 tokens, 2 cached",
      "tool.execute  started  pending  billing  refund  c2",
      "tool.execute  completed  error  billing  refund  c2  “The card was declined.”",
      "llm.complete  completed  ok  billing  stand-in-1  10+5 tokens, 2 cached",
      "agent.run  completed  ok  billing",
    ]);
    expect(new Set(events.map(({ runId }) => runId)).size).toBe(1);
    expect(events.every(({ threadId, actor }) => threadId === "t1" && actor.id === "ada")).toBe(true);
    const steps = events.filter(({ type }) => type === "agent.step");
    expect(steps.map(({ summary }) => summary)).toContain("model_request");
    const call = events.find(({ callId }) => callId === "c1");
    expect(steps.map(({ id }) => id)).toContain(call?.parentId);
    expect(call?.data).toEqual({ arguments: { query: "a" } });
    expect(events.find(({ startId }) => startId === call?.id)?.data).toEqual({ result: { hits: "a" } });
    expect((await trail.runs.find(events[0]?.runId ?? ""))?.status).toBe("ok");
  });

  it("tells what a person is asked, the answer, and the call that was refused or allowed", async () => {
    const trail = memoryTrail();
    const config = { callbacks: [recordLangChain(trail)], configurable: { thread_id: "t1" } };
    const model = new StandIn(
      { calls: [["d1", "search", { query: "a" }]] },
      { calls: [["d2", "search", { query: "b" }]] },
      { content: "well" },
    );
    const agent = createAgent({
      model,
      tools: [search],
      checkpointer: new MemorySaver(),
      middleware: [humanInTheLoopMiddleware({ interruptOn: { search: true } })],
    });
    await agent.invoke(ask, config);
    await agent.invoke(
      new Command({ resume: { decisions: [{ type: "reject", message: "not today" }] } }),
      config,
    );
    await agent.invoke(new Command({ resume: { decisions: [{ type: "approve" }] } }), config);
    const events = await eventsOf(trail);
    const lines = events.map(line).filter((each) => /^(approval|tool)/.test(each));
    expect(lines).toEqual([
      "approval.request  ·  pending  clerk  search  d1",
      "approval.decide  ·  denied  clerk  search  d1",
      "tool.execute  started  pending  clerk  search  d1",
      "tool.execute  completed  denied  clerk  search  d1  “not today”",
      "approval.request  ·  pending  clerk  search  d2",
      "approval.decide  ·  ok  clerk  search  d2",
      "tool.execute  started  pending  clerk  search  d2",
      "tool.execute  completed  ok  clerk  search  d2",
    ]);
    const { approvals } = await trail.approvals.list();
    expect(approvals).toMatchObject([
      { callId: "d2", state: "approved", executions: [{ matches: true }], violations: [] },
      { callId: "d1", state: "denied", executions: [], violations: [] },
    ]);
    expect(events.filter(({ status }) => status === "error")).toEqual([]);
  });

  it.each([
    ["yes", true],
    [{ type: "accept" }, true],
    [[{ type: "ignore" }], false],
    [{ approved: false }, false],
    ["no", false],
  ])("tells a question that a tool asks itself, answered with %j", async (answer, approved) => {
    const trail = memoryTrail();
    const config = { callbacks: [recordLangChain(trail)], configurable: { thread_id: "t1" } };
    const careful = tool(async () => JSON.stringify(interrupt({ question: "really?" })), {
      name: "careful",
      description: "Asks.",
      schema,
    });
    const model = new StandIn({ calls: [["c1", "careful", { query: "a" }]] }, { content: "well" });
    const agent = createAgent({ model, tools: [careful], checkpointer: new MemorySaver() });
    await agent.invoke(ask, config);
    await agent.invoke(new Command({ resume: answer }), config);
    const events = await eventsOf(trail);
    expect(events.map(line).filter((each) => /^(approval|tool)/.test(each))).toEqual([
      "tool.execute  started  pending  clerk  careful  c1",
      "approval.request  ·  pending  clerk  careful  c1",
      "tool.execute  completed  ok  clerk  careful  c1",
      `approval.decide  ·  ${approved ? "ok" : "denied"}  clerk  careful  c1`,
      "tool.execute  started  pending  clerk  careful  c1",
      "tool.execute  completed  ok  clerk  careful  c1",
    ]);
    expect(events.find(({ type }) => type === "approval.request")?.data).toMatchObject({
      arguments: { query: "a" },
      question: { question: "really?" },
    });
  });

  it("finds the ids of calls where LangChain does not give them, as before 1.0", async () => {
    const trail = memoryTrail();
    const handler = recordLangChain(trail);
    const { handleToolStart } = handler;
    handler.handleToolStart = (serialized, input, id, parent, ...more) =>
      handleToolStart(serialized, input, id, parent, ...more.slice(0, 3));
    const calls: Array<[string, string, object]> = [
      ["c1", "search", { query: "a" }],
      ["c2", "search", { query: "b" }],
      ["c3", "search", { query: "a" }],
    ];
    const agent = createAgent({ model: new StandIn({ calls }, { content: "done" }), tools: [search] });
    await agent.invoke(ask, { callbacks: [handler] });
    const ended = (await eventsOf(trail)).filter(({ tool: name, phase }) => name && phase === "completed");
    expect(ended.map(({ callId }) => callId).sort()).toEqual(["c1", "c2", "c3"]);
    expect(ended.find(({ callId }) => callId === "c2")?.data).toEqual({ result: { hits: "b" } });
  });

  it("nests an agent in the call that started it", async () => {
    const trail = memoryTrail();
    const helper = createAgent({ model: new StandIn({ content: "found" }), tools: [], name: "helper" });
    const delegate = tool(async () => (await helper.invoke(ask)).messages.at(-1)?.content, {
      name: "delegate",
      description: "Asks the helper.",
      schema,
    });
    const model = new StandIn({ calls: [["c1", "delegate", {}]] }, { content: "done" });
    const boss = createAgent({ model, tools: [delegate], name: "boss" });
    await boss.invoke(ask, { callbacks: [recordLangChain(trail)] });
    const events = await eventsOf(trail);
    const call = events.find(({ tool: name }) => name === "delegate");
    expect(events.find(({ type, agent }) => type === "agent.run" && agent === "helper")).toMatchObject({
      parentId: call?.id,
      runId: call?.runId,
    });
    expect(events.filter(({ type }) => type === "llm.complete").map(({ agent }) => agent)).toEqual([
      "boss",
      "helper",
      "boss",
    ]);
  });

  it("tells a hand-over from one agent of a graph to another", async () => {
    const trail = memoryTrail();
    const transfer = tool(async () => new Command({ goto: "closer", graph: Command.PARENT }), {
      name: "transfer_to_closer",
      description: "Hands over.",
      schema,
    });
    const opener = createAgent({
      model: new StandIn({ calls: [["h1", "transfer_to_closer", {}]] }),
      tools: [transfer],
      name: "opener",
    });
    const closer = createAgent({ model: new StandIn({ content: "closed" }), tools: [], name: "closer" });
    const graph = new StateGraph(MessagesAnnotation)
      .addNode("opener", opener.graph, { ends: ["closer"] })
      .addNode("closer", closer.graph)
      .addEdge("__start__", "opener")
      .compile({ name: "desk" });
    const { messages } = await graph.invoke(ask, { callbacks: [recordLangChain(trail)] });
    expect(messages.at(-1)?.content).toBe("closed");
    const events = await eventsOf(trail);
    expect(withoutSteps(events.map(line))).toEqual([
      "agent.run  started  pending  desk",
      "agent.run  started  pending  opener",
      "llm.complete  completed  ok  opener  stand-in-1  10+5 tokens, 2 cached",
      "tool.execute  started  pending  opener  transfer_to_closer  h1",
      "tool.execute  completed  ok  opener  transfer_to_closer  h1",
      "agent.handoff  completed  ok  opener",
      "agent.run  completed  ok  opener",
      "agent.run  started  pending  closer",
      "llm.complete  completed  ok  closer  stand-in-1  10+5 tokens, 2 cached",
      "agent.run  completed  ok  closer",
      "agent.run  completed  ok  desk",
    ]);
    expect(events.find(({ type }) => type === "agent.handoff")).toMatchObject({
      summary: "opener → closer",
      data: { from_agent: "opener", to_agent: "closer" },
    });
  });

  it("tells a model that fails, and a chain with a retriever", async () => {
    const trail = memoryTrail();
    const callbacks = [recordLangChain(trail)];
    const agent = createAgent({ model: new StandIn(new Error("no such model")), tools: [] });
    await expect(agent.invoke(ask, { callbacks })).rejects.toThrow("no such model");
    class Shelf extends BaseRetriever {
      lc_namespace = ["test"];
      override async _getRelevantDocuments() {
        return [{ pageContent: "a", metadata: {} }];
      }
    }
    const chain = RunnableLambda.from(async (query: string, config) => new Shelf().invoke(query, config));
    await chain.invoke("parcels", { callbacks, runName: "lookup" });
    expect(withoutSteps(await linesOf(trail))).toEqual([
      "agent.run  started  pending  clerk",
      "llm.complete  completed  error  clerk  “no such model”",
      "agent.run  completed  error  clerk  “no such model”",
      "agent.run  started  pending  lookup",
      "retrieval.query  completed  ok  lookup",
      "agent.run  completed  ok  lookup",
    ]);
  });

  it("keeps runs apart that go on at the same time, with one handler", async () => {
    const trail = memoryTrail();
    const callbacks = [recordLangChain(trail)];
    await Promise.all(
      ["a", "b", "c"].map((name) => {
        const model = new StandIn({ calls: [["c1", "search", { query: name }]] }, { content: name });
        return createAgent({ model, tools: [search], name }).invoke(ask, { callbacks });
      }),
    );
    const ended = (await eventsOf(trail)).filter(
      ({ tool: name, phase }) => name === "search" && phase === "completed",
    );
    expect(ended.map(({ agent, data }) => [agent, data.result]).sort()).toEqual([
      ["a", { hits: "a" }],
      ["b", { hits: "b" }],
      ["c", { hits: "c" }],
    ]);
  });

  it("leaves the agent alone, whatever becomes of the record", async () => {
    const model = new StandIn({ calls: [["c1", "search", { query: "a" }]] }, { content: "done" });
    const agent = createAgent({ model, tools: [search] });
    const { messages } = await agent.invoke(ask, { callbacks: [recordLangChain(refusing)] });
    expect(messages.at(-1)?.content).toBe("done");
    const trail = memoryTrail();
    const handler = recordLangChain(trail);
    handler.handleToolEnd(null, "unheard");
    handler.handleLLMEnd(undefined, "unheard");
    expect(await linesOf(trail)).toEqual(["llm.complete  completed  ok  clerk"]);
  });
});
