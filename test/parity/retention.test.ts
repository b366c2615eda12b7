import { expect, it } from "vitest";
import { PRESETS } from "../../src/trail/retention.ts";
import { onEachStore } from "./trails.ts";

const DAY = 86_400_000_000;
const NOW = Date.now() * 1_000;

/** Retention: section 1.1 PruneBefore, and what the older systems got wrong (2, seed 1 no. 10, seed 4 no. 5). */
onEachStore("retention", (open) => {
  const record = async (ages: readonly number[], more: object = {}) => {
    for (const age of ages) open.trail.record({ type: "t", occurredAt: NOW - age * DAY, ...more });
    await open.trail.flush();
  };
  const ages = async (): Promise<number[]> => {
    const { events } = await open.trail.events.list({ filter: { type: "t" }, direction: "asc" });
    return events.map(({ occurredAt }) => Math.round((NOW - occurredAt) / DAY));
  };
  const receipts = async () =>
    (await open.trail.events.list({ filter: { source: "daybook" }, direction: "asc" })).events;

  it("removes strictly before a time, and leaves a receipt with range, count, cutoff, policy and actor", async () => {
    await record([5, 4, 3, 2, 1]);
    const before = NOW - 3 * DAY;
    const dry = await open.trail.prune({ before, dryRun: true });
    expect(dry).toMatchObject({ removed: 2, held: 0, range: [1, 2], receiptId: null });
    expect(await ages()).toHaveLength(5);
    const pruned = await open.trail.prune({ before, actor: { id: "alice" }, policy: "by hand" });
    expect(pruned).toMatchObject({ removed: 2, range: [1, 2], cutoff: before });
    expect(await ages()).toEqual([3, 2, 1]);
    expect(await receipts()).toMatchObject([
      { type: "trail.prune_started", data: { planned: 2, policy: "by hand" } },
      {
        id: pruned.receiptId,
        type: "trail.pruned",
        actor: { id: "alice" },
        data: { removed: 2, held: 0, first_seq: 1, last_seq: 2, policy: "by hand" },
      },
    ]);
    expect(await open.trail.prune({ before })).toMatchObject({ removed: 0, receiptId: null });
    expect(await receipts()).toHaveLength(2);
  });

  it("keeps for ever where it is told 0, and by category as it is told (weakness 10)", async () => {
    await record([100, 50, 10], { category: "llm" });
    await record([100, 50, 10], { category: "session" });
    await record([100, 50, 10]);
    expect(await open.trail.retention.policy()).toMatchObject({ days: 0 });
    expect(await open.trail.retention.apply()).toEqual([]);
    await open.trail.retention.setPolicy({ days: 0, categories: { llm: 20, session: 60 } });
    await open.trail.retention.apply();
    expect(await ages()).toEqual([10, 50, 10, 100, 50, 10]);
    await open.trail.retention.setPolicy({ days: 70, categories: { llm: 0 } });
    await open.trail.retention.apply();
    expect(await ages()).toEqual([10, 50, 10, 50, 10]);
  });

  it("refuses less than a preset asks for", async () => {
    const { retention } = open.trail;
    for (const [preset, floor] of Object.entries(PRESETS)) {
      const name = preset as keyof typeof PRESETS;
      await expect(retention.setPolicy({ days: floor - 1, preset: name })).rejects.toMatchObject({
        code: "retention.floor",
      });
      await expect(
        retention.setPolicy({ days: floor, categories: { llm: 30 }, preset: name }),
      ).rejects.toMatchObject({ field: "categories.llm" });
      await retention.setPolicy({ days: floor, categories: { llm: 0 }, preset: name });
    }
    await expect(retention.setPolicy({ days: -1 })).rejects.toMatchObject({ field: "days" });
    await expect(retention.setPolicy({ days: 1, preset: "x" as never })).rejects.toThrow(
      "preset must be one of",
    );
  });

  it("keeps what is held, and says how much, until it is released", async () => {
    await record([9], { runId: "case-7" });
    await record([9, 8], { agent: "billing" });
    const { retention } = open.trail;
    await retention.hold({ id: "lawsuit", reason: "Case 7", filter: { runId: "case-7" } });
    await expect(retention.hold({ id: "lawsuit", reason: "again", filter: {} })).rejects.toMatchObject({
      code: "setting.conflict",
    });
    await expect(retention.hold({ id: "x", reason: " ", filter: {} })).rejects.toMatchObject({
      field: "reason",
    });
    expect(await open.trail.prune({ before: NOW })).toMatchObject({ removed: 2, held: 1 });
    expect(await retention.holds()).toMatchObject([{ id: "lawsuit", reason: "Case 7" }]);
    await retention.hold({ id: "all", reason: "everything", filter: {} });
    expect(await retention.release("lawsuit")).toBe(true);
    expect(await retention.release("lawsuit")).toBe(false);
    expect(await open.trail.prune({ before: NOW })).toMatchObject({ removed: 0, held: 1 });
    await retention.release("all");
    expect(await open.trail.prune({ before: NOW })).toMatchObject({ removed: 1, held: 0 });
    expect(await receipts()).toHaveLength(4);
  });

  it("purges runs that ended, with their logs, and no others (seed 4, weakness 5)", async () => {
    const { runs } = open.trail;
    const started = (id: string, age: number, finished: boolean) =>
      runs.startRun({
        id,
        skillId: "s",
        startedAt: NOW - age * DAY,
        ...(finished ? { finishedAt: NOW - age * DAY + 10, status: "ok" } : {}),
      });
    await started("old", 9, true);
    await runs.appendLog({ runId: "old", sequence: 1, eventType: "step" });
    await started("running", 9, false);
    await started("new", 1, true);
    open.trail.tools.start({ tool: "fs.read", runId: "old" });
    await open.trail.flush();
    expect(await runs.purgeOlderThan(NOW - 9 * DAY + 10)).toBe(0);
    expect(await runs.purgeOlderThan(NOW - 5 * DAY)).toBe(1);
    await expect(runs.getRun("old")).rejects.toMatchObject({ code: "run.not_found" });
    expect(await runs.listLogsByRun("old")).toEqual([]);
    expect((await runs.listRunsFiltered({}, 0, 0)).map(({ id }) => id)).toEqual(["new", "running"]);
    const { calls } = await open.trail.tools.query({ filter: { runId: "old" } });
    expect(calls).toHaveLength(1);
  });
});
