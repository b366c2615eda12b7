import { type ChildProcessByStdio, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { openTrail } from "../../../src/index.ts";
import { emptyFolder } from "../daybook.ts";
import { named, proxied, recordedIn, serverAt, words } from "./recording.ts";

interface Through {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly ended: Promise<{ status: number | null; signal: string | null }>;
  readonly said: { out: Buffer[]; err: string };
}

/** A raw server behind the proxy; its output is read only where it is asked for. */
function through(folder: string, server: readonly string[], flags: readonly string[] = []): Through {
  const { command, args, cwd, env } = proxied(folder, flags, [serverAt("raw"), ...server]);
  const child = spawn(command, args, { cwd, env, stdio: ["pipe", "pipe", "pipe"] });
  const said = { out: [] as Buffer[], err: "" };
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said.err += text;
  });
  child.stdin.on("error", () => undefined);
  const ended = new Promise<{ status: number | null; signal: string | null }>((resolve) => {
    child.once("exit", (status, signal) => resolve({ status, signal }));
  });
  return { child, ended, said };
}

function reading({ child, said }: Through): void {
  child.stdout.on("data", (bytes: Buffer) => said.out.push(bytes));
}

const digest = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

describe("what passes through the proxy", () => {
  it("is every byte, in both directions, whatever it is; standard error and exit status are the server's", async () => {
    const folder = emptyFolder();
    const run = through(folder, ["echo", "7"]);
    reading(run);
    const call = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "read", arguments: {} } };
    const sent = Buffer.concat([
      Buffer.from(randomBytes(3_000_000).filter((byte) => byte !== 10)),
      Buffer.from(`\n${JSON.stringify(call)}\r\n\n{"broken":\n`),
      Buffer.from([0xff, 0xfe, 0x00, 0x0a]),
      Buffer.alloc(6_000_000, "{"),
      Buffer.from("\nno line end"),
    ]);
    for (let at = 0; at < sent.length; at += 70_001) run.child.stdin.write(sent.subarray(at, at + 70_001));
    run.child.stdin.end();
    expect(await run.ended).toEqual({ status: 7, signal: null });
    await expect.poll(() => run.child.stdout.readableEnded).toBe(true);
    const received = Buffer.concat(run.said.out);
    expect([received.length, digest(received)]).toEqual([sent.length, digest(sent)]);
    expect(run.said.err).toBe("the end\n");

    const events = await recordedIn(folder);
    expect(named(events, "tool.execute", "started")[0]).toMatchObject({ tool: "read", app: null });
    const reasons = named(events, "mcp.unread").map(({ data }) => data.reason);
    expect(reasons).toContain("a line of more than 4194304 bytes");
    expect(reasons).toContain("the stream ended within a line");
    expect(reasons).toContain("not JSON");
    expect(named(events, "mcp.disconnect")[0]).toMatchObject({ status: "error", data: { exit_status: 7 } });
  });

  it("may be a line of a hundred megabytes: it passes, is told, and what follows is read", async () => {
    const folder = emptyFolder();
    const run = through(folder, ["longLine", "100000000"]);
    let length = 0;
    run.child.stdout.on("data", (bytes: Buffer) => {
      length += bytes.length;
    });
    expect(await run.ended).toEqual({ status: 0, signal: null });
    await expect.poll(() => run.child.stdout.readableEnded).toBe(true);
    expect(length).toBeGreaterThan(100_000_000);
    const events = await recordedIn(folder);
    expect(events.map(words)).toEqual(["mcp.unread error", "mcp.list_changed ok", "mcp.disconnect ok"]);
    expect(events[0]?.data).toMatchObject({ bytes: 100_000_000, from: "server" });
  });

  it("waits for a client that does not read, as the server would without the proxy", async () => {
    const run = through(emptyFolder(), ["flood"]);
    // Two pipes, two buffers: the server comes so far and no further.
    const progress = () => Number(run.said.err.trimEnd().split("\n").at(-1));
    let before = -1;
    await expect
      .poll(
        () => {
          const stands = progress() > 0 && progress() === before;
          before = progress();
          return stands;
        },
        { interval: 300 },
      )
      .toBe(true);
    expect(before).toBeLessThan(4_000_000);
    const stood = before;
    let received = 0;
    run.child.stdout.on("data", (bytes: Buffer) => {
      received += bytes.length;
    });
    await expect.poll(() => received).toBeGreaterThan(2 * stood);
    run.child.kill("SIGKILL");
    await run.ended;
  });

  it("is a signal too, and the signal that ends the server ends the proxy", async () => {
    const folder = emptyFolder();
    const run = through(folder, ["signals"]);
    reading(run);
    const heard = () => Buffer.concat(run.said.out).toString("utf8");
    await expect.poll(heard).toBe("ready\n");
    run.child.kill("SIGINT");
    await expect.poll(heard).toBe("ready\nSIGINT\n");
    run.child.kill("SIGUSR2");
    await expect.poll(heard).toBe("ready\nSIGINT\nSIGUSR2\n");
    run.child.kill("SIGTERM");
    expect(await run.ended).toEqual({ status: null, signal: "SIGTERM" });
    const events = await recordedIn(folder);
    expect(events.at(-1)).toMatchObject({ type: "mcp.disconnect", data: { signal: "SIGTERM" } });
  });

  it("ends without a word when the proxy is killed: what was called stays open, for nobody saw its end", async () => {
    const folder = emptyFolder();
    const run = through(folder, ["signals"]);
    reading(run);
    run.child.stdin.write('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read"}}\n');
    const calls = async () => named(await recordedIn(folder), "tool.execute").map(words);
    await expect.poll(calls).toEqual(["tool.execute started pending read"]);
    run.child.kill("SIGKILL");
    expect(await run.ended).toEqual({ status: null, signal: "SIGKILL" });
    expect(await calls()).toEqual(["tool.execute started pending read"]);
    await using trail = openTrail(join(folder, "trail.db"));
    expect((await trail.tools.open()).map(({ call }) => call.tool)).toEqual(["read"]);
  });

  it("ends with the server, also where the server left somebody who holds its output open", async () => {
    const run = through(emptyFolder(), ["parting"]);
    reading(run);
    expect(await run.ended).toEqual({ status: 0, signal: null });
    expect(Buffer.concat(run.said.out).toString("utf8")).toBe("parting\n");
  });

  it("may be lies: answers to nobody, twice, with other ids; nothing of it is joined to the wrong call", async () => {
    const folder = emptyFolder();
    const run = through(folder, ["liar"]);
    reading(run);
    const call = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "read" } };
    run.child.stdin.write(`${JSON.stringify(call)}\n`);
    expect(await run.ended).toMatchObject({ status: 0 });
    const events = await recordedIn(folder);
    expect(named(events, "mcp.unmatched").map(({ data }) => data.jsonrpc_id)).toEqual([1, "1", 7]);
    const read = named(events, "tool.execute").filter(({ tool }) => tool === "read");
    expect(read.map(({ phase, status }) => [phase, status])).toEqual([
      ["started", "pending"],
      ["completed", "ok"],
    ]);
  });

  it("passes while the trail is away, and nothing is lost", async () => {
    const folder = emptyFolder();
    const { command, args, cwd, env } = proxied(folder, [], [serverAt("raw"), "echo", "0"]);
    const away = args.map((word) => (word.endsWith("trail.db") ? "http://127.0.0.1:9" : word));
    const child = spawn(command, away, { cwd, env, stdio: ["pipe", "pipe", "ignore"] });
    let out = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text;
    });
    child.stdin.end('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read"}}\n');
    const status = await new Promise((resolve) => child.once("exit", resolve));
    expect(status).toBe(0);
    expect(out).toContain('"tools/call"');
    const spooled = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => readFileSync(join(parentPath, name), "utf8"));
    expect(spooled.join("\n").match(/"event_type":"tool.execute"/g)).toHaveLength(4);
  });
});

describe("a server that cannot be started", () => {
  it.each([
    [["/not/there"], 127, /did not start: spawn \/not\/there ENOENT/],
    [[serverAt("raw")], 126, /did not start: spawn \S+raw.ts EACCES/],
    [[], 2, /mcp-proxy needs the command of an MCP server/],
  ])("%j is said in one line, with status %i", async (server, status, said) => {
    const folder = emptyFolder();
    const { command, args, cwd, env } = proxied(folder, [], []);
    const own = [...args.slice(0, args.indexOf("--") + 1), ...server];
    const child = spawn(command, own, { cwd, env, stdio: ["pipe", "pipe", "pipe"] });
    let err = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      err += text;
    });
    expect(await new Promise((resolve) => child.once("close", resolve))).toBe(status);
    expect(err).toMatch(said);
    expect(err.trimEnd().split("\n")).toHaveLength(1);
  });
});
