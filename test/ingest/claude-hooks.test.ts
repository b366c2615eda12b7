import { describe, expect, it } from "vitest";
import { fromHook } from "../../src/ingest/hooks/hook.ts";

/** The hooks of Claude Code 2.1.332 beside those of calls, as its SDK declares them, and what they become. */
const BECOMES: ReadonlyArray<readonly [string, Record<string, unknown>, string]> = [
  ["SessionStart", { source: "startup" }, "session.start ok session began: startup"],
  ["SessionEnd", { reason: "clear" }, "session.end ok session ended: clear"],
  ["Stop", { last_assistant_message: "Done." }, "session.stop ok turn ended: Done."],
  ["StopFailure", { error: "rate_limit", error_details: "429" }, "session.stop error turn failed"],
  ["PreCompact", { trigger: "auto" }, "context.compacting ok context is about to be compacted"],
  ["PostCompact", { trigger: "auto" }, "context.compacted ok context was compacted"],
  ["PreModelSwitch", { from_model: "a", to_model: "b" }, "config.change ok PreModelSwitch: b"],
  ["PostModelSwitch", { from_model: "a", to_model: "b" }, "config.change ok PostModelSwitch: b"],
  ["ConfigChange", { source: "skills" }, "config.change ok ConfigChange: skills"],
  ["DirectoryAdded", { directory: "/srv", source: "slash_command" }, "config.change ok DirectoryAdded: /srv"],
  ["Notification", { message: "Waiting." }, "hook.notification ok Notification: Waiting."],
  ["TaskCreated", { task_id: "1", task_subject: "Mend" }, "hook.task_created ok TaskCreated: Mend"],
  ["TaskCompleted", { task_id: "1", task_subject: "Mend" }, "hook.task_completed ok TaskCompleted: Mend"],
  ["Elicitation", { mcp_server_name: "s", message: "Who?" }, "hook.elicitation ok Elicitation: Who?"],
  [
    "ElicitationResult",
    { mcp_server_name: "s", action: "decline" },
    "hook.elicitation_result ok ElicitationResult: decline",
  ],
  ["WorktreeCreate", { name: "w" }, "hook.worktree_create ok WorktreeCreate"],
  ["WorktreeRemove", { worktree_path: "/w" }, "hook.worktree_remove ok WorktreeRemove: /w"],
  ["FileChanged", { file_path: "/a", event: "change" }, "hook.file_changed ok FileChanged: /a"],
  [
    "PreSkillShellCommand",
    { tool_name: "Bash", tool_input: { command: "ls" }, tool_use_id: "u1", command_name: "deploy" },
    "tool.request ok Bash is about to start",
  ],
];

describe("Claude Code's hooks", () => {
  it.each(BECOMES)("%s", (name, payload, wanted) => {
    const { drafts } = fromHook("claude-code", { hook_event_name: name, session_id: "s1", ...payload });
    expect(drafts.map(({ type, status, summary }) => `${type} ${status} ${summary}`)).toEqual([wanted]);
  });

  it("say why a turn failed in words, where the error is only the name of a kind", () => {
    const failed = { hook_event_name: "StopFailure", session_id: "s1", error: "unknown" };
    const error = (more: object) => fromHook("claude-code", { ...failed, ...more }).drafts[0]?.error;
    expect(error({ last_assistant_message: "API Error: 400" })).toBe("API Error: 400");
    expect(error({})).toBe("unknown");
  });

  it("leave no call open for a command in a skill's text, of whose end nothing tells", () => {
    const payload = { tool_name: "Bash", tool_input: { command: "ls" }, tool_use_id: "u1" };
    const { drafts } = fromHook("claude-code", {
      hook_event_name: "PreSkillShellCommand",
      session_id: "s",
      ...payload,
    });
    expect(drafts).toEqual([
      expect.objectContaining({ tool: "Bash", callId: null, data: { arguments: { command: "ls" } } }),
    ]);
  });
});
