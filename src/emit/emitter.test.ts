import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { WireDraft } from "../event/wire.ts";
import { Emitter, type EmitterOptions } from "./emitter.ts";
import type { Sink, SinkOutcome } from "./sink.ts";

/** A sink that can be away, hang and refuse, and remembers what it took. */
class TestSink implements Sink {
  taken: WireDraft[] = [];
  away = false;
  hanging: PromiseWithResolvers<void> | null = null;
  refuse: (draft: WireDraft) => boolean = () => false;
  calls = 0;

  async append(lines: readonly string[]): Promise<SinkOutcome[]> {
    this.calls++;
    await this.hanging?.promise;
    if (this.away) throw new Error("the store is away");
    return lines.map((line) => {
      const draft = JSON.parse(line) as WireDraft;
      if (this.refuse(draft)) return { status: "rejected", reason: "refused" };
      if (this.taken.some((known) => known.id === draft.id)) return { status: "duplicate" };
      this.taken.push(draft);
      return { status: "appended" };
    });
  }

  types(): string[] {
    return this.taken.map((draft) => draft.event_type);
  }
}

let dir: string;
let sink: TestSink;
const open: Emitter[] = [];

function emitter(options: Partial<EmitterOptions> = {}): Emitter {
  const made = new Emitter({
    sink,
    redactor: { redact: (draft) => draft, text: (text) => text },
    defaults: {},
    level: "spooled",
    spoolDir: dir,
    limits: { maxEvents: 10_000, maxBytes: 16 * 1024 * 1024, overflow: "drop-newest" },
    flushIntervalMs: 5,
    failClosed: false,
    onProblem: undefined,
    ...options,
  });
  open.push(made);
  return made;
}

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "daybook-emitter-"));
  sink = new TestSink();
});

afterEach(async () => {
  sink.hanging?.resolve();
  for (const one of open.splice(0)) await one.close(0);
  rmSync(dir, { recursive: true, force: true });
});

describe.each(["spooled", "memory"] as const)("an emitter, %s", (level) => {
  it("delivers in the order of the calls, numbered, and says at the close how many it sent", async () => {
    const one = emitter({ level, id: "agent-7" });
    const ids = Array.from({ length: 300 }, (_, i) => one.record({ type: `e${i}` }));
    expect(await one.close(5000)).toMatchObject({ complete: true, pending: 0, dropped: 0 });
    expect(sink.taken.slice(0, 300).map((draft) => draft.id)).toEqual(ids);
    expect(sink.taken.slice(0, 300).map((draft) => draft.emitter_number)).toEqual(ids.map((_, i) => i + 1));
    const closing = sink.taken[300];
    expect(closing).toMatchObject({ tenant: "daybook", event_type: "emitter.closed" });
    expect(closing?.data).toEqual({
      tenant: "default",
      emitter_id: "agent-7",
      emitter_epoch: one.epoch,
      sent: 300,
    });
    expect(readdirSync(dir)).toEqual([]);
  });

  it("numbers each tenant by itself", async () => {
    const one = emitter({ level });
    for (const tenant of ["a", "b", "a"]) one.record({ type: "e", tenant });
    await one.flush(5000);
    expect(sink.taken.map((draft) => [draft.tenant, draft.emitter_number])).toEqual([
      ["a", 1],
      ["b", 1],
      ["a", 2],
    ]);
  });

  it("keeps everything while the store is away, and delivers it in order afterwards", async () => {
    sink.away = true;
    const one = emitter({ level });
    for (let i = 0; i < 50; i++) one.record({ type: `e${i}` });
    expect(await one.flush(50)).toMatchObject({ complete: false, pending: 50 });
    expect(one.health()).toMatchObject({ queued: 50, persisted: 0, lastError: "the store is away" });
    expect(one.health().lagMs).toBeGreaterThan(0);
    sink.away = false;
    expect(await one.flush(5000)).toMatchObject({ complete: true, persisted: 50 });
    expect(sink.types()).toEqual(Array.from({ length: 50 }, (_, i) => `e${i}`));
    expect(one.health()).toMatchObject({ queued: 0, lagMs: 0, lastError: null });
  });

  it("counts what a full buffer drops, and tells it in the trail when the store is back", async () => {
    sink.hanging = Promise.withResolvers();
    const limits = { maxEvents: 100, maxBytes: 16 * 1024 * 1024, overflow: "drop-newest" as const };
    const one = emitter({ level, limits });
    for (let i = 0; i < 150; i++) one.record({ type: `e${i}` });
    const { recorded, queued, dropped, droppedBy } = one.health();
    expect({ recorded, sum: queued + dropped, droppedBy }).toEqual({
      recorded: 150,
      sum: 150,
      droppedBy: { buffer_full: dropped },
    });
    expect(dropped).toBe(50);
    sink.hanging.resolve();
    await expect.poll(() => sink.types().includes("trail.dropped")).toBe(true);
    expect(sink.types().slice(0, 100)).toEqual(Array.from({ length: 100 }, (_, i) => `e${i}`));
    const told = sink.taken.find((draft) => draft.event_type === "trail.dropped");
    expect(told).toMatchObject({ tenant: "default", severity: "ERROR", status: "error" });
    expect(told?.data).toMatchObject({ events: 50, reason: "buffer_full", emitter_id: one.id });
  });

  it("accounts for every event of a burst against a store that hangs: delivered + dropped = recorded", async () => {
    sink.hanging = Promise.withResolvers();
    const limits = { maxEvents: 1000, maxBytes: 64 * 1024 * 1024, overflow: "drop-newest" as const };
    const one = emitter({ level, limits });
    for (let i = 0; i < 2000; i++) one.record({ type: "burst" });
    sink.hanging.resolve();
    await one.flush(5000);
    const delivered = sink.types().filter((type) => type === "burst").length;
    expect(delivered + one.health().dropped).toBe(2000);
    expect(delivered).toBeGreaterThanOrEqual(1000);
    expect(delivered).toBeLessThanOrEqual(1020);
  });

  it("counts what the store refuses and goes on with the rest", async () => {
    sink.refuse = (draft) => draft.event_type === "bad";
    const problems: string[] = [];
    const one = emitter({ level, onProblem: (problem) => problems.push(problem.message) });
    for (const type of ["a", "bad", "b"]) one.record({ type });
    expect(await one.flush(5000)).toMatchObject({ complete: true, persisted: 2, dropped: 1 });
    await expect.poll(() => sink.types()).toEqual(["a", "b", "trail.dropped"]);
    expect(problems).toEqual(["The store refused an event: refused"]);
  });

  it("does not hang in flush or close when the store does", async () => {
    sink.hanging = Promise.withResolvers();
    const one = emitter({ level });
    one.record({ type: "e" });
    expect(await one.flush(20)).toMatchObject({ complete: false, pending: 1 });
    expect((await one.close(20)).complete).toBe(false);
    expect(await one.flush(20)).toMatchObject({ complete: false });
  });

  it("flushes nothing at once, and again and again", async () => {
    const one = emitter({ level });
    const flushes = await Promise.all([one.flush(5000), one.flush(5000), one.flush(5000)]);
    for (const flushed of flushes)
      expect(flushed).toEqual({ complete: true, persisted: 0, dropped: 0, pending: 0 });
    one.record({ type: "e" });
    await Promise.all([one.close(5000), one.close(5000)]);
    expect(await one.close(5000)).toMatchObject({ complete: true });
  });

  it("counts what is recorded after the close, and throws there only where it was asked to", async () => {
    const one = emitter({ level });
    await one.close(100);
    expect(one.record({ type: "late" })).toMatch(/^[0-9a-f-]{36}$/);
    expect(one.health()).toMatchObject({ dropped: 1, droppedBy: { closed: 1 } });
    const strict = emitter({ level, failClosed: true });
    await strict.close(100);
    expect(() => strict.record({ type: "late" })).toThrow(
      expect.objectContaining({ code: "emitter.closed" }),
    );
  });

  it("throws for a full buffer only where it was asked to fail closed", async () => {
    sink.hanging = Promise.withResolvers();
    const limits = { maxEvents: 1, maxBytes: 1024 * 1024, overflow: "drop-newest" as const };
    const strict = emitter({ level, limits, failClosed: true });
    strict.record({ type: "fits" });
    expect(() => strict.record({ type: "does not" })).toThrow(
      expect.objectContaining({ code: "emitter.full" }),
    );
  });

  it("throws only for a draft without a type", () => {
    const one = emitter({ level });
    for (const draft of [{}, { type: "" }, { type: 7 }, null, undefined]) {
      expect(() => one.record(draft as never)).toThrow(
        expect.objectContaining({ code: "event.invalid", field: "event_type" }),
      );
    }
    expect(one.health().recorded).toBe(0);
  });

  it("does not let a problem listener that throws reach the caller", async () => {
    sink.away = true;
    const one = emitter({
      level,
      onProblem: () => {
        throw new Error("the listener is broken");
      },
    });
    one.record({ type: "e" });
    expect(await one.flush(50)).toMatchObject({ complete: false });
  });
});

describe("a spooled emitter", () => {
  it("has the event in a segment file before record returns", () => {
    sink.hanging = Promise.withResolvers();
    const one = emitter();
    const id = one.record({ type: "e" });
    expect(spooledLines()).toContain(id);
  });

  it("leaves what it could not deliver, and the next one adopts it, once, in order", async () => {
    sink.away = true;
    const first = emitter();
    const ids = Array.from({ length: 40 }, (_, i) => first.record({ type: `e${i}` }));
    await first.close(10);
    expect(readdirSync(dir)).toHaveLength(1);
    sink.away = false;
    const second = emitter();
    await second.adopt();
    expect(sink.taken.slice(0, 40).map((draft) => draft.id)).toEqual(ids);
    expect(sink.types().at(-1)).toBe("emitter.closed");
    expect(second.health().adopted).toBe(41);
    expect(readdirSync(dir)).toEqual([]);
  });

  it("calls it no problem when its own close cuts a delivery or an adoption short: the spool has the rest", async () => {
    const problems: Error[] = [];
    const first = emitter({ onProblem: (problem) => problems.push(problem) });
    sink.hanging = Promise.withResolvers();
    first.record({ type: "left" });
    expect(await first.close(0)).toMatchObject({ complete: false });
    const second = emitter({ onProblem: (problem) => problems.push(problem) });
    const adopting = second.adopt();
    await second.close(0);
    // The store is closed next, and what was under way is refused.
    sink.hanging.reject(new Error("the trail is closed"));
    await adopting;
    expect(problems).toEqual([]);
    sink.hanging = null;
    const third = emitter();
    await third.adopt();
    expect(sink.types()).toContain("left");
  });

  it("keeps an orphan when the store is away at its adoption, and adopts it later", async () => {
    sink.away = true;
    const first = emitter();
    first.record({ type: "e" });
    await first.close(10);
    const second = emitter();
    await second.adopt();
    expect(readdirSync(dir)).toHaveLength(1);
    sink.away = false;
    await second.adopt();
    expect(sink.types()).toContain("e");
    expect(readdirSync(dir)).toEqual([]);
  });

  it("does not touch the spool of an emitter that lives", async () => {
    sink.away = true;
    const first = emitter();
    first.record({ type: "mine" });
    const second = emitter();
    await second.adopt();
    expect(second.health().adopted).toBe(0);
    sink.away = false;
    expect(await first.flush(5000)).toMatchObject({ complete: true });
    expect(sink.types()).toEqual(["mine"]);
  });

  it("falls back to memory when the disk refuses, keeps the order, and says so", async () => {
    writeFileSync(join(dir, "file"), "");
    const problems: string[] = [];
    const one = emitter({
      spoolDir: join(dir, "file"),
      onProblem: (problem) => problems.push(problem.message),
    });
    for (let i = 0; i < 5; i++) one.record({ type: `e${i}` });
    expect(one.health().level).toBe("memory");
    expect(await one.flush(5000)).toMatchObject({ complete: true, persisted: 5, dropped: 0 });
    expect(sink.types()).toEqual(["e0", "e1", "e2", "e3", "e4"]);
    expect(problems[0]).toMatch(/spool cannot be written/);
  });

  it("throws when the disk refuses and it was asked to fail closed", () => {
    writeFileSync(join(dir, "file"), "");
    const one = emitter({ spoolDir: join(dir, "file"), failClosed: true });
    expect(() => one.record({ type: "e" })).toThrow(expect.objectContaining({ code: "emitter.full" }));
  });

  it("counts a segment that somebody deleted as lost, and goes on", async () => {
    sink.away = true;
    const one = emitter();
    for (let i = 0; i < 3; i++) one.record({ type: "gone" });
    await one.flush(20);
    for (const folder of readdirSync(dir)) rmSync(join(dir, folder, "0000000001.ndjson"));
    sink.away = false;
    // The batch that was out is still in memory; a second one is read from the file.
    await one.flush(5000);
    for (let i = 0; i < 2; i++) one.record({ type: "after" });
    await one.flush(5000);
    await expect.poll(() => one.health().queued).toBe(0);
    const { persisted, dropped } = one.health();
    expect(persisted + dropped).toBe(5);
    one.record({ type: "fresh" });
    await one.flush(5000);
    expect(sink.types()).toContain("fresh");
  });

  it("drops the oldest whole segments where it was told to, and accounts for them", async () => {
    sink.hanging = Promise.withResolvers();
    const limits = { maxEvents: 1_000_000, maxBytes: 40_000, overflow: "drop-oldest" as const };
    const one = emitter({ limits });
    for (let i = 0; i < 600; i++) one.record({ type: `e${i}` });
    expect(one.health().queuedBytes).toBeLessThanOrEqual(40_000);
    sink.hanging.resolve();
    await one.flush(5000);
    expect(sink.types()).toContain("e599");
    const delivered = sink.types().filter((type) => type.startsWith("e")).length;
    expect(delivered + one.health().dropped).toBe(600);
  });

  it("makes an event that is too large say so instead of growing without bound", async () => {
    const one = emitter();
    one.record({ type: "large", data: { text: "x".repeat(2_000_000) } });
    await one.flush(5000);
    expect(sink.taken[0]?.data).toMatchObject({ truncated: true });
  });

  it("rolls to new segments and deletes each when it is delivered", async () => {
    sink.hanging = Promise.withResolvers();
    const one = emitter({ limits: { maxEvents: 100_000, maxBytes: 400_000, overflow: "drop-newest" } });
    for (let i = 0; i < 800; i++) one.record({ type: `e${i}` });
    const folder = readdirSync(dir)[0] as string;
    expect(readdirSync(join(dir, folder)).length).toBeGreaterThan(2);
    sink.hanging.resolve();
    expect(await one.flush(5000)).toMatchObject({ complete: true, persisted: 800 });
    expect(readdirSync(join(dir, folder)).length).toBeLessThanOrEqual(2);
    expect(sink.types()).toEqual(Array.from({ length: 800 }, (_, i) => `e${i}`));
  });
});

describe("an emitter in memory", () => {
  it("puts what it could not deliver into the spool when it closes", async () => {
    sink.away = true;
    const one = emitter({ level: "memory" });
    one.record({ type: "kept" });
    await one.close(10);
    sink.away = false;
    const next = emitter({ level: "memory" });
    await next.adopt();
    expect(sink.types()).toContain("kept");
  });

  it("drops the oldest where it was told to", async () => {
    sink.hanging = Promise.withResolvers();
    const limits = { maxEvents: 10, maxBytes: 1024 * 1024, overflow: "drop-oldest" as const };
    const one = emitter({ level: "memory", spoolDir: null, limits });
    for (let i = 0; i < 30; i++) one.record({ type: `e${i}` });
    sink.hanging.resolve();
    await one.flush(5000);
    expect(sink.types().filter((type) => type.startsWith("e"))).toEqual(
      Array.from({ length: 10 }, (_, i) => `e${i + 20}`),
    );
    expect(one.health().dropped).toBe(20);
  });

  it("bounds memory by bytes too", () => {
    sink.hanging = Promise.withResolvers();
    const limits = { maxEvents: 1000, maxBytes: 100_000, overflow: "drop-newest" as const };
    const one = emitter({ level: "memory", spoolDir: null, limits });
    for (let i = 0; i < 100; i++) one.record({ type: "e", data: { text: "x".repeat(10_000) } });
    expect(one.health().queuedBytes).toBeLessThanOrEqual(100_000);
    expect(one.health().dropped).toBe(91);
  });
});

function spooledLines(): string {
  return readdirSync(dir)
    .map((folder) => join(dir, folder, "0000000001.ndjson"))
    .filter((path) => existsSync(path))
    .map((path) => readFileSync(path, "utf8"))
    .join("");
}
