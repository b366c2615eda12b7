import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/base/json.ts";
import { uuidv7 } from "../../src/base/uuid.ts";
import type { AuditEvent } from "../../src/event/event.ts";
import type { WireDraft } from "../../src/event/wire.ts";
import type { Store } from "../../src/store/store.ts";
import { foldRows } from "../../src/view/fold.ts";
import { PROJECTIONS } from "../../src/view/projections.ts";
import type { RowQuery, ViewRow } from "../../src/view/row-query.ts";
import { at, line, lines, query } from "./drafts.ts";
import { readAll } from "./list.rules.ts";
import type { Subject } from "./store.suite.ts";

const HOUR = 3_600_000_000;

/** Events of few runs, calls and failures, so that rows are touched again and again. */
const drafts = fc.array(
  fc.record({
    run: fc.constantFrom(undefined, "run-1", "run-2", "__proto__"),
    kind: fc.constantFrom("started", "completed", "completed again", "run.started", "run.finished", "plain"),
    call: fc.integer({ min: 0, max: 4 }),
    status: fc.constantFrom(undefined, "ok", "error", "denied", "__proto__"),
    hours: fc.integer({ min: -3, max: 30 }),
    ms: fc.option(fc.integer({ min: 0, max: 100_000 })),
    cost: fc.option(fc.constantFrom("0.1", "0.2", "0.000000000000000001", "12")),
  }),
  { maxLength: 40 },
);
type Facts = typeof drafts extends fc.Arbitrary<Array<infer T>> ? T : never;

function toDrafts(facts: readonly Facts[], tenant = "default"): Array<Partial<WireDraft>> {
  const calls = Array.from({ length: 5 }, () => uuidv7());
  const started = new Set<string>();
  return facts.map(({ run, kind, call, status, hours, ms, cost }) => {
    const id = calls[call] as string;
    const draft: Partial<WireDraft> = {
      tenant,
      occurred_at: at(1_750_000_000_000_000 + hours * HOUR),
      ...(run === undefined ? {} : { run_id: run }),
      ...(status === undefined ? {} : { status }),
      ...(ms === null ? {} : { duration_ms: ms, usage: { input: ms, output: 3 } }),
      ...(cost === null ? {} : { cost_usd: cost }),
      agent: `agent ${call}`,
      error: `timeout after ${ms} ms in "${run}"`,
    };
    if (kind === "plain") return { ...draft, category: "llm" };
    if (kind.startsWith("run.")) {
      return {
        ...draft,
        category: "run",
        event_type: kind,
        data: { skill_id: `skill ${call}`, status: "ok" },
      };
    }
    const seen = call > 2 ? {} : { call_id: `call-${call}`, source: kind === "started" ? "hook" : "otlp" };
    const half = { ...draft, ...seen, category: "tool_call", tool: `tool ${call}` };
    if (kind === "started" && !started.has(id)) {
      started.add(id);
      return { ...half, id, phase: "started" };
    }
    return { ...half, phase: "completed", start_id: id };
  });
}

/** What the rows must be: the projections folded over the log as it can be read. */
function expected(events: readonly AuditEvent[], view: string): Map<string, JsonObject> {
  const projection = PROJECTIONS.find(({ name }) => name === view);
  if (projection === undefined) throw new Error(`there is no view ${view}`);
  const rows = new Map<string, JsonObject>();
  for (const { key, doc } of foldRows(
    projection,
    projection.changes(structuredClone(events), "fold"),
    rows,
  )) {
    if (doc !== null) rows.set(key, doc);
  }
  return rows;
}

/** Holds every row of the views against the log; a view may remember more than `names` after retention. */
export async function expectRows(store: Store, tenant: string, names?: readonly string[]): Promise<void> {
  const events = await readAll(store, query([], { tenant, direction: "asc" }));
  for (const { name, entries } of PROJECTIONS) {
    if (names !== undefined && !names.includes(name)) continue;
    const rows = expected(events, name);
    for (const [key, doc] of rows) expect(await store.row(tenant, name, key)).toEqual({ key, doc });
    const groups = new Set([...rows].flatMap(([key, doc]) => entries(doc, key).map(({ group }) => group)));
    for (const group of groups) {
      const keys = [...rows].flatMap(([key, doc]) =>
        entries(doc, key).flatMap((entry) => (entry.group === group ? [{ sort: entry.sort, key }] : [])),
      );
      keys.sort((a, b) => (a.sort === b.sort ? (a.key < b.key ? -1 : 1) : a.sort < b.sort ? -1 : 1));
      const { rows: found, total } = await store.rows(all(name, group, { tenant, total: true }));
      expect(found.map(({ key }) => key)).toEqual(keys.map(({ key }) => key));
      expect(total).toBe(keys.length);
      expect(found).toEqual(keys.map(({ key }) => ({ key, doc: rows.get(key) })));
    }
  }
}

function all(view: string, group: string, more: Partial<RowQuery> = {}): RowQuery {
  return { tenant: "default", view, group, direction: "asc", limit: 100_000, ...more };
}

export function rowRules(subject: Subject): void {
  describe("rows of views", () => {
    it("are what the log folds to, at every moment, and after a rebuild", { timeout: 60_000 }, async () => {
      let run = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(drafts, { minLength: 1, maxLength: 4 }), async (batches) => {
          const tenant = `tenant ${run++}`;
          for (const batch of batches) {
            await subject.store.append(toDrafts(batch, tenant).map(line));
            await expectRows(subject.store, tenant);
          }
          await subject.store.rebuild(tenant);
          await expectRows(subject.store, tenant);
        }),
        { numRuns: 12 },
      );
    });

    it("are the same after the store was closed and opened again", async () => {
      await subject.store.append(lines(3_000, (n) => ({ run_id: `run ${n % 7}`, status: "error" })));
      await expectRows(subject.store, "default");
      await subject.store.append(lines(10, (n) => ({ run_id: `run ${n % 7}` })));
      const store = await subject.reopened();
      if (store !== null) await expectRows(store, "default");
    });

    it("page both ways without repeat or hole, with an offset, and say when it was the last", async () => {
      await subject.store.append(lines(25, (n) => ({ run_id: `r${n}`, occurred_at: at(n * HOUR) })));
      for (const direction of ["asc", "desc"] as const) {
        const whole = await subject.store.rows(all("runs", "all", { direction }));
        expect(whole.rows).toHaveLength(25);
        expect(whole).toMatchObject({ end: null, total: null });
        const keys: string[] = [];
        let after: RowQuery["after"];
        do {
          const page = await subject.store.rows(
            all("runs", "all", {
              direction,
              limit: 5,
              total: true,
              ...(after === undefined ? {} : { after }),
            }),
          );
          expect(page.total).toBe(25);
          expect(page.rows).toHaveLength(5);
          keys.push(...page.rows.map(({ key }) => key));
          after = page.end ?? undefined;
        } while (after !== undefined);
        expect(keys).toEqual(keysOf(whole.rows));
        const { rows } = await subject.store.rows(all("runs", "all", { direction, offset: 20, limit: 50 }));
        expect(keysOf(rows)).toEqual(keys.slice(20));
      }
    });

    it("pick by members and by bounds of the sort", async () => {
      await subject.store.append(
        lines(20, (n) => ({ run_id: `r${n}`, agent: `a${n % 3}`, occurred_at: at(n * HOUR) })),
      );
      const { rows } = await subject.store.rows(
        all("runs", "all", { where: [{ op: "any", member: "agent", values: ["a1", "a2"] }], total: true }),
      );
      expect(rows).toHaveLength(14);
      const bounded = await subject.store.rows(
        all("runs", "all", {
          where: [
            { op: "none", member: "agent", values: ["a1"] },
            { op: "range", member: "startedAt", min: 5 * HOUR, max: 8 * HOUR },
          ],
          total: true,
          limit: 1,
        }),
      );
      expect(keysOf(bounded.rows)).toEqual(["r5"]);
      expect(bounded.total).toBe(3);
      const sorts = await subject.store.rows(all("runs", "agent=a1", { direction: "desc" }));
      expect(keysOf(sorts.rows)).toEqual(["r19", "r16", "r13", "r10", "r7", "r4", "r1"]);
    });

    it("keep tenants apart, and are empty where there is nothing", async () => {
      await subject.store.append([
        line({ run_id: "mine", tenant: "a" }),
        line({ run_id: "mine", tenant: "b" }),
      ]);
      expect((await subject.store.rows(all("runs", "all", { tenant: "a" }))).rows).toHaveLength(1);
      expect(await subject.store.row("c", "runs", "mine")).toBeNull();
      expect(await subject.store.row("a", "runs", "other")).toBeNull();
      expect(await subject.store.rows(all("runs", "all", { tenant: "c", total: true }))).toEqual({
        rows: [],
        end: null,
        total: 0,
      });
      await subject.store.rebuild("c");
    });
  });
}

function keysOf(rows: readonly ViewRow[]): string[] {
  return rows.map(({ key }) => key);
}
