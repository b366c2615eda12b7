import { describe, expect, it } from "vitest";
import { closingLine, line } from "./drafts.ts";
import type { Subject } from "./store.suite.ts";

const E = { id: "e", epoch: 1 };

function numbered(numbers: readonly number[], emitter = E, tenant = "default"): string[] {
  return numbers.map((number) =>
    line({ tenant, emitter_id: emitter.id, emitter_epoch: emitter.epoch, emitter_number: number }),
  );
}

const upTo = (last: number, from = 1): number[] =>
  Array.from({ length: last - from + 1 }, (_, i) => from + i);

export function emitterRules(subject: Subject): void {
  describe("emitters", () => {
    it("shows one that is whole so far, and complete once it closed", async () => {
      await subject.store.append(numbered(upTo(5)));
      const [open] = await subject.store.emitters("default");
      expect(open).toMatchObject({ ...E, received: 5, highest: 5, sent: null, missing: [] });
      await subject.store.append([closingLine("default", E, 5)]);
      const [closed] = await subject.store.emitters("default");
      expect(closed).toMatchObject({ received: 5, sent: 5, missing: [] });
      expect(await subject.store.emitters("daybook")).toEqual([]);
    });

    it("names what is missing, also behind the last that arrived", async () => {
      await subject.store.append(numbered([2, 3, 7, 5, 10]));
      const [open] = await subject.store.emitters("default");
      expect(open).toMatchObject({
        received: 5,
        highest: 10,
        missing: [
          [1, 1],
          [4, 4],
          [6, 6],
          [8, 9],
        ],
      });
      await subject.store.append([closingLine("default", E, 12)]);
      const [closed] = await subject.store.emitters("default");
      expect(closed?.missing).toEqual([
        [1, 1],
        [4, 4],
        [6, 6],
        [8, 9],
        [11, 12],
      ]);
      await subject.store.append(numbered([...upTo(12)].filter((n) => ![2, 3, 5, 7, 10].includes(n))));
      const [filled] = await subject.store.emitters("default");
      expect(filled).toMatchObject({ received: 12, highest: 12, sent: 12, missing: [] });
    });

    it("counts a number once, whoever repeats it", async () => {
      const [once] = numbered([1]);
      await subject.store.append([once as string, once as string, ...numbered([1, 2])]);
      expect((await subject.store.emitters("default"))[0]).toMatchObject({ received: 2, missing: [] });
    });

    it("holds over block borders, with numbers out of order", async () => {
      const numbers = upTo(2_600).filter((n) => n % 1_000 !== 0);
      const shuffled = numbers.map((_, i) => numbers[(i * 1_201) % numbers.length] as number);
      for (let i = 0; i < shuffled.length; i += 500) {
        await subject.store.append(numbered(shuffled.slice(i, i + 500)));
      }
      const [state] = await subject.store.emitters("default");
      expect(state).toMatchObject({
        received: 2_598,
        highest: 2_600,
        missing: [
          [1_000, 1_000],
          [2_000, 2_000],
        ],
      });
    });

    it("keeps emitters, epochs and tenants apart, oldest first", async () => {
      const second = { id: "e", epoch: 2 };
      const other = { id: "é", epoch: 1 };
      await subject.store.append([
        ...numbered([1], second),
        ...numbered([1, 2], E),
        ...numbered([3], other),
        ...numbered([9], E, "b"),
      ]);
      await subject.store.append([closingLine("b", E, 9), closingLine("default", second, 1)]);
      expect(await subject.store.emitters("default")).toMatchObject([
        { ...second, received: 1, sent: 1 },
        { ...E, received: 2, sent: null },
        { ...other, received: 1, missing: [[1, 2]] },
      ]);
      expect(await subject.store.emitters("b")).toMatchObject([{ ...E, sent: 9, missing: [[1, 8]] }]);
    });

    it("shows one of which nothing arrived but the closing", async () => {
      await subject.store.append([
        closingLine("default", E, 3),
        closingLine("default", { id: "idle", epoch: 1 }, 0),
      ]);
      expect(await subject.store.emitters("default")).toMatchObject([
        { ...E, received: 0, highest: 0, sent: 3, missing: [[1, 3]] },
      ]);
    });

    it("takes the first closing, and none from another tenant or of another shape", async () => {
      await subject.store.append(numbered([1]));
      await subject.store.append([
        line({
          event_type: "emitter.closed",
          data: { tenant: "default", emitter_id: "e", emitter_epoch: 1, sent: 7 },
        }),
        line({ tenant: "daybook", event_type: "emitter.closed", data: { tenant: "default", sent: 8 } }),
        line({ tenant: "daybook", event_type: "emitter.closed" }),
      ]);
      expect((await subject.store.emitters("default"))[0]?.sent).toBeNull();
      await subject.store.append([closingLine("default", E, 1), closingLine("default", E, 2)]);
      expect((await subject.store.emitters("default"))[0]?.sent).toBe(1);
    });

    it("says from when to when it was heard", async () => {
      const [first] = await subject.store.append(numbered([1]));
      const [last] = await subject.store.append(numbered([2]));
      const [state] = await subject.store.emitters("default");
      expect([first, last]).toMatchObject([{ recordedAt: state?.firstAt }, { recordedAt: state?.lastAt }]);
    });
  });
}
