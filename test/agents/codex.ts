import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Peer } from "./json-rpc.ts";
import { begin, type Driver, type Lane } from "./lane.ts";
import type { Call, Script } from "./provider.ts";

const EVENTS = [
  "SessionStart",
  "UserPromptSubmit",
  "PreToolUse",
  "PermissionRequest",
  "PostToolUse",
  "SubagentStart",
  "SubagentStop",
  "PreCompact",
  "PostCompact",
  "Stop",
  "SessionEnd",
];
const REFUSAL = JSON.stringify({
  hookSpecificOutput: {
    hookEventName: "PreToolUse",
    permissionDecision: "deny",
    permissionDecisionReason: "not allowed here",
  },
});

const id = (name: string): string => `call_${name}`.padEnd(24, "0");
const command = (name: string, cmd: string): { calls: Call[] } => ({
  calls: [{ id: id(name), name: "exec_command", args: { cmd } }],
});
const SCRIPT: Script = {
  alpha: [
    command("ok", "echo hello"),
    command("failed", "cat /nonexistent"),
    command("hooked", "touch forbidden.txt"),
    command("asked", "touch allowed.txt"),
    command("refused", "touch risky.txt"),
    { text: "All done." },
  ],
  bravo: [
    {
      calls: [
        {
          id: id("agent"),
          name: "spawn_agent",
          namespace: "multi_agent_v1",
          args: { message: "charlie: look" },
        },
      ],
    },
    { text: "It was sent." },
  ],
  charlie: [command("inner", "echo inner"), { text: "Looked around." }],
};

/** Codex as editors run it, so that a person can be asked: by its app server, over standard input. */
export function codex(protocol: "json" | "binary"): Driver {
  return {
    agent: "codex",
    script: SCRIPT,
    transcripts: /rollout-[^/]*\.jsonl$/,
    async drive(lane, program) {
      const home = join(lane.home, ".codex");
      mkdirSync(home);
      const entry = { type: "command", command: lane.hook(REFUSAL), timeout: 10 };
      const hooks = Object.fromEntries(EVENTS.map((event) => [event, [{ hooks: [entry] }]]));
      writeFileSync(join(home, "hooks.json"), JSON.stringify({ hooks }));
      writeFileSync(join(home, "config.toml"), configOf(lane, protocol));
      const env = { HOME: lane.home, CODEX_HOME: home };
      const { child, ended } = begin(program, ["app-server"], { cwd: lane.work, env });
      const peer = new Peer(child.stdin, createInterface({ input: child.stdout }), (_method, params) => ({
        decision: JSON.stringify(params).includes("risky") ? "decline" : "accept",
      }));
      await talk(peer, lane.work);
      child.stdin.end();
      await ended;
    },
  };
}

async function talk(peer: Peer, cwd: string): Promise<void> {
  await peer.ask("initialize", { clientInfo: { name: "lane", title: "Lane", version: "1" } });
  peer.tell("initialized", {});
  await trustHooks(peer, cwd);
  const started = await peer.ask("thread/start", {
    cwd,
    approvalPolicy: "untrusted",
    sandbox: "danger-full-access",
  });
  const threadId = (started as { thread: { id: string } }).thread.id;
  for (const text of ["alpha: do it", "bravo: delegate"]) {
    const done = peer.next("turn/completed");
    await peer.ask("turn/start", { threadId, input: [{ type: "text", text }] });
    await done;
  }
  const done = peer.next("turn/completed");
  await peer.ask("thread/compact/start", { threadId });
  await done;
  await peer.ask("thread/unsubscribe", { threadId });
}

/** A person reviews hooks before Codex runs them; this is what its own page for that does. Old ones ask nobody. */
async function trustHooks(peer: Peer, cwd: string): Promise<void> {
  const listed = (await peer.ask("hooks/list", { cwds: [cwd] }).catch(() => undefined)) as
    | { data: Array<{ hooks: Array<{ key: string; currentHash?: string }> }> }
    | undefined;
  const hooks = listed?.data.flatMap((entry) => entry.hooks) ?? [];
  if (hooks.length === 0) return;
  const value = Object.fromEntries(hooks.map(({ key, currentHash }) => [key, { trusted_hash: currentHash }]));
  const edits = [{ keyPath: "hooks.state", mergeStrategy: "upsert", value }];
  await peer.ask("config/batchWrite", { edits, reloadUserConfig: true });
}

function configOf({ provider, otlp }: Lane, protocol: string): string {
  const to = (signal: string): string =>
    `{ otlp-http = { endpoint = "${otlp}/v1/${signal}", protocol = "${protocol}" } }`;
  return `model = "gpt-5"
model_provider = "fake"
check_for_update_on_startup = false
[analytics]
enabled = false
[model_providers.fake]
name = "fake"
base_url = "${provider.url}/v1"
wire_api = "responses"
[otel]
log_user_prompt = true
exporter = ${to("logs")}
trace_exporter = ${to("traces")}
metrics_exporter = ${to("metrics")}
`;
}
