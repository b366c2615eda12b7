import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openServer, type TestServer } from "./server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await openServer();
});
afterAll(() => server.close());

const bulk = (body: unknown, headers: Record<string, string> = {}) =>
  server.post("/api/v1/events/bulk", body, headers);
const lines = (...events: unknown[]): string =>
  events.map((event) => (typeof event === "string" ? event : JSON.stringify(event))).join("\n");

describe("POST /api/v1/events/bulk", () => {
  it("takes NDJSON, with any line ends, and a JSON array", async () => {
    expect((await bulk(`${lines({ event_type: "a" }, "", { event_type: "b" })}\r\n`)).json).toMatchObject({
      accepted: 2,
      rejected: 0,
    });
    expect((await bulk([{ event_type: "c" }, { event_type: "d" }])).json).toMatchObject({ accepted: 2 });
    expect((await bulk("")).json).toMatchObject({ accepted: 0, rejected: 0 });
  });

  it.each([
    ["gzip", gzipSync],
    ["br", brotliCompressSync],
    ["zstd", zstdCompressSync],
  ])("takes %s", async (encoding, compress) => {
    const { json } = await bulk(new Uint8Array(compress(lines({ event_type: encoding }))), {
      "Content-Encoding": encoding,
    });
    expect(json).toMatchObject({ accepted: 1 });
  });

  it("keeps the good lines and names what is wrong with the bad ones", async () => {
    const before = await server.trail.events.head();
    const { status, json } = await bulk(
      lines(
        { event_type: "good" },
        "{not json",
        { event_type: "" },
        { event_type: "x", duration_ms: "fast", severity: "LOUD" },
        [1],
        { event_type: "y", resource_type: "smpl.z" },
        { event_type: "good too" },
      ),
    );
    expect(status).toBe(200);
    expect(json).toMatchObject({ accepted: 2, rejected: 5 });
    expect(json.errors.map((error) => [error.line, error.code, error.field])).toEqual([
      [2, "request.malformed", undefined],
      [3, "event.invalid", "event_type"],
      [4, "event.invalid", "duration_ms"],
      [4, "event.invalid", "severity"],
      [5, "event.invalid", "event"],
      [6, "event.reserved", "resource_type"],
    ]);
    expect(await server.trail.events.head()).toBe(before + 2);
  });

  it("knows what it has: ids and keys are counted as duplicates", async () => {
    const id = "01a1fb1f-33ec-73ed-a7f3-3a4b1e8347ec";
    const body = lines({ id, event_type: "once" }, { event_type: "k", idempotency_key: "k1" });
    expect((await bulk(body)).json).toMatchObject({ accepted: 2, duplicates: 0 });
    expect((await bulk(body)).json).toMatchObject({ accepted: 0, duplicates: 2 });
  });

  it("refuses what it cannot read at all, and bodies that swell", async () => {
    expect((await bulk("[1,")).json.errors[0]?.code).toBe("request.malformed");
    expect((await bulk("x", { "Content-Encoding": "gzip" })).json.errors[0]?.code).toBe("request.malformed");
    expect((await bulk("x", { "Content-Encoding": "lzma" })).status).toBe(415);
    const bomb = gzipSync(Buffer.alloc(70 * 1024 * 1024, 0x20));
    expect((await bulk(new Uint8Array(bomb), { "Content-Encoding": "gzip" })).status).toBe(413);
    const large = lines({ event_type: "ok" }, { event_type: "large", data: { text: "x".repeat(1_100_000) } });
    expect((await bulk(large)).json).toMatchObject({
      accepted: 1,
      rejected: 1,
      errors: [{ line: 2, code: "event.too_large" }],
    });
  });

  it("takes ten thousand lines in their order", async () => {
    const events = Array.from({ length: 10_000 }, (_, i) => ({
      event_type: "many",
      tenant: "many",
      duration_ms: i,
    }));
    expect((await bulk(events)).json).toMatchObject({ accepted: 10_000 });
    let expected = 0;
    for await (const event of server.trail.events.export({ tenant: "many" }))
      expect(event.durationMs).toBe(expected++);
    expect(expected).toBe(10_000);
  });
});
