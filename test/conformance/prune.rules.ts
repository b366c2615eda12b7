import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Condition } from "../../src/query/filter.ts";
import { fieldOf, matches } from "../../src/query/matches.ts";
import type { FacetQuery, PruneOrder, Store } from "../../src/store/store.ts";
import { at, line, lines, query } from "./drafts.ts";
import { readAll } from "./list.rules.ts";
import { expectRows } from "./rows.rules.ts";
import { recount } from "./stats.rules.ts";
import type { Subject } from "./store.suite.ts";

const HOUR = 3_600_000_000;
const llm: Condition = { op: "any", field: "category", values: ["llm"] };

/** Prunes to the end, as retention does. */
async function pruneAll(
  store: Store,
  order: Partial<PruneOrder>,
): Promise<{ removed: number; kept: number }> {
  const sum = { removed: 0, kept: 0 };
  let after: number | null = 0;
  while (after !== null) {
    const result = await store.prune({
      tenant: "default",
      where: [],
      except: [],
      limit: 1_000,
      after,
      ...order,
    });
    sum.removed += result.removed;
    sum.kept += result.kept;
    after = result.end;
  }
  return sum;
}

const mixed = (n: number) => ({
  category: n % 3 === 0 ? "llm" : "tool_call",
  status: ["ok", "error"][n % 2] as string,
  event_type: `type ${n % 5}`,
  agent: `agent ${n % 4}`,
  run_id: `run ${n % 6}`,
  resource_id: `r${n}`,
  occurred_at: at(1_750_000_000_000_000 + n * HOUR),
  emitter_id: "e",
  emitter_epoch: 1,
  emitter_number: n,
});

export function pruneRules(subject: Subject): void {
  describe("prune", () => {
    it("takes what matches and is not excepted, and nothing else", async () => {
      await subject.store.append(lines(2_500, mixed));
      const before = await readAll(subject.store, query([], { direction: "asc" }));
      const hold: Condition[] = [{ op: "any", field: "run_id", values: ["run 3"] }];
      const bound: Condition = {
        op: "range",
        field: "occurred_at",
        max: 1_750_000_000_000_000 + 2_000 * HOUR,
      };
      const order = { where: [llm, bound], except: [hold] };
      const dry = await pruneAll(subject.store, { ...order, dryRun: true });
      expect(await readAll(subject.store, query([], { direction: "asc" }))).toEqual(before);
      const isDoomed = (event: (typeof before)[number]) =>
        matches(event, [llm, bound]) && !matches(event, hold);
      const doomed = before.filter(isDoomed);
      expect(await pruneAll(subject.store, order)).toEqual(dry);
      expect(dry.removed).toBe(doomed.length);
      expect(dry.kept).toBe(before.filter((event) => matches(event, [llm, bound, ...hold])).length);
      const left = before.filter((event) => !isDoomed(event));
      expect(await readAll(subject.store, query([], { direction: "asc" }))).toEqual(left);
      expect(await subject.store.get("default", doomed[0]?.id as string)).toBeNull();
      expect(await subject.store.get("default", left[0]?.id as string)).toEqual(left[0]);
    });

    it("leaves statistics, views, filters and emitters right, and goes on numbering", async () => {
      await subject.store.append(lines(3_100, mixed));
      await expectRows(subject.store, "default", ["runs"]);
      const first: Condition = { op: "range", field: "seq", max: 1_500 };
      await pruneAll(subject.store, { where: [first] });
      await pruneAll(subject.store, { where: [llm] });
      await subject.store.append(lines(10, (n) => mixed(3_100 + n)));
      const events = await readAll(subject.store, query([], { direction: "asc" }));
      expect(events.map(({ seq }) => seq).at(-1)).toBe(3_110);
      expect(await subject.store.head("default")).toBe(3_110);
      expect(await subject.store.stats("default")).toEqual({
        ...recount(events, 3_110),
        eventsLastHour: events.length,
      });
      const time = events[500]?.recordedAt as number;
      const counted = events.filter(({ recordedAt }) => recordedAt >= time);
      expect(await subject.store.stats("default", time)).toMatchObject(recount(counted, 3_110));
      expect((await subject.store.describe()).events).toBe(events.length);
      expect(await subject.store.emitters("default")).toMatchObject([{ received: 3_110, missing: [] }]);
      for (const where of [[llm], [{ op: "any" as const, field: "agent" as const, values: ["agent 1"] }]]) {
        const found = await readAll(subject.store, query(where, { direction: "asc" }));
        expect(found).toEqual(events.filter((event) => matches(event, where)));
      }
      await expectRows(subject.store, "default", ["totals", "calls"]);
    });

    it("can take everything, and the log goes on behind its head", async () => {
      await subject.store.append(lines(1_100, mixed));
      const { range } = await subject.store.prune({ tenant: "default", where: [], except: [], limit: 5 });
      expect(range).toEqual([1, 5]);
      expect(await pruneAll(subject.store, {})).toEqual({ removed: 1_095, kept: 0 });
      expect(await readAll(subject.store, query())).toEqual([]);
      expect(await subject.store.stats("default")).toMatchObject({ total: 0, eventsLastHour: 0 });
      const [outcome] = await subject.store.append([line()]);
      expect(outcome).toMatchObject({ status: "appended", seq: 1_101 });
      const store = await subject.reopened();
      if (store === null) return;
      expect(await store.append([line()])).toMatchObject([{ seq: 1_102 }]);
      expect(await store.emitters("default")).toMatchObject([{ received: 1_100, missing: [] }]);
    });

    it("touches no other tenant", async () => {
      await subject.store.append([line({ tenant: "a" }), line({ tenant: "b" })]);
      expect(await pruneAll(subject.store, { tenant: "a" })).toEqual({ removed: 1, kept: 0 });
      expect(await pruneAll(subject.store, { tenant: "nobody" })).toEqual({ removed: 0, kept: 0 });
      expect(await readAll(subject.store, query([], { tenant: "b" }))).toHaveLength(1);
    });
  });

  describe("facets", () => {
    const ask = (more: Partial<FacetQuery> = {}): FacetQuery => ({
      tenant: "default",
      where: [],
      fields: ["agent", "status"],
      top: 100,
      scanMax: 100_000,
      ...more,
    });

    it("equal a count of the events that match", async () => {
      await subject.store.append(lines(2_600, mixed));
      const events = await readAll(subject.store, query([], { direction: "asc" }));
      const wheres: Condition[][] = [
        [],
        [llm],
        [{ op: "contains", text: "R77" }],
        [{ op: "none", field: "agent", values: ["agent 1"] }],
        [{ op: "range", field: "seq", min: 1_000, max: 2_000 }, llm],
      ];
      for (const where of wheres) {
        const facets = await subject.store.facets(ask({ where }));
        const found = events.filter((event) => matches(event, where));
        expect(facets).toMatchObject({ matched: found.length, exhausted: false });
        const counts = await subject.store.count({ tenant: "default", where, fields: ["agent", "status"] });
        expect(counts.matched).toBe(found.length);
        for (const field of ["agent", "status"] as const) {
          for (const { value, count } of facets.fields[field] ?? []) {
            expect(counts.fields[field]?.[value]).toBe(count);
          }
          const groups = Map.groupBy(found, (event) => fieldOf(event, field) as string);
          const expected = [...groups].map(([value, group]) => ({
            value,
            count: group.length,
            firstAt: Math.min(...group.map(({ occurredAt }) => occurredAt)),
            lastAt: Math.max(...group.map(({ occurredAt }) => occurredAt)),
          }));
          expected.sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
          expect(facets.fields[field]).toEqual(expected);
        }
      }
    });

    it("look at the newest rows first, no more than asked, and say so", async () => {
      await subject.store.append(lines(2_000, (n) => ({ agent: n <= 1_900 ? "old" : "new" })));
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 1, max: 2_500 }), async (scanMax) => {
          const facets = await subject.store.facets(ask({ scanMax, top: 1 }));
          expect(facets.scanned).toBe(Math.min(scanMax, 2_000));
          expect(facets.exhausted).toBe(scanMax < 2_000);
          expect(facets.fields.agent).toHaveLength(1);
          if (scanMax <= 100) expect(facets.fields.agent).toMatchObject([{ value: "new", count: scanMax }]);
        }),
        { numRuns: 20 },
      );
    });

    it("are empty for a tenant without events", async () => {
      expect(await subject.store.facets(ask({ tenant: "nobody" }))).toEqual({
        scanned: 0,
        matched: 0,
        exhausted: false,
        fields: { agent: [], status: [] },
      });
    });
  });
}
