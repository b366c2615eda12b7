import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { daybook, emptyFolder, jsonLines, PROGRAM, start, until } from "./daybook.ts";

const AGENT = fileURLToPath(new URL("agent.mjs", import.meta.url));
const ROUNDS = 5;

interface Run {
  readonly totalMs: number;
  readonly heldMs: number;
}

/** One run of the stand-in agent. */
async function agentRun(folder: string, args: readonly string[], env = {}): Promise<Run> {
  const child = spawn(process.execPath, [AGENT, ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const [status] = await once(child, "close");
  expect(status).toBe(0);
  return JSON.parse(said) as Run;
}

/** Runs of both kinds in turn, so that whatever else the machine does meets both. */
async function compare(usual: () => Promise<Run>, troubled: () => Promise<Run>) {
  const runs = { usual: [] as number[], troubled: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    runs.usual.push((await usual()).totalMs);
    runs.troubled.push((await troubled()).totalMs);
  }
  return Math.min(...runs.troubled) / Math.min(...runs.usual);
}

async function serve(folder: string, db: string): Promise<string> {
  const server = start(folder, ["serve", "--port", "0", "--json", "--db", db]);
  await until(
    () => server.said.stdout.includes("\n"),
    () => `the server's address; it said ${JSON.stringify(server.said)}`,
  );
  return (JSON.parse(server.said.stdout) as { url: string }).url;
}

/** Takes connections and requests, and never answers. */
async function hangingServer(): Promise<{ url: string; asked: () => number; close: () => void }> {
  let asked = 0;
  const server = createServer(() => {
    asked++;
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: () => asked,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

describe("an agent's run", () => {
  it("takes at most a tenth longer when the store hangs behind an HTTP hook, or no server is there", async () => {
    const folder = emptyFolder();
    const db = join(folder, "daybook.db");
    const url = `${await serve(folder, db)}/api/v1/hooks/claude-code`;
    const usual = () => agentRun(folder, ["http", url, "2000"]);
    await usual();
    const holder = new DatabaseSync(db);
    const hanging = await compare(usual, async () => {
      holder.exec("BEGIN IMMEDIATE");
      const run = await agentRun(folder, ["http", url, "2000"]);
      holder.exec("ROLLBACK");
      return run;
    });
    holder.close();
    expect(hanging).toBeLessThan(1.1);
    const down = await compare(usual, () => agentRun(folder, ["http", "http://127.0.0.1:1/x", "2000"]));
    expect(down).toBeLessThan(1.1);
    await expect
      .poll(async () => jsonLines((await daybook(folder, ["stats", "--json"])).stdout)[0]?.total)
      .toBe(20);
  });

  it("takes at most a tenth longer with the command, whether its server answers, hangs or is away", async () => {
    const folder = emptyFolder();
    const url = await serve(folder, join(folder, "daybook.db"));
    const hanging = await hangingServer();
    const run = (address: string) => () =>
      agentRun(folder, ["command", process.execPath, PROGRAM, "hook", "codex", "--db", address], {
        STEPS: "3",
      });
    await run(url)();
    expect(await compare(run(url), run(hanging.url))).toBeLessThan(1.1);
    expect(await compare(run(url), run("http://127.0.0.1:1"))).toBeLessThan(1.1);
    await expect.poll(hanging.asked).toBeGreaterThan(0);
    hanging.close();
    const total = async () =>
      jsonLines((await daybook(folder, ["stats", "--json", "--db", url])).stdout)[0]?.total;
    await expect.poll(total).toBe(6);
  }, 120_000);
});

describe("the command for a server", () => {
  it("returns while the server hangs, and what it spooled arrives when one answers there", async () => {
    const folder = emptyFolder();
    const hanging = await hangingServer();
    const input = '{"hook_event_name":"Stop","session_id":"s1"}';
    const begun = performance.now();
    const { status, stdout } = await daybook(folder, ["hook", "codex", "--db", hanging.url], { input });
    expect([status, stdout]).toEqual([0, ""]);
    expect(performance.now() - begun).toBeLessThan(4_000);
    await expect.poll(hanging.asked).toBeGreaterThan(0);
    const port = new URL(hanging.url).port;
    hanging.close();
    const server = start(folder, ["serve", "--port", port, "--json"]);
    await until(
      () => server.said.stdout.includes("\n"),
      () => JSON.stringify(server.said),
    );
    const types = async () =>
      jsonLines((await daybook(folder, ["list", "--json"])).stdout).map(({ event_type }) => event_type);
    await expect.poll(types, { timeout: 30_000 }).toEqual(["session.stop"]);
  }, 60_000);
});
