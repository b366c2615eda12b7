import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../base/json.ts";
import type { AuditEvent } from "../../event/event.ts";
import { toEvent } from "../../event/wire.ts";
import { foldRows } from "../fold.ts";
import { bucketOf, bucketTop, quantile } from "../measures.ts";
import type { Projection, Way } from "../projection.ts";
import { PROJECTIONS } from "../projections.ts";
import { totals } from "./totals.ts";

const DAY = 86_400_000_000;

const facts = fc.record({
  at: fc.integer({ min: 0, max: 3 * DAY }),
  status: fc.constantFrom(undefined, "ok", "error", "__proto__"),
  tool: fc.constantFrom(undefined, "a", "__proto__", "x".repeat(300)),
  agent: fc.constantFrom(undefined, "planner", "coder"),
  resource: fc.constantFrom(undefined, "order", "__proto__"),
  run: fc.constantFrom(undefined, "run-1", "run-2"),
  ms: fc.option(fc.integer({ min: 0, max: 10_000_000 })),
  cost: fc.option(fc.constantFrom("0.1", "0.000000000000000001", "nonsense")),
});

function eventOf(fact: typeof facts extends fc.Arbitrary<infer T> ? T : never, i: number): AuditEvent {
  const { at, status, tool, agent, resource, run, ms, cost } = fact;
  const draft = {
    id: `019c0000-0000-7000-8000-${String(i).padStart(12, "0")}`,
    tenant: "default",
    environment: "production",
    event_type: "tool.execute",
    category: "tool_call",
    severity: "INFO",
    occurred_at: new Date(Date.UTC(2026, 0, 1) + at / 1_000).toISOString(),
    ...(status === undefined ? {} : { status }),
    ...(tool === undefined ? {} : { tool }),
    ...(agent === undefined ? {} : { agent }),
    ...(resource === undefined ? {} : { resource_type: resource }),
    ...(run === undefined ? {} : { run_id: run }),
    ...(ms === null ? {} : { duration_ms: ms, usage: { input: ms, cached: 1 } }),
    ...(cost === null ? {} : { cost_usd: cost }),
  } as const;
  return toEvent(draft, i + 1, 1_800_000_000_000_000 + i);
}

function apply(
  rows: Map<string, JsonObject>,
  projection: Projection,
  events: readonly AuditEvent[],
  way: Way,
): void {
  for (const { key, doc } of foldRows(projection, projection.changes(events, way), rows)) {
    if (doc === null) rows.delete(key);
    else rows.set(key, doc);
  }
}

describe("a projection", () => {
  it.each(PROJECTIONS)("$name: the rows are the same, however a log is cut into batches", (projection) => {
    fc.assert(
      fc.property(fc.array(facts, { maxLength: 60 }), fc.integer({ min: 1, max: 20 }), (told, size) => {
        const events = told.map(eventOf);
        const whole = new Map<string, JsonObject>();
        apply(whole, projection, structuredClone(events), "fold");
        const cut = new Map<string, JsonObject>();
        for (let at = 0; at < events.length; at += size) {
          apply(cut, projection, structuredClone(events.slice(at, at + size)), "fold");
        }
        expect(cut).toEqual(whole);
      }),
      { numRuns: 60 },
    );
  });

  it("totals: what retention took is in no sum, and nothing is left of a log that is gone", () => {
    fc.assert(
      fc.property(fc.array(facts, { maxLength: 60 }), fc.nat({ max: 60 }), (told, count) => {
        const events = told.map(eventOf);
        const rows = new Map<string, JsonObject>();
        apply(rows, totals, events, "fold");
        apply(rows, totals, events.slice(0, count), "forget");
        const rest = new Map<string, JsonObject>();
        apply(rest, totals, events.slice(count), "fold");
        expect(rows).toEqual(rest);
      }),
      { numRuns: 60 },
    );
  });
});

describe("durations", () => {
  it("have their quantiles, also where they lie between a millisecond and a day", () => {
    const lengths = Array.from({ length: 400 }, (_, i) => Math.round(1.05 ** i)).filter(
      (ms) => ms <= 86_400_000,
    );
    const fact = {
      status: undefined,
      tool: undefined,
      agent: undefined,
      resource: undefined,
      run: undefined,
      cost: null,
    };
    const rows = new Map<string, JsonObject>();
    apply(
      rows,
      totals,
      lengths.map((ms, i) => eventOf({ ...fact, at: 0, ms }, i)),
      "fold",
    );
    const day = rows.get(`day/${Date.UTC(2026, 0, 1) * 1_000}/all`);
    for (const share of [0.5, 0.95, 0.99]) {
      const exact = lengths[Math.ceil(share * lengths.length) - 1] as number;
      expect(quantile(day?.durations as Record<string, number>, share)).toBe(bucketTop(bucketOf(exact)));
    }
  });
});
