import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openTrail, type Trail } from "../../src/index.ts";
import { openServer } from "../http/server.ts";

const SERVER = fileURLToPath(new URL("./server.ts", import.meta.url));
let folder: string;
const children = new Set<ChildProcess>();
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "daybook-"));
});
afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  children.clear();
  await rm(folder, { recursive: true });
});

/** A server in a process of its own; port 0 takes a free one. */
async function startServer(port: number): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [SERVER, join(folder, "daybook.db"), String(port)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.add(child);
  const url = await new Promise<string>((resolve) =>
    child.stdout?.once("data", (text) => resolve(String(text).trim())),
  );
  return { child, url };
}

async function killed(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
  children.delete(child);
}

const numbersOf = async (trail: Trail): Promise<unknown[]> => {
  const numbers: unknown[] = [];
  for await (const { data } of trail.events.export({ filter: { type: "tick" } })) numbers.push(data.n);
  return numbers;
};

describe("a trail by the address of a server", () => {
  it("reads what the server sealed: checkpoint, tiles, proofs and keys, and proves an event by them", async () => {
    const server = await openServer();
    const trail = openTrail(server.url, { spoolDir: join(folder, "spool") });
    try {
      expect(await trail.log.checkpoint()).toBeNull();
      const id = trail.record({ type: "note.written" });
      trail.record({ type: "note.written" });
      await trail.flush();
      await server.trail.seal();
      expect(await trail.log.checkpoint()).toBe(await server.trail.log.checkpoint());
      expect(await trail.log.keys()).toEqual(await server.trail.log.keys());
      expect(await trail.log.tile("tile/0/000.p/2")).toEqual(await server.trail.log.tile("tile/0/000.p/2"));
      expect(await trail.log.tile("tile/0/009")).toBeNull();
      expect(await trail.log.inclusion(1)).toEqual(await server.trail.log.inclusion(1));
      expect(await trail.log.consistency(1)).toEqual(await server.trail.log.consistency(1));
      expect((await trail.proof(id)).file).toBe((await server.trail.proof(id)).file);
      await expect(trail.proof(99)).rejects.toMatchObject({ code: "log.not_sealed" });
      await expect(trail.seal()).rejects.toMatchObject({ code: "store.unsupported" });
      expect(() => trail.log.rotateKey()).toThrow(/with the server/);
    } finally {
      await trail.close();
      await server.close();
    }
  });

  it("is the same trail: recording, reading, tool calls, runs and threads", async () => {
    const server = await openServer();
    const trail = openTrail(server.url, { spoolDir: join(folder, "spool") });
    try {
      const id = trail.record({
        type: "note.written",
        agent: "me",
        data: { token: "ghp_0123456789abcdefghijklmnopqrstuvwxyzAB" },
      });
      await trail.flush();
      const event = await trail.events.get(id);
      expect(event).toMatchObject({ seq: 1, agent: "me", emitter: { number: 1 } });
      expect(JSON.stringify(event)).not.toContain("0123456789abcdefghijklmnopqrstuvwxyz");
      const call = trail.tools.start({ tool: "fs.read" });
      await trail.flush();
      expect(await trail.tools.open()).toMatchObject([{ call: { id: call } }]);
      await trail.runs.startRun({ id: "r1", skillId: "s" });
      expect(await trail.runs.getRun("r1")).toMatchObject({ status: "running" });
      const timestamp = "2026-01-01T00:00:00Z";
      expect(await trail.threads.append("t", [{ kind: "resumed", from_checkpoint: "", timestamp }])).toBe(1);
      const ended = new AbortController();
      const follow = trail.events.follow({ signal: ended.signal });
      const next = follow.next();
      await expect
        .poll(async () => {
          server.trail.record({ type: "tick" });
          return Promise.race([
            next.then(() => true),
            new Promise((resolve) => setTimeout(resolve, 50, false)),
          ]);
        })
        .toBe(true);
      ended.abort();
      await follow.return?.();
      expect(await trail.describe()).toMatchObject({ kind: "remote sqlite", location: server.url });
    } finally {
      await trail.close();
    }
    const emitters = await server.trail.emitters();
    expect(emitters).toContainEqual(expect.objectContaining({ received: 2, sent: 2, missing: [] }));
    await server.close();
  });

  it("loses nothing and keeps the order while its server is killed again and again", {
    timeout: 60_000,
  }, async () => {
    let { child, url } = await startServer(0);
    const { port } = new URL(url);
    const trail = openTrail(url, { spoolDir: join(folder, "spool"), flushIntervalMs: 5 });
    let n = 0;
    const ticking = setInterval(() => {
      for (let i = 0; i < 5; i++) trail.record({ type: "tick", data: { n: n++ } });
    }, 5);
    for (let round = 0; round < 6; round++) {
      const reached = trail.health().persisted + 50;
      await expect.poll(() => trail.health().persisted, { timeout: 20_000 }).toBeGreaterThan(reached);
      await killed(child);
      ({ child, url } = await startServer(Number(port)));
    }
    clearInterval(ticking);
    expect((await trail.flush({ timeoutMs: 30_000 })).pending).toBe(0);
    expect(await numbersOf(trail)).toEqual(Array.from({ length: n }, (_, i) => i));
    expect(trail.health().dropped).toBe(0);
    await trail.close();
  });

  it("waits as long as it is asked, and keeps what a key may not write", async () => {
    const times: number[] = [];
    let status = 429;
    const server: Server = createServer((_, response) => {
      times.push(performance.now());
      response.writeHead(status, status === 429 ? { "Retry-After": "1" } : {}).end("{}");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const problems: string[] = [];
    const trail = openTrail(url, {
      spoolDir: join(folder, "spool"),
      onProblem: (problem) => problems.push(problem.message),
    });
    trail.record({ type: "tick" });
    await expect.poll(() => times.length).toBeGreaterThan(1);
    expect((times[1] as number) - (times[0] as number)).toBeGreaterThan(950);
    status = 401;
    await expect.poll(() => problems.some((text) => text.includes("status 401"))).toBe(true);
    expect(trail.health()).toMatchObject({ queued: 1, dropped: 0 });
    await trail.close({ timeoutMs: 100 });
    await new Promise((resolve) => server.close(resolve));

    const real = await openServer();
    const again = openTrail(real.url, { spoolDir: join(folder, "spool") });
    await expect.poll(() => real.trail.events.head()).toBe(1);
    await again.close();
    await real.close();
  });

  it("tells a reader what the server said, and that there is none", async () => {
    const server = await openServer({ access: { secrets: ["the-key"] } });
    const stranger = openTrail(server.url, { spoolDir: join(folder, "a") });
    await expect(stranger.events.list()).rejects.toMatchObject({ code: "access.missing" });
    const wrong = openTrail(server.url, { spoolDir: join(folder, "b"), apiKey: "another" });
    await expect(wrong.events.list()).rejects.toMatchObject({ code: "access.unknown" });
    const friend = openTrail(server.url, { spoolDir: join(folder, "c"), apiKey: "the-key" });
    expect((await friend.events.list()).events).toEqual([]);
    for (const trail of [stranger, wrong, friend]) await trail.close();
    await server.close();
    const nobody = openTrail(server.url, { spoolDir: join(folder, "d") });
    await expect(nobody.events.head()).rejects.toMatchObject({ code: "store.unavailable" });
    await nobody.close();
  });
});
