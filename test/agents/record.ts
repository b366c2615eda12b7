/**
 * `npm run agents`: installs the coding agents of package.json beside this (2 GB, outside of the checkout), drives
 * each against a stand-in for its model's provider, with its hooks and its OpenTelemetry set as docs/capture.md
 * has it, and writes what it told to test/samples/agents, which `npm test` replays. At the end, what a server that
 * heard it all says of the calls. `npm run agents -- codex-0.171 …` drives some; no network but the installation's.
 */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createApp } from "../../src/http/app.ts";
import { listen } from "../../src/http/listen.ts";
import { openTrail } from "../../src/index.ts";
import { cleaned } from "./clean.ts";
import { codex } from "./codex.ts";
import { copilot } from "./copilot.ts";
import { gemini } from "./gemini.ts";
import { type Driver, inLane } from "./lane.ts";
import { opencode } from "./opencode.ts";

const DRIVERS: Readonly<Record<string, Driver>> = {
  "codex-0.171": codex("json"),
  "codex-0.150": codex("json"),
  "codex-0.130": codex("binary"),
  "gemini-0.61": gemini,
  "gemini-0.40": gemini,
  "opencode-1.18": opencode("plugins"),
  "opencode-1.2": opencode("plugin"),
  "copilot-1.0.102": copilot("camel"),
  "copilot-1.0.44": copilot("pascal"),
};

const HERE = import.meta.dirname;
const SAMPLES = join(HERE, "../samples/agents");
const BASE = join(tmpdir(), "daybook-agents");
const DAYBOOK = join(HERE, "../../bin/daybook");

/** Once for each state of the lock file. */
function install(): string {
  const tools = join(BASE, "tools");
  const lock = readFileSync(join(HERE, "package-lock.json"), "utf8");
  const stamp = join(tools, "installed.json");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return tools;
  mkdirSync(tools, { recursive: true });
  for (const name of ["package.json", "package-lock.json"]) cpSync(join(HERE, name), join(tools, name));
  execFileSync("npm", ["install", "--no-save", "--no-audit", "--no-fund"], { cwd: tools, stdio: "inherit" });
  writeFileSync(stamp, lock);
  return tools;
}

/** The program of an installed package, by the name that it has here. */
function programOf(tools: string, name: string): string {
  const folder = join(tools, "node_modules", name);
  const { bin } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    bin: string | Record<string, string>;
  };
  const path = typeof bin === "string" ? bin : (bin[name.split("-")[0] ?? ""] ?? Object.values(bin)[0] ?? "");
  return join(folder, path);
}

function write(name: string, files: Map<string, string>): void {
  const folder = join(SAMPLES, name);
  rmSync(folder, { recursive: true, force: true });
  for (const [file, text] of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
}

const names = process.argv.slice(2).length > 0 ? process.argv.slice(2) : Object.keys(DRIVERS);
const tools = install();
for (const name of names) {
  const driver = DRIVERS[name];
  if (driver === undefined)
    throw new Error(`There is no ${name}. There are: ${Object.keys(DRIVERS).join(", ")}`);
  const dir = join(BASE, "lanes", name);
  await using trail = openTrail(":memory:");
  const server = await listen(createApp({ trail }), { host: "127.0.0.1", port: 0 });
  try {
    const address = server.url;
    const recorded = await inLane(dir, {
      driver,
      program: programOf(tools, name),
      daybook: DAYBOOK,
      server: address,
    });
    write(name, cleaned(recorded, { dir, tools }));
    const { coverage } = await trail.tools.reconcile();
    process.stdout.write(`${name}: ${JSON.stringify(coverage)}\n`);
  } finally {
    await server.close();
  }
}
