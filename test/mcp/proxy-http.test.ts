import { once } from "node:events";
import { request } from "node:http";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { named } from "../cli/mcp/recording.ts";
import { ask, call, proxyBefore, result, serve } from "./http-stage.ts";

const JSON_TYPE = { "content-type": "application/json" };
const STREAM_TYPE = { "content-type": "text/event-stream" };
const kinds = (events: Array<{ type: string; status: string | null; tool: string | null }>) =>
  events.map(({ type, status, tool }) => [type, status, tool].filter(Boolean).join(" "));

it("passes the bytes of both bodies and the headers as they are, whatever they are", async () => {
  const odd = Buffer.from([0x00, 0xff, 0x0a, 0x7b, 0x22, 0x80]);
  const seen: Array<{ headers: string[]; body: Buffer; url: string | undefined }> = [];
  const target = await serve((incoming, outgoing) => {
    const pieces: Buffer[] = [];
    incoming.on("data", (piece: Buffer) => pieces.push(piece));
    incoming.on("end", () => {
      seen.push({ headers: incoming.rawHeaders, body: Buffer.concat(pieces), url: incoming.url });
      outgoing.sendDate = false;
      outgoing.writeHead(299, "Quite Fine", [
        "X-Odd",
        "ü",
        "x-odd",
        "2",
        "Mcp-Session-Id",
        "s",
        "Content-Type",
        "application/json",
      ]);
      outgoing.write(odd);
      outgoing.end(odd);
    });
  });
  const { url, events } = await proxyBefore(target);
  const asked = { headers: { "MCP-Protocol-Version": "2026-07-28", "X-Two": ["a", "b"] }, body: odd };
  const [direct, through] = [await ask(target, asked), await ask(new URL(`${url.href}?q=%20#`), asked)];
  expect(through.body).toEqual(direct.body);
  const own = (headers: string[]) =>
    headers.join("\n").replace(/\n(connection|keep-alive|transfer-encoding)\n.*/gi, "");
  expect(own(through.headers)).toBe(own(direct.headers));
  expect([through.status, through.isBroken]).toEqual([299, false]);
  expect(seen[1]?.body).toEqual(odd);
  expect(seen[1]?.url).toBe("/mcp?q=%20");
  const sorted = (headers: string[] = []) => [...headers].sort();
  expect(sorted(seen[1]?.headers)).toEqual(sorted(seen[0]?.headers));
  expect(kinds(await events())).toEqual(["mcp.unread error", "mcp.unread error"]);
});

it("passes an event of a stream when it comes, not when the stream ends", async () => {
  let more: (() => void) | undefined;
  const target = await serve((incoming, outgoing) => {
    incoming.resume();
    outgoing.writeHead(200, STREAM_TYPE);
    outgoing.write(
      `data: ${JSON.stringify({ jsonrpc: "2.0", method: "notifications/tools/list_changed" })}\n\n`,
    );
    more = () => void outgoing.end(`data: ${result(1, "late")}\n\n`);
  });
  const { url, events } = await proxyBefore(target);
  const asking = request(url, { method: "POST", headers: JSON_TYPE });
  asking.end(call(1, "slow"));
  const [answer] = await once(asking, "response");
  const [first] = await once(answer, "data");
  expect(String(first)).toContain("list_changed");
  expect(kinds(await events())).toEqual(["tool.execute pending slow", "mcp.list_changed ok"]);
  more?.();
  await once(answer.resume(), "end");
  expect(kinds(await events()).at(-1)).toBe("tool.execute ok slow");
});

it("reads what is compressed, and passes it compressed", async () => {
  const packed = gzipSync(result(1, "packed"));
  const target = await serve((incoming, outgoing) => {
    incoming.resume();
    outgoing.writeHead(200, { ...JSON_TYPE, "content-encoding": "gzip" }).end(packed);
  });
  const { url, events } = await proxyBefore(target);
  expect((await ask(url, { body: call(1, "pack") })).body).toEqual(packed);
  const [, end] = await events();
  expect(end).toMatchObject({ status: "ok", data: { result: { content: [{ text: "packed" }] } } });
});

it("passes what is too long to be read, packed or not, and tells that it did not read it", async () => {
  const long = Buffer.alloc(20_000_000, "[");
  const bomb = gzipSync(Buffer.alloc(200_000_000, " "));
  const target = await serve((incoming, outgoing) => {
    let received = 0;
    incoming.on("data", (piece: Buffer) => {
      received += piece.length;
    });
    incoming.on("end", () => {
      if (received > 1_000) {
        outgoing.writeHead(200, { ...JSON_TYPE, "x-received": String(received) }).end(long);
      } else outgoing.writeHead(200, { ...JSON_TYPE, "content-encoding": "gzip" }).end(bomb);
    });
  });
  const { url, events } = await proxyBefore(target);
  const { headers, body } = await ask(url, { body: long });
  expect(headers.join(": ")).toContain("x-received: 20000000");
  expect(body.equals(long)).toBe(true);
  expect((await ask(url, { body: call(1, "small") })).body.equals(bomb)).toBe(true);
  const unread = named(await events(), "mcp.unread").map(({ data }) => [data.from, data.reason]);
  expect(unread).toEqual([
    ["client", "a body of more than 4194304 bytes"],
    ["server", "a body of more than 4194304 bytes"],
    ["server", "a body that is not gzip, or too long when unpacked"],
  ]);
  expect(named(await events(), "tool.execute", "completed")[0]).toMatchObject({ status: "error" });
});

it("joins answers to requests by exchange where there are no sessions, though all clients number from 0", async () => {
  const waiting: Array<(text: string) => void> = [];
  const target = await serve((incoming, outgoing) => {
    incoming.resume();
    outgoing.writeHead(200, JSON_TYPE);
    waiting.push((text) => void outgoing.end(result(0, text)));
  });
  const { url, events } = await proxyBefore(target);
  const answers = [ask(url, { body: call(0, "first") })];
  await expect.poll(() => waiting.length).toBe(1);
  answers.push(ask(url, { body: call(0, "second") }));
  await expect.poll(() => waiting.length).toBe(2);
  waiting[1]?.("2");
  waiting[0]?.("1");
  await Promise.all(answers);
  const calls = await events();
  for (const end of named(calls, "tool.execute", "completed")) {
    const start = calls.find(({ id }) => id === end.startId);
    expect(start?.tool).toBe(end.tool);
  }
  expect(named(calls, "tool.execute", "completed")).toHaveLength(2);
});

it("says why a call failed that got no answer: refused, unreachable, broken off, or simply not there", async () => {
  const target = await serve((incoming, outgoing) => {
    incoming.resume();
    incoming.on("end", () => {
      const way = incoming.headers["x-way"];
      if (way === "refused") outgoing.writeHead(401, { "www-authenticate": "Bearer realm=x" }).end();
      else if (way === "explained") {
        const error = {
          jsonrpc: "2.0",
          id: null,
          error: { code: -32_000, message: "Bad Request: no session" },
        };
        outgoing.writeHead(400, JSON_TYPE).end(JSON.stringify(error));
      } else if (way === "broken") {
        outgoing.writeHead(200, STREAM_TYPE).write(": hello\n\n", () => outgoing.destroy());
      } else if (way === "nothing") outgoing.writeHead(200, STREAM_TYPE).end(": bye\n\n");
      else outgoing.writeHead(200, JSON_TYPE).end(result(2, "another"));
    });
  });
  const { url, events } = await proxyBefore(target);
  const by = (way: string) => ask(url, { headers: { "x-way": way }, body: call(1, way) });
  expect((await by("refused")).headers.join(": ")).toContain("www-authenticate: Bearer realm=x");
  await by("explained");
  expect((await by("broken")).isBroken).toBe(true);
  await by("nothing");
  await by("other");
  await expect.poll(async () => named(await events(), "tool.execute", "completed").length).toBe(5);
  const ends = named(await events(), "tool.execute", "completed");
  expect(ends.map(({ tool, status, error }) => [tool, status, error])).toEqual([
    ["refused", "denied", "HTTP 401"],
    ["explained", "error", "HTTP 400: Bad Request: no session"],
    ["broken", "error", "the connection to the server broke within its answer"],
    ["nothing", "error", "the server's answer ended without a result"],
    ["other", "error", "the server's answer ended without a result"],
  ]);
  expect(named(await events(), "mcp.unmatched")).toHaveLength(1);
});

it("answers 502 for a server that is not there, and the call failed", async () => {
  const { url, events } = await proxyBefore(new URL("http://127.0.0.1:9/mcp"));
  const { status, body } = await ask(url, { body: call(1, "any") });
  expect(status).toBe(502);
  expect(JSON.parse(body.toString("utf8")).error.message).toContain(
    "the server cannot be reached: ECONNREFUSED",
  );
  expect(named(await events(), "tool.execute", "completed")[0]).toMatchObject({
    status: "error",
    error: "the server cannot be reached: ECONNREFUSED",
  });
});

it("lets the server know when the client goes, and the call failed", async () => {
  let isGone = false;
  const target = await serve((incoming, outgoing) => {
    incoming.resume();
    outgoing.writeHead(200, STREAM_TYPE).flushHeaders();
    outgoing.once("close", () => {
      isGone = true;
    });
  });
  const { url, events } = await proxyBefore(target);
  const asking = request(url, { method: "POST", headers: JSON_TYPE });
  asking.on("error", () => undefined);
  asking.end(call(1, "abandoned"));
  await once(asking, "response");
  asking.destroy();
  await expect.poll(() => isGone).toBe(true);
  await expect
    .poll(async () => named(await events(), "tool.execute", "completed")[0]?.error)
    .toContain("the client closed");
});

it("makes a server wait whose client does not read", async () => {
  let written = 0;
  const target = await serve((incoming, outgoing) => {
    incoming.resume();
    outgoing.writeHead(200, STREAM_TYPE);
    const piece = Buffer.alloc(65_536, ":\n");
    const more = (): void => {
      if (outgoing.destroyed) return;
      written += piece.length;
      outgoing.write(piece, more);
    };
    more();
  });
  const { url } = await proxyBefore(target);
  const asking = request(url, { method: "GET" }).end();
  asking.on("error", () => undefined);
  const [answer] = await once(asking, "response");
  let before = -1;
  const stands = () => {
    const isSame = written === before;
    before = written;
    return isSame;
  };
  await expect.poll(stands, { interval: 300 }).toBe(true);
  const stood = written;
  answer.resume();
  await expect.poll(() => written).toBeGreaterThan(stood + 10_000_000);
  asking.destroy();
});

it("refuses pages of the web that found their way to this machine by a name of their own", async () => {
  let asked = 0;
  const target = await serve((_, outgoing) => {
    asked++;
    outgoing.end();
  });
  const { url } = await proxyBefore(target);
  for (const host of ["evil.example", "127.0.0.1.evil.example:80", "localhost.evil.example"]) {
    expect((await ask(url, { headers: { host }, body: call(1, "any") })).status).toBe(403);
  }
  expect(asked).toBe(0);
  expect((await ask(url, { headers: { host: "localhost:1" }, body: "{}" })).status).toBe(200);
});

it("passes other addresses of the origin and reads nothing of them: tokens are asked for there", async () => {
  const target = await serve((incoming, outgoing) => outgoing.end(incoming.url));
  const { url, events } = await proxyBefore(target);
  const token = new URL("/token?x=1", url);
  expect((await ask(token, { body: call(1, "secret") })).body.toString("utf8")).toBe("/token?x=1");
  expect(await events()).toEqual([]);
});

it("tells of headers that say something else than the body", async () => {
  const target = await serve((incoming, outgoing) => {
    incoming.resume();
    outgoing.writeHead(200, JSON_TYPE).end(result(1, "done"));
  });
  const { url, events } = await proxyBefore(target);
  await ask(url, { headers: { "Mcp-Method": "tools/call", "Mcp-Name": "read" }, body: call(1, "read") });
  await ask(url, { headers: { "Mcp-Method": "tools/list", "Mcp-Name": "read" }, body: call(1, "delete") });
  const odd = named(await events(), "mcp.mismatch");
  expect(odd.map(({ data }) => [data.header_says, data.body_says])).toEqual([
    ["tools/list", "tools/call"],
    ["read", "delete"],
  ]);
});
