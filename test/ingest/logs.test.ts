import { describe, expect, it } from "vitest";
import { line, ofType, sumOf, together } from "./read.ts";
import { logs } from "./write.ts";

const HEX = { traceId: "1".repeat(32), spanId: "2".repeat(16) };

describe("Codex", () => {
  const of = (name: string, more: Record<string, unknown>) => ({
    eventName: "event codex-rs/otel/src/lib.rs:42",
    "event.name": `codex.${name}`,
    "event.timestamp": "2026-11-20T20:00:00.500Z",
    "conversation.id": "conv-1",
    model: "gpt-5",
    ...more,
  });

  it("gives calls, decisions and tokens, and drops the pieces of the stream", async () => {
    const { drafts, dropped } = await logs("codex_exec", [
      of("conversation_starts", { approval_policy: "never" }),
      of("user_prompt", { prompt: "list" }),
      of("api_request", { duration_ms: "3", "http.response.status_code": 200 }),
      of("sse_event", { "event.kind": "response.created" }),
      of("sse_event", {
        "event.kind": "response.completed",
        input_token_count: "120",
        output_token_count: "8",
        cached_token_count: 100,
        reasoning_token_count: 3,
      }),
      of("tool_decision", { tool_name: "shell", call_id: "c1", decision: "approved", source: "config" }),
      of("tool_result", {
        tool_name: "shell",
        call_id: "c1",
        arguments: '{"command":["ls","-l"]}',
        output: "a.txt",
        duration_ms: "20",
        success: "true",
        mcp_server: "",
      }),
      of("tool_decision", { tool_name: "shell", call_id: "c2", decision: "denied", source: "user" }),
      of("tool_result", {
        tool_name: "shell",
        call_id: "c2",
        arguments: '{"command":["rm","x"]}',
        output: "rejected by user",
        duration_ms: "0",
        success: "false",
      }),
      of("tool_result", {
        tool_name: "shell",
        call_id: "c3",
        arguments: "{}",
        output: "exit 1",
        duration_ms: "1",
        success: "false",
      }),
      of("websocket_event", { "event.kind": "x" }),
      of("brand_new", {}),
    ]);
    expect(dropped).toEqual({ "inner workings of the agent's program": 2, "part of another event": 1 });
    expect(drafts.map(line).sort()).toEqual(
      [
        "session.start  ·  ok",
        "session.prompt  ·  ok",
        "llm.complete  completed  ok  120+8 tokens, 100 cached",
        "approval.decide  ·  ok  shell  c1",
        "tool.execute  started  pending  shell  c1  ls -l",
        "tool.execute  completed  ok  shell  c1  ls -l  20 ms",
        "approval.decide  ·  denied  shell  c2",
        "tool.execute  started  pending  shell  c2  rm x",
        "tool.execute  completed  denied  shell  c2  rm x  0 ms  “rejected by user”",
        "tool.execute  started  pending  shell  c3",
        "tool.execute  completed  error  shell  c3  1 ms  “exit 1”",
        "log.brand_new  ·  ok",
      ].sort(),
    );
    expect(drafts.find(({ type }) => type === "llm.complete")).toMatchObject({
      origin: "codex",
      conversationId: "conv-1",
      occurredAt: Date.UTC(2026, 10, 20, 20, 0, 0, 500) * 1000,
      usage: { thinking: 3 },
    });
  });

  it("leaves a refused call refused when its end comes in a later batch", async () => {
    const first = await logs("codex_exec", [
      of("tool_decision", { tool_name: "shell", call_id: "c2", decision: "denied", source: "user" }),
    ]);
    const second = await logs("codex_exec", [
      of("tool_result", { tool_name: "shell", call_id: "c2", output: "no", success: "false" }),
    ]);
    const ends = ofType(together([first, second]).events, "tool.execute").filter(
      ({ phase }) => phase === "completed",
    );
    expect(ends.map(({ status }) => status)).toEqual(["denied"]);
  });

  it("keeps two decisions about one call", async () => {
    const decide = (decision: string) =>
      of("tool_decision", { tool_name: "shell", call_id: "c", decision, source: "user" });
    const { drafts } = await logs("codex_exec", [decide("denied"), decide("approved")]);
    expect(new Set(ofType(drafts, "approval.decide").map(({ id }) => id)).size).toBe(2);
  });
});

describe("Gemini CLI", () => {
  it("counts a model call once of the four records that tell it", async () => {
    const of = (name: string, more: Record<string, unknown>) => ({
      at: 5,
      "session.id": "s",
      "event.name": name,
      ...more,
    });
    const { drafts } = await logs("gemini-cli", [
      of("gemini_cli.config", { model: "g" }),
      of("gemini_cli.api_request", { model: "g", prompt_id: "p", request_text: "[]" }),
      of("gen_ai.client.inference.operation.details", { "gen_ai.request.model": "g" }),
      of("gemini_cli.api_response", {
        model: "g",
        duration_ms: 7,
        input_token_count: 50,
        output_token_count: 4,
        cached_content_token_count: 10,
        thoughts_token_count: 2,
        error: undefined,
      }),
      of("gen_ai.client.inference.operation.details", {
        "gen_ai.usage.input_tokens": 50,
        "gen_ai.usage.output_tokens": 4,
      }),
      of("gemini_cli.tool_call", {
        function_name: "run",
        function_args: '{"command":"ls"}',
        duration_ms: 4,
        success: true,
        decision: "auto_accept",
        metadata: undefined,
      }),
      of("gemini_cli.tool_call", {
        function_name: "run",
        function_args: '{"command":"rm"}',
        duration_ms: 4,
        success: false,
        decision: "reject",
        error: undefined,
      }),
      of("gemini_cli.tool_call", {
        function_name: "run",
        function_args: '{"command":"cat"}',
        duration_ms: 4,
        success: false,
        error: "no file",
      }),
      of("gemini_cli.next_speaker_check", {}),
    ]);
    expect([sumOf(drafts, "input"), sumOf(drafts, "output"), sumOf(drafts, "cached")]).toEqual([50, 4, 10]);
    const ends = ofType(drafts, "tool.execute").filter(({ phase }) => phase === "completed");
    expect(ends.map(line)).toEqual([
      "tool.execute  completed  ok  run  ls  4 ms",
      "tool.execute  completed  denied  run  rm  4 ms  “denied (reject)”",
      "tool.execute  completed  error  run  cat  4 ms  “no file”",
    ]);
    const starts = new Set(
      ofType(drafts, "tool.execute")
        .filter(({ phase }) => phase === "started")
        .map(({ id }) => id),
    );
    expect(ends.every(({ startId }) => starts.has(startId))).toBe(true);
  });
});

describe("logs of others", () => {
  it("counts the tokens of a detail record only where no span does", async () => {
    const details = {
      at: 1,
      eventName: "gen_ai.client.inference.operation.details",
      "gen_ai.usage.input_tokens": 9,
    };
    expect(sumOf((await logs("a", [details])).drafts, "input")).toBe(9);
    const inSpan = (await logs("a", [{ ...details, ...HEX }])).drafts;
    expect(sumOf(inSpan, "input")).toBe(0);
    expect(inSpan).toMatchObject([{ type: "llm.details", data: { totals: { input: 9 } } }]);
  });

  it("drops what no agent wrote and keeps a message of the conventions", async () => {
    const { drafts, dropped } = await logs("shop", [
      { body: "GET / 200" },
      { body: "tool_call happened" },
      { "event.name": "shop.tool_call" },
      { eventName: "gen_ai.user.message", body: { content: "hi" } },
      { "event.name": "shop.tool_call", tool_name: "lookup", tool_call_id: "x", success: true },
    ]);
    expect(dropped).toEqual({ "not agent activity": 3 });
    expect(drafts.map(({ type }) => type).sort()).toEqual(["llm.message", "tool.execute", "tool.execute"]);
  });

  it("gives equal records of one moment one id, and others another", async () => {
    const of = (at: number, prompt: string) => ({ at, "event.name": "claude_code.user_prompt", prompt });
    const { drafts } = await logs("claude-code", [of(1, "a"), of(1, "b"), of(2, "a")]);
    expect(new Set(drafts.map(({ id }) => id)).size).toBe(3);
  });
});
