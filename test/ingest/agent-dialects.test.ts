import { describe, expect, it } from "vitest";
import type { EventDraft } from "../../src/event/event.ts";
import { line, ofType, sumOf } from "./read.ts";
import { type SpanSketch, traces } from "./write.ts";

const ends = (events: readonly EventDraft[]) =>
  ofType(events, "tool.execute").filter(({ phase }) => phase === "completed");
const json = JSON.stringify;
const runsIn = (events: readonly EventDraft[]) => new Set(events.map(({ runId }) => runId)).size;

/** Names as pydantic_ai_slim's `_instrumentation.py` has them: version 2, and 3 to 5. */
describe("Pydantic AI", () => {
  const run = (is: Record<string, unknown>): SpanSketch => ({
    id: "1",
    name: "invoke_agent bank",
    took: 90,
    is: { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "bank", ...is },
  });
  const call = (id: string, is: Record<string, unknown>, error?: string): SpanSketch => ({
    id,
    parent: "1",
    at: 20,
    name: "execute_tool transfer",
    is: {
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": "transfer",
      "gen_ai.tool.call.id": `call-${id}`,
      "gen_ai.tool.call.arguments": '{"cents":5}',
      ...is,
    },
    ...(error === undefined
      ? {}
      : { error, events: [{ name: "exception", is: { "exception.type": error } }] }),
  });

  it("counts a run's aggregated usage as a total, and its requests", async () => {
    const { drafts } = await traces("p", "pydantic-ai", [
      run({ "gen_ai.aggregated_usage.input_tokens": 30, "gen_ai.aggregated_usage.output_tokens": 5 }),
      {
        id: "2",
        parent: "1",
        at: 1,
        name: "chat gpt",
        is: {
          "gen_ai.operation.name": "chat",
          "gen_ai.request.model": "gpt",
          "gen_ai.usage.input_tokens": 30,
          "gen_ai.usage.output_tokens": 5,
          "gen_ai.usage.details.cache_read_tokens": 20,
          "operation.cost": 0.0025,
        },
      },
      call("3", { "gen_ai.tool.call.result": '"done"' }),
    ]);
    expect(sumOf(drafts, "input")).toBe(30);
    expect(ofType(drafts, "agent.run")[1]?.data).toMatchObject({ totals: { input: 30, output: 5 } });
    expect(ofType(drafts, "llm.complete")[0]).toMatchObject({
      usage: { cached: 20 },
      costUsd: "0.0025",
      agent: "bank",
    });
    expect(ends(drafts)[0]?.data).toMatchObject({ arguments: { cents: 5 }, result: "done" });
  });

  it.each([
    ["as control flow", undefined],
    ["as an error, before version 5", "ApprovalRequired"],
  ])("tells a call that waits for a person %s, and the refusal that follows", async (_how, error) => {
    const first = await traces("p", "pydantic-ai", [
      run({}),
      call("2", { "pydantic_ai.tool.deferral.name": "ApprovalRequired" }, error),
    ]);
    expect(ends(first.drafts)).toMatchObject([
      { status: "ok", callId: "call-2", data: { interrupted: true } },
    ]);
    const messages = json([
      {
        role: "assistant",
        parts: [{ type: "tool_call", id: "call-2", name: "transfer", arguments: '{"cents":5}' }],
      },
      {
        role: "user",
        parts: [
          {
            type: "tool_call_response",
            id: "call-2",
            name: "transfer",
            result: "The tool call was denied.",
          },
        ],
      },
    ]);
    const next = await traces("p", "pydantic-ai", [run({ "pydantic_ai.all_messages": messages })]);
    expect(ends(next.drafts)).toMatchObject([
      { status: "denied", tool: "transfer", callId: "call-2", data: { arguments: { cents: 5 } } },
    ]);
  });
});

/** ADK for Python's `telemetry/tracing.py`, and recordings of ADK for JavaScript 1.0 and 2.0. */
describe("Google ADK", () => {
  const said = (args: unknown, answer: unknown) => ({
    "gen_ai.operation.name": "execute_tool",
    "gen_ai.tool.name": "send",
    "gen_ai.tool.call.id": "adk-1",
    "gcp.vertex.agent.tool_call_args": json(args),
    "gcp.vertex.agent.tool_response": json(answer),
  });
  const adk = (is: Record<string, unknown>, name = "execute_tool send") =>
    traces("adk", "gcp.vertex.agent", [
      { id: "1", name: "invocation", took: 90, is: {} },
      {
        id: "2",
        parent: "1",
        name: "invoke_agent root",
        at: 1,
        took: 80,
        is: {
          "gen_ai.operation.name": "invoke_agent",
          "gen_ai.agent.name": "root",
          "gen_ai.conversation.id": "s-1",
        },
      },
      {
        id: "3",
        parent: "2",
        name: "call_llm",
        at: 2,
        took: 60,
        is: {
          "gen_ai.system": "gcp.vertex.agent",
          "gen_ai.request.model": "gemini",
          "gen_ai.usage.input_tokens": 6,
          "gcp.vertex.agent.invocation_id": "e-1",
        },
      },
      { id: "4", parent: "3", name, at: 10, is },
    ]);

  it("is one run, whatever ids its model calls have", async () => {
    const { drafts, dropped } = await adk(said({ to: "bo" }, { sent: true }));
    expect(runsIn(drafts)).toBe(1);
    expect(dropped).toEqual({ "part of another event": 1 });
    expect(ends(drafts)).toMatchObject([{ status: "ok", data: { result: { sent: true } } }]);
  });

  it.each([
    [{ error: "This tool call requires confirmation, please approve or reject." }, "ok", null],
    [{ error: "This tool call is rejected." }, "denied", "This tool call is rejected."],
    [{ error: "no such mailbox" }, "error", "no such mailbox"],
    [{ error: "a word", more: 1 }, "ok", null],
  ])("reads how a call ended in its answer %j", async (answer, status, error) => {
    const { drafts } = await adk(said({}, answer));
    expect(ends(drafts)).toMatchObject([{ status, error }]);
    expect(json(ends(drafts)[0]?.data).includes("interrupted")).toBe(json(answer).includes("confirmation"));
  });

  it("keeps a call that threw, of which its span says nothing", async () => {
    const { drafts } = await adk({});
    expect(ends(drafts).map(line)).toEqual([
      "tool.execute  completed  error  send  10 ms  “ended without a result”",
    ]);
  });
});

/** Strands' `telemetry/tracer.py`: by default, and with OTEL_SEMCONV_STABILITY_OPT_IN=gen_ai_latest_experimental. */
describe("Strands", () => {
  const DETAILS = "gen_ai.client.inference.operation.details";
  const parts = (role: string, ...of: unknown[]) => json([{ role, parts: of }]);
  const calls: Record<string, SpanSketch["events"]> = {
    "an event for each message": [
      { name: "gen_ai.tool.message", is: { role: "tool", content: '{"q":"a"}', id: "t1" } },
      { name: "gen_ai.choice", is: { message: '[{"text":"found"}]', id: "t1" } },
    ],
    "one event of the operation": [
      {
        name: DETAILS,
        is: {
          "gen_ai.input.messages": parts("tool", {
            type: "tool_call",
            name: "find",
            id: "t1",
            arguments: { q: "a" },
          }),
        },
      },
      {
        name: DETAILS,
        is: {
          "gen_ai.output.messages": parts("tool", {
            type: "tool_call_response",
            id: "t1",
            response: [{ text: "found" }],
          }),
        },
      },
    ],
  };

  it.each(Object.keys(calls))("tells a call and a run by %s", async (how) => {
    const isNew = how.startsWith("one");
    const { drafts } = await traces("s", "strands.telemetry.tracer", [
      {
        id: "1",
        name: "invoke_agent finder",
        took: 90,
        is: {
          "gen_ai.operation.name": "invoke_agent",
          "gen_ai.agent.name": "finder",
          "gen_ai.usage.input_tokens": 10,
          "gen_ai.usage.cache_write_input_tokens": 4,
        },
        events: isNew
          ? [
              {
                name: DETAILS,
                is: { "gen_ai.input.messages": parts("user", { type: "text", content: "go" }) },
              },
              {
                name: DETAILS,
                is: { "gen_ai.output.messages": parts("assistant", { type: "text", content: "done" }) },
              },
            ]
          : [
              { name: "gen_ai.user.message", is: { content: '[{"text":"go"}]' } },
              { name: "gen_ai.choice", is: { message: "done", finish_reason: "end_turn" } },
            ],
      },
      {
        id: "2",
        parent: "1",
        name: "execute_event_loop_cycle",
        at: 1,
        took: 80,
        is: { "event_loop.cycle_id": "c" },
      },
      {
        id: "3",
        parent: "2",
        name: "execute_tool find",
        at: 20,
        is: {
          "gen_ai.operation.name": "execute_tool",
          "gen_ai.tool.name": "find",
          "gen_ai.tool.call.id": "t1",
          "gen_ai.tool.status": "success",
        },
        events: calls[how] ?? [],
      },
    ]);
    expect(ends(drafts)).toMatchObject([
      { status: "ok", data: { arguments: { q: "a" }, result: [{ text: "found" }] } },
    ]);
    expect(json(ofType(drafts, "agent.run")[0]?.data)).toContain("go");
    expect(json(ofType(drafts, "agent.run")[1]?.data)).toContain("done");
    expect(ends(drafts)[0]?.parentId).toBe(ofType(drafts, "agent.run")[0]?.id);
  });

  it("runs swarms and graphs of agents", async () => {
    const { drafts } = await traces("s", "strands.telemetry.tracer", [
      { id: "1", name: "invoke_swarm", is: { "gen_ai.operation.name": "invoke_swarm" } },
      { id: "2", name: "invoke_graph", is: { "gen_ai.operation.name": "invoke_graph" } },
    ]);
    expect(ofType(drafts, "workflow.run")).toHaveLength(4);
  });
});

/** agent_framework's `observability.py`; AutoGen's `_telemetry/_genai.py`; azure-ai-agents' `telemetry/_utils.py`. */
describe("Microsoft's frameworks", () => {
  it("Agent Framework: workflows by the names of their spans, the messages that they send are noise", async () => {
    const { drafts, dropped } = await traces("m", "agent_framework", [
      { id: "1", name: "workflow.run", took: 90, is: { "workflow.id": "w" } },
      { id: "2", parent: "1", at: 1, name: "executor.process writer", is: { "executor.id": "writer" } },
      { id: "3", parent: "1", at: 2, name: "message.send", is: { "message.type": "standard" } },
      { id: "4", parent: "1", at: 3, name: "edge_group.process", is: { "edge_group.id": "e" } },
    ]);
    expect(drafts.map(({ type }) => type)).toEqual(["workflow.run", "agent.step", "workflow.run"]);
    expect(dropped).toEqual({ "not agent activity": 2 });
  });

  it("AutoGen: creating an agent is a step, a failed call has the exception's text", async () => {
    const { drafts } = await traces("m", "autogen-core", [
      {
        id: "1",
        name: "create_agent a",
        is: { "gen_ai.operation.name": "create_agent", "gen_ai.agent.name": "a" },
      },
      {
        id: "2",
        at: 20,
        name: "execute_tool add",
        is: {
          "gen_ai.operation.name": "execute_tool",
          "gen_ai.system": "autogen",
          "gen_ai.tool.name": "add",
          "error.type": "ValueError",
        },
        error: "not a number",
      },
    ]);
    expect(drafts.map(line)).toEqual([
      "agent.step  completed  ok  10 ms",
      "tool.execute  started  pending  add",
      "tool.execute  completed  error  add  10 ms  “not a number”",
    ]);
  });

  it("Azure AI agents: a run with its thread and its tokens", async () => {
    const { drafts } = await traces("m", "azure.ai.agents", [
      {
        id: "1",
        name: "process_thread_run",
        is: {
          "gen_ai.operation.name": "process_thread_run",
          "gen_ai.thread.id": "th",
          "gen_ai.agent.id": "asst_1",
          "gen_ai.response.model": "gpt",
          "gen_ai.usage.input_tokens": 7,
        },
      },
    ]);
    expect(drafts).toMatchObject([
      { type: "llm.complete", threadId: "th", agent: "asst_1", model: "gpt", usage: { input: 7 } },
    ]);
  });
});

describe("other frameworks", () => {
  it("Haystack: pipelines, agents and components, with the tokens of a generator's reply", async () => {
    const component = (id: string, type: string, output: unknown): SpanSketch => ({
      id,
      parent: "1",
      at: Number(id),
      name: "haystack.component.run",
      is: {
        "haystack.component.name": type,
        "haystack.component.type": type,
        "haystack.component.input": json({ query: "q" }),
        "haystack.component.output": json(output),
      },
    });
    const reply = {
      content: "x",
      meta: { model: "gpt", usage: { prompt_tokens: 12, completion_tokens: 3 } },
    };
    const { drafts } = await traces("h", "haystack", [
      { id: "1", name: "haystack.pipeline.run", took: 90, is: { "haystack.pipeline.input_data": "{}" } },
      component("2", "InMemoryBM25Retriever", { documents: [] }),
      component("3", "OpenAIChatGenerator", { replies: [reply] }),
      component("4", "PromptBuilder", {}),
      { id: "5", parent: "1", at: 20, name: "haystack.agent.run", is: { "haystack.agent.max_steps": 3 } },
    ]);
    expect(drafts.map(line)).toEqual([
      "workflow.run  started  pending",
      "retrieval.query  completed  ok  10 ms",
      "llm.complete  completed  ok  12+3 tokens, 0 cached  10 ms",
      "agent.step  completed  ok  10 ms",
      "agent.run  started  pending",
      "agent.run  completed  ok  10 ms",
      "workflow.run  completed  ok  90 ms",
    ]);
    expect(ofType(drafts, "llm.complete")[0]?.model).toBe("gpt");
  });

  it("Spring AI: calls by its own kinds, beside an operation that is always the same", async () => {
    const { drafts } = await traces("j", "org.springframework.boot", [
      {
        id: "1",
        took: 90,
        is: {
          "gen_ai.operation.name": "framework",
          "gen_ai.system": "spring_ai",
          "spring.ai.kind": "chat_client",
        },
      },
      {
        id: "2",
        parent: "1",
        at: 5,
        is: {
          "gen_ai.operation.name": "framework",
          "spring.ai.kind": "tool_call",
          "spring.ai.tool.definition.name": "weather",
          "spring.ai.tool.call.arguments": '{"city":"Oslo"}',
          "spring.ai.tool.call.result": '"cold"',
        },
      },
    ]);
    expect(ends(drafts)).toMatchObject([
      { tool: "weather", data: { arguments: { city: "Oslo" }, result: "cold" } },
    ]);
    expect(ofType(drafts, "agent.step")).toHaveLength(1);
  });

  it("the conventions' newest: hand-offs, guardrails, memory and retrieval with what they are about", async () => {
    const of = (id: string, is: Record<string, unknown>): SpanSketch => ({ id, at: Number(id), is });
    const { drafts } = await traces("n", "s", [
      of("1", { "gen_ai.handoff.from_agent": "front", "gen_ai.handoff.to_agent": "back" }),
      of("2", {
        "gen_ai.operation.name": "run_guardrail",
        "gen_ai.guardrail.name": "pii",
        "gen_ai.guardrail.triggered": true,
      }),
      of("3", { "gen_ai.operation.name": "search_memory", "gen_ai.memory.query.text": "diet" }),
      of("4", {
        "gen_ai.operation.name": "retrieval",
        "gen_ai.retrieval.query.text": "paris",
        "gen_ai.retrieval.documents": '[{"id":"d1","score":0.9}]',
      }),
      of("5", { "gen_ai.operation.name": "plan" }),
    ]);
    expect(drafts.map(({ type, status }) => [type, status])).toEqual([
      ["agent.handoff", "ok"],
      ["guardrail.check", "denied"],
      ["memory.access", "ok"],
      ["retrieval.query", "ok"],
      ["agent.step", "ok"],
    ]);
    expect(json(drafts[0]?.data)).toContain("back");
    expect(drafts[2]?.data).toMatchObject({ input: "diet" });
    expect(drafts[3]?.data).toMatchObject({ input: "paris", output: [{ id: "d1", score: 0.9 }] });
  });
});
