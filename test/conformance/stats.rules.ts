import { describe, expect, it } from "vitest";
import type { AuditEvent } from "../../src/event/event.ts";
import type { Stats } from "../../src/store/store.ts";
import { lines, query } from "./drafts.ts";
import { readAll } from "./list.rules.ts";
import type { Subject } from "./store.suite.ts";

/** What statistics must be, from the events themselves. */
export function recount(events: readonly AuditEvent[], head: number): Omit<Stats, "eventsLastHour"> {
  const by = (value: (event: AuditEvent) => string | null): Record<string, number> => {
    const counts = new Map<string, number>();
    for (const event of events) {
      const key = value(event);
      if (key !== null) counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    return Object.fromEntries(counts);
  };
  return {
    total: events.length,
    head,
    byCategory: by(({ category }) => category),
    byStatus: by(({ status }) => status),
    byType: by(({ type }) => type),
    byAgent: by(({ agent }) => agent),
    byTool: by(({ tool }) => tool),
  };
}

const mixed = (n: number) => ({
  ...(n % 3 === 0 ? {} : { category: ["tool_call", "llm"][n % 2] as string }),
  ...(n % 5 === 0 ? {} : { status: ["ok", "error", "denied"][n % 3] as string }),
  event_type: `type ${n % 7}`,
  ...(n % 2 === 0 ? { agent: `agent ${n % 11}` } : {}),
  ...(n % 4 === 0 ? { tool: n % 8 === 0 ? "__proto__" : "constructor" } : {}),
});

export function statsRules(subject: Subject): void {
  describe("stats", () => {
    it("is all zero for a tenant without events", async () => {
      expect(await subject.store.stats("nobody")).toEqual({ ...recount([], 0), eventsLastHour: 0 });
    });

    it("equals a recount of the events, whole and since any moment", async () => {
      for (let batch = 0; batch < 7; batch++) await subject.store.append(lines(640, mixed));
      const events = await readAll(subject.store, query([], { direction: "asc" }));
      const head = events.length;
      expect(await subject.store.stats("default")).toEqual({
        ...recount(events, head),
        eventsLastHour: head,
      });
      const moments = [0, 1, 639, 640, 1_022, 1_023, 1_024, 2_047, 2_048, 3_000, head - 1].flatMap(
        (index) => {
          const time = events[index]?.recordedAt as number;
          return [time - 1, time, time + 1];
        },
      );
      for (const since of moments) {
        const counted = events.filter(({ recordedAt }) => recordedAt >= since);
        expect(await subject.store.stats("default", since)).toEqual({
          ...recount(counted, head),
          eventsLastHour: head,
        });
      }
    });
  });
}
