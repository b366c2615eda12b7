import { describe, expect, it } from "vitest";
import { line, ofType, sumOf } from "./read.ts";
import { traces } from "./write.ts";

const brief = (drafts: Parameters<typeof line>[0][]) => drafts.map(line);

/** Attribute sets as `langsmith` 0.10 writes them: dist/experimental/otel/translator.js and constants.js. */
describe("LangSmith's OpenTelemetry exporter", () => {
  const is = (kind: string, operation: string, more: Record<string, unknown> = {}) => ({
    "langsmith.span.kind": kind,
    "gen_ai.operation.name": operation,
    "langsmith.trace.session_id": "the project",
    "langsmith.metadata.thread_id": "t-1",
    "langsmith.metadata.user_id": "ada",
    ...more,
  });

  it("is read by its own word for a run, and the project is no conversation", async () => {
    const { drafts } = await traces("app", "langsmith", [
      { id: "1", name: "support", took: 90, is: is("chain", "chain") },
      { id: "2", parent: "1", at: 1, name: "ChatPromptTemplate", is: is("prompt", "chat") },
      {
        id: "3",
        parent: "1",
        at: 2,
        name: "ChatOpenAI",
        is: is("llm", "chat", {
          "gen_ai.request.model": "gpt-4o",
          "gen_ai.usage.input_tokens": 12,
          "gen_ai.usage.output_tokens": 3,
          "langsmith.usage_metadata":
            '{"input_tokens":12,"output_tokens":3,"input_token_details":{"cache_read":8}}',
        }),
      },
      { id: "4", parent: "1", at: 20, name: "VectorStoreRetriever", is: is("retriever", "embeddings") },
      {
        id: "5",
        parent: "1",
        at: 40,
        name: "lookup",
        is: is("tool", "execute_tool", {
          "gen_ai.prompt": '{"q":"x"}',
          "gen_ai.completion": '{"output":"y"}',
        }),
      },
    ]);
    expect(brief(drafts)).toEqual([
      "workflow.run  started  pending",
      "agent.step  completed  ok  10 ms",
      "llm.complete  completed  ok  12+3 tokens, 8 cached  10 ms",
      "retrieval.query  completed  ok  10 ms",
      "tool.execute  started  pending  lookup",
      "tool.execute  completed  ok  lookup  10 ms",
      "workflow.run  completed  ok  90 ms",
    ]);
    expect(drafts.find(({ tool }) => tool === "lookup")).toMatchObject({
      threadId: "t-1",
      conversationId: null,
      actor: { id: "ada" },
      origin: "langsmith",
      data: { arguments: { q: "x" } },
    });
  });
});

/** Attribute names of `@langfuse/tracing` and `langfuse` 3 and later: `LangfuseOtelSpanAttributes`. */
describe("Langfuse's OpenTelemetry SDK", () => {
  it("is read by observation types, usage and levels", async () => {
    const { drafts } = await traces("app", "langfuse-sdk", [
      {
        id: "1",
        name: "desk",
        took: 90,
        is: { "langfuse.observation.type": "agent", "langfuse.session.id": "c1" },
      },
      {
        id: "2",
        parent: "1",
        at: 1,
        is: {
          "langfuse.observation.type": "generation",
          "langfuse.observation.model.name": "claude-sonnet-4-5",
          "langfuse.observation.usage_details":
            '{"input":10,"output":5,"cache_read_input_tokens":90,"total":105}',
        },
      },
      {
        id: "3",
        parent: "1",
        at: 20,
        name: "lookup",
        is: {
          "langfuse.observation.type": "tool",
          "langfuse.observation.input": '{"q":"x"}',
          "langfuse.observation.level": "ERROR",
          "langfuse.observation.status_message": "no such place",
        },
      },
      { id: "4", parent: "1", at: 40, name: "step", is: { "langfuse.observation.type": "span" } },
    ]);
    expect(brief(drafts)).toEqual([
      "agent.run  started  pending",
      "llm.complete  completed  ok  100+5 tokens, 90 cached  10 ms",
      "tool.execute  started  pending  lookup",
      "tool.execute  completed  error  lookup  10 ms  “no such place”",
      "agent.step  completed  ok  10 ms",
      "agent.run  completed  ok  90 ms",
    ]);
    expect(drafts.every(({ conversationId }) => conversationId === "c1")).toBe(true);
    expect(ofType(drafts, "llm.complete")[0]).toMatchObject({
      model: "claude-sonnet-4-5",
      data: { usage: { cache_read_input_tokens: 90 } },
    });
  });
});

/** open-telemetry/semantic-conventions-genai docs/gen-ai/mcp.md, "Tool call": agent, client and server spans. */
describe("the semantic conventions for MCP", () => {
  const call = { "mcp.method.name": "tools/call", "gen_ai.tool.name": "get-weather", "mcp.session.id": "m1" };

  it("count a call once that the agent, the client and the server tell of", async () => {
    const { drafts } = await traces("app", "s", [
      { id: "1", took: 90, is: { "gen_ai.operation.name": "invoke_agent" } },
      {
        id: "2",
        parent: "1",
        at: 1,
        took: 50,
        is: { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "get-weather" },
      },
      { id: "3", parent: "2", at: 2, took: 40, is: { ...call, "gen_ai.operation.name": "execute_tool" } },
      { id: "4", parent: "3", at: 3, took: 30, is: call },
    ]);
    expect(brief(ofType(drafts, "tool.execute"))).toEqual([
      "tool.execute  started  pending  get-weather",
      "tool.execute  completed  ok  get-weather  50 ms",
    ]);
    const requests = ofType(drafts, "mcp.request");
    expect(requests).toHaveLength(2);
    const start = drafts.find(({ type, phase }) => type === "tool.execute" && phase === "started");
    expect(requests.map(({ parentId }) => parentId)).toContain(start?.id);
  });

  it("keep a call that only the client tells of, and a tool that calls another one", async () => {
    const { drafts } = await traces("app", "s", [
      { id: "1", is: { ...call, "error.type": "tool_error" } },
      { id: "2", at: 50, is: { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "plan" } },
      { id: "3", parent: "2", at: 51, took: 5, is: call },
    ]);
    expect(brief(ofType(drafts, "tool.execute"))).toEqual([
      "tool.execute  started  pending  get-weather",
      "tool.execute  completed  error  get-weather  10 ms  “tool_error”",
      "tool.execute  started  pending  plan",
      "tool.execute  started  pending  get-weather",
      "tool.execute  completed  ok  get-weather  5 ms",
      "tool.execute  completed  ok  plan  10 ms",
    ]);
    expect(sumOf(drafts, "input")).toBe(0);
  });
});

/** opentelemetry.io semantic conventions 1.3x and later, and before: both namings of one request. */
describe("the semantic conventions for models, old and new", () => {
  it("give the same tokens, model and provider", async () => {
    const old = {
      "gen_ai.system": "openai",
      "gen_ai.operation.name": "chat",
      "gen_ai.request.model": "gpt-4o",
      "gen_ai.usage.prompt_tokens": 10,
      "gen_ai.usage.completion_tokens": 4,
    };
    const now = {
      "gen_ai.provider.name": "openai",
      "gen_ai.operation.name": "chat",
      "gen_ai.request.model": "gpt-4o",
      "gen_ai.usage.input_tokens": 10,
      "gen_ai.usage.output_tokens": 4,
      "gen_ai.usage.cache_read.input_tokens": 6,
      "gen_ai.usage.cache_creation.input_tokens": 2,
      "gen_ai.input.messages": '[{"role":"user","parts":[{"type":"text","content":"hi"}]}]',
    };
    const [before, after] = await Promise.all(
      [old, now].map(async (is) => (await traces("a", "s", [{ id: "1", is }])).drafts[0]),
    );
    expect(before).toMatchObject({
      model: "gpt-4o",
      usage: { input: 10, output: 4 },
      data: { provider: "openai" },
    });
    expect(after).toMatchObject({
      usage: { input: 10, output: 4, cached: 6 },
      data: {
        provider: "openai",
        input: [{ role: "user" }],
        usage: { "gen_ai.usage.cache_creation.input_tokens": 2 },
      },
    });
  });
});
