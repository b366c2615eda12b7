import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { daybook, emptyFolder, start, until } from "../daybook.ts";
import { recordedIn, words } from "./recording.ts";

it("stands before a server over HTTP until it is asked to end, and leaves what was called in the trail", async () => {
  const folder = emptyFolder();
  const answer = JSON.stringify({ jsonrpc: "2.0", id: 1, result: { content: [] } });
  const server = createServer((incoming, outgoing) => {
    incoming.resume();
    outgoing.writeHead(200, { "content-type": "application/json" }).end(answer);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const target = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
  const proxy = start(folder, ["mcp-proxy", "--db", "trail.db", "--http", target, "--port", "0", "--json"]);
  await until(
    () => proxy.said.stdout.includes("\n"),
    () => `the proxy's address; it said ${JSON.stringify(proxy.said)}`,
  );
  const { url } = JSON.parse(proxy.said.stdout) as { url: string };
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/mcp$/);
  const body = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read"}}';
  const asked = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
  expect(await asked.text()).toBe(answer);
  proxy.child.kill("SIGTERM");
  expect((await proxy.ended).status).toBe(0);
  expect((await recordedIn(folder)).map(words)).toEqual([
    "tool.execute started pending read",
    "tool.execute completed ok read",
  ]);
  server.close();
});

it.each([
  [["--http", "ftp://x"], /--http must be an http or https address/],
  [["--http", "http://u:secret@x/"], /without a password/],
  [["--http", "http://x/", "--", "node"], /needs the command of an MCP server, or --http/],
  [["--db", ":memory:", "--", "node"], /A trail in memory would be gone at once/],
])("%j is refused in one line", async (args, said) => {
  const { status, stdout, stderr } = await daybook(emptyFolder(), ["mcp-proxy", ...args]);
  expect(stderr).toMatch(said);
  expect(stderr).toMatch(/^daybook: [^\n]+\n$/);
  expect([status, stdout]).toEqual([2, ""]);
});
