import { describe, expect, it } from "vitest";
import type { EventDraft } from "../../src/event/event.ts";
import { fromLangSmith } from "../../src/ingest/langsmith/runs.ts";
import { line, ofType, sumOf } from "./read.ts";
import { type SpanSketch, traces } from "./write.ts";

const ends = (events: readonly EventDraft[]) =>
  ofType(events, "tool.execute").filter(({ phase }) => phase === "completed");
const json = JSON.stringify;
const dataOf = (event: EventDraft | undefined) => (event?.data ?? {}) as Record<string, unknown>;

/** What LangGraph throws, as `@langchain/core`'s tracer writes it, in JavaScript 0.2 and 1.x, and in Python. */
const QUESTIONS = {
  "JavaScript 1":
    '[\n  {\n    "id": "d3",\n    "value": {"question": "may I?"}\n  }\n]\n\nGraphInterrupt: […]\n    at x',
  "JavaScript 0.2":
    '[{"value":{},"when":"during","resumable":true,"ns":["a:1"]}]\n\nGraphInterrupt: [\n    at x',
  Python:
    "GraphInterrupt((Interrupt(value={'q': 1}, id='d3'),))\n\n\nTraceback (most recent call last):\n  File x",
};
const JUMPS = {
  JavaScript: "\n\nParentCommand\n    at RunnableCallable._controlBranch",
  Python: "ParentCommand(Command(graph='__parent__', goto='closer'))Traceback (most recent call last):",
};

describe("LangGraph's questions and jumps", () => {
  const oi = (error: string) =>
    traces("lc", "@arizeai/openinference-instrumentation-langchain", [
      {
        id: "1",
        name: "tools",
        is: { "openinference.span.kind": "CHAIN" },
        error,
      },
      {
        id: "2",
        parent: "1",
        name: "ask",
        is: { "openinference.span.kind": "TOOL", "tool.name": "ask", "input.value": '{"q":"a"}' },
        error,
      },
    ]);

  it.each(Object.entries(QUESTIONS))(
    "a question is no failure: OpenInference, %s",
    async (_language, error) => {
      const { drafts } = await oi(error);
      expect(drafts.filter(({ status }) => status === "error")).toEqual([]);
      expect(ends(drafts)).toMatchObject([{ status: "ok", error: null, data: { interrupted: true } }]);
    },
  );

  it.each(Object.entries(JUMPS))("a jump is no failure: OpenInference, %s", async (_language, error) => {
    const { drafts } = await oi(error);
    expect(drafts.filter(({ status }) => status === "error")).toEqual([]);
    expect(ends(drafts)[0]?.data).not.toHaveProperty("interrupted");
  });

  it("is known by the type of the exception too: OpenLLMetry", async () => {
    const { drafts } = await traces("lc", "@traceloop/instrumentation-langchain", [
      {
        id: "1",
        is: { "traceloop.span.kind": "tool", "traceloop.entity.name": "ask" },
        error: '[\n  {"id": "d3"}\n]',
        events: [{ name: "exception", is: { "exception.type": "GraphInterrupt" } }],
      },
    ]);
    expect(ends(drafts)).toMatchObject([{ status: "ok", data: { interrupted: true } }]);
  });

  it("an error that only speaks of one stays an error", async () => {
    const { drafts } = await oi("The word GraphInterrupt stands in this text.");
    expect(ends(drafts)).toMatchObject([{ status: "error" }]);
  });

  it.each([...Object.values(QUESTIONS), ...Object.values(JUMPS)])(
    "LangSmith's runs say the same: %j",
    (error) => {
      const id = "019a0000-0000-7000-8000-000000000001";
      const run = { id, trace_id: id, name: "ask", run_type: "tool", inputs: { q: "a" }, error };
      const { drafts } = fromLangSmith({ post: [{ ...run, start_time: 1, end_time: 2 }], patch: [] });
      expect(ends(drafts)).toMatchObject([{ status: "ok", error: null }]);
      expect(json(ends(drafts)[0]?.data).includes("interrupted")).toBe(error.includes("GraphInterrupt"));
    },
  );

  it("an error without a message has its stack's first line", () => {
    const id = "019a0000-0000-7000-8000-000000000001";
    const run = {
      id,
      name: "ask",
      run_type: "tool",
      inputs: {},
      error: "\n\nTypeError\n    at x",
      end_time: 2,
    };
    expect(ends(fromLangSmith({ post: [run], patch: [] }).drafts)).toMatchObject([
      { status: "error", error: "TypeError" },
    ]);
  });
});

describe("a model's span around the span of its call", () => {
  const llm = (id: string, more: Record<string, unknown>, parent?: string): SpanSketch => ({
    id,
    at: Number(id),
    ...(parent === undefined ? {} : { parent }),
    is: {
      "gen_ai.operation.name": "chat",
      "gen_ai.request.model": "m",
      "gen_ai.usage.input_tokens": 10,
      ...more,
    },
  });

  it("is a step with the sum, and the call inside it is told once", async () => {
    const { drafts } = await traces("a", "s", [
      llm("1", { "openinference.span.kind": "LLM" }),
      llm("2", {}, "1"),
    ]);
    expect(ofType(drafts, "llm.complete")).toHaveLength(1);
    expect(ofType(drafts, "agent.step")).toMatchObject([{ data: { model: "m", totals: { input: 10 } } }]);
    expect(sumOf(drafts, "input")).toBe(10);
  });

  it("keeps its tokens where the call inside it counts none", async () => {
    const { drafts } = await traces("a", "s", [
      llm("1", {}),
      llm("2", { "gen_ai.usage.input_tokens": "unknown" }, "1"),
    ]);
    expect(sumOf(drafts, "input")).toBe(10);
  });

  it("holds each of its attempts", async () => {
    const { drafts } = await traces("a", "s", [
      llm("1", {}),
      { ...llm("2", {}, "1"), error: "overloaded" },
      llm("3", {}, "1"),
    ]);
    expect(ofType(drafts, "llm.complete").map(({ status }) => status)).toEqual(["error", "ok"]);
  });

  it("is not mistaken for one where an agent stands between", async () => {
    const { drafts } = await traces("a", "s", [
      llm("1", {}),
      { id: "2", parent: "1", is: { "gen_ai.operation.name": "invoke_agent" } },
      llm("3", {}, "2"),
    ]);
    expect(ofType(drafts, "llm.complete")).toHaveLength(2);
  });
});

/** Recorded from `@traceloop/instrumentation-langchain` 0.27 and `opentelemetry-instrumentation-langchain`. */
describe("OpenLLMetry's calls", () => {
  const call = async (name: string, input: unknown, output: unknown) =>
    ends(
      (
        await traces("t", "@traceloop/instrumentation-langchain", [
          {
            id: "1",
            is: {
              "traceloop.span.kind": "tool",
              "traceloop.entity.name": name,
              "traceloop.entity.input": json(input),
              "traceloop.entity.output": json(output),
            },
          },
        ])
      ).drafts,
    )[0];

  it("have their own arguments, out of what wraps them", async () => {
    const args = async (input: unknown) => dataOf(await call("find", input, "x")).arguments;
    expect(await args({ args: ['{"q":"a"}'] })).toEqual({ q: "a" });
    expect(await args({ args: [], kwargs: { q: "a" } })).toEqual({ q: "a" });
    expect(await args({ args: ["a", "b"], kwargs: {} })).toEqual({ args: ["a", "b"], kwargs: {} });
    expect(await args({ input_str: "{'q': 'a'}", inputs: { q: "a" }, tags: [] })).toEqual({ q: "a" });
    expect(await args({ input_str: '{"q":"a"}' })).toEqual({ q: "a" });
    expect(await args({ args: "all of them", more: 1 })).toEqual({ args: "all of them", more: 1 });
  });

  it("have the tool's name where the answer knows it and the span only a class", async () => {
    const answer = { lc: 1, kwargs: { tool_call_id: "c1", name: "find", content: "x" } };
    expect(await call("DynamicStructuredTool", {}, answer)).toMatchObject({ tool: "find", callId: "c1" });
    expect(await call("search", {}, answer)).toMatchObject({ tool: "search", callId: "c1" });
    expect(await call("DynamicStructuredTool", {}, "x")).toMatchObject({ tool: "DynamicStructuredTool" });
  });

  it("have text as it was before it was made JSON", async () => {
    expect(dataOf(await call("find", {}, "two\nlines")).result).toBe("two\nlines");
  });
});

describe("tokens and costs of tracers", () => {
  it("Anthropic's SDK and OpenInference's around it: cache reads and writes are in the input once", async () => {
    const { drafts } = await traces("a", "com.anthropic.sdk.typescript", [
      {
        id: "1",
        is: {
          "openinference.span.kind": "LLM",
          "llm.request.model_name": "claude",
          "llm.token_count.prompt": 107,
        },
      },
      {
        id: "2",
        parent: "1",
        is: {
          "gen_ai.operation.name": "chat",
          "gen_ai.provider.name": "anthropic",
          "gen_ai.usage.input_tokens": 10,
          "gen_ai.usage.output_tokens": 5,
          "gen_ai.usage.cache_read.input_tokens": 90,
          "gen_ai.usage.cache_write.input_tokens": 7,
        },
      },
    ]);
    expect(ofType(drafts, "llm.complete").map(line)).toEqual([
      "llm.complete  completed  ok  107+5 tokens, 90 cached  10 ms",
    ]);
  });

  it("Langfuse: what an observation cost, and the agent that it is", async () => {
    const { drafts } = await traces("a", "langfuse-sdk", [
      { id: "1", name: "desk", took: 90, is: { "langfuse.observation.type": "agent" } },
      {
        id: "2",
        parent: "1",
        at: 1,
        is: {
          "langfuse.observation.type": "generation",
          "langfuse.observation.cost_details": '{"input":0.001,"output":0.001,"total":0.002}',
        },
      },
    ]);
    expect(ofType(drafts, "llm.complete")).toMatchObject([{ costUsd: "0.002", agent: "desk" }]);
  });

  it("OpenLIT: arguments, people and operations by its own names", async () => {
    const { drafts } = await traces("a", "openlit.otel.tracing", [
      {
        id: "1",
        is: {
          "gen_ai.operation.name": "execute_tool",
          "gen_ai.tool.name": "find",
          "gen_ai.tool.args": '{"q":"a"}',
          "gen_ai.request.user": "ada",
        },
      },
      { id: "2", at: 20, took: 1, is: { "gen_ai.operation.name": "vectordb" } },
      { id: "3", at: 30, is: { "gen_ai.operation.name": "execute_task", "gen_ai.agent.name": "a" } },
    ]);
    expect(ends(drafts)).toMatchObject([{ actor: { id: "ada" }, data: { arguments: { q: "a" } } }]);
    expect(drafts.map(({ type }) => type)).toEqual([
      "tool.execute",
      "tool.execute",
      "retrieval.query",
      "agent.run",
      "agent.run",
    ]);
  });
});
