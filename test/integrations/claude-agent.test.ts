import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type ClaudeHookName, recordClaudeAgent } from "../../src/integrations/claude-agent/index.ts";
import { eventsOf, line, linesOf, memoryTrail, refusing } from "./told.ts";

const sample = (name: string) =>
  JSON.parse(readFileSync(new URL(`../samples/claude-code/${name}`, import.meta.url), "utf8"));

interface Recorded {
  readonly hook_event_name: ClaudeHookName;
  readonly toolUseID: string;
  readonly input: Record<string, unknown>;
}

/** What the real SDK handed to its hooks, handed to ours the same way. */
async function replay(hooks: ReturnType<typeof recordClaudeAgent>["hooks"]): Promise<unknown[]> {
  const answers: unknown[] = [];
  for (const { hook_event_name: name, input, toolUseID } of sample("sdk-hooks.json") as Recorded[]) {
    for (const { hooks: each } of hooks[name])
      for (const hook of each) answers.push(await hook(input, toolUseID));
  }
  return answers;
}

/** What a query of the real SDK yielded at its end; `more` is what an older or a later one says. */
async function* results(...more: object[]): AsyncGenerator<unknown> {
  yield { type: "system", subtype: "init" };
  for (const each of more) yield { ...sample("sdk-result.json"), ...each };
}

describe("the Claude Agent SDK", () => {
  it("has each of its recorded hooks told, in the words of Claude Code's hooks by any other door", async () => {
    const trail = memoryTrail();
    const answers = await replay(recordClaudeAgent(trail).hooks);
    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(new Set(['{"continue":true}']));
    const events = await eventsOf(trail);
    const golden = readFileSync(
      new URL("../ingest/golden/claude-code-sdk-hooks.txt", import.meta.url),
      "utf8",
    );
    const wanted = golden
      .trimEnd()
      .split("\n")
      .filter((each) => !each.startsWith("dropped"));
    expect(events.map(({ type, phase, status }) => [type, phase ?? "·", status].join("  "))).toEqual(
      wanted.map((each) => each.split("  ", 3).join("  ")),
    );
    const calls = events.filter(({ category }) => category === "tool_call").map(line);
    expect(calls.filter((each) => each.includes("toolu_06"))).toEqual([
      "tool.execute  started  pending  claude-code  Bash  toolu_06",
      "tool.execute  completed  denied  claude-code  Bash  toolu_06  “PreToolUse:Bash hook error: policy: no rm”",
    ]);
    const { calls: joined } = await trail.tools.query();
    expect(joined.filter(({ isOpen }) => isOpen)).toEqual([]);
  });

  it("names the agent as its owner does, and a sub-agent as it is", async () => {
    const trail = memoryTrail();
    await replay(recordClaudeAgent(trail, { agent: "reviewer" }).hooks);
    const agents = new Set((await eventsOf(trail)).map(({ agent }) => agent));
    expect(agents).toContain("reviewer");
    expect(agents).not.toContain("claude-code");
    expect(agents.size).toBe(2);
  });

  it("tells models, tokens and cost of the results of a query, once", async () => {
    const trail = memoryTrail();
    const claude = recordClaudeAgent(trail);
    const query = claude.watch(results({}));
    const types: unknown[] = [];
    for await (const message of query) types.push((message as { type: string }).type);
    expect(types).toEqual(["system", "result"]);
    const [told, ...more] = await eventsOf(trail);
    expect(told).toMatchObject({
      type: "llm.complete",
      model: "claude-opus-5-5",
      usage: { input: 345, output: 21, cached: 300 },
      costUsd: "0.000675",
      conversationId: "2defe1d9-a36b-4032-9683-29ab00360034",
    });
    expect(more).toEqual([]);
  });

  it("counts only what is new where a result says what it is since the session began", async () => {
    const trail = memoryTrail();
    const counts = (inputTokens: number, outputTokens: number, costUSD: number) => ({
      model_usage_since_last_result: undefined,
      modelUsage: { m: { inputTokens, outputTokens, costUSD } },
    });
    const query = recordClaudeAgent(trail).watch(results(counts(10, 5, 0.1), counts(30, 6, 0.3)));
    while ((await query.next()).done !== true);
    expect(
      (await eventsOf(trail)).map(({ usage, costUsd }) => [usage?.input, usage?.output, costUsd]),
    ).toEqual([
      [10, 5, "0.1"],
      [20, 1, "0.2"],
    ]);
  });

  it("leaves the agent alone, whatever becomes of the record", async () => {
    const claude = recordClaudeAgent(refusing);
    expect(await replay(claude.hooks)).toHaveLength(sample("sdk-hooks.json").length);
    for await (const _message of claude.watch(results({})));
    const trail = memoryTrail();
    const [matcher] = recordClaudeAgent(trail).hooks.PreToolUse;
    expect(await matcher?.hooks[0]?.(null)).toEqual({ continue: true });
    expect(await linesOf(trail)).toEqual([]);
  });
});
