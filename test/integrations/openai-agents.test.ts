import {
  Agent,
  type AgentInputItem,
  type Model,
  type ModelResponse,
  Runner,
  type StreamEvent,
  setTraceProcessors,
  setTracingDisabled,
  tool,
  Usage,
  withGenerationSpan,
} from "@openai/agents";
import { beforeEach, describe, expect, it } from "vitest";
import type { Trail } from "../../src/index.ts";
import { recordOpenAiAgents } from "../../src/integrations/openai-agents/index.ts";
import { eventsOf, line, linesOf, memoryTrail, refusing } from "./told.ts";

type Output = Array<
  Extract<ModelResponse["output"][number], { type: "function_call" } | { role: "assistant" }>
>;

const call = (callId: string, name: string, args: object): Output => [
  { type: "function_call", callId, name, status: "completed", arguments: JSON.stringify(args) },
];
const text = (said: string): Output => [
  { type: "message", role: "assistant", status: "completed", content: [{ type: "output_text", text: said }] },
];

/** A model that says what it is told to, one turn after the other, and tells of it in a span as OpenAI's do. */
function modelOf(...turns: Array<Output | Error>): Model {
  return {
    getResponse: () =>
      withGenerationSpan(async (span) => {
        const turn = turns.shift() ?? [];
        if (turn instanceof Error) throw turn;
        span.spanData.model = "stand-in-1";
        span.spanData.usage = { input_tokens: 10, output_tokens: 5, details: { cached_tokens: 2 } };
        return { usage: new Usage({ requests: 1, inputTokens: 10, outputTokens: 5 }), output: turn };
      }),
    async *getStreamedResponse(): AsyncGenerator<StreamEvent> {
      const turn = turns.shift() ?? [];
      if (turn instanceof Error) throw turn;
      const usage = { inputTokens: 10, outputTokens: 5, totalTokens: 15 };
      const output = turn.filter((item) => item.type === "message" || item.type === "function_call");
      yield { type: "response_done", response: { id: "r", usage, output } };
    },
  };
}

const parameters = {
  type: "object" as const,
  properties: { query: { type: "string" } },
  required: ["query"],
  additionalProperties: false as const,
};
const search = tool({
  name: "search",
  description: "Searches.",
  parameters,
  execute: async (args) => ({ hits: (args as { query: string }).query }),
});
const refund = tool({
  name: "refund",
  description: "Refunds.",
  parameters,
  errorFunction: null,
  execute: async () => {
    throw new Error("The card was declined.");
  },
});
const remove = tool({
  name: "remove",
  description: "Removes.",
  parameters,
  needsApproval: true,
  execute: async () => "gone",
});

function runnerOf(trail: Pick<Trail, "record">): Runner {
  const agents = recordOpenAiAgents(trail);
  setTraceProcessors([agents]);
  const traceMetadata = { user_id: "ada" };
  return agents.attach(new Runner({ workflowName: "billing", groupId: "g1", traceMetadata }));
}

const notSteps = (lines: string[]) => lines.filter((each) => !/^(agent\.step|workflow)/.test(each));

describe("OpenAI Agents", () => {
  let trail: Trail;
  beforeEach(() => {
    trail = memoryTrail();
    // The SDK traces nothing where it finds itself tested.
    setTracingDisabled(false);
  });

  it("tells a run, its agents and a hand-off, model calls with tokens, and calls with the model's ids", async () => {
    const second = new Agent({ name: "second", model: modelOf(text("done")) });
    const first = new Agent({
      name: "first",
      model: modelOf(call("c1", "search", { query: "a" }), call("h1", "transfer_to_second", {})),
      tools: [search],
      handoffs: [second],
    });
    const { finalOutput } = await runnerOf(trail).run(first, "go");
    expect(finalOutput).toBe("done");
    const events = await eventsOf(trail);
    expect(events.map(line).filter((each) => !each.startsWith("agent.step"))).toEqual([
      "workflow.run  started  pending  billing",
      "agent.run  started  pending  first",
      "llm.complete  completed  ok  first  stand-in-1  10+5 tokens, 2 cached",
      "tool.execute  started  pending  first  search  c1",
      "tool.execute  completed  ok  first  search  c1",
      "llm.complete  completed  ok  first  stand-in-1  10+5 tokens, 2 cached",
      "agent.handoff  completed  ok  first",
      "agent.run  completed  ok  first",
      "agent.run  started  pending  second",
      "llm.complete  completed  ok  second  stand-in-1  10+5 tokens, 2 cached",
      "agent.run  completed  ok  second",
      "workflow.run  completed  ok  billing",
    ]);
    const [started, completed] = events.filter(({ tool: name }) => name === "search");
    expect(started).toMatchObject({ data: { arguments: { query: "a" } }, conversationId: "g1" });
    expect(completed).toMatchObject({ startId: started?.id, data: { result: { hits: "a" } } });
    expect(events.every(({ actor }) => actor.id === "ada")).toBe(true);
    expect(await trail.runs.find(events[0]?.runId ?? "")).toMatchObject({
      status: "ok",
      totalInputTokens: 30,
    });
  });

  it("tells what a run stops for, the answers, and the call that was refused or allowed", async () => {
    const runner = runnerOf(trail);
    const asks: Output = [...call("d1", "remove", { query: "a" }), ...call("d2", "remove", { query: "b" })];
    const agent = new Agent({ name: "clerk", model: modelOf(asks, text("well")), tools: [remove] });
    const { state, interruptions } = await runner.run(agent, "remove");
    const [allowed, refused] = interruptions;
    if (allowed !== undefined) state.approve(allowed);
    if (refused !== undefined) state.reject(refused, { message: "not today" });
    await runner.run(agent, state);
    const events = await eventsOf(trail);
    expect(events.map(line).filter((each) => /^(approval|tool)/.test(each))).toEqual([
      "approval.request  ·  pending  clerk  remove  d1",
      "approval.request  ·  pending  clerk  remove  d2",
      "approval.decide  ·  ok  clerk  remove  d1",
      "approval.decide  ·  denied  clerk  remove  d2",
      "tool.execute  started  pending  clerk  remove  d2",
      expect.stringContaining("tool.execute  completed  denied  clerk  remove  d2  “not today"),
      "tool.execute  started  pending  clerk  remove  d1",
      "tool.execute  completed  ok  clerk  remove  d1",
    ]);
    expect(events.every(({ actor, conversationId }) => actor.id === "ada" && conversationId === "g1")).toBe(
      true,
    );
    const { approvals } = await trail.approvals.list();
    expect(approvals).toMatchObject([
      { callId: "d2", state: "denied", reason: "not today", executions: [], violations: [] },
      { callId: "d1", state: "approved", executions: [{ matches: true }], violations: [] },
    ]);
  });

  it("tells the same of a run that streams", async () => {
    const runner = runnerOf(trail);
    const agent = new Agent({
      name: "clerk",
      model: modelOf(call("d1", "remove", { query: "a" }), text("well")),
      tools: [remove],
    });
    const asked = await runner.run(agent, "remove", { stream: true });
    for await (const _event of asked);
    for (const interruption of asked.interruptions) asked.state.approve(interruption);
    const answered = await runner.run(agent, asked.state, { stream: true });
    for await (const _event of answered);
    expect(answered.finalOutput).toBe("well");
    const told = (await linesOf(trail)).filter((each) => /^(approval|tool)/.test(each));
    expect(told).toEqual([
      "approval.request  ·  pending  clerk  remove  d1",
      "approval.decide  ·  ok  clerk  remove  d1",
      "tool.execute  started  pending  clerk  remove  d1",
      "tool.execute  completed  ok  clerk  remove  d1",
    ]);
  });

  it("tells failures of tools and models, and nests an agent that is a tool", async () => {
    const runner = runnerOf(trail);
    const failing = new Agent({
      name: "a",
      model: modelOf(call("c1", "refund", { query: "" })),
      tools: [refund],
    });
    await expect(runner.run(failing, "go")).rejects.toThrow("declined");
    const dumb = new Agent({ name: "b", model: modelOf(new Error("no such model")) });
    await expect(runner.run(dumb, "go")).rejects.toThrow("no such model");
    const helper = new Agent({ name: "helper", model: modelOf(text("found")) });
    const delegate = helper.asTool({ toolName: "delegate", toolDescription: "Asks the helper." });
    const boss = new Agent({
      name: "boss",
      model: modelOf(call("c2", "delegate", { input: "?" }), text("done")),
      tools: [delegate],
    });
    await runner.run(boss, "go");
    const events = await eventsOf(trail);
    const failed = events.filter(({ status }) => status === "error").map(line);
    expect(notSteps(failed)).toEqual([
      "tool.execute  completed  error  a  refund  c1  “Error running tool: Error: The card was declined.”",
      expect.stringContaining("agent.run  completed  error  a  “"),
      expect.stringContaining("llm.complete  completed  error  b  “"),
      expect.stringContaining("agent.run  completed  error  b  “"),
    ]);
    const start = events.find(({ callId }) => callId === "c2");
    const nested = events.find(({ agent, type }) => agent === "helper" && type === "agent.run");
    const between = events.find(({ id }) => id === nested?.parentId);
    expect(between?.parentId).toBe(start?.id);
  });

  it("tells a guardrail that was triggered as a refusal", async () => {
    const runner = runnerOf(trail);
    const agent = new Agent({
      name: "clerk",
      model: modelOf(text("well")),
      inputGuardrails: [
        {
          name: "no homework",
          runInParallel: false,
          execute: async () => ({ tripwireTriggered: true, outputInfo: { why: "homework" } }),
        },
      ],
    });
    await expect(runner.run(agent, "solve it")).rejects.toThrow();
    const denied = (await eventsOf(trail)).filter(({ status }) => status === "denied");
    expect(denied.map(line)).toEqual([
      "guardrail.check  completed  denied  clerk  “guardrail no homework was triggered”",
    ]);
    expect(denied[0]?.category).toBe("safety");
  });

  it("keeps calls apart that go on at the same time in several runs", async () => {
    const runner = runnerOf(trail);
    const names = ["a", "b", "c"];
    await Promise.all(
      names.map((name) => {
        const model = modelOf(call(`call-${name}`, "search", { query: name }), text(name));
        return runner.run(new Agent({ name, model, tools: [search] }), name);
      }),
    );
    const started = (await eventsOf(trail)).filter(
      ({ tool: name, phase }) => name === "search" && phase === "started",
    );
    expect(started.map(({ agent, callId, data }) => [agent, callId, data.arguments]).sort()).toEqual(
      names.map((name) => [name, `call-${name}`, { query: name }]),
    );
  });

  it("tells of calls without hooks too, but for their ids, and leaves the agent alone", async () => {
    setTraceProcessors([recordOpenAiAgents(trail)]);
    const agentOf = () =>
      new Agent({
        name: "a",
        model: modelOf(call("c1", "search", { query: "a" }), text("done")),
        tools: [search],
      });
    await new Runner().run(agentOf(), "go");
    expect((await linesOf(trail)).filter((each) => each.startsWith("tool"))).toEqual([
      "tool.execute  started  pending  a  search",
      "tool.execute  completed  ok  a  search",
    ]);
    const history: AgentInputItem[] = [{ role: "user", content: "go" }];
    expect((await runnerOf(refusing).run(agentOf(), history)).finalOutput).toBe("done");
  });
});
