import { describe, expect, it } from "vitest";
import { openTrail } from "../../src/index.ts";
import { completenessText } from "../../src/trail/completeness.ts";
import { closingLine, line } from "../conformance/drafts.ts";

const E = { id: "e", epoch: 1 };

/** Lines of one emitter: the run that each number belongs to, in their order. */
function lines(runs: Readonly<Record<number, string>>): string[] {
  return Object.entries(runs).map(([number, run]) =>
    line({ run_id: run, emitter_id: E.id, emitter_epoch: E.epoch, emitter_number: Number(number) }),
  );
}

async function seen(all: readonly string[], run = "a") {
  await using trail = openTrail(":memory:");
  await (await trail.store()).append(all);
  const found = await trail.runs.completeness(run);
  return { ...found, text: completenessText(found) };
}

describe("completeness of a run", () => {
  it("is all of all where no number is missing between its events", async () => {
    const found = await seen(lines({ 1: "b", 2: "a", 3: "b", 4: "a", 9: "b" }));
    expect(found).toMatchObject({ present: 2, expected: 6, complete: false });
    const closed = await seen([
      ...lines({ 1: "a", 2: "a", 9: "b" }),
      line({ run_id: "a", event_type: "run.finished", emitter_id: "e", emitter_epoch: 1, emitter_number: 3 }),
    ]);
    // 4 to 8 came behind its end: they cannot be of this run.
    expect(closed).toMatchObject({ present: 3, expected: 3, complete: true, text: "3 of 3" });
  });

  it("names the numbers that never arrived, and only those beside its own events", async () => {
    const found = await seen([...lines({ 2: "b", 5: "a", 8: "a", 10: "b" }), closingLine("default", E, 10)]);
    expect(found).toMatchObject({ present: 2, expected: 5, complete: false });
    expect(found.text).toBe("2 of 5; never arrived: 6 to 7 of emitter e, 9 of emitter e");
    expect((await seen([...lines({ 2: "b", 5: "a", 8: "a", 10: "b" })], "b")).expected).toBe(7);
  });

  it("says that nobody can know where nothing was numbered, and counts starts without an end", async () => {
    const found = await seen([
      line({ run_id: "a", category: "tool_call", event_type: "tool.execute", phase: "started" }),
    ]);
    expect(found).toMatchObject({ present: 1, unnumbered: 1, openCalls: 1, complete: null });
    expect(found.text).toMatch(/^1 events, which no emitter numbered/);
  });

  it("is told of a thread too, and follows what a trail itself recorded", async () => {
    await using trail = openTrail(":memory:");
    const run = trail.runs.begin({ id: "r" });
    for (let n = 0; n < 3; n++) trail.record({ type: "step", runId: "r", threadId: "t" });
    await run.finish({ status: "ok" });
    await trail.flush();
    expect(completenessText(await trail.runs.completeness("r"))).toBe("5 of 5, 1 of them without a number");
    expect(completenessText(await trail.threads.completeness("t"))).toBe("3 of 3");
  });
});
