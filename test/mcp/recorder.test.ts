import { describe, expect, it } from "vitest";
import { openTrail } from "../../src/index.ts";
import { createMcpMapper } from "../../src/ingest/mcp/mapper.ts";
import { McpRecorder } from "../../src/mcp/proxy/recorder.ts";
import { lineTap } from "../../src/mcp/proxy/tap.ts";
import type { Trail } from "../../src/trail/trail.ts";

const fail = (problem: string): void => {
  throw new Error(problem);
};

function busyFor(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

async function reasonsIn(trail: Trail): Promise<Array<[string, unknown, unknown]>> {
  await trail.flush();
  const { events } = await trail.events.list({ direction: "asc", limit: 1_000 });
  return events.map(({ type, data }) => [type, data.reason, data.bytes]);
}

describe("the recorder", () => {
  it("works in order, and lets others have their turn in between", async () => {
    await using trail = openTrail(":memory:");
    const recorder = new McpRecorder(trail, fail);
    const done: number[] = [];
    for (let n = 0; n < 40; n++) {
      recorder.later(1, () => {
        busyFor(1);
        done.push(n);
      });
    }
    expect(done).toEqual([]);
    let turns = 0;
    const turn = (): void => {
      turns++;
      if (done.length < 40) setImmediate(turn);
    };
    setImmediate(turn);
    await recorder.settled(10_000);
    expect(done).toEqual(Array.from({ length: 40 }, (_, n) => n));
    expect(turns).toBeGreaterThan(3);
  });

  it("gives up at the end what it has no time for, says how much, and still ends the connection", async () => {
    await using trail = openTrail(":memory:");
    const recorder = new McpRecorder(trail, fail);
    const connection = createMcpMapper().connect();
    recorder.tell(connection.message("client", { id: 1, method: "tools/call", params: { name: "a" } }));
    for (let n = 0; n < 1_000; n++) recorder.later(10, () => busyFor(5));
    recorder.later(0, () => recorder.tell(connection.end({ reason: "over", status: "ok" })));
    await recorder.settled(50);
    const told = await reasonsIn(trail);
    expect(told.map(([type]) => type)).toEqual([
      "tool.execute",
      "mcp.unread",
      "tool.execute",
      "mcp.disconnect",
    ]);
    const [, reason, bytes] = told[1] ?? [];
    expect(reason).toBe("the proxy ended before it was read");
    expect(Number(bytes)).toBeGreaterThan(5_000);
  });

  it("reads no more at once than it may: the rest is a hole, and what follows is read again", async () => {
    await using trail = openTrail(":memory:");
    const recorder = new McpRecorder(trail, fail);
    const tap = lineTap(recorder, createMcpMapper().connect(), "server");
    const line = Buffer.from('{"method":"notifications/tools/list_changed"}\n');
    tap.chunk(line);
    // All of it waits in this turn of the event loop.
    const blank = Buffer.alloc(1_048_576, `${" ".repeat(9_999)}\n`);
    for (let n = 0; n < 70; n++) tap.chunk(blank);
    await recorder.settled(10_000);
    tap.chunk(line);
    tap.chunk(line);
    tap.end();
    await recorder.settled(10_000);
    const told = await reasonsIn(trail);
    expect(told.map(([type]) => type)).toEqual(["mcp.list_changed", "mcp.unread", "mcp.list_changed"]);
    expect(told[1]).toEqual(["mcp.unread", "reading fell behind the traffic", expect.any(Number)]);
    expect(Number(told[1]?.[2])).toBeGreaterThan(6 * 1_048_576);
  });

  it("says a fault of its own and goes on", async () => {
    await using trail = openTrail(":memory:");
    const problems: string[] = [];
    const recorder = new McpRecorder(trail, (problem) => problems.push(problem));
    let isDone = false;
    recorder.later(1, () => fail("broken"));
    recorder.later(1, () => {
      isDone = true;
    });
    await recorder.settled(10_000);
    expect(problems).toEqual(["a message was not recorded: broken"]);
    expect(isDone).toBe(true);
  });
});
