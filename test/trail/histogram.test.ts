import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AuditEvent, openTrail, type Trail } from "../../src/index.ts";
import type { Condition } from "../../src/query/filter.ts";
import { matches } from "../../src/query/matches.ts";

const dir = mkdtempSync(join(tmpdir(), "daybook-histogram-"));
const START = Date.parse("2026-03-01T10:00:00Z") * 1_000;
const EVENTS = 3_000;
const STATUSES = ["ok", "error", "denied", null];
let trails: Trail[];
let events: AuditEvent[];

beforeAll(async () => {
  trails = [":memory:", join(dir, "histogram.db")].map((target) => openTrail(target, { agent: "bot" }));
  for (const trail of trails) {
    for (let n = 0; n < EVENTS; n++) {
      trail.record({
        type: n % 2 === 0 ? "a" : "b",
        tool: n % 3 === 0 ? "fs" : "net",
        status: STATUSES[n % STATUSES.length] ?? null,
        summary: `number ${n}`,
        // Many come late, so that the log's order is not the order of time.
        occurredAt: START + ((n * 7) % EVENTS) * 61_000_000,
      });
    }
    await trail.flush();
  }
  events = [];
  for await (const event of (trails[0] as Trail).events.export()) events.push(event);
});
afterAll(async () => {
  for (const trail of trails) await trail.close();
  rmSync(dir, { recursive: true, force: true });
});

const condition: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({
    op: fc.constantFrom("any" as const, "none" as const),
    field: fc.constant("status" as const),
    values: fc.subarray(["ok", "error", "denied"], { minLength: 1 }),
  }),
  fc.record({
    op: fc.constantFrom("any" as const, "none" as const),
    field: fc.constant("tool" as const),
    values: fc.subarray(["fs", "net"], { minLength: 1 }),
  }),
  fc.record({ op: fc.constant("contains" as const), text: fc.constantFrom("number 1", "nowhere") }),
);

describe("a histogram", () => {
  it("counts what a scan of the events counts, whatever the filter, the span and the store", async () => {
    const span = fc
      .tuple(fc.nat(EVENTS * 61), fc.nat(EVENTS * 61))
      .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
    await fc.assert(
      fc.asyncProperty(
        fc.array(condition, { maxLength: 2 }),
        span,
        fc.integer({ min: 2, max: 80 }),
        async (filter, [from, to], bars) => {
          for (const trail of trails) {
            const found = await trail.insights.histogram({
              filter,
              since: START + from * 1_000_000,
              until: START + to * 1_000_000,
              bars,
            });
            expect((found.until - found.since) / found.step).toBeLessThanOrEqual(bars + 1);
            const inside = events.filter(
              (event) =>
                // From here on; where the bound of rows or of time was met, it says so.
                event.occurredAt >= found.countedSince &&
                event.occurredAt < found.until &&
                matches(event, filter),
            );
            const byBar = Map.groupBy(inside, ({ occurredAt }) => Math.floor(occurredAt / found.step));
            expect(found.bars.map(({ at, events: count }) => [at, count])).toEqual(
              [...byBar]
                .sort(([a], [b]) => a - b)
                .map(([slot, members]) => [slot * found.step, members.length]),
            );
            const errors = found.bars.reduce((sum, { statuses }) => sum + (statuses.error ?? 0), 0);
            expect(errors).toBe(inside.filter(({ status }) => status === "error").length);
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it("spans the whole log where nothing is said, and refuses a span that ends before it begins", async () => {
    for (const trail of trails) {
      const found = await trail.insights.histogram();
      expect(found.bars.reduce((sum, bar) => sum + bar.events, 0)).toBe(EVENTS);
      const few = await trail.insights.histogram({ filter: { search: "number 1" }, bars: 4 });
      expect(few.countedSince).toBe(few.since);
      expect(few.bars.reduce((sum, bar) => sum + bar.events, 0)).toBe(
        events.filter(({ summary }) => summary?.includes("number 1")).length,
      );
      await expect(trail.insights.histogram({ since: START, until: START - 1 })).rejects.toMatchObject({
        code: "query.invalid",
      });
    }
  });
});
