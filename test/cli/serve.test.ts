import { execFileSync } from "node:child_process";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { daybook, emptyFolder, foreignFile, jsonLines, type Running, start, until } from "./daybook.ts";

async function serving(folder: string, ...args: string[]): Promise<{ url: string; server: Running }> {
  const server = start(folder, ["serve", "--port", "0", "--json", ...args]);
  await until(
    () => server.said.stdout.includes("\n") || server.child.exitCode !== null,
    () => `the server's address; it said ${JSON.stringify(server.said)}`,
  );
  const { url } = JSON.parse(server.said.stdout) as { url: string };
  return { url, server };
}

async function listening(): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

async function freePort(): Promise<AddressInfo> {
  const server = await listening();
  const address = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return address;
}

describe("daybook serve", () => {
  it("says where the page is, that it is open, and how to send a first event that then works", async () => {
    const folder = emptyFolder();
    const server = start(folder, ["serve", "--port", "0"]);
    await until(
      () => server.said.stdout.includes("Ctrl-C"),
      () => `a greeting; it said ${JSON.stringify(server.said)}`,
    );
    const { stdout } = server.said;
    const url = /Daybook is at (http:\/\/127\.0\.0\.1:\d+)/.exec(stdout)?.[1];
    expect(url).toBeDefined();
    expect(stdout).toContain(join(folder, "daybook.db"));
    expect(stdout).toContain("there are no keys");
    expect(stdout).toContain('import { openTrail } from "daybook"');
    const settings = stdout.split("\n").find((line) => line.startsWith('{"hooks":'));
    const { command, async: isAsync } = JSON.parse(settings ?? "").hooks.PreToolUse[0].hooks[0];
    expect(isAsync).toBe(true);
    expect(command).toMatch(new RegExp(` hook claude-code --db ${url}$`));
    const input = '{"hook_event_name":"Stop","session_id":"s1"}';
    execFileSync("/bin/sh", ["-c", command], { input, env: { HOME: folder } });

    const body = /curl -d '([^']+)'/.exec(stdout)?.[1] ?? "";
    const sent = await fetch(`${url}/api/v1/events/bulk`, {
      method: "POST",
      body,
      headers: { "content-type": "application/x-ndjson" },
    });
    expect(sent.ok).toBe(true);
    const listed = async () =>
      jsonLines((await daybook(folder, ["list", "--json"])).stdout).map((event) => event.event_type);
    await expect.poll(async () => (await listed()).sort()).toEqual(["note.written", "session.stop"]);
    server.child.kill("SIGINT");
    expect(await server.ended).toEqual(expect.objectContaining({ status: 0, stderr: "" }));
  });

  it("ends gracefully: a live stream ends, and what was taken is in the trail", async () => {
    const folder = emptyFolder();
    const { url, server } = await serving(folder);
    const stream = await fetch(`${url}/api/v1/events/stream`);
    const ended = stream.text();
    const sent = await fetch(`${url}/api/v1/events/bulk`, {
      method: "POST",
      body: '{"event_type":"a"}\n',
      headers: { "content-type": "application/x-ndjson" },
    });
    expect(sent.ok).toBe(true);
    server.child.kill("SIGTERM");
    expect((await server.ended).status).toBe(0);
    expect(await ended.catch(() => "ended")).toBeDefined();
    const listed = await daybook(folder, ["list", "--json"]);
    expect(jsonLines(listed.stdout)).toHaveLength(1);
  });

  it("goes on serving when nobody reads its greeting", async () => {
    const { port } = await freePort();
    const { child, ended } = start(emptyFolder(), ["serve", "--port", String(port)]);
    child.stdout.destroy();
    const answers = (): Promise<boolean> =>
      fetch(`http://127.0.0.1:${port}/healthz`).then(
        ({ ok }) => ok,
        () => false,
      );
    await until(answers, () => "an answer");
    child.kill("SIGTERM");
    expect(await ended).toEqual(expect.objectContaining({ status: 0, stderr: "" }));
  });

  it("says in one line that a port is taken", async () => {
    const other = await listening();
    const { port } = other.address() as AddressInfo;
    const { status, stderr } = await daybook(emptyFolder(), ["serve", "--port", String(port)]);
    other.close();
    expect(stderr).toMatch(new RegExp(`^daybook: [^\\n]*${port}[^\\n]* taken[^\\n]*--port[^\\n]*\\n$`));
    expect(status).toBe(2);
  });

  it("serves nobody but this machine while there are no keys", async () => {
    for (const host of ["0.0.0.0", "::", "192.0.2.1", "example.com"]) {
      const { status, stderr } = await daybook(emptyFolder(), ["serve", "--port", "0", "--host", host]);
      expect(stderr).toMatch(/^daybook: Without keys Daybook serves loopback only, not [^\n]+\n$/);
      expect(status).toBe(2);
    }
  });

  it("asks every request for a key where there are keys, on any address", async () => {
    const env = { DAYBOOK_API_KEYS: "a-secret-key, another" };
    const server = start(emptyFolder(), ["serve", "--port", "0", "--host", "0.0.0.0", "--json"], env);
    await until(
      () => server.said.stdout.includes("\n"),
      () => `the server's address; it said ${JSON.stringify(server.said)}`,
    );
    const url = (JSON.parse(server.said.stdout) as { url: string }).url.replace("0.0.0.0", "127.0.0.1");
    const ask = (headers: Record<string, string>) => fetch(`${url}/api/v1/events`, { headers });
    expect((await ask({})).status).toBe(401);
    expect((await ask({ Authorization: "Bearer wrong" })).status).toBe(401);
    for (const key of ["a-secret-key", "another"]) {
      expect((await ask({ Authorization: `Bearer ${key}` })).status).toBe(200);
    }
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    server.child.kill("SIGTERM");
    const { stdout, stderr } = await server.ended;
    expect(stdout + stderr).not.toContain("a-secret-key");
  });

  it("does not start over a file that is no trail", async () => {
    const folder = emptyFolder();
    const args = ["serve", "--port", "0", "--db", foreignFile(folder)];
    const { status, stderr, stdout } = await daybook(folder, args);
    expect(stderr).toMatch(
      /^daybook: \S+letter\.txt is not a Daybook store; it was left as it is\.[^\n]*\n$/,
    );
    expect([status, stdout]).toEqual([8, ""]);
  });
});
