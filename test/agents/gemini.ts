import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Peer } from "./json-rpc.ts";
import { begin, type Driver, run } from "./lane.ts";
import type { Call, Script } from "./provider.ts";

const EVENTS = [
  "SessionStart",
  "BeforeAgent",
  "BeforeTool",
  "AfterTool",
  "AfterAgent",
  "PreCompress",
  "SessionEnd",
];
const REFUSAL = JSON.stringify({ decision: "deny", reason: "not allowed here" });

const command = (id: string, text: string): { calls: Call[] } => ({
  calls: [{ id, name: "run_shell_command", args: { command: text, description: "A command." } }],
});
const SCRIPT: Script = {
  alpha: [
    command("call_ok", "echo hello"),
    command("call_failed", "cat /nonexistent"),
    command("call_hooked", "touch forbidden.txt"),
    { calls: [{ id: "call_read", name: "read_file", args: { file_path: "missing.txt" } }] },
    { text: "All done." },
  ],
  delta: [
    command("call_asked", "touch allowed.txt"),
    command("call_refused", "touch risky.txt"),
    { text: "Done again." },
  ],
};

/**
 * Gemini CLI in a terminal without a person, and as editors run it, by the agent client protocol, where a person
 * can be asked; there its hooks tell nothing of tools.
 */
export const gemini: Driver = {
  agent: "gemini",
  script: SCRIPT,
  transcripts: /chats\/session-[^/]*\.jsonl?$/,
  async drive(lane, program) {
    const entry = { type: "command", command: lane.hook(REFUSAL), timeout: 10_000 };
    const settings = {
      hooks: Object.fromEntries(EVENTS.map((event) => [event, [{ matcher: "*", hooks: [entry] }]])),
      security: { auth: { selectedType: "gemini-api-key" } },
      privacy: { usageStatisticsEnabled: false },
      general: { enableAutoUpdate: false },
      telemetry: {
        enabled: true,
        target: "local",
        otlpEndpoint: lane.otlp,
        otlpProtocol: "http",
        logPrompts: true,
      },
    };
    const home = join(lane.home, ".gemini");
    mkdirSync(home);
    writeFileSync(join(home, "settings.json"), JSON.stringify(settings));
    const env = {
      HOME: lane.home,
      GEMINI_API_KEY: "none",
      GOOGLE_GEMINI_BASE_URL: lane.provider.url,
      GEMINI_CLI_TRUST_WORKSPACE: "true",
    };
    const model = ["-m", "gemini-2.5-flash"];
    await run(program, ["--yolo", ...model, "-p", "alpha: do it"], { cwd: lane.work, env });
    const { child, ended } = begin(program, ["--acp", ...model], { cwd: lane.work, env });
    const peer = new Peer(child.stdin, createInterface({ input: child.stdout }), (_method, params) => ({
      outcome: chosen(params as Asked),
    }));
    await peer.ask("initialize", { protocolVersion: 1, clientCapabilities: {} });
    const { sessionId } = (await peer.ask("session/new", { cwd: lane.work, mcpServers: [] })) as {
      sessionId: string;
    };
    await peer.ask("session/prompt", { sessionId, prompt: [{ type: "text", text: "delta: do more" }] });
    child.stdin.end();
    child.kill("SIGTERM");
    await ended;
  },
};

interface Asked {
  readonly options: ReadonlyArray<{ optionId: string; kind: string }>;
}

function chosen(asked: Asked): object {
  const kind = JSON.stringify(asked).includes("risky") ? "reject_once" : "allow_once";
  const option = asked.options.find((it) => it.kind === kind);
  return option === undefined ? { outcome: "cancelled" } : { outcome: "selected", optionId: option.optionId };
}
