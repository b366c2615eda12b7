import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openServer, type TestServer } from "./server.ts";

let server: TestServer;
beforeEach(async () => {
  server = await openServer({ heartbeatMs: 50, slowReaderMs: 300 });
});
afterEach(() => server.close());

/** Reads a stream as a browser would: the ids and the comments, until it is told to stop. */
function listenTo(path: string, headers: Record<string, string> = {}) {
  const stop = new AbortController();
  const heard = {
    seqs: [] as number[],
    types: [] as string[],
    comments: 0,
    ended: false,
    status: 0,
    contentType: "",
  };
  const done = (async () => {
    const response = await fetch(server.url + path, { headers, signal: stop.signal });
    heard.status = response.status;
    heard.contentType = response.headers.get("content-type") ?? "";
    let text = "";
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      text += Buffer.from(chunk).toString();
      const blocks = text.split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) {
        const id = /^id: (\d+)$/m.exec(block)?.[1];
        if (block.startsWith(":")) heard.comments++;
        if (id === undefined) continue;
        heard.seqs.push(Number(id));
        heard.types.push(
          (JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? "{}") as { event_type: string }).event_type,
        );
      }
    }
    heard.ended = true;
  })().catch(() => {
    heard.ended = true;
  });
  return { heard, stop: () => stop.abort(), done };
}

const record = (count: number, type = "e") =>
  server.post(
    "/api/v1/events/bulk",
    Array.from({ length: count }, () => ({ event_type: type })),
  );

describe("GET /api/v1/events/stream", () => {
  it("sends what comes from now on, with heartbeats in between", async () => {
    await record(3);
    const stream = listenTo("/api/v1/events/stream");
    await expect.poll(() => stream.heard.comments).toBeGreaterThan(1);
    expect(stream.heard.contentType).toContain("text/event-stream");
    await record(2);
    await expect.poll(() => stream.heard.seqs).toEqual([4, 5]);
    stream.stop();
  });

  it("resumes behind a seq, by parameter or as a browser says it, without a gap or a repeat", async () => {
    await record(10);
    const byParameter = listenTo("/api/v1/events/stream?after=4");
    const byHeader = listenTo("/api/v1/events/stream?after=1", { "Last-Event-ID": "7" });
    await expect.poll(() => byParameter.heard.seqs).toEqual([5, 6, 7, 8, 9, 10]);
    await expect.poll(() => byHeader.heard.seqs).toEqual([8, 9, 10]);
    byParameter.stop();
    await record(5);
    const resumed = listenTo("/api/v1/events/stream", { "Last-Event-ID": "10" });
    await expect.poll(() => resumed.heard.seqs).toEqual([11, 12, 13, 14, 15]);
    resumed.stop();
    byHeader.stop();
  });

  it("misses nothing and repeats nothing while events arrive", async () => {
    const stream = listenTo("/api/v1/events/stream?after=0");
    for (let i = 0; i < 20; i++) await record(25);
    await expect.poll(() => stream.heard.seqs.length, { timeout: 10_000 }).toBe(500);
    expect(stream.heard.seqs).toEqual(Array.from({ length: 500 }, (_, i) => i + 1));
    stream.stop();
  });

  it("filters, and refuses what it does not know", async () => {
    const stream = listenTo("/api/v1/events/stream?after=0&filter[event_type]=wanted");
    await record(3, "other");
    await record(2, "wanted");
    await expect.poll(() => stream.heard.types).toEqual(["wanted", "wanted"]);
    stream.stop();
    expect((await server.request("/api/v1/events/stream?page[size]=1")).status).toBe(400);
    expect((await server.request("/api/v1/events/stream?after=x")).status).toBe(400);
  });

  it("drops a reader that does not take what there is, and no other", async () => {
    const big = Array.from({ length: 60 }, () => ({
      event_type: "big",
      data: { text: "x".repeat(200_000) },
    }));
    const slow = connect(Number(new URL(server.url).port), "127.0.0.1");
    slow.write("GET /api/v1/events/stream?after=0 HTTP/1.1\r\nHost: x\r\n\r\n");
    slow.pause();
    const good = listenTo("/api/v1/events/stream?after=0");
    for (let i = 0; i < 3; i++) await server.post("/api/v1/events/bulk", big.slice(0, 20));
    await expect.poll(() => good.heard.seqs.length, { timeout: 10_000 }).toBe(60);
    await expect
      .poll(async () => /daybook_stream_clients (\d+)/.exec((await server.request("/metrics")).text)?.[1], {
        timeout: 10_000,
      })
      .toBe("1");
    expect(good.heard.ended).toBe(false);
    slow.destroy();
    good.stop();
  });

  it("ends when the server stops", async () => {
    const stream = listenTo("/api/v1/events/stream");
    await expect.poll(() => stream.heard.comments).toBeGreaterThan(0);
    server.app.stop();
    await expect.poll(() => stream.heard.ended).toBe(true);
  });
});
