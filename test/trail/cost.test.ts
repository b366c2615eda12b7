import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { acceptDraft } from "../../src/event/accept.ts";
import type { EventDraft } from "../../src/event/event.ts";
import { openTrail, type Trail } from "../../src/index.ts";
import { claudeImporter } from "../../src/ingest/import/claude.ts";
import { bodies, readOtlp } from "../ingest/read.ts";

const prices = {
  version: "test",
  models: { "claude-sonnet-5": { input: "3", output: "15", cacheRead: "0.3", cacheWrite: "3.75" } },
};
const at = Date.UTC(2026, 10, 20, 12) * 1000;
const span = { since: at, until: at, prices } as const;

async function take(trail: Trail, drafts: readonly EventDraft[]): Promise<void> {
  await trail.append(drafts.map((draft) => acceptDraft(draft, {})));
}

const request = (more: Partial<EventDraft> = {}): EventDraft => ({
  type: "llm.complete",
  category: "llm",
  occurredAt: at,
  model: "claude-sonnet-5",
  conversationId: "c1",
  source: "otlp",
  usage: { input: 1_000, output: 100, cached: 600 },
  ...more,
});

describe("what model requests cost", () => {
  it("is computed from tokens by a table, beside what was recorded, and anew by another table", async () => {
    await using trail = openTrail(":memory:");
    await take(trail, [
      request({ costUsd: "0.5", agent: "a" }),
      request({ agent: "b", data: { usage: { cache_creation_input_tokens: 200 } } }),
      request({ model: "unheard-of", agent: "b" }),
    ]);
    const report = await trail.insights.cost({ ...span, by: ["model", "agent", "day"] });
    // 400 × 3 + 600 × 0.3 + 100 × 15, and 200 × 3 + 600 × 0.3 + 200 × 3.75 + 100 × 15, each a millionth
    expect(report.total).toEqual({
      requests: 3,
      inputTokens: 3_000,
      cachedTokens: 1_800,
      writtenTokens: 200,
      outputTokens: 300,
      thinkingTokens: 0,
      recordedUsd: "0.5",
      computedUsd: "0.00591",
    });
    expect(report.table).toEqual({ version: "test", currency: "USD" });
    expect(report.unpriced).toEqual(["unheard-of"]);
    expect(report.by.agent?.map(({ value, computedUsd }) => [value, computedUsd])).toEqual([
      ["b", "0.00303"],
      ["a", "0.00288"],
    ]);
    expect(report.by.day?.map(({ value }) => value)).toEqual(["2026-11-20"]);
    const dearer = { version: "2", models: { "claude-sonnet-5": { input: "30", output: "15" } } };
    const again = await trail.insights.cost({ ...span, prices: dearer });
    expect([again.table.version, again.total.computedUsd]).toEqual(["2", "0.063"]);
    expect((await trail.insights.totals({ since: at, until: at })).total.costUsd).toBe("0.5");
  });

  it("pays for the thoughts that a provider counts beside its output", async () => {
    await using trail = openTrail(":memory:");
    const usage = { input: 0, output: 100, thinking: 50 };
    await take(trail, [
      request({ usage, data: { usage: { thoughts_token_count: 50 } } }),
      request({ usage, data: { usage: { output_tokens_details: { reasoning_tokens: 50 } } } }),
    ]);
    expect((await trail.insights.cost(span)).total).toMatchObject({
      outputTokens: 250,
      thinkingTokens: 100,
      computedUsd: "0.00375",
    });
  });

  it("counts a conversation's model once where two sources told of it, and says what was told again", async () => {
    await using trail = openTrail(":memory:");
    await take(trail, [request(), request(), request({ source: "transcript" })]);
    await take(trail, [request({ source: "transcript", conversationId: "c2" })]);
    await take(trail, [request({ source: "adapter", model: "other" })]);
    const { total, repeated, by } = await trail.insights.cost({ ...span, by: ["source"] });
    expect([total.requests, repeated.requests]).toEqual([4, 1]);
    expect(by.source?.map(({ value, requests }) => [value, requests]).sort()).toEqual([
      ["adapter", 1],
      ["otlp", 2],
      ["transcript", 1],
    ]);
    await take(trail, [
      request({ conversationId: null, source: "x" }),
      request({ conversationId: null, source: "y" }),
    ]);
    expect((await trail.insights.cost(span)).total.requests).toBe(6);
  });

  it("counts one session of Claude Code once, by its telemetry and its transcript", async () => {
    const session = "04a57634-52f0-4732-a5f1-5a722cfe33ed";
    const folder = "../samples/claude-code/transcripts/-home-dev-workspace-claude-work";
    const lines = readFileSync(new URL(`${folder}/${session}.jsonl`, import.meta.url), "utf8")
      .trimEnd()
      .split("\n");
    const importer = claudeImporter();
    const transcript = lines.flatMap((line) => importer.read(JSON.parse(line)).drafts);
    await using trail = openTrail(":memory:");
    await trail.append([...transcript, ...importer.end()]);
    const alone = (await trail.insights.cost(span)).total;
    for (const path of bodies("claude-code/otlp")) await take(trail, (await readOtlp(path)).drafts);
    const { total, repeated } = await trail.insights.cost(span);
    expect(total.requests).toBe(9);
    expect(repeated.requests).toBe(alone.requests);
    expect(total.writtenTokens).toBe(9 * 5);
    expect(total.recordedUsd).not.toBeNull();
  });

  it("comes out the same when the view is made anew, and stays within a key's environments", async () => {
    await using trail = openTrail(":memory:");
    await take(trail, [request(), request({ environment: "staging", usage: { input: 250_000, output: 1 } })]);
    const before = await trail.insights.cost(span);
    await trail.rebuild();
    expect(await trail.insights.cost(span)).toEqual(before);
    const bound = trail.forTenant("default", { environments: ["staging"], platform: false });
    expect((await bound.insights.cost(span)).total).toMatchObject({ requests: 1, inputTokens: 250_000 });
    await expect(trail.insights.cost({ ...span, by: ["x" as "model"] })).rejects.toMatchObject({
      code: "query.invalid",
    });
  });
});
