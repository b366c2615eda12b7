import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type Provider, type Script, startProvider } from "./provider.ts";

/** One run of an agent: where it works, and where what it tells goes. */
export interface Lane {
  /** The agent's own home, empty at first. */
  readonly home: string;
  readonly work: string;
  readonly provider: Provider;
  /** Where its OpenTelemetry goes. */
  readonly otlp: string;
  /** Where a plugin posts its hooks. */
  readonly address: string;
  /** The command of a hook; where it is about a call that is forbidden, it says `refusal`, in the agent's words. */
  hook(refusal: string): string;
}

export interface Recorded {
  readonly hooks: string[];
  readonly otlp: Array<{ path: string; type: string; body: Buffer }>;
  /** What the agent itself wrote down, by the name of the file. */
  readonly files: Map<string, string>;
}

/** How one agent is driven. */
export interface Driver {
  /** Its name in the address of its hooks. */
  readonly agent: string;
  readonly script: Script;
  /** What it writes down of a session, in its home. */
  readonly transcripts: RegExp;
  drive(lane: Lane, program: string): Promise<void>;
}

const RUN_MS = 400_000;

/** Drives an agent once, in folders of its own, and gives what it told; all of it reaches `server`, too. */
export async function inLane(
  dir: string,
  { driver, program, daybook, server }: { driver: Driver; program: string; daybook: string; server: string },
): Promise<Recorded> {
  rmSync(dir, { recursive: true, force: true });
  const [home, work] = [join(dir, "home"), join(dir, "repo")];
  for (const path of [home, work]) mkdirSync(path, { recursive: true });
  const recorded: Recorded = { hooks: [], otlp: [], files: new Map() };
  const provider = await startProvider(driver.script);
  const listener = await listen(recorded, server);
  const address = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
  const hook = (refusal: string): string => {
    const path = join(dir, "hook.sh");
    const tell = `${daybook} hook ${driver.agent} --db ${server}`;
    writeFileSync(path, hookScript({ keep: `${address}/kept`, tell, refusal }), { mode: 0o755 });
    return path;
  };
  try {
    await driver.drive({ home, work, provider, otlp: address, address, hook }, program);
  } finally {
    await provider.close();
    listener.closeAllConnections();
    listener.close();
  }
  for (const entry of readdirSync(home, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && driver.transcripts.test(path)) recorded.files.set(path, readFileSync(path, "utf8"));
  }
  return recorded;
}

/** Keeps what comes, and hands on what is meant for the server. */
async function listen({ hooks, otlp }: Recorded, server: string): Promise<Server> {
  const listener = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const body = Buffer.concat(pieces);
    const path = request.url ?? "";
    const type = request.headers["content-type"] ?? "application/json";
    if (path.startsWith("/v1/")) otlp.push({ path, type, body });
    else hooks.push(body.toString("utf8"));
    if (path !== "/kept") {
      const answer = await fetch(`${server}${path}`, {
        method: "POST",
        headers: { "content-type": type },
        body,
      });
      if (!answer.ok) process.stderr.write(`${path}: ${answer.status} ${await answer.text()}\n`);
    }
    response.setHeader("content-type", "application/json");
    response.end("{}");
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  return listener;
}

/** What a hook is given is kept as it is, and told by the command that the documents name. */
function hookScript({ keep, tell, refusal }: { keep: string; tell: string; refusal: string }): string {
  return `#!/bin/sh
payload=$(cat)
printf '%s' "$payload" | curl -s --data-binary @- ${keep} > /dev/null
printf '%s' "$payload" | ${tell}
case "$payload" in
  *PermissionRequest*|*permissionRequest*|*PostToolUse*|*AfterTool*|*toolResult*|*prompt*) ;;
  *'touch forbidden'*) echo '${refusal}' ;;
esac
`;
}

/** Runs a program to its end, with nothing of this environment but the path; kills what takes too long. */
export async function run(
  program: string,
  args: readonly string[],
  { cwd, env }: { cwd: string; env: Readonly<Record<string, string>> },
): Promise<void> {
  const { child, ended } = begin(program, args, { cwd, env });
  child.stdin.end();
  await ended;
}

/** As `run`, for a program that is talked to. */
export function begin(
  program: string,
  args: readonly string[],
  { cwd, env }: { cwd: string; env: Readonly<Record<string, string>> },
) {
  const path = process.env.PATH ?? "";
  const child = spawn(program, args, { cwd, env: { PATH: path, ...env }, stdio: ["pipe", "pipe", "pipe"] });
  const said: string[] = [];
  child.stdout.on("data", (piece: Buffer) => said.push(piece.toString("utf8")));
  child.stderr.on("data", (piece: Buffer) => said.push(piece.toString("utf8")));
  const patience = setTimeout(() => child.kill("SIGKILL"), RUN_MS);
  const ended = new Promise<void>((resolve) => {
    child.on("close", (code) => {
      clearTimeout(patience);
      if (code !== 0)
        process.stderr.write(`${program} ended with ${code}:\n${said.join("").slice(-2_000)}\n`);
      resolve();
    });
  });
  return { child, ended };
}
