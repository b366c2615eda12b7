import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isObject } from "../../src/base/json.ts";
import { openTrail } from "../../src/index.ts";
import { Protocol, TOOLS } from "../../src/mcp/server/protocol.ts";
import type { Readable } from "../../src/mcp/server/tool.ts";
import type { Trail } from "../../src/trail/trail.ts";

let trail: Trail;

beforeAll(async () => {
  trail = openTrail(":memory:");
  const long = "\u{1f600}".repeat(5_000);
  for (let n = 0; n < 500; n++) trail.record({ type: "row", data: { n, texts: new Array(10).fill(long) } });
  await trail.flush();
});
afterAll(() => trail.close());

const protocolOf = (over: Partial<Readable> = {}, sent: unknown[] = []) =>
  new Protocol({
    trail: { ...pick(trail), ...over },
    version: "0",
    send: (message) => sent.push(message),
  });

function pick({ events, runs, insights, verify }: Trail): Readable {
  return { events, runs, insights, verify };
}

describe("the protocol", () => {
  it("answers anything with what JSON-RPC allows, and with no internal error", async () => {
    const protocol = protocolOf();
    const name = fc.oneof(fc.constantFrom(...TOOLS.map((tool) => tool.name)), fc.jsonValue());
    const given = fc.oneof(
      fc.jsonValue(),
      fc.dictionary(
        fc.constantFrom("id", "limit", "cursor", "since", "filter", "by", "order", "text", "__proto__"),
        fc.oneof(fc.jsonValue(), fc.constantFrom("1", "1h", "[1,2]", "-")),
      ),
    );
    const params = fc.oneof(fc.jsonValue(), fc.record({ name, arguments: given, _meta: fc.jsonValue() }));
    const method = fc.constantFrom("tools/call", "initialize", "tools/list", "server/discover", "ping", "x");
    const id = fc.oneof(fc.integer(), fc.string(), fc.jsonValue());
    const message = fc.oneof(
      fc.jsonValue(),
      fc.record({ id, method, params }),
      fc.record({ method, params }),
    );
    await fc.assert(
      fc.asyncProperty(message, async (value) => {
        const told = await protocol.answer(value);
        if (told === undefined) return;
        expect(told).toMatchObject({ jsonrpc: "2.0" });
        expect(Object.hasOwn(told, "result")).not.toBe(Object.hasOwn(told, "error"));
        if (isObject(told.error)) expect(told.error.code).not.toBe(-32_603);
        const said = isObject(told.result) ? told.result.structuredContent : undefined;
        if (isObject(said) && isObject(said.error)) expect(said.error.code).not.toBe("server.internal");
        expect(JSON.stringify(told).length).toBeLessThan(200_000);
      }),
      { numRuns: 300 },
    );
  });

  it("bounds an answer, says what is cut, and the next page goes on behind it", async () => {
    const protocol = protocolOf();
    const seen = new Set<unknown>();
    let cursor: unknown;
    let pages = 0;
    do {
      const params = { name: "search_events", arguments: { limit: 100, ...(cursor ? { cursor } : {}) } };
      const { result } = (await protocol.answer({ id: 1, method: "tools/call", params })) ?? {};
      const said = isObject(result) && isObject(result.structuredContent) ? result.structuredContent : {};
      expect(JSON.stringify(said).length).toBeLessThan(62_000);
      expect(said.cut).toMatch(/did not fit/);
      for (const event of said.events as Array<{ id: string }>) seen.add(event.id);
      cursor = said.next_cursor;
      pages++;
    } while (cursor !== null && pages < 3);
    expect(seen.size).toBeGreaterThan(30);
  });

  it("tells progress to who asked for it, and gives up what is cancelled, without an answer", async () => {
    const sent: unknown[] = [];
    const verify: Readable["verify"] = ({ signal, onProgress }) =>
      new Promise((_, reject) => {
        onProgress?.(1, 2);
        signal?.addEventListener("abort", () => reject(new Error("given up")));
      });
    const protocol = protocolOf({ verify }, sent);
    const params = { name: "verify", _meta: { progressToken: "p" } };
    const asked = protocol.answer({ id: 7, method: "tools/call", params });
    expect(sent).toEqual([
      {
        jsonrpc: "2.0",
        method: "notifications/progress",
        params: { progressToken: "p", progress: 1, total: 2 },
      },
    ]);
    await protocol.answer({ method: "notifications/cancelled", params: { requestId: 7 } });
    expect(await asked).toBeUndefined();
  });
});
