import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import type { AuditEvent } from "../../src/event/event.ts";
import { emptyFolder, jsonLines, PROGRAM, start, until } from "../cli/daybook.ts";
import { readText } from "../tidy/sources.ts";
import type { Call, Turn } from "./model.ts";

export const PACKAGES = fileURLToPath(new URL("node_modules/@anthropic-ai", import.meta.url));
export const SDK = join(PACKAGES, "claude-agent-sdk/sdk.mjs");
const CLAUDE = join(PACKAGES, `claude-agent-sdk-${process.platform}-${process.arch}/claude`);

/** A home, a configuration and a project, all new, in which Claude Code runs and asks nobody but us. */
export interface Workplace {
  readonly home: string;
  readonly project: string;
  readonly env: Record<string, string>;
  /** Puts settings where a project has them. */
  settings(what: object): void;
}

const PERMISSIONS = {
  allow: ["Read", "Agent", "Bash(echo *)", "Bash(cat *)", "Bash(sleep *)"],
  deny: ["Bash(rm *)"],
};

export function workplace(modelUrl: string): Workplace {
  const home = emptyFolder();
  const project = join(home, "project");
  const config = join(home, "config");
  mkdirSync(join(project, ".claude"), { recursive: true });
  mkdirSync(config);
  writeFileSync(join(project, "notes.txt"), "hello\n");
  // What a user allows stands with the user; hooks stand in the project, where docs/capture.md puts them.
  writeFileSync(join(config, "settings.json"), JSON.stringify({ permissions: PERMISSIONS }));
  const path = [dirname(PROGRAM), dirname(process.execPath), process.env.PATH].join(delimiter);
  const env = {
    PATH: path,
    HOME: home,
    CLAUDE_CONFIG_DIR: config,
    ANTHROPIC_BASE_URL: modelUrl,
    ANTHROPIC_API_KEY: "no-key",
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    DISABLE_AUTOUPDATER: "1",
    DISABLE_TELEMETRY: "1",
    DISABLE_ERROR_REPORTING: "1",
  };
  const settings = (what: object) =>
    writeFileSync(join(project, ".claude/settings.json"), JSON.stringify(what));
  return { home, project, env, settings };
}

export interface Said {
  readonly result: Record<string, unknown>;
  readonly ms: number;
}

/** `claude -p`, the program itself, to its end. */
export async function claude(
  place: Workplace,
  prompt: string,
  env: Record<string, string> = {},
): Promise<Said> {
  const begun = performance.now();
  const child = spawn(CLAUDE, ["-p", prompt, "--output-format", "json"], {
    cwd: place.project,
    env: { ...place.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  await new Promise((resolve) => child.on("close", resolve));
  const [result] = jsonLines(stdout);
  if (result === undefined) throw new Error(`Claude Code said nothing but ${stderr}`);
  return { result, ms: performance.now() - begun };
}

/** A real server beside it; its address. */
export async function serve(folder: string): Promise<string> {
  const server = start(folder, ["serve", "--port", "0", "--json"]);
  await until(
    () => server.said.stdout.includes("\n"),
    () => `the server's address; it said ${JSON.stringify(server.said)}`,
  );
  return (JSON.parse(server.said.stdout) as { url: string }).url;
}

/** Ids of calls as Anthropic makes them, with a name to find them by. */
export const callNamed = (name: string): string => `toolu_01${name.padEnd(22, "0")}`;

const call = (name: string, tool: string, input: Record<string, unknown>): Call => ({
  id: callNamed(name),
  name: tool,
  input,
});

/** A day's work with each end that a call can have: two at once, a failure, two refusals, a sub-agent. */
export const WORK: Readonly<Record<string, readonly Turn[]>> = {
  "Do the work": [
    {
      text: "Let me see.",
      calls: [
        call("read", "Read", { file_path: "notes.txt" }),
        call("echo", "Bash", { command: "echo one" }),
      ],
    },
    { calls: [call("fails", "Bash", { command: "cat nothing-there" })] },
    { calls: [call("ruled", "Bash", { command: "rm -rf everything" })] },
    { calls: [call("asked", "Bash", { command: "make coffee" })] },
    {
      calls: [
        call("agent", "Agent", {
          description: "Look",
          prompt: "Look closely",
          subagent_type: "general-purpose",
          run_in_background: false,
        }),
      ],
    },
    { text: "Done." },
  ],
  "Look closely": [{ calls: [call("inner", "Bash", { command: "echo inside" })] }, { text: "Looked." }],
};

/** How each of those calls ends. */
export const ENDS = new Map(
  Object.entries({
    read: "ok",
    echo: "ok",
    fails: "error",
    ruled: "denied",
    asked: "denied",
    agent: "ok",
    inner: "ok",
  })
    .map(([name, status]) => [callNamed(name), status] as const)
    .sort(),
);

/** Each call of the session by its id: how it ended. Its end names its start, wherever that stands in the log. */
export function endsOf(events: readonly AuditEvent[]): Map<string | null, string | null> {
  const byId = new Map(events.map((event) => [event.id, event]));
  const ends = events.filter(({ type, phase }) => type === "tool.execute" && phase === "completed");
  for (const { startId, callId, tool } of ends)
    expect(byId.get(startId ?? "")).toMatchObject({ phase: "started", status: "pending", callId, tool });
  return new Map(ends.map(({ callId, status }) => [callId, status] as const).sort());
}

/** The settings that docs/capture.md prints, for a server at `url`: by commands, by HTTP. */
export function documented(url: string): Record<string, object> {
  const section = readText("docs/capture.md").split("**Claude Code**, in")[1]?.split("**Codex**")[0] ?? "";
  const [command, http] = [...section.matchAll(/^```json\n(.*?)^```$/gms)].map(([, text = ""]) =>
    JSON.parse(text.replaceAll("http://127.0.0.1:4319", url)),
  );
  return { command, http };
}
