import { afterEach, describe, expect, it } from "vitest";
import { nopTrail, openTrail, type Trail, type TrailOptions } from "../../src/index.ts";
import { openMemoryStore } from "../../src/store/memory/memory-store.ts";
import type { Store } from "../../src/store/store.ts";
import { createTrail } from "../../src/trail/create-trail.ts";

/** Section 1.1 of the five systems: the buffered emitter and its counting, and what it got wrong (2, seed 1). */
const trails: Trail[] = [];
afterEach(async () => {
  for (const trail of trails.splice(0)) await trail.close({ timeoutMs: 1_000 });
});

/** A store in memory whose door can be shut, or break. */
function gatedStore() {
  const store = openMemoryStore();
  const gate: { wait: Promise<void> | null; broken: boolean } = { wait: null, broken: false };
  const gated: Store = {
    ...bound(store),
    async append(lines) {
      await gate.wait;
      if (gate.broken) throw new Error("the disk is gone");
      return store.append(lines);
    },
  };
  return { gated, gate };
}

/** A class's methods as members that can be spread. */
function bound(store: Store): Store {
  const members = Object.getOwnPropertyNames(Object.getPrototypeOf(store))
    .filter((name) => name !== "constructor")
    .map((name) => [name, (...args: unknown[]) => Reflect.get(store, name).apply(store, args)]);
  return Object.fromEntries(members) as Store;
}

function open(options: TrailOptions = {}) {
  const { gated, gate } = gatedStore();
  const ground = { openStore: async () => gated, spoolDir: null, keyFile: null, secretFile: null };
  const trail = createTrail(ground, { level: "memory", flushIntervalMs: 5, ...options });
  trails.push(trail);
  return { trail, gate };
}

const bursts = async (trail: Trail): Promise<number> =>
  (await trail.events.count({ filter: { type: "burst" } })).matched;

describe("a burst against a store that hangs", () => {
  it.each([
    ["one producer", 1],
    ["two producers at once", 2],
  ])("delivered and dropped add up, and the trail tells the gap: %s", async (_, producers) => {
    let problems = 0;
    const { trail, gate } = open({ bufferEvents: 1_000, onProblem: () => problems++ });
    const door = Promise.withResolvers<void>();
    gate.wait = door.promise;
    const produce = async () => {
      for (let i = 0; i < 2_000 / producers; i++) {
        trail.record({ type: "burst" });
        if (i % 100 === 0) await Promise.resolve();
      }
    };
    await Promise.all(Array.from({ length: producers }, produce));
    const { recorded, queued, dropped, droppedBy } = trail.health();
    expect({ recorded, sum: queued + dropped, droppedBy }).toEqual({
      recorded: 2_000,
      sum: 2_000,
      droppedBy: { buffer_full: dropped },
    });
    expect(problems).toBe(dropped);
    door.resolve();
    expect(await trail.flush()).toMatchObject({ complete: true });
    const delivered = await bursts(trail);
    expect(delivered + trail.health().dropped).toBe(2_000);
    expect(delivered).toBeGreaterThanOrEqual(1_000);
    expect(delivered).toBeLessThanOrEqual(1_020);
    const told = async () => (await trail.events.list({ filter: { type: "trail.dropped" } })).events[0];
    await expect.poll(told).toBeDefined();
    expect((await told())?.data).toMatchObject({ events: dropped, reason: "buffer_full" });
  });

  it.each([
    ["drop-newest", "0", "999"],
    ["drop-oldest", "1001", "2000"],
  ] as const)("%s keeps what its name says", async (overflow, first, last) => {
    const { trail, gate } = open({ bufferEvents: 1_000, overflow });
    const door = Promise.withResolvers<void>();
    gate.wait = door.promise;
    for (let i = 0; i <= 2_000; i++) trail.record({ type: "burst", summary: String(i) });
    door.resolve();
    await trail.flush();
    const { events } = await trail.events.list({ filter: { type: "burst" }, direction: "asc", limit: 1_000 });
    const kept = events.map(({ summary }) => summary);
    if (overflow === "drop-newest") expect(kept.slice(0, 1_000)).toContain(last);
    expect(kept).toContain(overflow === "drop-newest" ? first : last);
    expect(kept.at(overflow === "drop-newest" ? 0 : -1)).toBe(overflow === "drop-newest" ? first : last);
  });
});

describe("flush and close", () => {
  it("flush is a barrier: what was recorded before is readable after, from whoever's call, again and again", async () => {
    const { trail } = open();
    for (let round = 1; round <= 5; round++) {
      for (let i = 0; i < 40; i++) trail.record({ type: "burst" });
      const flushed = await Promise.all([trail.flush(), trail.flush(), trail.flush()]);
      expect(flushed.every(({ complete }) => complete)).toBe(true);
      expect(await bursts(trail)).toBe(40 * round);
    }
  });

  it("neither hangs before the first event, after the close, nor with a dead store (weakness 6)", async () => {
    const { trail, gate } = open();
    expect(await trail.flush()).toMatchObject({ complete: true });
    gate.broken = true;
    trail.record({ type: "burst" });
    expect(await trail.flush({ timeoutMs: 50 })).toMatchObject({ complete: false, pending: 1 });
    gate.broken = false;
    expect(await trail.close()).toMatchObject({ complete: true });
    expect(await trail.close()).toBeDefined();
    expect(await trail.flush()).toBeDefined();
    expect(() => trail.record({ type: "late" })).not.toThrow();
    expect(trail.health().droppedBy).toEqual({ closed: 1 });
  });

  it("close delivers what is queued", async () => {
    const store = openMemoryStore();
    const kept = { ...bound(store), close: async () => undefined };
    const ground = { openStore: async () => kept, spoolDir: null, keyFile: null, secretFile: null };
    const trail = createTrail(ground, { level: "memory", flushIntervalMs: 60_000 });
    for (let i = 0; i < 500; i++) trail.record({ type: "burst" });
    await trail.close();
    expect((await store.stats("default")).byType.burst).toBe(500);
  });
});

describe("a write that fails", () => {
  it("is tried again, so nothing is lost, and says what is wrong meanwhile (weakness 7)", async () => {
    const { trail, gate } = open();
    gate.broken = true;
    for (let i = 0; i < 30; i++) trail.record({ type: "burst" });
    await expect.poll(() => trail.health().lastError).toMatch("the disk is gone");
    expect(trail.health()).toMatchObject({ queued: 30, dropped: 0 });
    gate.broken = false;
    await expect.poll(() => bursts(trail)).toBe(30);
    expect(trail.health()).toMatchObject({ queued: 0, dropped: 0, lastError: null });
  });

  it("costs one event where one event is bad, never its batch (weakness 7)", async () => {
    const { trail } = open();
    const cyclic: Record<string, unknown> = { name: "round" };
    cyclic.self = cyclic;
    for (let i = 0; i < 10; i++) trail.record({ type: "burst" });
    trail.record({ type: "odd", data: cyclic, durationMs: Number.NaN, occurredAt: "never" });
    for (let i = 0; i < 10; i++) trail.record({ type: "burst" });
    await trail.flush();
    expect(await bursts(trail)).toBe(20);
    expect((await trail.events.count({ filter: { type: "odd" } })).matched).toBe(1);
  });
});

describe("what else the audit package got wrong", () => {
  it("a trail in memory is one log, however many read it at once (weakness 8)", async () => {
    const trail = openTrail(":memory:");
    trails.push(trail);
    await trail.recordDurably({ type: "burst" });
    const counts = await Promise.all(Array.from({ length: 10 }, () => bursts(trail)));
    expect(counts).toEqual(Array(10).fill(1));
  });

  it("times come back as they were told, to the microsecond and in whatever zone (weaknesses 1, 9)", async () => {
    const { trail } = open();
    const told = ["2026-01-01T00:00:00.000001Z", "2026-01-01T02:00:00.5+02:00", "2026-01-01T00:00:00Z"];
    for (const occurredAt of told) await trail.recordDurably({ type: "burst", occurredAt });
    const { events } = await trail.events.list({ order: "occurred_at", direction: "asc" });
    const start = Date.UTC(2026, 0, 1) * 1_000;
    expect(events.map(({ occurredAt }) => occurredAt - start)).toEqual([0, 1, 500_000]);
  });

  it("texts are cut between characters, and details are JSON whatever is in a name (weakness 11)", async () => {
    const { trail } = open();
    const long = "😀".repeat(10_000);
    const name = 'bro"ken\\name\u0000';
    await trail.recordDurably({ type: "burst", summary: long, data: { name, long } });
    const [event] = (await trail.events.list()).events;
    expect(event?.summary?.isWellFormed()).toBe(true);
    expect(event?.summary?.endsWith("…")).toBe(true);
    expect(JSON.parse(JSON.stringify(event?.data))).toMatchObject({ name: 'bro"ken\\name\ufffd' });
  });

  it("tenants are apart, and an event that is offered twice is one (weakness 12)", async () => {
    const { trail } = open();
    const twice = { type: "burst", tenant: "acme", idempotencyKey: "k" };
    const first = await trail.recordDurably(twice);
    expect(await trail.recordDurably(twice)).toMatchObject({ id: first.id, seq: first.seq });
    expect(await bursts(trail)).toBe(0);
    expect((await trail.events.list({ tenant: "acme" })).events).toHaveLength(1);
  });

  it("a pruned number is never given again", async () => {
    const { trail } = open();
    await trail.recordDurably({ type: "burst", occurredAt: "2020-01-01T00:00:00Z" });
    expect((await trail.prune({ before: "2021-01-01T00:00:00Z" })).removed).toBe(1);
    expect((await trail.recordDurably({ type: "burst" })).seq).toBeGreaterThan(1);
  });
});

describe("nopTrail", () => {
  it("discards, and answers like an empty trail", async () => {
    expect(nopTrail.record({ type: "burst" })).toMatch(/^[0-9a-f-]{36}$/);
    await nopTrail.recordDurably({ type: "burst" });
    expect(await nopTrail.flush()).toMatchObject({ complete: true });
    expect((await nopTrail.events.list()).events).toEqual([]);
    expect(await nopTrail.events.stats()).toMatchObject({ total: 0, byCategory: {} });
    expect((await nopTrail.prune({ before: new Date() })).removed).toBe(0);
  });
});
