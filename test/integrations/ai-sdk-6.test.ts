import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { generateText, jsonSchema, registerTelemetryIntegration, stepCountIs, streamText, tool } from "ai6";
import { MockLanguageModelV3, simulateReadableStream } from "ai6/test";
import { afterEach, describe, expect, it } from "vitest";
import type { Trail } from "../../src/index.ts";
import { observeAiSdk, recordAiSdk } from "../../src/integrations/ai-sdk/index.ts";
import { recordSpans } from "../../src/integrations/otel/index.ts";
import { eventsOf, line, linesOf, memoryTrail, refusing } from "./told.ts";

type Result = Awaited<ReturnType<MockLanguageModelV3["doGenerate"]>>;
type Content = Result["content"][number];

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
function modelOf(...turns: Content[][]): MockLanguageModelV3 {
  return new MockLanguageModelV3({
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
};
const stopWhen = stepCountIs(5);
const told = (trail: Pick<Trail, "record">, functionId?: string) => ({
  isEnabled: true,
  integrations: recordAiSdk(trail),
  metadata: { userId: "ada", sessionId: "s1" },
  ...(functionId === undefined ? {} : { functionId }),
});

const registered = globalThis as { AI_SDK_TELEMETRY_INTEGRATIONS?: unknown[] };
afterEach(() => {
  registered.AI_SDK_TELEMETRY_INTEGRATIONS = [];
});

const TOLD = [
  "agent.run  started  pending  billing",
  "tool.execute  started  pending  billing  search  c1",
  "tool.execute  started  pending  billing  refund  c2",
  "tool.execute  completed  error  billing  refund  c2  “The card was declined.”",
  "tool.execute  completed  ok  billing  search  c1",
  "llm.complete  completed  ok  billing  stand-in-1  10+5 tokens, 2 cached",
  "llm.complete  completed  ok  billing  stand-in-1  10+5 tokens, 2 cached",
  "agent.run  completed  ok  billing",
];

const work = (experimental_telemetry: object) =>
  generateText({
    model: modelOf([call("c1", "search", { query: "a" }), call("c2", "refund", {})], [text("done")]),
    tools,
    prompt: "go",
    stopWhen,
    experimental_telemetry,
  });

describe("AI SDK 6", () => {
  it("tells runs, model calls with tokens and tool calls, though it names no run", async () => {
    const trail = memoryTrail();
    await work(told(trail, "billing"));
    const events = await eventsOf(trail);
    expect(events.map(line)).toEqual(TOLD);
    const [run, ...rest] = events;
    expect(
      rest.slice(0, -1).every(({ parentId, runId }) => parentId === run?.id && runId === run?.runId),
    ).toBe(true);
    expect(events.every(({ actor, conversationId }) => actor.id === "ada" && conversationId === "s1")).toBe(
      true,
    );
    expect(events.at(-1)?.data).toMatchObject({ output: "done", totals: { input: 20, output: 10 } });
  });

  it("hears of every call when it is registered, and when it is observed", async () => {
    const [first, second] = [memoryTrail(), memoryTrail()];
    registerTelemetryIntegration(recordAiSdk(first));
    const end = observeAiSdk(second);
    await work({ isEnabled: true, functionId: "billing" });
    end();
    await work({ isEnabled: true, functionId: "billing" });
    expect(await linesOf(first)).toEqual([...TOLD, ...TOLD]);
    expect(await linesOf(second)).toEqual(TOLD);
  });

  it("keeps runs apart that go on at the same time, also with callbacks that take their time", async () => {
    const trail = memoryTrail();
    const integrations = recordAiSdk(trail);
    const names = ["a", "b", "c"];
    await Promise.all(
      names.map((functionId) =>
        generateText({
          model: modelOf([call("c1", "search", { query: functionId })], [text(functionId)]),
          tools,
          prompt: functionId,
          stopWhen,
          experimental_onStart: async () => new Promise((resolve) => setImmediate(resolve)),
          experimental_telemetry: { isEnabled: true, integrations, functionId },
        }),
      ),
    );
    const ended = (await eventsOf(trail)).filter(
      ({ tool: name, phase }) => name === "search" && phase === "completed",
    );
    expect(ended.map(({ agent, data }) => [agent, data.result]).sort()).toEqual(
      names.map((name) => [name, { hits: name }]),
    );
    expect(new Set(ended.map(({ runId }) => runId)).size).toBe(3);
  });

  it("tells a question, the answer, and the call that never ran; and a stream", async () => {
    const trail = memoryTrail();
    const asked = await generateText({
      model: modelOf([call("d1", "remove", { id: 1 })]),
      tools,
      prompt: "remove it",
      experimental_telemetry: told(trail, "clerk"),
    });
    const approvalId = asked.content.find((part) => part.type === "tool-approval-request")?.approvalId ?? "";
    const stream = streamText({
      model: new MockLanguageModelV3({
        modelId: "stand-in-1",
        doStream: async () => ({
          stream: simulateReadableStream({
            chunks: [
              { type: "text-start", id: "1" },
              { type: "text-delta", id: "1", delta: "well" },
              { type: "text-end", id: "1" },
              { type: "finish", finishReason: { unified: "stop", raw: undefined }, usage },
            ],
          }),
        }),
      }),
      tools,
      messages: [
        { role: "user", content: "remove it" },
        ...asked.response.messages,
        {
          role: "tool",
          content: [{ type: "tool-approval-response", approvalId, approved: false, reason: "not today" }],
        },
      ],
      experimental_telemetry: told(trail, "clerk"),
    });
    expect(await stream.text).toBe("well");
    await expect
      .poll(async () => (await linesOf(trail)).slice(2))
      .toEqual([
        "approval.request  ·  pending  clerk  remove  d1",
        "agent.run  completed  ok  clerk",
        "agent.run  started  pending  clerk",
        "approval.decide  ·  denied  clerk  remove  d1",
        "tool.execute  started  pending  clerk  remove  d1",
        "tool.execute  completed  denied  clerk  remove  d1  “not today”",
        "llm.complete  completed  ok  clerk  stand-in-1  10+5 tokens, 2 cached",
        "agent.run  completed  ok  clerk",
      ]);
  });

  it("gives a call that its spans tell, too, the same names and the same end, so that both are joined", async () => {
    const trail = memoryTrail();
    const provider = new BasicTracerProvider({ spanProcessors: [recordSpans(trail)] });
    const id = "toolu_01A2b3C4d5E6f7G8h9";
    await generateText({
      model: modelOf([call(id, "refund", {})], [text("done")]),
      tools,
      prompt: "go",
      stopWhen,
      experimental_telemetry: { ...told(trail, "billing"), tracer: provider.getTracer("ai") },
    });
    const seen = (await eventsOf(trail)).filter(({ callId }) => callId === id);
    const facts = seen.map(({ source, type, category, phase, status, tool: name, resource, origin }) => [
      [source, type, category, phase, status].join(" "),
      name,
      resource.id,
      origin,
    ]);
    const same = ["refund", "refund", "vercel-ai"];
    expect(facts.sort()).toEqual([
      ["ai-sdk tool.execute tool_call completed error", ...same],
      ["ai-sdk tool.execute tool_call started pending", ...same],
      ["otlp tool.execute tool_call completed error", ...same],
      ["otlp tool.execute tool_call started pending", ...same],
    ]);
    const { calls } = await trail.tools.reconcile();
    expect(calls.map(({ callId, sides }) => [callId, sides.map(({ observer }) => observer).sort()])).toEqual([
      [id, ["ai-sdk", "otlp"]],
    ]);
  });

  it("leaves the agent alone, whatever becomes of the record", async () => {
    expect((await work(told(refusing))).text).toBe("done");
  });
});
