import { generateText, isStepCount, jsonSchema, streamText, type Telemetry, tool } from "ai";
import { MockLanguageModelV4, simulateReadableStream } from "ai/test";
import { afterEach, describe, expect, it } from "vitest";
import type { AuditEvent } from "../../src/event/event.ts";
import type { Trail } from "../../src/index.ts";
import { observeAiSdk, recordAiSdk } from "../../src/integrations/ai-sdk/index.ts";
import { eventsOf, line, linesOf, memoryTrail, refusing } from "./told.ts";

type Result = Awaited<ReturnType<MockLanguageModelV4["doGenerate"]>>;
type Content = Result["content"][number];
type Stream = Awaited<ReturnType<MockLanguageModelV4["doStream"]>>["stream"];
type Part = Stream extends ReadableStream<infer P> ? P : never;

const usage: Result["usage"] = {
  inputTokens: { total: 10, noCache: 8, cacheRead: 2, cacheWrite: undefined },
  outputTokens: { total: 5, text: 3, reasoning: 2 },
};

const text = (said: string): Content => ({ type: "text", text: said });
const call = (toolCallId: string, toolName: string, input: object): Content => ({
  type: "tool-call",
  toolCallId,
  toolName,
  input: JSON.stringify(input),
});

/** A model that says what it is told to, one turn after the other. */
function modelOf(...turns: Content[][]): MockLanguageModelV4 {
  return new MockLanguageModelV4({
    provider: "stand-in",
    modelId: "stand-in-1",
    doGenerate: async () => ({
      content: turns.shift() ?? [],
      finishReason: { unified: "stop", raw: undefined },
      usage,
      warnings: [],
    }),
  });
}

const schema = jsonSchema<Record<string, unknown>>({ type: "object" });
const tools = {
  search: tool({ inputSchema: schema, execute: async ({ query }) => ({ hits: query }) }),
  refund: tool({
    inputSchema: schema,
    execute: async (): Promise<string> => {
      throw new Error("The card was declined.");
    },
  }),
  remove: tool({ inputSchema: schema, needsApproval: true, execute: async () => "gone" }),
  ask: tool({ inputSchema: schema }),
};
const stopWhen = isStepCount(5);
const told = (trail: Trail): { integrations: Telemetry } => ({ integrations: recordAiSdk(trail) });

const ofType = (events: readonly AuditEvent[], type: string) => events.filter((event) => event.type === type);

describe("AI SDK 7", () => {
  it("tells a run, its model calls with tokens, and its tool calls, each when it happens", async () => {
    const trail = memoryTrail();
    await generateText({
      model: modelOf([call("c1", "search", { query: "a" }), call("c2", "refund", {})], [text("done")]),
      tools,
      prompt: "go",
      stopWhen,
      telemetry: { ...told(trail), functionId: "billing" },
    });
    const events = await eventsOf(trail);
    expect(events.map(line)).toEqual([
      "agent.run  started  pending  billing",
      "llm.complete  completed  ok  billing  stand-in-1  10+5 tokens, 2 cached",
      "tool.execute  started  pending  billing  search  c1",
      "tool.execute  started  pending  billing  refund  c2",
      "tool.execute  completed  error  billing  refund  c2  “The card was declined.”",
      "tool.execute  completed  ok  billing  search  c1",
      "llm.complete  completed  ok  billing  stand-in-1  10+5 tokens, 2 cached",
      "agent.run  completed  ok  billing",
    ]);
    const [run, ...rest] = events;
    expect(new Set(events.map(({ runId }) => runId)).size).toBe(1);
    expect(rest.slice(0, -1).every(({ parentId }) => parentId === run?.id)).toBe(true);
    expect(events[5]).toMatchObject({ startId: events[2]?.id, data: { result: { hits: "a" } } });
    expect(events[2]).toMatchObject({
      resource: { type: "tool", id: "search" },
      data: { arguments: { query: "a" } },
    });
    expect(events[7]).toMatchObject({
      startId: run?.id,
      data: { output: "done", totals: { input: 20, output: 10 } },
    });
    expect(run?.data).toEqual({ input: [{ role: "user", content: "go" }] });
    expect((await trail.runs.find(run?.runId ?? ""))?.status).toBe("ok");
  });

  it("tells a question, the answer of a person, and the call that never ran", async () => {
    const trail = memoryTrail();
    const asked = await generateText({
      model: modelOf([call("d1", "remove", { id: 1 })]),
      tools,
      prompt: "remove it",
      telemetry: told(trail),
    });
    const answer = (approved: boolean) => {
      const request = asked.content.find((part) => part.type === "tool-approval-request");
      return generateText({
        model: modelOf([text("well")]),
        tools,
        messages: [
          { role: "user", content: "remove it" },
          ...asked.responseMessages,
          {
            role: "tool",
            content: [
              {
                type: "tool-approval-response",
                approvalId: request?.approvalId ?? "",
                approved,
                reason: "not today",
              },
            ],
          },
        ],
        telemetry: told(trail),
      });
    };
    await answer(false);
    await answer(true);
    const events = (await eventsOf(trail)).filter(({ type }) => /^(approval|tool)/.test(type));
    expect(events.map(line)).toEqual([
      "approval.request  ·  pending  clerk  remove  d1",
      "approval.decide  ·  denied  clerk  remove  d1",
      "tool.execute  started  pending  clerk  remove  d1",
      "tool.execute  completed  denied  clerk  remove  d1  “not today”",
      "approval.decide  ·  ok  clerk  remove  d1",
      "tool.execute  started  pending  clerk  remove  d1",
      "tool.execute  completed  ok  clerk  remove  d1",
    ]);
    expect(events[1]).toMatchObject({
      parentId: events[0]?.id,
      data: { decision: "denied", reason: "not today" },
    });
  });

  it("binds what runs to what was allowed", async () => {
    const trail = memoryTrail();
    const asked = await generateText({
      model: modelOf([call("d1", "remove", { id: 1 })]),
      tools,
      prompt: "remove it",
      telemetry: told(trail),
    });
    const request = asked.content.find((part) => part.type === "tool-approval-request");
    const approvalId = request?.approvalId ?? "";
    await generateText({
      model: modelOf([text("well")]),
      tools,
      messages: [
        { role: "user", content: "remove it" },
        ...asked.responseMessages,
        { role: "tool", content: [{ type: "tool-approval-response", approvalId, approved: true }] },
      ],
      telemetry: told(trail),
    });
    await trail.flush();
    const { approvals } = await trail.approvals.list();
    expect(approvals).toMatchObject([
      { tool: "remove", state: "approved", callId: "d1", executions: [{ matches: true }], violations: [] },
    ]);
  });

  it("tells what a policy refused, what no tool could take, and what the caller is to run", async () => {
    const trail = memoryTrail();
    await generateText({
      model: modelOf([call("p1", "search", {}), call("p2", "unheard", {}), call("p3", "ask", { a: 1 })]),
      tools,
      prompt: "go",
      toolApproval: { search: { type: "denied", reason: "the policy says no" } },
      telemetry: told(trail),
    });
    const lines = (await linesOf(trail)).filter((each) => /^(approval|tool)/.test(each));
    expect(lines.sort()).toEqual([
      "approval.decide  ·  denied  clerk  search  p1",
      "approval.request  ·  pending  clerk  search  p1",
      "tool.execute  completed  denied  clerk  search  p1  “the policy says no”",
      expect.stringContaining("tool.execute  completed  error  clerk  unheard  p2  “"),
      "tool.execute  started  pending  clerk  search  p1",
      "tool.execute  started  pending  clerk  unheard  p2",
      "tool.request  ·  ok  clerk  ask  p3",
    ]);
  });

  it("nests an agent in the call that started it, and the run below a run of trail.runs", async () => {
    const trail = memoryTrail();
    const inner = trail.tools.wrap("lookup", async () => 1);
    const helper = tool({
      inputSchema: schema,
      execute: async () => {
        await inner();
        const telemetry = { ...told(trail), functionId: "helper" };
        return (await generateText({ model: modelOf([text("ok")]), prompt: "sub", telemetry })).text;
      },
    });
    const outer = trail.runs.begin({ agent: "outer" });
    await outer.within(() =>
      generateText({
        model: modelOf([call("c1", "helper", {})], [text("done")]),
        tools: { helper },
        prompt: "go",
        stopWhen,
        telemetry: { ...told(trail), functionId: "boss" },
      }),
    );
    const events = await eventsOf(trail);
    const start = events.find(({ tool: name, phase }) => name === "helper" && phase === "started");
    const below = events.find(
      ({ type, agent, phase }) => type === "agent.run" && agent === "helper" && phase === "started",
    );
    expect(below).toMatchObject({ parentId: start?.id, runId: start?.runId });
    expect(events.find(({ tool: name }) => name === "lookup")).toMatchObject({ parentId: start?.id });
    expect((await trail.runs.tree(outer.id))?.root.children.map(({ run }) => run.agent)).toEqual(["boss"]);
    expect((await trail.runs.find(outer.id))?.status).toBe("running");
  });

  it("tells a model that fails, and a stream with its tokens", async () => {
    const trail = memoryTrail();
    const failing = new MockLanguageModelV4({
      modelId: "gone",
      doGenerate: async () => {
        throw new Error("no such model");
      },
    });
    const failed = generateText({ model: failing, prompt: "x", maxRetries: 0, telemetry: told(trail) });
    await expect(failed).rejects.toThrow("no such model");
    const model = new MockLanguageModelV4({
      modelId: "stand-in-1",
      doStream: async () => ({
        stream: simulateReadableStream({
          chunks: [
            { type: "text-start", id: "1" },
            { type: "text-delta", id: "1", delta: "hi" },
            { type: "text-end", id: "1" },
            { type: "finish", finishReason: { unified: "stop", raw: undefined }, usage },
          ],
        }),
      }),
    });
    expect(await streamText({ model, prompt: "s", telemetry: told(trail) }).text).toBe("hi");
    await expect
      .poll(async () => linesOf(trail))
      .toEqual([
        "agent.run  started  pending  clerk",
        "llm.complete  completed  error  clerk  gone  “no such model”",
        "agent.run  completed  error  clerk  “no such model”",
        "agent.run  started  pending  clerk",
        "llm.complete  completed  ok  clerk  stand-in-1  10+5 tokens, 2 cached",
        "agent.run  completed  ok  clerk",
      ]);
  });

  it("ends a stream as failed that failed on its way, and one that was aborted", async () => {
    const trail = memoryTrail();
    const turns: Part[][] = [
      [
        { type: "tool-call", toolCallId: "c1", toolName: "search", input: "{}" },
        { type: "finish", finishReason: { unified: "tool-calls", raw: undefined }, usage },
      ],
    ];
    const model = new MockLanguageModelV4({
      modelId: "stand-in-1",
      doStream: async () => {
        const chunks = turns.shift();
        if (chunks === undefined) throw new Error("no such model");
        return { stream: simulateReadableStream({ chunks }) };
      },
    });
    const settings = {
      model,
      tools,
      stopWhen,
      maxRetries: 0,
      telemetry: told(trail),
      onError: () => undefined,
    };
    for await (const _part of streamText({ ...settings, prompt: "go" }).fullStream);
    const abort = new AbortController();
    const slow = new MockLanguageModelV4({
      modelId: "stand-in-1",
      doStream: async () => {
        abort.abort();
        return { stream: simulateReadableStream<Part>({ chunks: [{ type: "text-start", id: "1" }] }) };
      },
    });
    const aborted = streamText({ ...settings, model: slow, prompt: "go", abortSignal: abort.signal });
    for await (const _part of aborted.fullStream);
    await expect
      .poll(async () => (await linesOf(trail)).filter((each) => !each.startsWith("tool")))
      .toEqual([
        "agent.run  started  pending  clerk",
        "llm.complete  completed  ok  clerk  stand-in-1  10+5 tokens, 2 cached",
        "llm.complete  completed  error  clerk  stand-in-1  “no such model”",
        "agent.run  completed  error  clerk  “no such model”",
        "agent.run  started  pending  clerk",
        "agent.run  completed  error  clerk  “aborted”",
      ]);
  });

  it("keeps runs apart that go on at the same time", async () => {
    const trail = memoryTrail();
    const integrations = recordAiSdk(trail);
    await Promise.all(
      ["a", "b", "c"].map((functionId) =>
        generateText({
          model: modelOf([call("c1", "search", { query: functionId })], [text(functionId)]),
          tools,
          prompt: functionId,
          stopWhen,
          telemetry: { integrations, functionId },
        }),
      ),
    );
    const calls = ofType(await eventsOf(trail), "tool.execute").filter(({ phase }) => phase === "completed");
    expect(calls.map(({ agent, data }) => [agent, data.result]).sort()).toEqual([
      ["a", { hits: "a" }],
      ["b", { hits: "b" }],
      ["c", { hits: "c" }],
    ]);
    expect(new Set(calls.map(({ runId }) => runId)).size).toBe(3);
  });

  it("leaves the agent alone, whatever becomes of the record", async () => {
    const run = (telemetry: { integrations: Telemetry }) =>
      generateText({
        model: modelOf([call("c1", "search", { query: "a" })], [text("done")]),
        tools,
        prompt: "go",
        stopWhen,
        telemetry,
      });
    expect((await run({ integrations: recordAiSdk(refusing) })).text).toBe("done");
    const trail = memoryTrail();
    const integration = recordAiSdk(trail);
    integration.onToolExecutionEnd(null);
    integration.onStart({
      callId: "x",
      get messages() {
        throw new Error("unreadable");
      },
    });
    expect(await linesOf(trail)).toEqual(["adapter.failed  ·  error  clerk  “unreadable”"]);
  });

  it("leaves out what the SDK was asked to leave out", async () => {
    const trail = memoryTrail();
    await generateText({
      model: modelOf([call("c1", "search", { query: "secret plan" })], [text("the plan")]),
      tools,
      prompt: "secret plan",
      stopWhen,
      telemetry: { ...told(trail), recordInputs: false, recordOutputs: false },
    });
    expect(JSON.stringify(await eventsOf(trail))).not.toContain("plan");
  });
});

describe("AI SDK 7, observed without a change to the code", () => {
  const ends: Array<() => void> = [];
  afterEach(() => {
    for (const end of ends.splice(0)) end();
  });

  const run = (telemetry: { integrations?: Telemetry } = {}) =>
    generateText({
      model: modelOf([call("c1", "search", { query: "a" }), call("c2", "refund", {})], [text("done")]),
      tools,
      prompt: "go",
      stopWhen,
      telemetry: { functionId: "billing", ...telemetry },
    });

  it("tells each fact once, though the list of integrations and the channel both say it", async () => {
    const [observed, told] = [memoryTrail(), memoryTrail()];
    await run({ integrations: recordAiSdk(told) });
    ends.push(observeAiSdk(observed));
    await run();
    expect(await linesOf(observed)).toEqual(await linesOf(told));
  });

  it("hears by the channel of a call that has integrations of its own, and nests what its tools do", async () => {
    const trail = memoryTrail();
    const inner = trail.tools.wrap("lookup", async () => 1);
    ends.push(observeAiSdk(trail));
    const telemetry = { integrations: {}, functionId: "billing" };
    await generateText({
      model: modelOf([call("c1", "outer", {})], [text("done")]),
      tools: { outer: tool({ inputSchema: schema, execute: async () => inner() }) },
      prompt: "go",
      stopWhen,
      telemetry,
    });
    const events = await eventsOf(trail);
    expect(events.map(line)).toEqual([
      "agent.run  started  pending  billing",
      "tool.execute  started  pending  billing  outer  c1",
      "tool.execute  started  pending  billing  lookup",
      "tool.execute  completed  ok  billing  lookup",
      "tool.execute  completed  ok  billing  outer  c1",
      "llm.complete  completed  ok  billing  stand-in-1  10+5 tokens, 2 cached",
      "llm.complete  completed  ok  billing  stand-in-1  10+5 tokens, 2 cached",
      "agent.run  completed  ok  billing",
    ]);
    expect(events[2]?.parentId).toBe(events[1]?.id);
    expect(events.at(-1)?.data).toMatchObject({ output: "done", totals: { input: 20 } });
  });

  it("ends when it is told to", async () => {
    const trail = memoryTrail();
    observeAiSdk(trail)();
    await run();
    expect(await eventsOf(trail)).toEqual([]);
  });
});
