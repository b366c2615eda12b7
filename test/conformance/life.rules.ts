import { describe, expect, it } from "vitest";
import type { Store } from "../../src/store/store.ts";
import { line, lines, query } from "./drafts.ts";
import type { Subject } from "./store.suite.ts";

export function lifeRules(subject: Subject): void {
  describe("watch", () => {
    it("calls after commits that added events, until it is ended", async () => {
      let calls = 0;
      let rung = Promise.withResolvers<void>();
      const end = subject.store.watch(() => {
        calls++;
        rung.resolve();
      });
      for (let n = 0; n < 3; n++) {
        rung = Promise.withResolvers<void>();
        await subject.store.append([line()]);
        await rung.promise;
        expect(await subject.store.head("default")).toBe(n + 1);
      }
      end();
      const before = calls;
      await subject.store.append([line()]);
      await subject.store.head("default");
      expect(calls).toBe(before);
      end();
    });
  });

  describe("close", () => {
    it("finishes what was accepted; then every call rejects, and a second close does nothing", async () => {
      const { store } = subject;
      const accepted = Promise.all(Array.from({ length: 20 }, () => store.append(lines(10))));
      await store.close();
      expect((await accepted).flat().filter(({ status }) => status === "appended")).toHaveLength(200);
      await store.close();
      const calls: Array<() => Promise<unknown>> = [
        () => store.append([line()]),
        () => store.get("default", "x"),
        () => store.list(query()),
        () => store.head("default"),
        () => store.tenants(),
        () => store.stats("default"),
        () => store.emitters("default"),
        () => store.describe(),
      ];
      for (const call of calls) await expect(call()).rejects.toMatchObject({ code: "store.closed" });
    });
  });

  describe("reopen", () => {
    it("finds everything as it was, and numbers on", async (context) => {
      await subject.store.append(lines(1_500, (n) => ({ tool: `tool ${n % 3}`, idempotency_key: `${n}` })));
      await subject.store.append(
        lines(3, (n) => ({ tenant: "b", emitter_id: "e", emitter_epoch: 1, emitter_number: n * 2 })),
      );
      const look = async (store: Store) => ({
        head: await store.head("default"),
        tenants: await store.tenants(),
        stats: await store.stats("default"),
        emitters: await store.emitters("b"),
        events: (await store.list(query([], { limit: 1_000 }))).events,
        byOccurred: (await store.list(query([], { order: "occurred_at", direction: "asc" }))).events,
        rare: (await store.list(query([{ op: "any", field: "tool", values: ["tool 2"] }]))).events.length,
      });
      const before = await look(subject.store);
      const store = await subject.reopened();
      if (store === null) {
        context.skip();
        return;
      }
      expect(await look(store)).toEqual(before);
      const outcomes = await store.append([line({ idempotency_key: "7" }), line()]);
      expect(outcomes).toMatchObject([
        { status: "duplicate", seq: 7 },
        { status: "appended", seq: 1_501 },
      ]);
      const { recordedAt } = outcomes[1] as { recordedAt: number };
      expect(recordedAt).toBeGreaterThanOrEqual(before.events[0]?.recordedAt as number);
    });
  });
}
