import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { uuidv7 } from "../../src/base/uuid.ts";
import { acceptDraft } from "../../src/event/accept.ts";
import type { EventDraft } from "../../src/event/event.ts";
import { openTrail, type Trail } from "../../src/index.ts";
import { fromHook } from "../../src/ingest/hooks/hook.ts";
import { claudeImporter } from "../../src/ingest/import/claude.ts";
import { bodies, readHookBody, readOtlp } from "../ingest/read.ts";

const SESSION = "04a57634-52f0-4732-a5f1-5a722cfe33ed";
const TRANSCRIPT = new URL(
  `../samples/claude-code/transcripts/-home-dev-workspace-claude-work/${SESSION}.jsonl`,
  import.meta.url,
);

async function take(trail: Trail, drafts: readonly EventDraft[], environment?: string): Promise<void> {
  const more = environment === undefined ? {} : { environment };
  await trail.append(drafts.map((draft) => acceptDraft({ ...draft, ...more }, {})));
}

const call = (source: string, more: Partial<EventDraft> = {}): EventDraft[] => {
  const common = {
    category: "tool_call",
    tool: "search",
    source,
    callId: "call-1",
    conversationId: "c1",
    ...more,
  };
  const id = uuidv7();
  return [
    { ...common, id, type: "tool.execute", phase: "started", status: "pending" },
    { ...common, type: "tool.execute", phase: "completed", status: more.status ?? "ok", startId: id },
  ];
};

describe("one session of Claude Code, seen by its hooks, its telemetry and its transcript", () => {
  it("is seven calls, each with everyone who saw it, and the log keeps what each said", async () => {
    await using trail = openTrail(":memory:");
    for (const path of bodies("claude-code/http-hooks")) await take(trail, readHookBody(path).drafts);
    const hooks = await trail.tools.reconcile();
    expect(hooks.coverage.joined).toBe(0);
    for (const path of bodies("claude-code/otlp")) await take(trail, (await readOtlp(path)).drafts);
    const { total } = await trail.events.stats();
    const importer = claudeImporter();
    const lines = readFileSync(TRANSCRIPT, "utf8").trimEnd().split("\n");
    await trail.append(lines.flatMap((line) => importer.read(JSON.parse(line)).drafts));
    const { coverage, calls } = await trail.tools.reconcile();
    expect(calls.map(({ callId }) => callId).sort()).toEqual([1, 2, 3, 4, 5, 6, 7].map((n) => `toolu_0${n}`));
    expect(coverage).toMatchObject({ calls: 7, joined: 7, share: 1, only: {} });
    const denied = calls.find(({ callId }) => callId === "toolu_06");
    expect(denied?.sides.map(({ observer, status }) => [observer, status])).toEqual([
      ["hook", "denied"],
      ["otlp", "denied"],
      ["transcript", "denied"],
    ]);
    expect((await trail.events.stats()).total).toBeGreaterThan(total);
    for (const { sides } of calls)
      for (const { id } of sides) expect((await trail.events.get(id))?.callId).not.toBeNull();
  });
});

describe("reconciliation", () => {
  it("says what only one side saw, and where two tell of another end", async () => {
    await using trail = openTrail(":memory:");
    await take(trail, [...call("hook"), ...call("otlp", { status: "error" })]);
    await take(trail, call("hook", { callId: "call-2" }));
    await take(trail, [...call("mcp", { callId: null }), ...call("mcp", { callId: null })]);
    const { coverage } = await trail.tools.reconcile({ limit: 0 });
    expect(coverage).toEqual({
      calls: 2,
      joined: 1,
      differs: 1,
      share: 0.5,
      only: { hook: 1 },
      unnamed: { mcp: 2 },
      looked: 10,
      exhausted: false,
    });
    const names = async (query: Parameters<Trail["tools"]["reconcile"]>[0]) =>
      (await trail.tools.reconcile(query)).calls.map(({ callId }) => callId);
    expect(await names({ show: "differs" })).toEqual(["call-1"]);
    expect(await names({ only: "hook" })).toEqual(["call-2"]);
    expect(await names({ only: "otlp" })).toEqual([]);
    const [first] = (await trail.tools.reconcile({ limit: 1 })).calls;
    const { next } = await trail.tools.reconcile({ limit: 1 });
    const [second] = (await trail.tools.reconcile({ limit: 1, cursor: next ?? "" })).calls;
    expect(new Set([first?.callId, second?.callId])).toEqual(new Set(["call-1", "call-2"]));
    await expect(trail.tools.reconcile({ cursor: "x" })).rejects.toMatchObject({ code: "cursor.invalid" });
  });

  it("joins ids that are one of a kind wherever they come from, and others within a conversation only", async () => {
    await using trail = openTrail(":memory:");
    const unique = "toolu_01A09q90qw90lq917835lq9";
    await take(trail, call("hook", { callId: unique }));
    await take(trail, call("mcp", { callId: unique, conversationId: null }));
    await take(trail, call("hook", { conversationId: "c1" }));
    await take(trail, call("otlp", { conversationId: "c2" }));
    const { coverage } = await trail.tools.reconcile();
    expect(coverage).toMatchObject({ calls: 3, joined: 1, only: { hook: 1, otlp: 1 } });
  });

  it("counts a call once that one side tells again, and keeps environments apart", async () => {
    await using trail = openTrail(":memory:");
    await take(trail, [...call("hook"), ...call("hook")]);
    await take(trail, call("otlp"), "staging");
    const { coverage, calls } = await trail.tools.reconcile();
    expect(coverage).toMatchObject({ calls: 2, joined: 0, only: { hook: 1, otlp: 1 } });
    expect(calls.flatMap(({ sides }) => sides)).toHaveLength(2);
    const bound = trail.forTenant("default", { environments: ["staging"], platform: false });
    expect((await bound.tools.reconcile()).coverage).toMatchObject({ calls: 1, only: { otlp: 1 } });
  });

  it("forgets what retention takes, and counts no end alone whose start lies before the time", async () => {
    await using trail = openTrail(":memory:");
    const old = { occurredAt: Date.UTC(2020, 0, 1) * 1000 };
    await take(trail, [...call("hook", old), ...call("otlp")]);
    await take(
      trail,
      fromHook("gemini", { hook_event_name: "AfterTool", session_id: "s", tool_name: "t" }).drafts,
    );
    const late = uuidv7();
    const half = { category: "tool_call", source: "hook", callId: "call-9", type: "tool.execute" };
    await take(trail, [{ ...half, phase: "completed", startId: late, conversationId: "c9" }]);
    expect((await trail.tools.reconcile()).coverage.calls).toBe(2);
    const since = new Date(Date.now() - 60_000);
    expect((await trail.tools.reconcile({ since })).calls.map(({ callId }) => callId)).toEqual(["call-1"]);
    await trail.prune({ before: new Date("2021-01-01") });
    const { coverage } = await trail.tools.reconcile();
    expect(coverage).toMatchObject({ calls: 2, joined: 0, unnamed: { hook: 1 } });
  });
});
