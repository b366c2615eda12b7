import { expect, it } from "vitest";
import type { RunDraft } from "../../src/trail/runs/run.ts";
import { onEachStore } from "./trails.ts";

const HOUR = 3_600_000_000;
const at = (hours: number): number => 1_750_000_000_000_000 + hours * HOUR;

/** Section 1.4 of the five systems: the run history, and what it got wrong (2, seed 4). */
onEachStore("run history", (open) => {
  const start = (id: string, more: Partial<RunDraft> = {}) =>
    open.trail.runs.startRun({ id, skillId: "triage", callerId: "alice", channelId: "ops", ...more });
  const ids = (runs: ReadonlyArray<{ id: string }>): string[] => runs.map(({ id }) => id);

  it("starts, ends and reads a run back, with every figure", async () => {
    await open.trail.runs.initialize();
    await open.trail.runs.initialize();
    await start("r1", { inputs: { ticket: 7 }, startedAt: at(0) });
    expect(await open.trail.runs.getRun("r1")).toMatchObject({
      id: "r1",
      skillId: "triage",
      callerId: "alice",
      channelId: "ops",
      parentRunId: null,
      inputs: { ticket: 7 },
      startedAt: at(0),
      finishedAt: null,
      status: "running",
      output: null,
    });
    const before = Date.now() * 1_000;
    await open.trail.runs.finishRun("r1", {
      status: "budget_exceeded",
      output: "half",
      error: "too dear",
      toolCalls: 3,
      runtimeSeconds: 1.25,
      inputTokens: 100,
      outputTokens: 20,
      thinkingTokens: 5,
    });
    const run = await open.trail.runs.getRun("r1");
    expect(run).toMatchObject({
      status: "budget_exceeded",
      output: "half",
      error: "too dear",
      toolCallsCount: 3,
      runtimeSeconds: 1.25,
      totalInputTokens: 100,
      totalOutputTokens: 20,
      totalThinkingTokens: 5,
    });
    expect(run.finishedAt).toBeGreaterThanOrEqual(before);
  });

  it("says not found for what it does not know, also where only logs are known", async () => {
    await expect(open.trail.runs.getRun("none")).rejects.toMatchObject({ code: "run.not_found" });
    await expect(open.trail.runs.finishRun("none", { status: "ok" })).rejects.toThrow("skill run not found");
    await open.trail.runs.appendLog({ runId: "early", sequence: 1, eventType: "step" });
    await expect(open.trail.runs.getRun("early")).rejects.toMatchObject({ code: "run.not_found" });
    expect(await open.trail.runs.listLogsByRun("early")).toHaveLength(1);
    expect(await open.trail.runs.listLogsByRun("none")).toEqual([]);
    expect(await open.trail.runs.walkParentChain("none")).toEqual([]);
    const { events } = await open.trail.events.list({ filter: { runId: "none" } });
    expect(events).toEqual([]);
  });

  it("keeps how a run ended when its start is told again, and keeps what was replaced (weaknesses 3, 4)", async () => {
    await start("r1", { inputs: { a: 1 }, startedAt: at(0) });
    await open.trail.runs.finishRun("r1", { status: "ok", output: "done" });
    await start("r1", { skillId: "other", inputs: { a: 2 }, startedAt: at(1) });
    expect(await open.trail.runs.getRun("r1")).toMatchObject({
      skillId: "other",
      inputs: { a: 2 },
      startedAt: at(1),
      status: "ok",
      output: "done",
    });
    await open.trail.runs.finishRun("r1", { status: "error", error: "no" });
    expect(await open.trail.runs.getRun("r1")).toMatchObject({ status: "error", output: null, error: "no" });
    for (const text of ["first", "second"]) {
      await open.trail.runs.appendLog({ runId: "r1", sequence: 2, eventType: "step", payload: { text } });
    }
    await open.trail.runs.appendLog({ runId: "r1", sequence: 1, eventType: "plan", createdAt: at(3) });
    expect(await open.trail.runs.listLogsByRun("r1")).toMatchObject([
      { sequence: 1, eventType: "plan", createdAt: at(3), payload: {} },
      { sequence: 2, payload: { text: "second" } },
    ]);
    const history = await open.trail.runs.history("r1");
    expect(history.map(({ type }) => type)).toEqual([
      "run.started",
      "run.finished",
      "run.started",
      "run.finished",
      "run.log",
      "run.log",
      "run.log",
    ]);
    expect(history[4]?.data.payload).toEqual({ text: "first" });
  });

  it("refuses an end without a status, and whole nonsense (weakness 4)", async () => {
    await start("r1");
    await expect(open.trail.runs.finishRun("r1", { status: "" })).rejects.toMatchObject({
      code: "event.invalid",
    });
    await expect(start("")).rejects.toMatchObject({ code: "event.invalid" });
    await expect(
      open.trail.runs.appendLog({ runId: "r1", sequence: 0.5, eventType: "x" }),
    ).rejects.toMatchObject({ field: "sequence" });
  });

  it("takes a run that is told whole, and large inputs and outputs (weakness 1)", async () => {
    const text = "x".repeat(50_000);
    await start("r1", {
      startedAt: at(0),
      finishedAt: at(1),
      status: "timeout",
      inputs: { text },
      output: text,
      error: "late",
      toolCalls: 2,
    });
    expect(await open.trail.runs.getRun("r1")).toMatchObject({
      finishedAt: at(1),
      status: "timeout",
      error: "late",
      toolCallsCount: 2,
    });
    await open.trail.runs.finishRun("r1", { status: "ok", output: text });
    const run = await open.trail.runs.getRun("r1");
    expect(run.output).toBe(text);
    expect(run.inputs).toEqual({ text });
  });

  it("lists newest start first, ties in the order of recording, with offset, limit and count (weaknesses 2, 6)", async () => {
    for (let n = 0; n < 12; n++) {
      await start(`r${n}`, {
        skillId: `skill ${n % 2}`,
        callerId: `caller ${n % 3}`,
        startedAt: at(Math.floor(n / 4)),
      });
      if (n % 5 === 0) await open.trail.runs.finishRun(`r${n}`, { status: "dry_run" });
    }
    const { runs } = open.trail;
    const even = ["r8", "r6", "r4", "r2"];
    expect(ids(await runs.listRunsBySkill("skill 0", 0)).filter((id) => even.includes(id))).toEqual([
      ...["r8", "r6", "r4", "r2"],
    ]);
    expect(ids(await runs.listRunsBySkillPaginated("skill 0", 0, 0, true))).toEqual([
      ...["r10", "r8", "r6", "r4", "r2", "r0"],
    ]);
    expect(ids(await runs.listRunsBySkillPaginated("skill 0", 2, 2, true))).toEqual(["r6", "r4"]);
    expect(ids(await runs.listRunsBySkillPaginated("skill 0", 4, 0, true))).toEqual(["r2", "r0"]);
    expect(await runs.countRunsBySkill("skill 0", true)).toBe(6);
    expect(await runs.countRunsBySkill("skill 0", false)).toBe(4);
    expect(ids(await runs.listRunsByCaller("caller 0", 10))).toEqual(["r9", "r6", "r3"]);
    await expect(runs.listRunsFiltered({}, -1, 5)).rejects.toMatchObject({ code: "query.invalid" });
    expect(await runs.listRunsBySkill("skill 9", 5)).toEqual([]);
  });

  it("filters by everything, with bounds that hold to the microsecond (weaknesses 2, 7)", async () => {
    for (let n = 0; n < 10; n++) {
      await start(`r${n}`, {
        startedAt: at(0) + n,
        channelId: `c${n % 2}`,
        ...(n % 3 === 0 ? {} : { parentRunId: "r0" }),
      });
    }
    await open.trail.runs.finishRun("r3", { status: "dry_run" });
    await open.trail.runs.finishRun("r4", { status: "error" });
    const { runs } = open.trail;
    const list = async (filter: object) => ids(await runs.listRunsFiltered(filter, 0, 0));
    expect(await list({ since: at(0) + 2, until: at(0) + 5 })).toEqual(["r5", "r4", "r2"]);
    expect(await list({ topLevelOnly: true, includeDryRun: true })).toEqual(["r9", "r6", "r3", "r0"]);
    expect(await list({ status: "dry_run" })).toEqual(["r3"]);
    expect(await list({ status: "error", channelId: "c0", callerId: "alice", skillId: "triage" })).toEqual([
      "r4",
    ]);
    expect(await list({ status: "", skillId: "", channelId: "c1" })).toEqual(["r9", "r7", "r5", "r1"]);
    expect(await runs.countRunsFiltered({ channelId: "c1" })).toBe(4);
    expect(await runs.list({ limit: 2, offset: 1 })).toMatchObject({
      total: 9,
      runs: [{ id: "r8" }, { id: "r7" }],
    });
  });

  it("walks up and down a tree, through cycles and missing parents (weakness 10)", async () => {
    await start("root", { startedAt: at(0) });
    await start("a", { parentRunId: "root", startedAt: at(1) });
    await start("b", { parentRunId: "root", startedAt: at(2) });
    await open.trail.runs.finishRun("b", { status: "dry_run" });
    await start("a1", { parentRunId: "a", startedAt: at(3) });
    await start("lost", { parentRunId: "gone" });
    await start("x", { parentRunId: "y" });
    await start("y", { parentRunId: "x" });
    const { runs } = open.trail;
    expect(ids(await runs.listChildrenByParent("root"))).toEqual(["b", "a"]);
    expect(ids(await runs.walkParentChain("a1"))).toEqual(["a1", "a", "root"]);
    expect(ids(await runs.walkParentChain("lost"))).toEqual(["lost"]);
    expect(ids(await runs.walkParentChain("x"))).toEqual(["x", "y"]);
    const { root, totals, isCut } = await runs.tree("root");
    expect(root.children.map(({ run, children }) => [run.id, children.map((child) => child.run.id)])).toEqual(
      [
        ["a", ["a1"]],
        ["b", []],
      ],
    );
    expect([totals.runs, isCut]).toEqual([4, false]);
  });

  it("sums tokens and cost over the tree, each counted once", async () => {
    await start("root");
    await start("child", { parentRunId: "root" });
    const llm = (runId: string, input: number, costUsd: string) =>
      open.trail.record({
        type: "llm.complete",
        category: "llm",
        runId,
        usage: { input, output: 1 },
        costUsd,
      });
    llm("root", 10, "0.1");
    llm("root", 20, "0.2");
    llm("child", 5, "0.000001");
    open.trail.tools.start({ tool: "fs.read", runId: "child" });
    await open.trail.runs.finishRun("child", { status: "ok", inputTokens: 7, outputTokens: 2 });
    const { totals } = await open.trail.runs.tree("root");
    expect(totals).toMatchObject({
      runs: 2,
      inputTokens: 37,
      outputTokens: 4,
      toolCalls: 1,
      costUsd: "0.300001",
    });
  });

  it("lists what finished before a time, newest or oldest start first (weakness 9)", async () => {
    for (let n = 0; n < 4; n++)
      await start(`r${n}`, { startedAt: at(n), finishedAt: at(n) + 5, status: "ok" });
    await start("running", { startedAt: at(0) });
    const { runs } = open.trail;
    expect(ids(await runs.listFinishedRunsBefore(at(3) + 5, 2))).toEqual(["r2", "r1"]);
    expect(ids(await runs.listFinishedRunsBefore(at(3) + 5, 2, "asc"))).toEqual(["r0", "r1"]);
  });

  it("knows the last run of each skill (weakness 10)", async () => {
    await start("a1", { skillId: "a", startedAt: at(1), finishedAt: at(2), status: "ok" });
    await start("a2", { skillId: "a", startedAt: at(5), finishedAt: at(6), status: "timeout" });
    await start("b1", { skillId: "b", startedAt: at(3), status: "dry_run" });
    await start("c1", { skillId: "c", startedAt: at(4), finishedAt: at(6), status: "error" });
    const { runs } = open.trail;
    expect(await runs.lastRunBySkills([], true)).toEqual(new Map());
    expect(await runs.lastRunBySkills(["a", "b", "c", "a", "none"], false)).toEqual(
      new Map([
        ["a", at(1)],
        ["b", at(3)],
      ]),
    );
    const many = Array.from({ length: 100 }, (_, n) => `skill ${n}`);
    expect(await runs.lastRunBySkills([...many, "a", "c"], true)).toEqual(
      new Map([
        ["a", at(5)],
        ["c", at(4)],
      ]),
    );
  });

  it("recognizes runs that died, and closes them (weakness 5)", async () => {
    await start("dead", { startedAt: at(0) });
    const handle = open.trail.runs.begin({ id: "alive", skillId: "triage" });
    handle.log("step");
    await open.trail.flush();
    expect(ids(await open.trail.runs.listLost())).toEqual(["dead"]);
    expect(ids(await open.trail.runs.closeLost())).toEqual(["dead"]);
    expect(await open.trail.runs.getRun("dead")).toMatchObject({ status: "error" });
    expect(await open.trail.runs.listLost()).toEqual([]);
    expect(ids(await open.trail.runs.listLost({ silentForMs: -60_000 }))).toEqual(["alive"]);
  });

  it("gives a handle that numbers logs, counts calls and nests what happens within", async () => {
    const run = open.trail.runs.begin({ skillId: "triage", agent: "bot" });
    expect(run.log("plan", { text: "y".repeat(3_000) })).toBe(1);
    const child = run.within(() => {
      open.trail.tools.wrap("fs.read", () => 1)();
      return open.trail.runs.begin({ skillId: "sub" });
    });
    expect(run.log("tool_call")).toBe(2);
    await child.finish({ status: "error", error: "no" });
    await run.finish({ output: "fine" });
    const read = await open.trail.runs.getRun(run.id);
    expect(read).toMatchObject({ status: "ok", output: "fine", toolCallsCount: 1, agent: "bot" });
    const [plan] = await open.trail.runs.listLogsByRun(run.id);
    expect(String(plan?.payload?.text)).toHaveLength(2_000);
    expect(await open.trail.runs.getRun(child.id)).toMatchObject({ parentRunId: run.id, status: "error" });
    const { calls } = await open.trail.tools.query({ filter: { runId: run.id } });
    expect(calls).toMatchObject([{ tool: "fs.read", started: { agent: "bot" } }]);
  });

  it("keeps tenants apart, and redacts inputs and output (weakness 11)", async () => {
    const secret = "ghp_0123456789abcdefghijklmnopqrstuvwxyzAB";
    await start("r1", { inputs: { secret } });
    await open.trail.runs.finishRun("r1", { status: "ok", output: `is ${secret}` });
    expect(JSON.stringify(await open.trail.runs.getRun("r1"))).not.toContain(secret.slice(8));
    const other = open.again({ tenant: "other" });
    if (other === null) return;
    await expect(other.runs.getRun("r1")).rejects.toMatchObject({ code: "run.not_found" });
    await other.runs.startRun({ id: "r1", skillId: "mine" });
    expect(await other.runs.getRun("r1")).toMatchObject({ skillId: "mine" });
    expect(await open.trail.runs.getRun("r1")).toMatchObject({ skillId: "triage" });
  });
});
