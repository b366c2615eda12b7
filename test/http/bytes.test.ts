import { connect } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openServer, type TestServer } from "./server.ts";

const CASES = Number(process.env.DAYBOOK_FUZZ_CASES ?? 300);

let server: TestServer;
beforeAll(async () => {
  server = await openServer({ heartbeatMs: 20, slowReaderMs: 200 });
});
afterAll(() => server.close());

/** Sends the bytes and gives the statuses of all that was answered. */
function statuses(bytes: Buffer): Promise<number[]> {
  const { promise, resolve } = Promise.withResolvers<number[]>();
  let heard = "";
  const done = (): void =>
    resolve([...heard.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map((match) => Number(match[1])));
  const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
  socket.setEncoding("latin1").on("data", (text: string) => {
    heard += text;
    // A live stream has no end of its own.
    if (heard.includes("text/event-stream")) socket.destroy();
  });
  socket.on("error", done);
  socket.on("close", done);
  socket.write(bytes);
  // A body that never comes is waited for; what was answered until then counts.
  socket.setTimeout(50, () => socket.destroy());
  return promise;
}

// Mostly what Node's own parser lets through: what it refuses never comes to us.
const legal = fc.string({ unit: "grapheme-ascii", maxLength: 40 }).map((value) => value.trim());
const wild = fc.string({ unit: "binary", maxLength: 40 });
const value = fc.oneof({ weight: 30, arbitrary: legal }, { weight: 1, arbitrary: wild });
const query = fc.array(
  fc.tuple(
    fc.constantFrom("filter[status]", "filter[seq]", "after", "since", "sort", "format", "page[after]", "x"),
    fc.oneof(value, fc.constantFrom("CSV", "JSONL", "0", "1", "[1,2)", "-seq")),
  ),
  { maxLength: 3 },
);
const path = fc.constantFrom(
  "/api/v1/events",
  "/api/v1/events/bulk",
  "/api/v1/events/stream",
  "/api/v1/events/x",
  "/api/v1/stats",
  "/api/v1/emitters",
  "/api/v1/hooks/x",
  "/v1/traces",
  "/v1/logs",
  "/",
);
const header = fc.oneof(
  fc.tuple(
    fc.constantFrom(
      "Host",
      "Content-Encoding",
      "Content-Type",
      "Idempotency-Key",
      "X-Daybook-Tenant",
      "X-Smplkit-Environment",
      "Last-Event-ID",
      "Accept",
    ),
    value,
  ),
  fc.tuple(fc.constant("Content-Encoding"), fc.constantFrom("gzip", "br", "zstd", "deflate", "__proto__")),
  fc.tuple(fc.constant("Origin"), fc.oneof(value, fc.webUrl())),
  fc.tuple(fc.constant("Content-Type"), fc.constantFrom("application/json", "application/x-protobuf")),
);
const body = fc.oneof(
  wild,
  fc.constantFrom("{", "[", "{}", "[]", "null", '{"data":{}}', '{"data":{"attributes":7}}', "[[],{},null]"),
  fc
    .array(fc.integer({ min: 0, max: 255 }), { maxLength: 60 })
    .map((bytes) => Buffer.from(bytes).toString("latin1")),
);
const message = fc.record({
  method: fc.constantFrom("GET", "POST", "POST", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"),
  path,
  query,
  raw: fc.oneof({ weight: 20, arbitrary: fc.constant("") }, { weight: 1, arbitrary: wild }),
  headers: fc.array(header, { maxLength: 3 }),
  body,
  /** How much the announced length is off. */
  off: fc.oneof(
    { weight: 20, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: -3, max: 3 }) },
  ),
});

function bytesOf({ method, path: at, query: pairs, raw, headers, body: text, off }: Message): Buffer {
  const params = pairs.map(([name, one]) => `${name}=${encodeURIComponent(one.toWellFormed())}`).join("&");
  const content = Buffer.from(text, "latin1");
  const head = headers.map(([name, one]) => `${name}: ${one}\r\n`).join("");
  const length = `Content-Length: ${Math.max(0, content.length + off)}\r\n`;
  const start = `${method} ${at}?${params}${raw} HTTP/1.1\r\n`;
  return Buffer.concat([Buffer.from(`${start}${head}${length}Connection: close\r\n\r\n`), content]);
}

type Message = typeof message extends fc.Arbitrary<infer T> ? T : never;

describe("bytes that nobody meant as a request", () => {
  it("give no 500, no line in the log, and no event", { timeout: 120_000 }, async () => {
    const tally = new Map<number, number>();
    await fc.assert(
      fc.asyncProperty(message, async (one) => {
        const found = await statuses(bytesOf(one));
        for (const status of found) tally.set(status, (tally.get(status) ?? 0) + 1);
        expect(found.filter((status) => status >= 500)).toEqual([]);
        expect(server.log).toEqual([]);
      }),
      { numRuns: CASES },
    );
    // The routes were reached, and not Node's parser alone.
    for (const status of [200, 400, 404, 405]) expect(tally.get(status) ?? 0).toBeGreaterThan(CASES / 100);
    await server.trail.flush();
    // A hook of an unknown name is kept; nothing else in here is an event.
    for await (const event of server.trail.events.export()) expect(event.type).toBe("hook.unknown");
    expect((await server.request("/healthz")).status).toBe(200);
    await expect
      .poll(async () => (await server.request("/metrics")).text)
      .toMatch(/^daybook_stream_clients 0$/m);
  });

  it("give no more series in the metrics than there are routes", async () => {
    const series = async (): Promise<number> =>
      (await server.request("/metrics")).text.split("\n").filter((one) => one.includes('route="')).length;
    for (const target of ["/zz", "/api/zz", "/api/v1/events/zz", "/hooks/zz/zz"])
      await server.request(target);
    await series();
    const before = await series();
    for (let i = 0; i < 50; i++) {
      await server.request(`/zz${i}`);
      await server.request(`/api/zz${i}`);
      await server.request(`/api/v1/events/zz${i}`);
      await server.request(`/hooks/zz/${i}`);
    }
    expect(await series()).toBe(before);
  });
});
