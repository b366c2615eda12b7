import { describe, expect, it } from "vitest";
import { nowMicros, parseMicros } from "../../src/base/clock.ts";
import { FIELDS } from "../../src/event/fields.ts";
import { toWire, type WireDraft } from "../../src/event/wire.ts";
import type { Outcome } from "../../src/store/store.ts";
import { draft, line, lines, query } from "./drafts.ts";
import type { Subject } from "./store.suite.ts";

function seqsOf(outcomes: readonly Outcome[]): Array<number | null> {
  return outcomes.map((outcome) => (outcome.status === "rejected" ? null : outcome.seq));
}

function statusesOf(outcomes: readonly Outcome[]): string[] {
  return outcomes.map(({ status }) => status);
}

export function appendRules(subject: Subject): void {
  describe("append: order", () => {
    it("gives 1, 2, 3 … in the order of the lines, and goes on behind them", async () => {
      const first = await subject.store.append(lines(3));
      const second = await subject.store.append(lines(2));
      expect(seqsOf([...first, ...second])).toEqual([1, 2, 3, 4, 5]);
      expect(statusesOf(first)).toEqual(["appended", "appended", "appended"]);
    });

    it("counts each tenant for itself within one batch", async () => {
      const tenants = ["a", "b", "a", "c", "b", "a"];
      const outcomes = await subject.store.append(tenants.map((tenant) => line({ tenant })));
      expect(seqsOf(outcomes)).toEqual([1, 1, 2, 1, 2, 3]);
    });

    it("commits the calls of one caller in the order of the calls", async () => {
      const calls = Array.from({ length: 40 }, (_, n) =>
        subject.store.append([line({ summary: undefined, tool: `call ${n}` } as Partial<WireDraft>)]),
      );
      expect(seqsOf((await Promise.all(calls)).flat())).toEqual(Array.from({ length: 40 }, (_, n) => n + 1));
      const { events } = await subject.store.list(query([], { direction: "asc" }));
      expect(events.map(({ tool }) => tool)).toEqual(Array.from({ length: 40 }, (_, n) => `call ${n}`));
    });

    it("takes an empty batch", async () => {
      expect(await subject.store.append([])).toEqual([]);
    });

    it("leaves no gap over block and transaction borders", async () => {
      for (let batch = 0; batch < 5; batch++) await subject.store.append(lines(700));
      const page = await subject.store.list(
        query([], { direction: "asc", limit: 1_000, after: { seq: 2_000 } }),
      );
      expect(page.events.map(({ seq }) => seq)).toEqual(Array.from({ length: 1_000 }, (_, i) => 2_001 + i));
      expect(await subject.store.head("default")).toBe(3_500);
    });
  });

  describe("append: times", () => {
    it("never lets recordedAt run backwards, and gives the same to outcome and event", async () => {
      const before = nowMicros();
      const outcomes = [];
      for (let n = 0; n < 20; n++) outcomes.push(...(await subject.store.append(lines(5))));
      const { events } = await subject.store.list(query([], { direction: "asc" }));
      const times = events.map(({ recordedAt }) => recordedAt);
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect(times).toEqual(
        outcomes.map((outcome) => (outcome.status === "rejected" ? 0 : outcome.recordedAt)),
      );
      expect(times[0]).toBeGreaterThan(before - 1_000_000);
    });

    it("takes the time of recording where occurred_at is absent", async () => {
      const [outcome] = await subject.store.append([line()]);
      const { events } = await subject.store.list(query());
      expect(events[0]?.occurredAt).toBe(events[0]?.recordedAt);
      expect(outcome).toMatchObject({ recordedAt: events[0]?.recordedAt });
    });
  });

  describe("append: duplicates", () => {
    it("knows an id again, later and in the same batch, and names where it is", async () => {
      const once = line();
      const [first, again] = await subject.store.append([once, once]);
      const [later] = await subject.store.append([once]);
      expect(first).toMatchObject({ status: "appended", seq: 1 });
      expect(again).toEqual({ ...first, status: "duplicate" });
      expect(later).toEqual({ ...first, status: "duplicate" });
      expect(await subject.store.head("default")).toBe(1);
    });

    it("knows an id whatever its letter case", async () => {
      const id = "0199a0b0-7abc-7def-8abc-00000000abcd";
      await subject.store.append([line({ id })]);
      const [again] = await subject.store.append([line({ id: id.toUpperCase() })]);
      expect(again).toMatchObject({ status: "duplicate", id });
    });

    it("knows an idempotency key within tenant and environment only, and names the first event", async () => {
      const keyed = (fields: Partial<WireDraft>): string => line({ idempotency_key: "k", ...fields });
      const [first, sameBatch] = await subject.store.append([keyed({}), keyed({ tool: "other" })]);
      const rest = await subject.store.append([
        keyed({}),
        keyed({ environment: "staging" }),
        keyed({ tenant: "b" }),
        line({ idempotency_key: "K" }),
      ]);
      expect(first).toMatchObject({ status: "appended", seq: 1 });
      expect(sameBatch).toEqual({ ...first, status: "duplicate" });
      expect(rest[0]).toEqual({ ...first, status: "duplicate" });
      expect(statusesOf(rest.slice(1))).toEqual(["appended", "appended", "appended"]);
      expect(seqsOf(rest.slice(1))).toEqual([2, 1, 3]);
    });

    it("numbers on behind duplicates without a gap", async () => {
      const known = lines(3);
      await subject.store.append(known);
      const outcomes = await subject.store.append([line(), ...known, line()]);
      expect(seqsOf(outcomes)).toEqual([4, 1, 2, 3, 5]);
    });

    it("rejects an id that another tenant has, and shows nothing of it", async () => {
      const id = draft().id;
      await subject.store.append([line({ id, tenant: "a" })]);
      const [other] = await subject.store.append([line({ id, tenant: "b" })]);
      expect(other?.status).toBe("rejected");
      expect(other).not.toHaveProperty("seq");
      expect(await subject.store.head("b")).toBe(0);
      expect(await subject.store.tenants()).toEqual(["a"]);
    });
  });

  describe("append: bad lines", () => {
    const { id, ...noId } = draft();
    const bad: Record<string, string> = {
      "no JSON": "{",
      empty: "",
      null: "null",
      "a list": "[]",
      "no id": JSON.stringify(noId),
      "an id that is no UUID": line({ id: "1" }),
      "no type": JSON.stringify({ ...draft(), event_type: undefined }),
      "an empty tenant": line({ tenant: "" }),
      "a number for text": JSON.stringify({ ...draft(), tool: 1 }),
      "text for a number": JSON.stringify({ ...draft(), duration_ms: "1" }),
      "an unsafe number": JSON.stringify(draft()).replace("}", ',"duration_ms":9007199254740993}'),
      "a negative number": JSON.stringify({ ...draft(), emitter_number: -1 }),
      "a list for data": JSON.stringify({ ...draft(), data: [] }),
      "usage of another shape": JSON.stringify({ ...draft(), usage: { input: "1" } }),
      "text for a flag": JSON.stringify({ ...draft(), do_not_forward: "true" }),
    };

    it.each(Object.entries(bad))("rejects %s and keeps the good ones beside it", async (_name, wrong) => {
      const outcomes = await subject.store.append([line({ id }), wrong, line()]);
      expect(statusesOf(outcomes)).toEqual(["appended", "rejected", "appended"]);
      expect(seqsOf(outcomes)).toEqual([1, null, 2]);
      expect(outcomes[1]).toMatchObject({ reason: expect.stringMatching(/\w/) });
    });

    it("makes no tenant of a rejected line", async () => {
      await subject.store.append([line({ id: "1", tenant: "x" })]);
      expect(await subject.store.tenants()).toEqual([]);
    });
  });

  describe("append: what is kept", () => {
    const full = draft({
      tenant: "t",
      environment: "staging",
      occurred_at: "2026-01-31T12:00:00.123456Z",
      category: "tool_call",
      phase: "completed",
      status: "ok",
      severity: "FATAL",
      description: "Überweisung 🧾 an „Žižek“\n\tzwei Zeilen",
      actor_type: "user",
      actor_id: "a,b",
      actor_label: "Ада",
      agent: "agent",
      origin: "origin",
      source: "source",
      app: "app",
      destination: "destination",
      tool: "tool'; DROP TABLE events; --",
      resource_type: "invoice",
      resource_id: "inv-1",
      conversation_id: "c",
      thread_id: "t",
      run_id: "r",
      parent_id: "0199a0b0-0000-7000-8000-000000000001",
      start_id: "0199a0b0-0000-7000-8000-000000000002",
      trace_id: "0af7651916cd43dd8448eb211c80319c",
      span_id: "b7ad6b7169203331",
      call_id: "toolu_1",
      duration_ms: Number.MAX_SAFE_INTEGER,
      model: "m",
      usage: { input: Number.MAX_SAFE_INTEGER, output: 0, thinking: 7, cached: 1 },
      cost_usd: "0.00000000000000000001",
      data: {
        list: [1, null, true, { deep: { "": "x" } }],
        big: 1e308,
        small: 5e-324,
        minus: -0.5,
        ü: "\u2028",
      },
      error: "boom",
      idempotency_key: "key",
      do_not_forward: true,
      emitter_id: "e",
      emitter_epoch: 3,
      emitter_number: Number.MAX_SAFE_INTEGER,
    });

    it("has every field of the table in the example", () => {
      const wires = FIELDS.filter((field) => !field.readOnly).map(({ wire }) => wire);
      expect(Object.keys(full).sort()).toEqual([...wires].sort());
    });

    it("gives back every field as it was, by get and by list", async () => {
      const [outcome] = await subject.store.append([JSON.stringify(full)]);
      const got = await subject.store.get("t", full.id);
      const { events } = await subject.store.list(query([], { tenant: "t" }));
      if (got === null || outcome?.status !== "appended") throw new Error("the event is not there");
      const { seq, created_at, ...rest } = toWire(got);
      expect(rest).toEqual(full);
      expect(seq).toBe(1);
      expect(parseMicros(created_at)).toBe(outcome.recordedAt);
      expect(events).toEqual([got]);
    });

    it("gives null for what was not said, and an empty object for data", async () => {
      const bare = draft();
      await subject.store.append([JSON.stringify(bare)]);
      const event = await subject.store.get("default", bare.id);
      expect(event).toMatchObject({ data: {}, usage: null, emitter: null, doNotForward: false, tool: null });
      expect(event?.actor).toEqual({ type: null, id: null, label: null });
      expect(event?.resource).toEqual({ type: null, id: null });
    });

    it("keeps usage with some counts, and an empty one", async () => {
      const some = draft({ usage: { output: 5 } });
      const none = draft({ usage: {} });
      await subject.store.append([JSON.stringify(some), JSON.stringify(none)]);
      expect((await subject.store.get("default", some.id))?.usage).toEqual({ output: 5 });
      expect((await subject.store.get("default", none.id))?.usage).toEqual({});
    });

    it("keeps data as deep as an event may have it", async () => {
      let deep: { [key: string]: object } = {};
      for (let level = 0; level < 63; level++) deep = { in: deep };
      const nested = draft({ data: deep as WireDraft["data"] });
      await subject.store.append([JSON.stringify(nested)]);
      expect((await subject.store.get("default", nested.id))?.data).toEqual(deep);
    });

    it("keeps a large event", async () => {
      const data = { text: "äx".repeat(200_000) };
      const large = draft({ data });
      await subject.store.append([JSON.stringify(large)]);
      expect((await subject.store.get("default", large.id))?.data).toEqual(data);
    });

    it("replaces NUL and half surrogate pairs, in fields and in data", async () => {
      const odd = draft({
        description: "a\0b",
        tool: "x\ud800y",
        data: { "k\0": ["v\0", { deep: "\udc00" }], fine: "🧾 \\u0000" },
      });
      await subject.store.append([JSON.stringify(odd)]);
      const event = await subject.store.get("default", odd.id);
      expect(event?.summary).toBe("a\ufffdb");
      expect(event?.tool).toBe("x\ufffdy");
      expect(event?.data).toEqual({ "k\ufffd": ["v\ufffd", { deep: "\ufffd" }], fine: "🧾 \\u0000" });
    });

    it("keeps a __proto__ key as data", async () => {
      const text = JSON.stringify(draft({ data: { x: 1 } })).replace('"x":1', '"__proto__":{"a":1}');
      const [outcome] = await subject.store.append([text]);
      expect(outcome?.status).toBe("appended");
      const { events } = await subject.store.list(query());
      expect(JSON.stringify(events[0]?.data)).toBe('{"__proto__":{"a":1}}');
    });
  });

  describe("reading", () => {
    it("shows what was appended to the next read", async () => {
      for (let n = 1; n <= 20; n++) {
        await subject.store.append([line()]);
        expect(await subject.store.head("default")).toBe(n);
      }
    });

    it("keeps tenants apart on every path", async () => {
      const theirs = draft({ tenant: "a", emitter_id: "e", emitter_epoch: 1, emitter_number: 1 });
      await subject.store.append([JSON.stringify(theirs), line({ tenant: "b" })]);
      expect(await subject.store.get("b", theirs.id)).toBeNull();
      expect(await subject.store.get("a", theirs.id)).not.toBeNull();
      for (const tenant of ["b", "c"]) {
        const order = { tenant, order: "occurred_at" as const };
        const seen = [
          ...(await subject.store.list(query([], { tenant }))).events,
          ...(await subject.store.list(query([], order))).events,
        ];
        expect(seen.every((event) => event.tenant === tenant)).toBe(true);
        expect(await subject.store.emitters(tenant)).toEqual([]);
      }
      expect(await subject.store.head("c")).toBe(0);
      expect((await subject.store.stats("b")).total).toBe(1);
      expect((await subject.store.stats("c")).total).toBe(0);
      expect(await subject.store.tenants()).toEqual(["a", "b"]);
    });

    it("finds an event by its id in any letter case, and nothing by what is no id", async () => {
      const one = draft();
      await subject.store.append([JSON.stringify(one)]);
      expect((await subject.store.get("default", one.id.toUpperCase()))?.id).toBe(one.id);
      expect(await subject.store.get("default", "no id")).toBeNull();
      expect(await subject.store.get("default", draft().id)).toBeNull();
    });
  });
}
