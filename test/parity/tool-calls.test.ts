import { expect, it } from "vitest";
import { onEachStore } from "./trails.ts";

/** Section 1.0 of the five systems: the stream of tool calls, and what it got wrong (2, seed 0). */
onEachStore("tool calls", (open) => {
  const start = (more: object = {}) =>
    open.trail.tools.start({ tool: "fs.read", actor: { id: "alice" }, origin: "chat", ...more });

  it("records two events for a call, paired by start_id, in the order of seq (weaknesses 1, 2, 3)", async () => {
    const id = start({ args: { path: "/a" }, app: "ide", destination: "disk", parentId: undefined });
    expect(await open.trail.tools.complete(id, { result: "text", durationMs: 12 })).toMatchObject({
      outcome: "recorded",
    });
    await open.trail.flush();
    const { events } = await open.trail.events.list({ direction: "asc" });
    expect(events).toMatchObject([
      { id, phase: "started", status: "pending", tool: "fs.read", data: { arguments: { path: "/a" } } },
      {
        phase: "completed",
        status: "ok",
        startId: id,
        tool: "fs.read",
        durationMs: 12,
        data: { result: "text" },
      },
    ]);
    for (const field of ["actor", "origin", "app", "destination", "parentId"] as const) {
      expect(events[1]?.[field]).toEqual(events[0]?.[field]);
    }
  });

  it("pairs two calls that are the same in everything", async () => {
    const [first, second] = [start({ args: 1 }), start({ args: 1 })];
    await open.trail.tools.complete(second, { result: "second" });
    await open.trail.tools.complete(first, { result: "first" });
    await open.trail.flush();
    const { calls } = await open.trail.tools.query();
    expect(calls.map(({ id, result }) => [id, result])).toEqual([
      [second, "second"],
      [first, "first"],
    ]);
  });

  it("redacts arguments, result and error before anything is kept (weakness 4)", async () => {
    const secret = "ghp_0123456789abcdefghijklmnopqrstuvwxyzAB";
    await open.trail.tools.complete(start({ args: { token: secret } }), { result: `token ${secret}` });
    await open.trail.tools.fail(start(), new Error(`bad credential ${secret}`));
    await open.trail.flush();
    const { events } = await open.trail.events.list();
    expect(events).toHaveLength(4);
    expect(JSON.stringify(events)).not.toContain(secret.slice(8));
  });

  it("says clearly what became of a completion, and never makes a second row (weakness 5)", async () => {
    const id = start();
    expect(await open.trail.tools.complete(null)).toEqual({ outcome: "nothing", id: null });
    expect((await open.trail.tools.complete(id)).outcome).toBe("recorded");
    expect((await open.trail.tools.complete(id)).outcome).toBe("already_completed");
    expect((await open.trail.tools.fail(id, "late")).outcome).toBe("already_completed");
    expect((await open.trail.tools.complete("01890a5d-ac96-774b-bcce-b302099a8057")).outcome).toBe("unknown");
    expect((await open.trail.tools.complete("no id")).outcome).toBe("unknown");
    await open.trail.flush();
    const { events } = await open.trail.events.list();
    expect(events).toHaveLength(2);
    const completion = events.find(({ phase }) => phase === "completed");
    expect((await open.trail.tools.complete(completion?.id)).outcome).toBe("unknown");
  });

  it("completes a call that another process began, once, with what its start said", async () => {
    const id = start({ args: { a: 1 }, app: "ide", runId: "run" });
    await open.trail.flush();
    const other = open.again();
    if (other === null) return;
    expect((await other.tools.complete(id, { result: 1 })).outcome).toBe("recorded");
    await other.flush();
    expect((await open.again()?.tools.complete(id, { result: 2 }))?.outcome).toBe("already_completed");
    const { calls } = await other.tools.query();
    expect(calls).toMatchObject([{ id, result: 1, args: { a: 1 }, completed: { app: "ide", runId: "run" } }]);
  });

  it("refuses limits that are none (weakness 6)", async () => {
    for (const limit of [0, -1, 1.5, 1_001, Number.NaN]) {
      await expect(open.trail.tools.query({ limit })).rejects.toMatchObject({ code: "query.invalid" });
    }
  });

  it("finds by every field, newest first, page by page, with arguments as they were (weakness 7)", async () => {
    const ids: string[] = [];
    for (let n = 0; n < 30; n++) {
      const id = start({
        tool: `tool ${n % 3}`,
        actor: { id: `actor ${n % 2}` },
        origin: `origin ${n % 5}`,
        app: `app ${n % 2}`,
        destination: `host ${n % 3}`,
        args: { n },
        ...(n % 10 === 9 ? { parentId: ids[0] } : {}),
      });
      ids.push(id);
      if (n % 4 === 0) await open.trail.tools.fail(id, `no ${n}`, { durationMs: n });
      else if (n % 4 !== 3) await open.trail.tools.complete(id, { result: n, durationMs: n });
    }
    await open.trail.flush();
    const numbers = async (filter: object): Promise<unknown[]> => {
      const { calls } = await open.trail.tools.query({ filter });
      return calls.map(({ args }) => (args as { n: number }).n);
    };
    const where = (keep: (n: number) => boolean) => [...ids.keys()].filter(keep).reverse();
    expect(await numbers({})).toEqual(where(() => true));
    expect(await numbers({ tool: "tool 1" })).toEqual(where((n) => n % 3 === 1));
    expect(await numbers({ actorId: "actor 1", app: "app 1" })).toEqual(where((n) => n % 2 === 1));
    expect(await numbers({ origin: ["origin 1", "origin 2"] })).toEqual(where((n) => [1, 2].includes(n % 5)));
    expect(await numbers({ destination: "host 2" })).toEqual(where((n) => n % 3 === 2));
    expect(await numbers({ parentId: ids[0] })).toEqual(where((n) => n % 10 === 9));
    expect(await numbers({ status: "error" })).toEqual(where((n) => n % 4 === 0));
    expect(await numbers({ durationMs: { min: 20 } })).toEqual(where((n) => n >= 20 && n % 4 !== 3));

    const paged: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await open.trail.tools.query({ limit: 7, ...(cursor === undefined ? {} : { cursor }) });
      paged.push(...page.calls.map(({ id }) => id));
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
    expect(paged).toEqual(ids.toReversed());
  });

  it("lists the calls that never completed, with their age (weakness 8)", async () => {
    const done = start();
    const [first, second] = [start({ agent: "a" }), start({ tool: "net.get" })];
    await open.trail.tools.complete(done);
    await open.trail.flush();
    expect(await open.trail.tools.open()).toMatchObject([
      { call: { id: first, tool: "fs.read", started: { agent: "a" } } },
      { call: { id: second, tool: "net.get" } },
    ]);
    expect(await open.trail.tools.open({ filter: { tool: "net.get" } })).toMatchObject([
      { call: { id: second } },
    ]);
    expect(await open.trail.tools.open({ olderThanMs: 3_600_000 })).toEqual([]);
    expect(await open.trail.tools.get(first)).toMatchObject({
      isOpen: true,
      status: "pending",
      completed: null,
    });
    await open.trail.tools.complete(first);
    await open.trail.flush();
    expect(await open.trail.tools.open()).toMatchObject([{ call: { id: second } }]);
  });

  it("tells no result from the result null and from the empty one (weakness 9)", async () => {
    for (const end of [{}, { result: null }, { result: "" }]) await open.trail.tools.complete(start(), end);
    await open.trail.flush();
    const { calls } = await open.trail.tools.query();
    expect(calls.map(({ result }) => result)).toEqual(["", null, undefined]);
  });

  it("wraps a function: records what it does, nests what it calls, and changes nothing", async () => {
    const inner = open.trail.tools.wrap("inner", async (x: number) => x + 1);
    const outer = open.trail.tools.wrap("outer", async (x: number, y: number) => (await inner(x)) + y);
    const failing = open.trail.tools.wrap("failing", () => {
      throw new TypeError("no");
    });
    const rejecting = open.trail.tools.wrap("rejecting", () => Promise.reject(new RangeError("never")));
    expect(await outer(1, 2)).toBe(4);
    expect(() => failing()).toThrow(new TypeError("no"));
    await expect(rejecting()).rejects.toThrow(new RangeError("never"));
    expect(open.trail.tools.wrap("sync", () => 7)()).toBe(7);
    await open.trail.flush();
    const { calls } = await open.trail.tools.query();
    const named = new Map(calls.map((call) => [call.tool, call]));
    expect([...named.keys()]).toEqual(["sync", "rejecting", "failing", "inner", "outer"]);
    expect(named.get("outer")).toMatchObject({ status: "ok", args: [1, 2], result: 4 });
    expect(named.get("inner")).toMatchObject({
      args: 1,
      result: 2,
      started: { parentId: named.get("outer")?.id },
    });
    expect(named.get("failing")).toMatchObject({ status: "error", error: "no" });
    expect(named.get("rejecting")).toMatchObject({ status: "error", error: "never" });
    expect(named.get("sync")).toMatchObject({ result: 7 });
  });
});
