import { Mastra } from "@mastra/core";
import { Agent, type ToolsInput } from "@mastra/core/agent";
import { createTool } from "@mastra/core/tools";
import { createStep, createWorkflow } from "@mastra/core/workflows";
import { Observability } from "@mastra/observability";
import { MockLanguageModelV3, simulateReadableStream } from "ai6/test";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Trail } from "../../src/index.ts";
import { recordMastra } from "../../src/integrations/mastra/index.ts";
import { eventsOf, line, linesOf, memoryTrail, refusing } from "./told.ts";

const usage = {
  inputTokens: { total: 10, noCache: 8, cacheRead: 2, cacheWrite: undefined },
  outputTokens: { total: 5, text: 3, reasoning: 2 },
};

type Turn = { text: string } | { callId: string; tool: string; args: object } | Error;

/** A model that says what it is told to, one turn after the other, in one piece or as a stream. */
function modelOf(...turns: Turn[]): MockLanguageModelV3 {
  const next = (): Exclude<Turn, Error> => {
    const turn = turns.shift() ?? { text: "" };
    if (turn instanceof Error) throw turn;
    return turn;
  };
  const callOf = ({ callId, tool, args }: { callId: string; tool: string; args: object }) => ({
    type: "tool-call" as const,
    toolCallId: callId,
    toolName: tool,
    input: JSON.stringify(args),
  });
  const finishOf = (turn: object) => ({
    unified: "text" in turn ? ("stop" as const) : ("tool-calls" as const),
    raw: undefined,
  });
  return new MockLanguageModelV3({
    modelId: "stand-in-1",
    doGenerate: async () => {
      const turn = next();
      const content = "text" in turn ? { type: "text" as const, text: turn.text } : callOf(turn);
      return { content: [content], finishReason: finishOf(turn), usage, warnings: [] };
    },
    doStream: async () => {
      const turn = next();
      const pieces =
        "text" in turn
          ? [
              { type: "text-start" as const, id: "1" },
              { type: "text-delta" as const, id: "1", delta: turn.text },
              { type: "text-end" as const, id: "1" },
            ]
          : [callOf(turn)];
      const finish = { type: "finish" as const, finishReason: finishOf(turn), usage };
      return { stream: simulateReadableStream({ chunks: [...pieces, finish] }) };
    },
  });
}

const search = createTool({
  id: "search",
  description: "Searches.",
  inputSchema: z.object({ query: z.string() }),
  execute: async ({ query }) => ({ hits: query }),
});
const refund = createTool({
  id: "refund",
  description: "Refunds.",
  inputSchema: z.object({}),
  execute: async (): Promise<void> => {
    throw new Error("The card was declined.");
  },
});
const remove = createTool({
  id: "remove",
  description: "Removes.",
  inputSchema: z.object({}),
  requireApproval: true,
  execute: async () => "gone",
});

type AnyAgent = Agent<string, ToolsInput, undefined>;

function agentOf(
  name: string,
  turns: Turn[],
  more: { tools?: ToolsInput; description?: string; agents?: Record<string, AnyAgent> } = {},
): AnyAgent {
  const { tools = {}, description = "", agents = {} } = more;
  return new Agent({
    id: name,
    name,
    instructions: "Help.",
    model: modelOf(...turns),
    tools,
    description,
    agents,
  });
}

/** The agents as a program has them, with their spans given to the trail. */
function programOf(trail: Pick<Trail, "record">, agents: Record<string, AnyAgent>, workflows = {}): Mastra {
  const configs = { daybook: { serviceName: "test", exporters: [recordMastra(trail)] } };
  return new Mastra({ agents, workflows, logger: false, observability: new Observability({ configs }) });
}

describe("Mastra", () => {
  it("tells an agent's run, its model calls with tokens, and its tool calls with the model's ids", async () => {
    const trail = memoryTrail();
    const turns = [
      { callId: "c1", tool: "search", args: { query: "a" } },
      { callId: "c2", tool: "refund", args: {} },
      { text: "done" },
    ];
    const program = programOf(trail, { billing: agentOf("billing", turns, { tools: { search, refund } }) });
    const metadata = { userId: "ada", sessionId: "s1" };
    const { text } = await program
      .getAgent("billing")
      .generate("go", { maxSteps: 5, tracingOptions: { metadata } });
    expect(text).toBe("done");
    const events = await eventsOf(trail);
    expect(events.map(line)).toEqual([
      "agent.run  started  pending  billing",
      "tool.execute  started  pending  billing  search  c1",
      "tool.execute  completed  ok  billing  search  c1",
      "llm.complete  completed  ok  billing  stand-in-1  10+5 tokens, 2 cached",
      "tool.execute  started  pending  billing  refund  c2",
      "tool.execute  completed  error  billing  refund  c2  “The card was declined.”",
      "llm.complete  completed  ok  billing  stand-in-1  10+5 tokens, 2 cached",
      "llm.complete  completed  ok  billing  stand-in-1  10+5 tokens, 2 cached",
      "agent.run  completed  ok  billing",
    ]);
    const [run, started, completed] = events;
    expect(events.every(({ runId, actor }) => runId === run?.runId && actor.id === "ada")).toBe(true);
    expect(started).toMatchObject({
      parentId: run?.id,
      traceId: run?.traceId,
      data: { arguments: { query: "a" } },
    });
    expect(completed).toMatchObject({ startId: started?.id, data: { result: { hits: "a" } } });
    expect(await trail.runs.find(run?.runId ?? "")).toMatchObject({ status: "ok", totalInputTokens: 30 });
  });

  it("tells what waits for a person, the answers, and the call that was refused or allowed", async () => {
    const trail = memoryTrail();
    const turns = [
      { callId: "d1", tool: "remove", args: {} },
      { callId: "d2", tool: "remove", args: {} },
      { text: "well" },
    ];
    const program = programOf(trail, { clerk: agentOf("clerk", turns, { tools: { remove } }) });
    const agent = program.getAgent("clerk");
    const tracingOptions = { metadata: { userId: "ada", sessionId: "s1" } };
    const first = await agent.stream("remove", { maxSteps: 5, tracingOptions });
    for await (const _chunk of first.fullStream);
    const second = await agent.declineToolCall({ runId: first.runId, toolCallId: "d1" });
    for await (const _chunk of second.fullStream);
    const third = await agent.approveToolCall({ runId: first.runId, toolCallId: "d2" });
    for await (const _chunk of third.fullStream);
    await expect.poll(async () => (await linesOf(trail)).at(-1)).toBe("agent.run  completed  ok  clerk");
    const events = await eventsOf(trail);
    expect(events.every(({ actor, conversationId }) => actor.id === "ada" && conversationId === "s1")).toBe(
      true,
    );
    expect(events.map(line).filter((each) => /^(approval|tool)/.test(each))).toEqual([
      "approval.request  ·  pending  clerk  remove  d1",
      "approval.decide  ·  denied  clerk  remove  d1",
      "tool.execute  started  pending  clerk  remove  d1",
      "tool.execute  completed  denied  clerk  remove  d1  “denied”",
      "approval.request  ·  pending  clerk  remove  d2",
      "approval.decide  ·  ok  clerk  remove  d2",
      "tool.execute  started  pending  clerk  remove  d2",
      "tool.execute  completed  ok  clerk  remove  d2",
    ]);
    const { approvals } = await trail.approvals.list();
    expect(approvals.map(({ callId, state, violations }) => [callId, state, violations])).toEqual([
      ["d2", "approved", []],
      ["d1", "denied", []],
    ]);
  });

  it("hears the exporter's name of before Mastra 1 too", async () => {
    const trail = memoryTrail();
    const exporter = recordMastra(trail);
    const older = { ...exporter, exportTracingEvent: exporter.exportEvent };
    const configs = { daybook: { serviceName: "desk", exporters: [older] } };
    const observability = new Observability({ configs });
    const agents = { clerk: agentOf("clerk", [{ text: "hello" }]) };
    await new Mastra({ agents, logger: false, observability }).getAgent("clerk").generate("go");
    await expect.poll(async () => (await linesOf(trail)).at(-1)).toBe("agent.run  completed  ok  clerk");
  });

  it("nests an agent in the call that started it, and tells a model that fails", async () => {
    const trail = memoryTrail();
    const helper = agentOf("helper", [{ text: "found" }], { description: "Helps." });
    const turns = [{ callId: "c1", tool: "agent-helper", args: { prompt: "?" } }, { text: "done" }];
    const boss = agentOf("boss", turns, { agents: { helper } });
    const bad = agentOf("bad", [new Error("no such model")]);
    const program = programOf(trail, { boss, helper, bad });
    await program.getAgent("boss").generate("go", { maxSteps: 3 });
    await expect(
      program.getAgent("bad").generate("go", { modelSettings: { maxRetries: 0 } }),
    ).rejects.toThrow("no such model");
    const events = await eventsOf(trail);
    const start = events.find(({ callId }) => callId === "c1");
    const nested = events.find(({ agent, type }) => agent === "helper" && type === "agent.run");
    expect(nested).toMatchObject({ parentId: start?.id, runId: start?.runId });
    expect(events.filter(({ status }) => status === "error").map(line)).toEqual([
      expect.stringContaining("llm.complete  completed  error  bad  stand-in-1  “"),
      "agent.run  completed  error  bad  “no such model”",
    ]);
  });

  it("tells a workflow and its steps", async () => {
    const trail = memoryTrail();
    const schema = z.object({ parcels: z.number() });
    const step = createStep({
      id: "count",
      inputSchema: schema,
      outputSchema: schema,
      execute: async ({ inputData }) => ({ parcels: inputData.parcels + 1 }),
    });
    const workflow = createWorkflow({ id: "stocktaking", inputSchema: schema, outputSchema: schema })
      .then(step)
      .commit();
    const program = programOf(trail, {}, { stocktaking: workflow });
    const run = await program.getWorkflow("stocktaking").createRun();
    expect((await run.start({ inputData: { parcels: 1 } })).status).toBe("success");
    const events = await eventsOf(trail);
    expect(
      events.map(({ type, phase, agent, summary }) => [
        type,
        phase,
        agent,
        type === "agent.step" ? summary : null,
      ]),
    ).toEqual([
      ["workflow.run", "started", "stocktaking", null],
      ["agent.step", "completed", "stocktaking", expect.stringContaining("count")],
      ["workflow.run", "completed", "stocktaking", null],
    ]);
    expect(events.at(-1)?.data).toEqual({ output: { parcels: 2 } });
  });

  it("leaves the agent alone, whatever becomes of the record", async () => {
    const turns = [{ callId: "c1", tool: "search", args: { query: "a" } }, { text: "done" }];
    const program = programOf(refusing, { a: agentOf("a", turns, { tools: { search } }) });
    expect((await program.getAgent("a").generate("go", { maxSteps: 3 })).text).toBe("done");
  });
});
