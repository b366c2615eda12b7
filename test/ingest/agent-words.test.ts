import { describe, expect, it } from "vitest";
import type { JsonValue } from "../../src/base/json.ts";
import type { EventDraft } from "../../src/event/event.ts";
import { exitCodeIn, isRefusal } from "../../src/ingest/exit-code.ts";
import { fromHook } from "../../src/ingest/hooks/hook.ts";
import { codexImporter } from "../../src/ingest/import/codex.ts";
import { line } from "./read.ts";

const hook = (agent: string, payload: Record<string, unknown>): EventDraft[] =>
  fromHook(agent, payload).drafts;

describe("the exit code in a result", () => {
  it.each<[string, JsonValue, number | undefined]>([
    ["Codex, its shell", "Exit code: 3\nWall time: 0 seconds\nOutput:\n", 3],
    [
      "Codex, its long-running one",
      "Chunk ID: a\nWall time: 0.1 seconds\nProcess exited with code 2\nOutput:\n",
      2,
    ],
    [
      "Gemini",
      "<untrusted_context>\nOutput: no\nExit Code: 1\nProcess Group PGID: 7\n</untrusted_context>",
      1,
    ],
    ["Copilot", "no\n<shellId: 4 completed with exit code 1>", 1],
    ["opencode", { output: "no", metadata: { exit: 127 } }, 127],
    ["a call that ended well", "hello", undefined],
  ])("%s", (_, result, code) => expect(exitCodeIn(result)).toBe(code));

  it.each([
    ["a log that a command prints", "build 1\nExit code: 1\nbuild 2"],
    ["words in the middle of the output", "<exited with exit code 1> was the answer"],
    ["a file about exit codes", "# Codes\nProcess exited with code 1\n"],
    ["Gemini's words before more output", "Exit Code: 1\nand then it went on"],
  ])("is not taken from %s", (_, text) => expect(exitCodeIn(text)).toBeUndefined());

  it("is looked for in the ends of a long output only, in no time", () => {
    const long = `${"Wall time: 1\n".repeat(200_000)}Process exited with code 1`;
    const start = performance.now();
    expect(exitCodeIn(long)).toBeUndefined();
    expect(exitCodeIn(`${"x".repeat(2_000_000)}\n<exited with exit code 9>`)).toBe(9);
    expect(performance.now() - start).toBeLessThan(1_000);
  });
});

it("a refusal is one by how its text begins", () => {
  expect(isRefusal("Denied by preToolUse hook: no")).toBe(true);
  expect(isRefusal('Tool "write_file" was canceled by the user.')).toBe(true);
  expect(isRefusal("The file says: Denied by preToolUse hook")).toBe(false);
  expect(isRefusal(undefined)).toBe(false);
});

describe("opencode's bus", () => {
  const event = (type: string, properties: Record<string, unknown>) =>
    hook("opencode", { event: { type, properties } });
  const answer = (tokens: Record<string, unknown>, more = {}) =>
    event("message.updated", {
      info: {
        id: "m",
        role: "assistant",
        sessionID: "s",
        modelID: "g",
        time: { created: 5, completed: 9 },
        tokens,
        ...more,
      },
    })[0];
  const cache = { read: 50, write: 10 };

  it("tells an answer when it is complete, with thoughts counted once whether they stand in the output or beside it", () => {
    const beside = answer({ total: 150, input: 70, output: 15, reasoning: 5, cache });
    expect(beside?.usage).toEqual({ input: 130, output: 20, cached: 50, thinking: 5 });
    expect(answer({ total: 150, input: 70, output: 20, reasoning: 5, cache })?.usage).toEqual(beside?.usage);
    expect(answer({ input: 70, output: 20, reasoning: 5, cache })?.usage).toEqual(beside?.usage);
    expect(beside).toMatchObject({ type: "llm.complete", model: "g", durationMs: 4, occurredAt: 9_000 });
    expect(answer({}, { time: { created: 5 } })).toBeUndefined();
    expect(answer({}, { error: { name: "APIError", data: { message: "busy" } } })).toMatchObject({
      status: "error",
      error: "busy",
    });
    expect(answer({}, { cost: 0 })?.costUsd ?? null).toBeNull();
    expect(answer({}, { cost: 0.25 })?.costUsd).toBe("0.25");
  });

  it("tells a call's end once, by its hook or by its part", () => {
    const call = { sessionID: "s", callID: "c", tool: "bash" };
    const [after] = hook("opencode", {
      hook: "tool.execute.after",
      ...call,
      args: {},
      result: { output: "a" },
    });
    const state = { status: "completed", input: {}, output: "a", metadata: {}, time: { start: 1, end: 4 } };
    const [part] = event("message.part.updated", { part: { ...call, type: "tool", state } });
    expect(part).toMatchObject({ id: after?.id, startId: after?.startId, durationMs: 3 });
    expect(event("message.part.updated", { part: { type: "text", text: "a" } })).toEqual([]);
  });

  it.each([
    [
      "permission.asked",
      "permission.replied",
      { permission: "bash", tool: { callID: "c" } },
      { requestID: "p", reply: "reject" },
    ],
    [
      "permission.updated",
      "permission.replied",
      { type: "bash", callID: "c" },
      { permissionID: "p", response: "reject" },
    ],
  ])("joins a question (%s) with its answer", (asked, replied, question, reply) => {
    const [request] = event(asked, { id: "p", sessionID: "s", metadata: { command: "ls" }, ...question });
    const [decision] = event(replied, { sessionID: "s", ...reply });
    expect(request).toMatchObject({
      type: "approval.request",
      tool: "bash",
      callId: "c",
      data: { approval_id: "p" },
    });
    expect(decision).toMatchObject({
      type: "approval.decide",
      status: "denied",
      parentId: request?.id,
      data: { approval_id: "p" },
    });
  });
});

it("Copilot: what happens inside a sub-agent is under it, in the session where it began, and its end comes once", () => {
  const inside = { sessionId: "a", agentId: "a", agentType: "explore", parentAgentId: "s", timestamp: 1 };
  const [start] = hook("copilot", { ...inside, sessionId: "s", agentName: "explore" });
  const [prompt] = hook("copilot", { ...inside, prompt: "look" });
  expect(start).toMatchObject({ type: "agent.run", phase: "started", conversationId: "s" });
  expect(prompt).toMatchObject({ conversationId: "s", parentId: start?.id, runId: "a", agent: "explore" });
  expect(hook("copilot", { ...inside, stopReason: "end_turn" })).toEqual([]);
  expect(
    hook("copilot", { ...inside, sessionId: "s", agentName: "explore", stopReason: "end_turn" }),
  ).toMatchObject([{ type: "agent.run", phase: "completed", startId: start?.id }]);
});

it("Gemini CLI: a compression that it only asks about is none, one that a person wants is", () => {
  const of = (trigger: string) =>
    hook("gemini", { hook_event_name: "PreCompress", session_id: "s", trigger }).map(({ type }) => type);
  expect([of("auto"), of("manual")]).toEqual([[], ["context.compacting"]]);
});

it("Codex: a rollout that tells a prompt and tokens in two ways tells them once", () => {
  const importer = codexImporter();
  const usage = { input_tokens: 7, output_tokens: 2 };
  const said = [
    ["session_meta", { id: "s" }],
    ["event_msg", { type: "user_message", message: "go" }],
    [
      "event_msg",
      { type: "item_completed", item: { type: "UserMessage", content: [{ type: "text", text: "go" }] } },
    ],
    ["token_usage_record", { usage, thread_token_usage: usage }],
    [
      "event_msg",
      { type: "token_count", info: { last_token_usage: usage, total_token_usage: { ...usage, n: 1 } } },
    ],
    ["event_msg", { type: "user_message", message: "go" }],
  ] as const;
  const drafts = said.flatMap(([type, payload], second) => [
    ...importer.read({ type, payload, timestamp: `2026-11-20T20:00:0${second}Z` } as JsonValue).drafts,
  ]);
  expect(drafts.map(({ event_type: type }) => type)).toEqual([
    "session.start",
    "session.prompt",
    "llm.complete",
    "session.prompt",
  ]);
});

it("Cursor, by its documentation: sub-agents, sessions and a compaction", () => {
  const of = (hook_event_name: string, more: Record<string, unknown>) =>
    hook("cursor", { conversation_id: "c", generation_id: "g", model: "m", hook_event_name, ...more });
  const drafts = [
    of("sessionStart", { session_id: "c", composer_mode: "agent" }),
    of("subagentStart", { subagent_id: "u", subagent_type: "explore", task: "look" }),
    of("subagentStop", { subagent_id: "u", subagent_type: "explore", status: "completed", summary: "done" }),
    of("preCompact", { trigger: "auto", context_usage_percent: 85 }),
    of("stop", { status: "completed", loop_count: 0 }),
    of("sessionEnd", { session_id: "c", reason: "completed" }),
  ].flat();
  expect(drafts.map(line)).toEqual([
    "session.start  ·  ok",
    "agent.run  started  pending",
    "agent.run  completed  ok",
    "context.compacting  ·  ok",
    "session.stop  ·  ok",
    "session.end  ·  ok",
  ]);
  expect(drafts[2]?.startId).toBe(drafts[1]?.id);
});
