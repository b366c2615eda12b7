import { AsyncLocalStorage } from "node:async_hooks";
import { type Context, type ContextManager, context, ROOT_CONTEXT } from "@opentelemetry/api";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { generateText, jsonSchema, stepCountIs, streamText, tool } from "ai5";
import { MockLanguageModelV2, simulateReadableStream } from "ai5/test";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { recordSpans, trailTracer } from "../../src/integrations/otel/index.ts";
import { eventsOf, line, linesOf, memoryTrail, refusing } from "./told.ts";

type Content = Awaited<ReturnType<MockLanguageModelV2["doGenerate"]>>["content"][number];

/** What the SDK's Node package registers: the span that is under way goes along with asynchronous calls. */
class Contexts implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>();
  active = () => this.#storage.getStore() ?? ROOT_CONTEXT;
  with: ContextManager["with"] = (given, work, self, ...args) =>
    this.#storage.run(given, () => work.call(self as ThisParameterType<typeof work>, ...args));
  bind: ContextManager["bind"] = (_given, target) => target;
  enable = () => this;
  disable = () => this;
}

beforeAll(() => void context.setGlobalContextManager(new Contexts()));
afterAll(() => context.disable());

/** A model that says what it is told to, one turn after the other. */
function modelOf(...turns: Content[][]): MockLanguageModelV2 {
  return new MockLanguageModelV2({
    modelId: "stand-in-1",
    doGenerate: async () => ({
      content: turns.shift() ?? [],
      finishReason: "stop",
      usage: { inputTokens: 10, outputTokens: 5, totalTokens: 15, cachedInputTokens: 2 },
      warnings: [],
    }),
  });
}

const call = (toolCallId: string, toolName: string): Content => ({
  type: "tool-call",
  toolCallId,
  toolName,
  input: '{"query":"a"}',
});
const inputSchema = jsonSchema<{ query: string }>({ type: "object" });
const tools = {
  search: tool({ inputSchema, execute: async ({ query }) => ({ hits: query }) }),
  refund: tool({
    inputSchema,
    execute: async (): Promise<string> => {
      throw new Error("The card was declined.");
    },
  }),
};

describe("AI SDK 5", () => {
  it("tells by its spans, each run and call when it starts", async () => {
    const trail = memoryTrail();
    const provider = new BasicTracerProvider({ spanProcessors: [recordSpans(trail)] });
    await generateText({
      model: modelOf([call("c1", "search")], [call("c2", "refund")], [{ type: "text", text: "done" }]),
      tools,
      prompt: "go",
      stopWhen: stepCountIs(5),
      experimental_telemetry: {
        isEnabled: true,
        tracer: provider.getTracer("ai"),
        functionId: "billing",
        metadata: { userId: "ada", sessionId: "s1" },
      },
    });
    const events = await eventsOf(trail);
    expect(events.map(line)).toEqual([
      "agent.run  started  pending  billing",
      "llm.complete  completed  ok  billing  stand-in-1  10+5 tokens, 0 cached",
      "tool.execute  started  pending  billing  search  c1",
      "tool.execute  completed  ok  billing  search  c1",
      "llm.complete  completed  ok  billing  stand-in-1  10+5 tokens, 0 cached",
      "tool.execute  started  pending  billing  refund  c2",
      "tool.execute  completed  error  billing  refund  c2  “The card was declined.”",
      "llm.complete  completed  ok  billing  stand-in-1  10+5 tokens, 0 cached",
      "agent.run  completed  ok  billing",
    ]);
    const [run] = events;
    expect(events.every(({ runId, actor }) => runId === run?.runId && actor.id === "ada")).toBe(true);
    expect(events[2]).toMatchObject({
      parentId: run?.id,
      origin: "vercel-ai",
      data: { arguments: { query: "a" } },
    });
    expect(events[3]).toMatchObject({ startId: events[2]?.id, data: { result: { hits: "a" } } });
  });

  it("tells the same by the trail's own tracer, without OpenTelemetry", async () => {
    context.disable();
    const trail = memoryTrail();
    const tracer = trailTracer(trail);
    const telemetry = (functionId: string) => ({
      experimental_telemetry: { isEnabled: true, tracer, functionId, metadata: { userId: "ada" } },
    });
    const atCall: string[][] = [];
    const delegate = tool({
      inputSchema,
      execute: async () => {
        atCall.push(await linesOf(trail));
        const inner = modelOf([call("s1", "search")], [{ type: "text", text: "found" }]);
        const { text } = await generateText({
          model: inner,
          tools,
          prompt: "in",
          stopWhen: stepCountIs(3),
          ...telemetry("helper"),
        });
        return text;
      },
    });
    await generateText({
      model: modelOf([call("c1", "delegate")], [call("c2", "refund")], [{ type: "text", text: "done" }]),
      tools: { ...tools, delegate },
      prompt: "go",
      stopWhen: stepCountIs(5),
      ...telemetry("billing"),
    });
    expect(atCall[0]?.at(-1)).toBe("tool.execute  started  pending  billing  delegate  c1");
    const events = await eventsOf(trail);
    const lines = events.map(line).filter((each) => !each.startsWith("llm"));
    expect(lines).toEqual([
      "agent.run  started  pending  billing",
      "tool.execute  started  pending  billing  delegate  c1",
      "agent.run  started  pending  helper",
      "tool.execute  started  pending  helper  search  s1",
      "tool.execute  completed  ok  helper  search  s1",
      "agent.run  completed  ok  helper",
      "tool.execute  completed  ok  billing  delegate  c1",
      "tool.execute  started  pending  billing  refund  c2",
      "tool.execute  completed  error  billing  refund  c2  “The card was declined.”",
      "agent.run  completed  ok  billing",
    ]);
    const outer = events.find(({ tool: name }) => name === "delegate");
    expect(events.find(({ agent }) => agent === "helper")?.parentId).toBe(outer?.id);
    expect(events.every(({ origin, actor }) => origin === "vercel-ai" && actor.id === "ada")).toBe(true);
    expect(events.find(({ startId }) => startId === outer?.id)?.data).toMatchObject({ result: "found" });
  });

  it("tells a stream and a run that fails by it, and leaves the agent alone if the record does not work", async () => {
    const trail = memoryTrail();
    const streaming = (tracer: ReturnType<typeof trailTracer>) => {
      const finish = { type: "finish" as const, finishReason: "stop" as const };
      const usage = { inputTokens: 10, outputTokens: 5, totalTokens: 15 };
      const chunks = [
        { type: "text-start" as const, id: "1" },
        { ...finish, usage },
      ];
      const model = new MockLanguageModelV2({
        modelId: "stand-in-1",
        doStream: async () => ({ stream: simulateReadableStream({ chunks }) }),
      });
      return streamText({
        model,
        prompt: "go",
        experimental_telemetry: { isEnabled: true, tracer },
      }).consumeStream();
    };
    await streaming(trailTracer(trail));
    const failing = new MockLanguageModelV2({
      doGenerate: async () => {
        throw new Error("no such model");
      },
    });
    const experimental_telemetry = { isEnabled: true, tracer: trailTracer(trail) };
    await expect(generateText({ model: failing, prompt: "go", experimental_telemetry })).rejects.toThrow();
    expect(await linesOf(trail)).toEqual([
      "agent.run  started  pending  clerk",
      "llm.complete  completed  ok  clerk  stand-in-1  10+5 tokens, 0 cached",
      "agent.run  completed  ok  clerk",
      "agent.run  started  pending  clerk",
      "llm.complete  completed  error  clerk  mock-model-id  “no such model”",
      "agent.run  completed  error  clerk  “no such model”",
    ]);
    await streaming(trailTracer(refusing));
  });
});
