import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { acceptDraft } from "../../src/event/accept.ts";
import type { EventDraft } from "../../src/event/event.ts";
import { fromHook } from "../../src/ingest/hooks/hook.ts";
import { bodies, line, sample } from "./read.ts";

const hook = (agent: string, payload: Record<string, unknown>): EventDraft[] =>
  fromHook(agent, payload).drafts;
const lines = (agent: string, payloads: Array<Record<string, unknown>>) =>
  payloads.flatMap((payload) => hook(agent, payload)).map(line);

describe("Codex hooks", () => {
  const of = (hook_event_name: string, more: Record<string, unknown>) => ({
    session_id: "s",
    turn_id: "t1",
    model: "gpt-5",
    hook_event_name,
    ...more,
  });

  it("pair by the call's id, and find the failure in an ordinary end", () => {
    const call = { tool_name: "Bash", tool_use_id: "c1", tool_input: { command: "false" } };
    const drafts = [
      ...hook("codex", of("PreToolUse", call)),
      ...hook("codex", of("PostToolUse", { ...call, tool_response: "Exit code: 1\nWall time: 0" })),
    ];
    expect(drafts.map(line)).toEqual([
      "tool.execute  started  pending  Bash  c1  false",
      "tool.execute  completed  error  Bash  c1  false  “exit code 1”",
    ]);
    expect(drafts[1]).toMatchObject({ startId: drafts[0]?.id, runId: "t1", model: "gpt-5", origin: "codex" });
  });

  it("keep an approval under its call and the end of a failed turn as an error", () => {
    const [start] = hook("codex", of("PreToolUse", { tool_name: "Bash", tool_use_id: "c1", tool_input: {} }));
    const [asked] = hook(
      "codex",
      of("PermissionRequest", { tool_name: "Bash", tool_use_id: "c1", tool_input: {} }),
    );
    expect(asked).toMatchObject({ type: "approval.request", status: "pending", parentId: start?.id });
    expect(hook("codex", of("StopFailure", { error: "rate limited" }))).toMatchObject([
      { type: "session.stop", status: "error", error: "rate limited" },
    ]);
  });
});

describe("Gemini CLI hooks, which have no call ids", () => {
  const of = (hook_event_name: string, more: Record<string, unknown>) => ({
    session_id: "s",
    timestamp: "2026-11-20T20:00:00.000Z",
    hook_event_name,
    ...more,
  });
  const call = { tool_name: "run_shell_command", tool_input: { command: "ls" } };

  it("give a request before and the whole pair after, and lose no call that is made twice", () => {
    const payloads = [
      of("BeforeTool", call),
      of("AfterTool", { ...call, tool_response: { llmContent: "a.txt" } }),
      of("BeforeTool", call),
      of("AfterTool", { ...call, tool_response: { error: { message: "no" } } }),
    ];
    const drafts = payloads.flatMap((payload) => hook("gemini", payload));
    expect(drafts.map(line)).toEqual([
      "tool.request  ·  ok  run_shell_command  ls",
      "tool.execute  started  pending  run_shell_command  ls",
      "tool.execute  completed  ok  run_shell_command  ls",
      "tool.request  ·  ok  run_shell_command  ls",
      "tool.execute  started  pending  run_shell_command  ls",
      "tool.execute  completed  error  run_shell_command  ls  “no”",
    ]);
    expect(drafts[2]?.startId).toBe(drafts[1]?.id);
    expect(drafts[5]?.startId).toBe(drafts[4]?.id);
    expect(drafts[4]?.id).not.toBe(drafts[1]?.id);
    expect(drafts[2]?.occurredAt).toBe(Date.UTC(2026, 10, 20, 20) * 1000);
  });

  it("map the agent's own turns and leave out what is inside the model's call", () => {
    expect(
      lines("gemini", [
        of("SessionStart", { source: "startup" }),
        of("BeforeAgent", { prompt: "hi" }),
        of("AfterAgent", { prompt: "hi", prompt_response: "ho" }),
      ]),
    ).toEqual(["session.start  ·  ok", "session.prompt  ·  ok", "session.stop  ·  ok"]);
    expect(fromHook("gemini", of("BeforeModel", { llm_request: {} })).dropped).toEqual({
      "inner workings of the agent's program": 1,
    });
  });
});

describe("Cursor, Copilot and opencode", () => {
  it("Cursor: calls by id, denial by failure type, a file beside its edits", () => {
    const of = (hook_event_name: string, more: Record<string, unknown>) => ({
      conversation_id: "c",
      generation_id: "g",
      user_email: "a@example.com",
      hook_event_name,
      ...more,
    });
    const call = { tool_name: "Shell", tool_use_id: "u1", tool_input: { command: "rm x" } };
    const drafts = [
      of("preToolUse", call),
      of("postToolUseFailure", {
        ...call,
        error_message: "no",
        failure_type: "permission_denied",
        duration: 12,
      }),
      of("afterFileEdit", { file_path: "/a.ts", edits: [{ old_string: "a", new_string: "b" }] }),
      of("beforeSubmitPrompt", { prompt: "go" }),
    ].flatMap((payload) => hook("cursor", payload));
    expect(drafts.map(line)).toEqual([
      "tool.execute  started  pending  Shell  u1  rm x",
      "tool.execute  completed  denied  Shell  u1  rm x  12 ms  “no”",
      "tool.execute  started  pending  edit_file  /a.ts",
      "tool.execute  completed  ok  edit_file  /a.ts",
      "session.prompt  ·  ok",
    ]);
    expect(drafts[0]).toMatchObject({
      actor: { type: "user", id: "a@example.com" },
      conversationId: "c",
      runId: "g",
    });
  });

  it("Copilot: payloads without a name, by their shape", () => {
    expect(
      lines("copilot", [
        { timestamp: 1_704_614_600_000, cwd: "/", toolName: "bash", toolArgs: '{"command":"ls"}' },
        {
          timestamp: 1_704_614_700_000,
          cwd: "/",
          toolName: "bash",
          toolArgs: '{"command":"ls"}',
          toolResult: { resultType: "denied", textResultForLlm: "no" },
        },
        { timestamp: 1_704_614_400_000, cwd: "/", source: "new", initialPrompt: "hi" },
        { timestamp: 1_704_614_500_000, cwd: "/", prompt: "fix it" },
        { timestamp: 1_704_614_800_000, cwd: "/", error: { message: "timeout", name: "E" } },
        { timestamp: 1_704_618_000_000, cwd: "/", reason: "complete" },
      ]),
    ).toEqual([
      "tool.request  ·  ok  bash  ls",
      "tool.execute  started  pending  bash  ls",
      "tool.execute  completed  denied  bash  ls  “no”",
      "session.start  ·  ok",
      "session.prompt  ·  ok",
      "session.error  ·  error  “timeout”",
      "session.end  ·  ok",
    ]);
  });

  it("Copilot: sub-agents, failures and ends by their shape, and its keys in snake case", () => {
    const at = { sessionId: "s", timestamp: 1_704_614_600_000, cwd: "/" };
    expect(
      lines("copilot", [
        { ...at, toolName: "bash", toolArgs: { command: "ls" }, error: "no shell" },
        { ...at, transcriptPath: "/t", agentName: "explore" },
        { ...at, transcriptPath: "/t", agentName: "explore", stopReason: "end_turn" },
        { ...at, transcriptPath: "/t", stopReason: "end_turn" },
        { ...at, transcriptPath: "/t", trigger: "auto", customInstructions: "" },
        {
          hook_event_name: "PostToolUse",
          session_id: "s",
          timestamp: "2026-11-20T20:00:00.000Z",
          tool_name: "bash",
          tool_input: { command: "false" },
          tool_result: { result_type: "failure", text_result_for_llm: "exit 1" },
        },
        { hook_event_name: "SessionStart", session_id: "s", source: "new", initial_prompt: "hi" },
      ]),
    ).toEqual([
      "tool.execute  started  pending  bash  ls",
      "tool.execute  completed  error  bash  ls  “no shell”",
      "agent.run  started  pending",
      "agent.run  completed  ok",
      "session.stop  ·  ok",
      "context.compacting  ·  ok",
      "tool.execute  started  pending  bash  false",
      "tool.execute  completed  error  bash  false  “exit 1”",
      "session.start  ·  ok",
    ]);
    expect(hook("copilot", { ...at, agentName: "explore" })[0]).toMatchObject({ agent: "explore" });
  });

  it("opencode: hooks by name, events in their envelope", () => {
    const call = { sessionID: "s", callID: "c", tool: "bash" };
    const drafts = [
      { hook: "tool.execute.before", ...call, args: { command: "ls" } },
      { hook: "tool.execute.after", ...call, args: { command: "ls" }, output: "a", metadata: {} },
      { event: { type: "session.idle", properties: { sessionID: "s" } } },
      { event: { type: "todo.updated", properties: { sessionID: "s" } } },
    ].flatMap((payload) => hook("opencode", payload));
    expect(drafts.map(line)).toEqual([
      "tool.execute  started  pending  bash  c  ls",
      "tool.execute  completed  ok  bash  c  ls",
      "session.stop  ·  ok",
      "hook.todo_updated  ·  ok",
    ]);
    expect(drafts[1]?.startId).toBe(drafts[0]?.id);
    expect(drafts[3]?.conversationId).toBe("s");
  });
});

describe("ids of hooks", () => {
  const prompt = (more: Record<string, unknown>) =>
    hook("claude-code", { hook_event_name: "UserPromptSubmit", session_id: "s", prompt: "yes", ...more })[0]
      ?.id;

  it("know a payload that comes again, and tell equal prompts apart", () => {
    expect(prompt({ prompt_id: "1" })).toBe(prompt({ prompt_id: "1" }));
    expect(prompt({ prompt_id: "1" })).not.toBe(prompt({ prompt_id: "2" }));
    expect(prompt({ prompt_id: "1" })).not.toBe(prompt({ prompt_id: "1", prompt: "no" }));
    expect(prompt({ prompt_id: "1" })).not.toBe(prompt({ prompt_id: "1", session_id: "t" }));
    expect(prompt({})).toBeNull();
  });

  it("do not merge what two agents or two doors say", () => {
    const call = { hook_event_name: "PreToolUse", session_id: "s", tool_name: "T", tool_use_id: "1" };
    expect(hook("codex", call)[0]?.id).not.toBe(hook("claude-code", call)[0]?.id);
  });

  it("hold a sub-agent's stops apart, and its calls under it", () => {
    const of = (hook_event_name: string, more = {}) =>
      hook("claude-code", {
        hook_event_name,
        session_id: "s",
        prompt_id: "p",
        agent_id: "a",
        agent_type: "explore",
        ...more,
      })[0];
    const start = of("SubagentStart");
    const stops = [
      of("SubagentStop", { last_assistant_message: "1" }),
      of("SubagentStop", { last_assistant_message: "2" }),
    ];
    expect(stops.map((stop) => stop?.startId)).toEqual([start?.id, start?.id]);
    expect(stops[0]?.id).not.toBe(stops[1]?.id);
    expect(of("PreToolUse", { tool_name: "T", tool_use_id: "1" })).toMatchObject({
      parentId: start?.id,
      agent: "explore",
      runId: "a",
    });
  });
});

describe("what a hook is given", () => {
  it("keeps the unknown, drops the inner workings and refuses what is no object", () => {
    expect(lines("new-agent", [{ hook_event_name: "WorktreeCreate", session_id: "s" }])).toEqual([
      "hook.worktree_create  ·  ok",
    ]);
    expect(
      lines("new-agent", [{ hook_event_name: "constructor" }, { hook_event_name: "__proto__" }]),
    ).toEqual(["hook.constructor  ·  ok", "hook._proto_  ·  ok"]);
    expect(fromHook("claude-code", { hook_event_name: "MessageDisplay" })).toMatchObject({
      drafts: [],
      accepted: 0,
      dropped: { "inner workings of the agent's program": 1 },
    });
    for (const body of [null, 5, "x", [], undefined])
      expect(fromHook("claude-code", body).rejected).toHaveLength(1);
  });

  it("reads a denial only where Claude Code words one: a file that holds such words is no denial", () => {
    const batch = (tool_response: string) =>
      hook("claude-code", {
        hook_event_name: "PostToolBatch",
        session_id: "s",
        tool_calls: [{ tool_name: "Read", tool_use_id: "1", tool_response }],
      });
    expect(batch("1\tPermission to use it was denied, rejected and blocked")).toEqual([]);
    expect(batch("Permission to use Bash has been denied.")).toMatchObject([
      { status: "denied", callId: "1" },
    ]);
  });

  it("never throws and gives drafts that the library takes, whatever is sent", () => {
    const real = bodies("claude-code/http-hooks").map((path) => JSON.parse(sample(path).toString("utf8")));
    const mutated = fc
      .tuple(
        fc.constantFrom(...real),
        fc.dictionary(fc.constantFrom(...real.flatMap((body) => Object.keys(body))), fc.jsonValue()),
      )
      .map(([body, change]) => ({ ...body, ...change }));
    fc.assert(
      fc.property(fc.string(), fc.oneof(mutated, fc.jsonValue()), (agent, body) => {
        const { drafts, dropped, rejected, accepted } = fromHook(agent, body);
        for (const draft of drafts) expect(acceptDraft(draft, {}).event_type).not.toBe("");
        expect(
          accepted + Object.values(dropped).reduce((sum, count) => sum + count, 0) + rejected.length,
        ).toBe(1);
      }),
      { numRuns: 2_000 },
    );
  });
});
