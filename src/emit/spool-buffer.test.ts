import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BufferLimits } from "./buffer.ts";
import { SpoolBuffer } from "./spool-buffer.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "daybook-spool-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const LIMITS: BufferLimits = { maxEvents: 100_000, maxBytes: 64 * 1024 * 1024, overflow: "drop-newest" };

function spoolOf(limits: Partial<BufferLimits> = {}): SpoolBuffer {
  return new SpoolBuffer(dir, { ...LIMITS, ...limits }, () => undefined);
}

/** What the segment files hold, oldest first. */
function written(): string[] {
  return readdirSync(dir)
    .sort()
    .flatMap((name) => readFileSync(join(dir, name), "utf8").split("\n"))
    .filter((line) => line !== "");
}

describe("many lines at once", () => {
  it("become the same lines in the same order, in several writes and segments", async () => {
    const lines = Array.from({ length: 6_000 }, (_, i) => `${i} ${"è𝄞x".repeat(300)}`);
    const spool = spoolOf();
    spool.pushLines(lines);
    expect(readdirSync(dir).length).toBeGreaterThan(1);
    expect(written()).toEqual(lines);
    expect(spool.events).toBe(lines.length);
    expect(spool.bytes).toBe(Buffer.byteLength(lines.join("\n")) + 1);

    const taken: string[] = [];
    for (let batch = await spool.take(); batch !== null; batch = await spool.take()) {
      taken.push(...batch.lines);
      spool.settle();
    }
    expect(taken).toEqual(lines);
    expect(spool.events).toBe(0);
    expect(spool.bytes).toBe(0);
    spool.close();
  });

  it("fill what room there is, to the event", () => {
    const spool = spoolOf({ maxEvents: 10 });
    spool.pushLines(Array.from({ length: 25 }, (_, i) => `line ${i}`));
    expect(written()).toEqual(Array.from({ length: 10 }, (_, i) => `line ${i}`));
    expect(spool.events).toBe(10);
    spool.close();
  });

  it("fill what room there is, to the byte", () => {
    const spool = spoolOf({ maxBytes: 64 });
    for (let i = 0; i < 6; i++) spool.pushLines(["seven c", "seven d"]);
    expect(written()).toHaveLength(8);
    expect(spool.bytes).toBe(64);
    spool.close();
  });

  it("are counted one by one when their segment is given up", () => {
    const lost: number[] = [];
    const spool = new SpoolBuffer(dir, { ...LIMITS, maxBytes: 64, overflow: "drop-oldest" }, (_why, events) =>
      lost.push(events),
    );
    for (let i = 0; i < 4; i++) spool.pushLines(["seven c", "seven d"]);
    spool.pushLines(["seven e", "seven f"]);
    expect(lost).toEqual([2]);
    expect(written()).toHaveLength(8);
    expect(spool.events).toBe(8);
    spool.close();
  });

  it("may be one line, or none", () => {
    const spool = spoolOf();
    spool.pushLines([]);
    expect(spool.events).toBe(0);
    spool.pushLines(["alone"]);
    expect(written()).toEqual(["alone"]);
    spool.close();
  });
});
