import { describe, expect, it } from "vitest";
import type { EventDraft } from "../../src/event/event.ts";
import { line, ofType, sumOf } from "./read.ts";
import { traces } from "./write.ts";

const brief = (events: readonly EventDraft[]) => events.map(line);
const calls = (events: readonly EventDraft[]) =>
  ofType(events, "tool.execute").filter(({ phase }) => phase === "completed");

describe("AI SDK", () => {
  it.each(["the run and the call", "the call", "the run"])(
    "7: reads a refusal out of the messages that %s were given, once",
    async (where) => {
      const messages = JSON.stringify([
        { role: "user", parts: [{ type: "text", content: "delete it" }] },
        {
          role: "assistant",
          parts: [{ type: "tool_call", id: "call-9", name: "rm", arguments: { path: "/" } }],
        },
        {
          role: "tool",
          parts: [
            {
              type: "tool_call_response",
              id: "call-9",
              response: { denied: true, reason: "not on my watch" },
            },
          ],
        },
      ]);
      const { drafts } = await traces("shop", "gen_ai", [
        {
          id: "1",
          name: "invoke_agent",
          took: 90,
          is: {
            "gen_ai.operation.name": "invoke_agent",
            ...(where.includes("run") ? { "gen_ai.input.messages": messages } : {}),
          },
        },
        { id: "2", parent: "1", at: 5, is: { "gen_ai.operation.name": "agent_step" } },
        {
          id: "3",
          parent: "2",
          at: 10,
          is: {
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "m",
            "gen_ai.usage.input_tokens": 7,
            "gen_ai.usage.output_tokens": 2,
            ...(where.includes("call") ? { "gen_ai.input.messages": messages } : {}),
          },
        },
      ]);
      expect(calls(drafts)).toEqual([
        expect.objectContaining({
          tool: "rm",
          callId: "call-9",
          status: "denied",
          error: "not on my watch",
          data: { arguments: { path: "/" } },
        }),
      ]);
      expect(ofType(drafts, "agent.step")).toHaveLength(1);
      expect(sumOf(drafts, "input")).toBe(7);
    },
  );

  it("5: reads the old names of tokens", async () => {
    const { drafts } = await traces("shop", "ai", [
      {
        id: "1",
        took: 50,
        is: { "ai.operationId": "ai.streamText", "ai.usage.promptTokens": 9, "ai.usage.completionTokens": 4 },
      },
      {
        id: "2",
        parent: "1",
        is: {
          "ai.operationId": "ai.streamText.doStream",
          "ai.model.id": "m5",
          "ai.usage.promptTokens": 9,
          "ai.usage.completionTokens": 4,
        },
      },
    ]);
    expect(brief(drafts)).toEqual([
      "agent.run  started  pending",
      "llm.complete  completed  ok  9+4 tokens, 0 cached  10 ms",
      "agent.run  completed  ok  50 ms",
    ]);
  });
});

describe("Mastra", () => {
  it("counts the generation, not its steps and inferences, and folds the chunks", async () => {
    const is = (name: string, more = {}) => ({
      "gen_ai.operation.name": name,
      "mastra.metadata.userId": "u1",
      ...more,
    });
    const { drafts, dropped } = await traces("m", "@mastra/otel-exporter", [
      { id: "6", parent: "5", at: 4, is: is("model_chunk") },
      { id: "5", parent: "4", at: 3, is: is("model_inference") },
      { id: "4", parent: "3", at: 2, is: is("model_step") },
      {
        id: "7",
        parent: "4",
        at: 6,
        is: is("execute_tool", {
          "gen_ai.tool.name": "rm",
          "gen_ai.tool.call.id": "c1",
          "gen_ai.tool.call.arguments": '{"path":"/"}',
          "error.type": "TOOL_EXECUTION_FAILED",
          "error.message": "boom",
        }),
        error: "boom",
      },
      {
        id: "3",
        parent: "2",
        at: 1,
        took: 30,
        is: is("chat", { "gen_ai.usage.input_tokens": 20, "gen_ai.usage.output_tokens": 10 }),
      },
      { id: "2", took: 40, is: is("invoke_agent", { "gen_ai.agent.name": "weather" }) },
    ]);
    expect(sumOf(drafts, "input")).toBe(20);
    expect(dropped).toEqual({ "part of another event": 1 });
    expect(calls(drafts)).toEqual([
      expect.objectContaining({
        status: "error",
        error: "boom",
        agent: "weather",
        actor: expect.objectContaining({ id: "u1" }),
      }),
    ]);
  });
});

describe("OpenInference", () => {
  it("finds LangChain's call id and failure in the tool message, and the thread in the metadata", async () => {
    const message = (status: string) =>
      JSON.stringify({
        lc: 1,
        type: "constructor",
        kwargs: { tool_call_id: "call_1", name: "rm", status, content: "no such file" },
      });
    const { drafts } = await traces("lc", "@arizeai/openinference-instrumentation-langchain", [
      {
        id: "1",
        took: 50,
        is: { "openinference.span.kind": "CHAIN", metadata: '{"thread_id":"t-1"}', "input.value": "hi" },
      },
      {
        id: "2",
        parent: "1",
        at: 1,
        is: {
          "openinference.span.kind": "LLM",
          "llm.model_name": "gpt",
          "llm.token_count.prompt": 3,
          "llm.token_count.completion": 2,
          "llm.input_messages.0.message.role": "user",
        },
      },
      {
        id: "3",
        parent: "1",
        at: 20,
        is: {
          "openinference.span.kind": "TOOL",
          "tool.name": "rm",
          "input.value": '{"path":"/x"}',
          "output.value": message("error"),
        },
      },
    ]);
    expect(calls(drafts)).toEqual([
      expect.objectContaining({
        callId: "call_1",
        status: "error",
        error: "no such file",
        threadId: "t-1",
        origin: "openinference",
        resource: { type: "file", id: "/x" },
      }),
    ]);
    expect(ofType(drafts, "llm.complete")[0]).toMatchObject({
      model: "gpt",
      usage: { input: 3, output: 2 },
      data: { input: { "llm.input_messages.0.message.role": "user" } },
    });
    expect(brief(ofType(drafts, "workflow.run"))).toEqual([
      "workflow.run  started  pending",
      "workflow.run  completed  ok  50 ms",
    ]);
  });

  it("finds the failure in LangChain's other envelope too", async () => {
    const output = JSON.stringify({
      type: "tool",
      data: { content: "denied by disk", status: "error", type: "tool" },
    });
    const { drafts } = await traces("lc", "openinference.instrumentation.langchain", [
      { id: "1", is: { "openinference.span.kind": "TOOL", "tool.name": "deploy", "output.value": output } },
    ]);
    expect(calls(drafts)).toMatchObject([{ status: "error", error: "denied by disk", callId: null }]);
    const answer = {
      "openinference.span.kind": "TOOL",
      "tool.name": "job",
      "output.value": '{"status":"error"}',
    };
    const job = await traces("lc", "s", [{ id: "1", is: answer }]);
    expect(calls(job.drafts)).toMatchObject([{ status: "ok", data: { result: { status: "error" } } }]);
  });

  it("counts the innermost of model spans within model spans, but not across a tool", async () => {
    const llm = (input: number) => ({ "openinference.span.kind": "LLM", "llm.token_count.prompt": input });
    const { drafts } = await traces("li", "openinference.instrumentation.llama_index", [
      { id: "1", is: llm(5) },
      { id: "2", parent: "1", is: { "openinference.span.kind": "CHAIN" } },
      { id: "3", parent: "2", is: llm(5) },
      { id: "4", is: llm(8) },
      { id: "5", parent: "4", is: { "openinference.span.kind": "TOOL", "tool.name": "ask" } },
      { id: "6", parent: "5", is: llm(2) },
    ]);
    expect(sumOf(drafts, "input")).toBe(5 + 8 + 2);
  });
});

describe("other dialects", () => {
  it("traceloop: tool by entity, model call by request type", async () => {
    const { drafts } = await traces("t", "opentelemetry.instrumentation.openai", [
      { id: "1", took: 30, is: { "traceloop.span.kind": "workflow", "traceloop.workflow.name": "joke" } },
      {
        id: "2",
        parent: "1",
        at: 1,
        is: {
          "llm.request.type": "chat",
          "gen_ai.system": "OpenAI",
          "gen_ai.usage.prompt_tokens": 4,
          "gen_ai.usage.completion_tokens": 1,
          "gen_ai.prompt.0.content": "hi",
        },
      },
      {
        id: "3",
        parent: "1",
        at: 15,
        is: {
          "traceloop.span.kind": "tool",
          "traceloop.entity.name": "search",
          "traceloop.entity.input": '{"url":"https://a.example"}',
          "traceloop.entity.output": '"ok"',
        },
      },
    ]);
    expect(brief(drafts)).toEqual([
      "workflow.run  started  pending",
      "llm.complete  completed  ok  4+1 tokens, 0 cached  10 ms",
      "tool.execute  started  pending  search  https://a.example",
      "tool.execute  completed  ok  search  https://a.example  10 ms",
      "workflow.run  completed  ok  30 ms",
    ]);
    expect(drafts.every(({ agent }) => agent === "joke")).toBe(true);
  });

  it("Pydantic AI, old names: agent run with totals, a tool, spans around tools", async () => {
    const { drafts, dropped } = await traces("p", "pydantic-ai", [
      {
        id: "1",
        name: "agent run",
        took: 40,
        is: { agent_name: "bank", "gen_ai.usage.input_tokens": 30, "gen_ai.usage.output_tokens": 5 },
      },
      {
        id: "2",
        parent: "1",
        at: 1,
        name: "chat gpt",
        is: {
          "gen_ai.operation.name": "chat",
          "gen_ai.usage.input_tokens": 30,
          "gen_ai.usage.output_tokens": 5,
        },
      },
      { id: "3", parent: "1", at: 12, name: "running 1 tool", is: { tools: ["balance"] } },
      {
        id: "4",
        parent: "3",
        at: 13,
        name: "running tool",
        is: {
          "gen_ai.tool.name": "balance",
          "gen_ai.tool.call.id": "c",
          tool_arguments: '{"cents":true}',
          tool_response: "12",
        },
      },
    ]);
    expect(sumOf(drafts, "input")).toBe(30);
    expect(dropped).toEqual({ "not agent activity": 1 });
    const run = ofType(drafts, "agent.run")[0];
    expect(calls(drafts)[0]).toMatchObject({
      tool: "balance",
      agent: "bank",
      parentId: run?.id,
      data: { arguments: { cents: true }, result: "12" },
    });
  });

  it("Google ADK: arguments and results by its own names, the merged span is no call", async () => {
    const { drafts } = await traces("adk", "gcp.vertex.agent", [
      {
        id: "1",
        name: "invoke_agent root",
        took: 60,
        is: {
          "gen_ai.operation.name": "invoke_agent",
          "gen_ai.agent.name": "root",
          "gcp.vertex.agent.session_id": "s-1",
        },
      },
      {
        id: "2",
        parent: "1",
        name: "call_llm",
        took: 20,
        is: {
          "gen_ai.system": "gcp.vertex.agent",
          "gen_ai.request.model": "gemini",
          "gen_ai.usage.input_tokens": 6,
        },
      },
      {
        id: "3",
        parent: "2",
        name: "generate_content gemini",
        is: { "gen_ai.operation.name": "generate_content", "gen_ai.usage.input_tokens": 6 },
      },
      {
        id: "4",
        parent: "1",
        name: "execute_tool roll",
        is: {
          "gen_ai.operation.name": "execute_tool",
          "gen_ai.tool.name": "roll",
          "gen_ai.tool.call.id": "adk-1",
          "gcp.vertex.agent.tool_call_args": '{"sides":6}',
          "gcp.vertex.agent.tool_response": '{"result":4}',
        },
      },
      {
        id: "5",
        parent: "1",
        name: "execute_tool (merged)",
        is: {
          "gen_ai.operation.name": "execute_tool",
          "gen_ai.tool.name": "(merged tools)",
          "gen_ai.tool.call.id": "x",
        },
      },
    ]);
    expect(calls(drafts)).toEqual([
      expect.objectContaining({
        tool: "roll",
        conversationId: "s-1",
        data: { arguments: { sides: 6 }, result: { result: 4 } },
      }),
    ]);
    expect(sumOf(drafts, "input")).toBe(6);
  });

  it("Gemini CLI and Codex: what their logs tell better is left to the logs, and counted", async () => {
    const gemini = await traces("gemini-cli", "gemini-cli", [
      { id: "1", is: { "gen_ai.operation.name": "schedule_tool_calls" } },
      {
        id: "2",
        parent: "1",
        is: { "gen_ai.operation.name": "tool_call", "gen_ai.tool.name": "ls", "gen_ai.tool.call_id": "x" },
      },
      { id: "3", is: { "gen_ai.operation.name": "llm_call", "gen_ai.usage.input_tokens": 3 } },
      { id: "4", is: { "gen_ai.operation.name": "agent_call", "gen_ai.agent.name": "sub" } },
    ]);
    expect(gemini.dropped).toEqual({ "told by the logs of the same program": 3 });
    expect(brief(gemini.drafts)).toEqual(["agent.run  started  pending", "agent.run  completed  ok  10 ms"]);
    const codex = await traces("codex_exec", "codex_exec", [
      { id: "1", name: "run_turn", is: { "code.namespace": "codex_core" }, error: "x" },
      { id: "2", parent: "1", name: "handle_responses", is: { "gen_ai.usage.input_tokens": 100 } },
    ]);
    expect(codex).toMatchObject({
      drafts: [],
      accepted: 0,
      dropped: { "told by the logs of the same program": 2 },
    });
  });

  it("a framework that nobody knows, by the semantic conventions", async () => {
    const { drafts } = await traces("new", "brand.new", [
      { id: "1", took: 90, is: { "gen_ai.operation.name": "invoke_workflow" } },
      {
        id: "2",
        parent: "1",
        at: 1,
        is: { "gen_ai.operation.name": "run_guardrail", "gen_ai.guardrail.verdict.type": "deny" },
      },
      { id: "3", parent: "1", at: 2, is: { "gen_ai.operation.name": "retrieval" } },
      {
        id: "4",
        parent: "1",
        at: 3,
        is: { "gen_ai.operation.name": "embeddings", "gen_ai.usage.input_tokens": 3 },
      },
      { id: "5", parent: "1", at: 4, is: { "mcp.method.name": "resources/read" } },
      {
        id: "6",
        parent: "1",
        at: 5,
        is: {
          "mcp.method.name": "tools/call",
          "gen_ai.tool.name": "read",
          "gen_ai.tool.call.result": '{"isError":true,"content":"gone"}',
        },
      },
      { id: "7", parent: "1", at: 6, is: { "gen_ai.operation.name": "summon" } },
      { id: "8", parent: "1", at: 7, is: { "openinference.span.kind": "handoff" } },
    ]);
    expect(brief(drafts)).toEqual([
      "workflow.run  started  pending",
      "tool.execute  started  pending  read",
      "guardrail.check  completed  denied  10 ms  “denied (deny)”",
      "retrieval.query  completed  ok  10 ms",
      "llm.embed  completed  ok  3+0 tokens, 0 cached  10 ms",
      "mcp.request  completed  ok  10 ms",
      "tool.execute  completed  error  read  10 ms  “gone”",
      "agent.step  completed  ok  10 ms",
      "agent.handoff  completed  ok  10 ms",
      "workflow.run  completed  ok  90 ms",
    ]);
  });
});

describe("the tree of a batch", () => {
  const agent = { "gen_ai.operation.name": "invoke_agent" };
  const tool = { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "t" };

  it("drops what no agent wrote, and hangs its children under the nearest event", async () => {
    const { drafts, dropped } = await traces("a", "s", [
      { id: "1", is: { "http.route": "/chat" } },
      { id: "2", parent: "1", is: agent },
      { id: "3", parent: "2", is: { "db.system": "pg" } },
      { id: "4", parent: "3", is: tool },
    ]);
    expect(dropped).toEqual({ "not agent activity": 2 });
    const run = ofType(drafts, "agent.run")[0];
    expect(run?.parentId).toBeNull();
    expect(calls(drafts)[0]?.parentId).toBe(run?.id);
  });

  it("keeps an error inside an agent's operation, whatever span it is on", async () => {
    const { drafts } = await traces("a", "s", [
      { id: "1", is: agent },
      { id: "2", parent: "1", name: "POST", is: { "http.method": "POST" }, error: "connection reset" },
      { id: "3", name: "GET", is: {}, error: "not ours" },
    ]);
    expect(ofType(drafts, "agent.step").map(line)).toEqual([
      "agent.step  completed  error  10 ms  “connection reset”",
    ]);
  });

  it("names a parent that comes in another batch, or never", async () => {
    const child = await traces("a", "s", [{ id: "2", parent: "1", is: tool }]);
    const parent = await traces("a", "s", [{ id: "1", is: agent }]);
    expect(child.drafts[0]?.parentId).toBe(parent.drafts[0]?.id);
  });

  it("refuses a span without ids and takes the others", async () => {
    const { drafts, rejected } = await traces("a", "s", [
      { id: "0", is: tool },
      { id: "1", is: agent },
    ]);
    expect(drafts).toHaveLength(2);
    expect(rejected).toEqual([{ index: 0, reason: expect.stringContaining("spanId") }]);
  });

  it("cuts a circle of spans open and gives each once", async () => {
    const { drafts } = await traces("a", "s", [
      { id: "1", parent: "2", is: agent },
      { id: "2", parent: "1", is: agent },
      { id: "3", parent: "3", is: agent },
    ]);
    expect(drafts).toHaveLength(6);
  });

  it("walks a chain of fifty thousand spans that nobody wrote once", async () => {
    const chain = Array.from({ length: 50_000 }, (_, i) => ({
      id: (i + 2).toString(16),
      parent: (i + 1).toString(16),
    }));
    const { dropped, drafts } = await traces("a", "s", [
      { id: "1", is: agent },
      ...chain,
      { id: "fffff", parent: "c351", is: tool },
    ]);
    expect(dropped).toEqual({ "not agent activity": 50_000 });
    expect(calls(drafts)[0]?.parentId).toBe(ofType(drafts, "agent.run")[0]?.id);
  });

  it("takes no operation for the name of something that every object has", async () => {
    const { dropped, drafts } = await traces("a", "s", [
      { id: "1", is: { "span.type": "constructor" } },
      { id: "2", is: { "span.type": "__proto__", constructor: "x" } },
      { id: "3", is: { "gen_ai.operation.name": "toString" } },
    ]);
    expect(dropped).toEqual({ "not agent activity": 2 });
    expect(drafts.map(({ type }) => type)).toEqual(["agent.step"]);
  });
});

describe("tokens", () => {
  it("of an operation that nobody knows count where a model is named, and once", async () => {
    const is = {
      "gen_ai.operation.name": "chat.stream",
      "gen_ai.request.model": "m",
      "gen_ai.usage.input_tokens": 10,
    };
    const { drafts } = await traces("a", "s", [
      { id: "1", is },
      { id: "2", parent: "1", is: { ...is, "gen_ai.operation.name": "chat" } },
    ]);
    expect(sumOf(drafts, "input")).toBe(10);
    expect(drafts.map(({ type }) => type).sort()).toEqual(["agent.step", "llm.complete"]);
  });

  const usage = async (is: Record<string, unknown>) =>
    (await traces("a", "s", [{ id: "1", is: { "gen_ai.operation.name": "chat", ...is } }])).drafts[0]?.usage;

  it("count the cache once, whichever way it is said", async () => {
    expect(
      await usage({ "gen_ai.usage.input_tokens": 100, "gen_ai.usage.cache_read.input_tokens": 60 }),
    ).toEqual({ input: 100, cached: 60 });
    expect(await usage({ input_tokens: 40, cache_read_tokens: 60, cache_creation_tokens: 5 })).toEqual({
      input: 105,
      cached: 60,
    });
    expect(await usage({ input_tokens: 40, cache_read_tokens: 0, cache_creation_tokens: 5 })).toEqual({
      input: 45,
      cached: 0,
    });
    expect(
      await usage({ "gen_ai.usage.input_tokens": 4, "gen_ai.usage.cache_read_input_tokens": 60 }),
    ).toEqual({ input: 64, cached: 60 });
  });

  it("read text, ignore what is no number, and are absent where nothing is said", async () => {
    expect(await usage({ "gen_ai.usage.input_tokens": "12", "gen_ai.usage.output_tokens": "many" })).toEqual({
      input: 12,
    });
    expect(await usage({})).toBeNull();
  });
});
