/** How an agent's hooks are told where Daybook is: the file, and what to put there. */
export interface HookSnippet {
  readonly agent: string;
  readonly file: string;
  text(at: string): string;
}

const json = (value: unknown): string => JSON.stringify(value, null, 2);

/** `docs/capture.md` explains each of them. */
export const HOOK_SNIPPETS: readonly HookSnippet[] = [
  {
    agent: "Claude Code",
    file: ".claude/settings.json",
    text(at) {
      const command = { type: "command", command: `daybook hook claude-code --db ${at}` };
      const events = [
        "UserPromptSubmit",
        "PreToolUse",
        "PostToolUse",
        "PostToolUseFailure",
        "PostToolBatch",
        "SubagentStart",
        "SubagentStop",
        "SessionEnd",
      ];
      const hooks = events.map((event) => [event, [{ hooks: [{ ...command, async: true }] }]]);
      // Where the session may end with the turn, it would end a command that nobody waits for.
      return json({ hooks: { ...Object.fromEntries(hooks), Stop: [{ hooks: [command] }] } });
    },
  },
  {
    agent: "Codex",
    file: "~/.codex/hooks.json, then /hooks in Codex",
    text(at) {
      const hook = { hooks: [{ type: "command", command: `daybook hook codex --db ${at}`, timeout: 5 }] };
      const events = [
        "SessionStart",
        "UserPromptSubmit",
        "PreToolUse",
        "PermissionRequest",
        "PostToolUse",
        "SubagentStart",
        "SubagentStop",
        "PostCompact",
        "Stop",
      ];
      return json({ hooks: Object.fromEntries(events.map((event) => [event, [hook]])) });
    },
  },
  {
    agent: "Gemini CLI",
    file: ".gemini/settings.json",
    text(at) {
      const command = { type: "command", command: `daybook hook gemini --db ${at}`, timeout: 5000 };
      const hook = { matcher: "*", hooks: [command] };
      const events = ["SessionStart", "BeforeAgent", "BeforeTool", "AfterTool", "AfterAgent", "SessionEnd"];
      return json({ hooks: Object.fromEntries(events.map((event) => [event, [hook]])) });
    },
  },
  {
    agent: "Cursor",
    file: ".cursor/hooks.json",
    text(at) {
      const hook = { command: `daybook hook cursor --db ${at}` };
      const events = ["beforeSubmitPrompt", "preToolUse", "postToolUse", "postToolUseFailure", "stop"];
      return json({ version: 1, hooks: Object.fromEntries(events.map((event) => [event, [hook]])) });
    },
  },
  {
    agent: "Copilot CLI",
    file: ".github/hooks/daybook.json",
    text(at) {
      const hook = { type: "command", bash: `daybook hook copilot --db ${at}`, timeoutSec: 5 };
      const events = [
        "userPromptSubmitted",
        "preToolUse",
        "postToolUse",
        "postToolUseFailure",
        "subagentStart",
        "subagentStop",
        "errorOccurred",
        "sessionEnd",
      ];
      return json({ version: 1, hooks: Object.fromEntries(events.map((event) => [event, [hook]])) });
    },
  },
  {
    agent: "opencode",
    file: ".opencode/plugin/daybook.js",
    text: (at) => `const heard = new Set([
  "message.updated", "message.part.updated", "permission.asked", "permission.updated", "permission.replied",
  "session.created", "session.deleted", "session.idle", "session.error", "session.compacted",
]);
const parents = new Map();

const tell = (payload) =>
  fetch("${at}/api/v1/hooks/opencode", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(payload),
  }).catch(() => undefined);

const event = ({ type, properties }) => {
  const { info, part, sessionID } = properties ?? {};
  if (!heard.has(type)) return;
  if (part !== undefined && part.state?.status !== "completed" && part.state?.status !== "error") return;
  if (type === "message.updated" && !(info?.role === "assistant" && (info.time?.completed || info.error))) return;
  if (info?.parentID !== undefined && type === "session.created") parents.set(info.id, info.parentID);
  const parentID = type === "session.idle" ? parents.get(sessionID) : undefined;
  void tell({ event: { type, properties: { ...properties, ...(parentID && { parentID }) } } });
};

export const Daybook = async () => ({
  "chat.message": async (input, output) => void tell({ hook: "chat.message", ...input, ...output }),
  "tool.execute.before": async (input, output) => void tell({ hook: "tool.execute.before", ...input, ...output }),
  event: async (input) => event(input.event),
});`,
  },
];
