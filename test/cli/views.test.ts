import { join } from "node:path";
import { expect, it } from "vitest";
import { openTrail } from "../../src/index.ts";
import { daybook, emptyFolder, jsonLines } from "./daybook.ts";

const HOSTILE = "\u001b[2Jx";

async function filled(): Promise<string> {
  const folder = emptyFolder();
  await using trail = openTrail(join(folder, "daybook.db"));
  await trail.runs.startRun({ id: "root", skillId: "triage", inputs: {} });
  await trail.runs.startRun({ id: "child", parentRunId: "root", startedAt: "2020-01-01T00:00:00Z" });
  await trail.runs.finishRun("root", { status: "error", error: HOSTILE });
  const done = trail.tools.start({ tool: "fs.read", runId: "root", args: { path: HOSTILE } });
  await trail.tools.complete(done, { result: 1, durationMs: 12 });
  trail.tools.start({ tool: "net.get", runId: "root" });
  const timestamp = "2026-01-01T00:00:00Z";
  await trail.threads.append("t-1", [
    { kind: "user_message", content: [{ type: "text", text: `hello ${HOSTILE}` }], timestamp },
    { kind: "agent_handoff", from: null, to: "planner", timestamp },
  ]);
  trail.record({ type: "old", occurredAt: "2019-01-01T00:00:00Z" });
  return folder;
}

it("shows runs, one run, tool calls and a thread, for people and for machines", async () => {
  const folder = await filled();
  const text = async (...args: string[]): Promise<string> => {
    const { status, stdout, stderr } = await daybook(folder, args);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).not.toContain("\u001b[2J");
    return stdout;
  };
  const json = async (...args: string[]) => jsonLines(await text(...args, "--json"));
  expect(await text("runs")).toMatch(/error.*root.*triage/);
  expect((await json("runs")).map(({ id }) => id)).toEqual(["root", "child"]);
  expect((await json("runs", "--lost")).map(({ id }) => id)).toEqual(["child"]);
  expect((await json("runs", "--status", "error")).map(({ id }) => id)).toEqual(["root"]);
  expect(await text("run", "root")).toContain("2 runs, 2 tool calls");
  expect(await json("run", "root")).toMatchObject([{ root: { run: { id: "root" }, children: [{}] } }]);
  expect(await text("tools")).toMatch(/fs\.read/);
  expect((await json("tools", "--status", "ok")).map(({ tool }) => tool)).toEqual(["fs.read"]);
  expect((await json("tools", "--open")).map(({ tool }) => tool)).toEqual(["net.get"]);
  expect(await text("thread", "t-1")).toMatch(/1 {2}user_message {3}hello/);
  expect((await json("thread", "t-1")).map(({ ordinal }) => ordinal)).toEqual([1, 2]);
  for (const args of [
    ["run", "none"],
    ["thread", "none"],
  ]) {
    const { status, stderr } = await daybook(folder, args);
    expect(status).toBe(4);
    expect(stderr).toMatch(/^daybook: There is no \w+ none\./);
  }
});

it("prunes by hand, dry or not, and folds the log again", async () => {
  const folder = await filled();
  const prune = async (...args: string[]) =>
    jsonLines((await daybook(folder, ["prune", ...args, "--json"])).stdout);
  expect(await prune()).toEqual([]);
  expect(await prune("--before", "2019-06-01T00:00:00Z", "--dry-run")).toMatchObject([
    { removed: 1, receiptId: null },
  ]);
  expect(await prune("--before", "2019-06-01T00:00:00Z")).toMatchObject([{ removed: 1, range: [9, 9] }]);
  expect(await prune("--before", "2019-06-01T00:00:00Z")).toMatchObject([{ removed: 0 }]);
  expect((await daybook(folder, ["prune", "--dry-run"])).status).toBe(2);
  const seal = await daybook(folder, ["seal"]);
  expect(seal.status).toBe(0);
  expect((await daybook(folder, ["prune", "--seqs", "2-3"])).stderr).toContain("--reason");
  const taken = await prune("--seqs", "2-3", "--reason", "a password in the arguments");
  expect(taken).toMatchObject([{ removed: 2, range: [2, 3] }]);
  const [receipt] = jsonLines((await daybook(folder, ["list", "--type", "trail.pruned", "--json"])).stdout);
  expect(receipt?.data).toMatchObject({ policy: "redaction: a password in the arguments", removed: 2 });
  // What is gone has its hash: the log still verifies, and old proofs with it.
  expect((await daybook(folder, ["verify"])).status).toBe(0);
  const { stdout } = await daybook(folder, ["rebuild", "--json"]);
  expect(jsonLines(stdout)).toMatchObject([{ events: 13 }]);
  expect((await daybook(folder, ["runs", "--json"])).stdout).toContain('"root"');
});
