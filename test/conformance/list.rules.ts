import { describe, expect, it } from "vitest";
import { nowMicros } from "../../src/base/clock.ts";
import type { AuditEvent } from "../../src/event/event.ts";
import type { Query } from "../../src/query/filter.ts";
import type { Page, Store } from "../../src/store/store.ts";
import { at, line, lines, query } from "./drafts.ts";
import type { Subject } from "./store.suite.ts";

const BASE = 1_760_000_000_000_000;

/** Follows `end` until it is null. */
export async function readAll(
  store: Store,
  first: Query,
  between?: () => Promise<unknown>,
): Promise<AuditEvent[]> {
  const events: AuditEvent[] = [];
  let after = first.after;
  for (let pages = 0; pages < 20_000; pages++) {
    const page = await store.list({ ...first, ...(after === undefined ? {} : { after }) });
    expectHonest(page, first);
    events.push(...page.events);
    if (page.end === null) return events;
    after = page.end;
    await between?.();
  }
  throw new Error("the pages never end");
}

function expectHonest(page: Page, asked: Query): void {
  expect(page.events.length).toBeLessThanOrEqual(asked.limit);
  expect(page.scan.matched).toBe(page.events.length);
  expect(page.scan.scanned).toBeLessThanOrEqual(asked.scanMax);
  expect(page.scan.scanned).toBeGreaterThanOrEqual(page.events.length);
  if (page.scan.exhausted) {
    expect(page.end).not.toBeNull();
    expect(page.events.length).toBeLessThan(asked.limit);
  }
  if (page.end === null) expect(page.scan.exhausted).toBe(false);
}

const seqs = (events: readonly AuditEvent[]): number[] => events.map(({ seq }) => seq);

export function listRules(subject: Subject): void {
  describe("list: order and pages", () => {
    it("is newest first, or oldest first", async () => {
      await subject.store.append(lines(5));
      expect(seqs((await subject.store.list(query())).events)).toEqual([5, 4, 3, 2, 1]);
      expect(seqs((await subject.store.list(query([], { direction: "asc" }))).events)).toEqual([
        1, 2, 3, 4, 5,
      ]);
    });

    it("orders by occurred_at, ties by seq", async () => {
      const times = [3, 1, 2, 1, 3];
      await subject.store.append(times.map((time) => line({ occurred_at: at(BASE + time) })));
      const ordered = { order: "occurred_at" } as const;
      expect(seqs((await subject.store.list(query([], ordered))).events)).toEqual([5, 1, 3, 4, 2]);
      expect(seqs((await subject.store.list(query([], { ...ordered, direction: "asc" }))).events)).toEqual([
        2, 4, 3, 1, 5,
      ]);
    });

    it.each(["seq", "occurred_at"] as const)("ends a full last page with null, by %s", async (order) => {
      await subject.store.append(lines(6, (n) => ({ occurred_at: at(BASE + n) })));
      for (const direction of ["asc", "desc"] as const) {
        const first = await subject.store.list(query([], { order, direction, limit: 3 }));
        expect(first.end).toMatchObject({ seq: first.events.at(-1)?.seq });
        const second = await subject.store.list(
          query([], { order, direction, limit: 3, after: first.end ?? { seq: 0 } }),
        );
        expect(second.events).toHaveLength(3);
        expect(second.end).toBeNull();
      }
    });

    it("is empty for a tenant without events, and behind the last one", async () => {
      expect(await subject.store.list(query())).toMatchObject({ events: [], end: null });
      await subject.store.append(lines(2));
      expect(await subject.store.list(query([], { after: { seq: 1 } }))).toMatchObject({
        events: [],
        end: null,
      });
      expect(await subject.store.list(query([], { direction: "asc", after: { seq: 2 } }))).toMatchObject({
        events: [],
        end: null,
      });
    });

    it.each([
      ["seq", "desc"],
      ["seq", "asc"],
      ["occurred_at", "desc"],
      ["occurred_at", "asc"],
    ] as const)(
      "pages by %s %s over everything without repeat or hole while events arrive",
      async (order, direction) => {
        const count = 2_500;
        await subject.store.append(lines(count, (n) => ({ occurred_at: at(BASE + ((n * 7_919) % count)) })));
        const seen = await readAll(subject.store, query([], { order, direction, limit: 333 }), () =>
          subject.store.append([line({ occurred_at: at(nowMicros()) })]),
        );
        const old = seqs(seen).filter((seq) => seq <= count);
        expect(new Set(seqs(seen)).size).toBe(seen.length);
        expect(old).toHaveLength(count);
        const keys = seen.map((event) => (order === "seq" ? event.seq : event.occurredAt));
        const sorted = [...keys].sort((a, b) => (direction === "asc" ? a - b : b - a));
        expect(keys).toEqual(sorted);
      },
    );
  });

  describe("list: bounded scans", () => {
    it.each([
      ["seq", "desc", 1, "orderly"],
      ["seq", "desc", 100, "orderly"],
      ["seq", "asc", 7, "orderly"],
      ["seq", "asc", 1_500, "orderly"],
      ["occurred_at", "desc", 64, "mixed"],
      ["occurred_at", "asc", 1_100, "mixed"],
      ["occurred_at", "desc", 1_100, "orderly"],
      ["occurred_at", "asc", 2_100, "orderly"],
    ] as const)(
      "by %s %s with scanMax %i and %s times say so and go on to the same end",
      async (order, direction, scanMax, times) => {
        const count = scanMax === 1 ? 200 : 4_200;
        await subject.store.append(
          lines(count, (n) => ({
            tool: n % 401 === 0 ? "rare" : "common",
            description: n % 197 === 0 ? "needle" : "hay",
            occurred_at: at(BASE + (times === "orderly" ? Math.floor(n / 7) : (n * 31) % 500)),
          })),
        );
        const wheres = [
          [{ op: "any", field: "tool", values: ["rare"] }],
          [{ op: "contains", text: "NEEDLE" }],
          [{ op: "none", field: "tool", values: ["common"] }],
          [{ op: "any", field: "tool", values: ["absent"] }],
          [{ op: "any", field: "tool", values: scanMax > 1_000 ? ["common", "rare"] : [] }],
        ] as const;
        for (const where of wheres) {
          const whole = await readAll(subject.store, query(where, { order, direction }));
          const limit = whole.length > 1_000 ? 997 : 3;
          const pieces = await readAll(subject.store, query(where, { order, direction, scanMax, limit }));
          expect(seqs(pieces)).toEqual(seqs(whole));
        }
      },
    );

    it("is exhausted when rows remain and the page is not full", async () => {
      await subject.store.append(lines(100, (n) => ({ description: n === 1 ? "needle" : "hay" })));
      const where = [{ op: "contains", text: "needle" }] as const;
      const page = await subject.store.list(query(where, { scanMax: 50 }));
      expect(page.scan).toEqual({ scanned: 50, matched: 0, exhausted: true });
      expect(page.end).toMatchObject({ seq: 51 });
      const rest = await subject.store.list(query(where, { scanMax: 50, after: page.end ?? { seq: 0 } }));
      expect(seqs(rest.events)).toEqual([1]);
      expect(rest.end).toBeNull();
    });
  });
}
