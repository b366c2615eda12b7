import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Driver, run } from "./lane.ts";
import type { Call, Script } from "./provider.ts";

/** In camelCase the keys are so, too, and nothing names the event; in PascalCase they are as Claude Code has them. */
const EVENTS = {
  camel: [
    "sessionStart",
    "userPromptSubmitted",
    "preToolUse",
    "permissionRequest",
    "postToolUse",
    "postToolUseFailure",
    "subagentStart",
    "subagentStop",
    "preCompact",
    "agentStop",
    "errorOccurred",
    "sessionEnd",
  ],
  pascal: [
    "SessionStart",
    "UserPromptSubmit",
    "PreToolUse",
    "PermissionRequest",
    "PostToolUse",
    "PostToolUseFailure",
    "SubagentStart",
    "SubagentStop",
    "PreCompact",
    "Stop",
    "ErrorOccurred",
    "SessionEnd",
  ],
} as const;
const REFUSAL = JSON.stringify({ permissionDecision: "deny", permissionDecisionReason: "not allowed here" });

const id = (name: string): string => `call_${name}`.padEnd(24, "0");
const call = (name: string, tool: string, args: Record<string, unknown>): { calls: Call[] } => ({
  calls: [{ id: id(name), name: tool, args }],
});
const command = (name: string, text: string) =>
  call(name, "bash", { command: text, description: "A command." });
const LOOK = {
  name: "looker",
  agent_type: "explore",
  description: "look",
  prompt: "charlie: look",
  mode: "sync",
};
const SCRIPT: Script = {
  alpha: [
    command("ok", "echo hello"),
    command("failed", "cat /nonexistent"),
    command("hooked", "touch forbidden.txt"),
    command("refused", "rm risky.txt"),
    call("view", "view", { path: "missing.txt" }),
    call("task", "task", LOOK),
    { text: "All done." },
  ],
  charlie: [command("inner", "echo inner"), { text: "Looked around." }],
};

/** Copilot CLI with a provider of the user's, which needs no account. */
export function copilot(spelling: keyof typeof EVENTS): Driver {
  return {
    agent: "copilot",
    script: SCRIPT,
    transcripts: /^$/,
    async drive(lane, program) {
      const folder = join(lane.work, ".github/hooks");
      mkdirSync(folder, { recursive: true });
      const entry = { type: "command", bash: lane.hook(REFUSAL), timeoutSec: 10 };
      const hooks = Object.fromEntries(EVENTS[spelling].map((event) => [event, [entry]]));
      writeFileSync(join(folder, "daybook.json"), JSON.stringify({ version: 1, hooks }));
      const args = [
        "-p",
        "alpha: do it",
        "--allow-all-tools",
        "--deny-tool",
        "shell(rm:*)",
        "--no-auto-update",
      ];
      const env = {
        HOME: lane.home,
        COPILOT_OFFLINE: "true",
        COPILOT_AUTO_UPDATE: "false",
        COPILOT_ALLOW_ALL: "true",
        COPILOT_PROVIDER_BASE_URL: `${lane.provider.url}/v1`,
        COPILOT_PROVIDER_API_KEY: "none",
        COPILOT_MODEL: "gpt-5.1",
        OTEL_EXPORTER_OTLP_ENDPOINT: lane.otlp,
        OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
        OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: "true",
      };
      // Older ones look for hooks in repositories only.
      await run("git", ["init", "-q"], { cwd: lane.work, env });
      await run(program, args, { cwd: lane.work, env });
    },
  };
}
