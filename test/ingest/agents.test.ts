import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { WireDraft } from "../../src/event/wire.ts";
import { openTrail } from "../../src/index.ts";
import { agentOf, DOORS, type Door, goldenOf, heard, RECORDINGS } from "./agent-recordings.ts";

const golden = (name: string): string =>
  readFileSync(new URL(`golden/agents/${name}.txt`, import.meta.url), "utf8");

/** How each call of the scripts ended, by the name in its id. */
const ENDED: Readonly<Record<string, string>> = {
  ok: "ok",
  failed: "error",
  hooked: "denied",
  ruled: "denied",
  refused: "denied",
  asked: "ok",
  read: "error",
  view: "error",
  inner: "ok",
  agent: "ok",
  task: "ok",
};

/**
 * What an agent does not tell by a door. Codex' hooks have no exit code and no word of a refusal, and its logs none
 * of what a hook refused; its 0.130 has no tool to begin a sub-agent. opencode loses the spans of its last moments.
 */
const UNTOLD: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "codex hooks": { failed: "ok", hooked: "open", refused: "open" },
  "codex-0.130 otlp": { agent: "error" },
  // Its hooks were not read where nobody could trust the folder, so that none refused.
  "copilot-1.0.44 otlp": { hooked: "ok" },
};

const callName = (id = ""): string | undefined => /call_([a-z]+)/.exec(id)?.[1];
const isCall = ({ event_type: type }: WireDraft): boolean => type === "tool.execute";

describe.each(RECORDINGS)("the recording of %s", (name) => {
  it("becomes the events that its golden file lists", async () => {
    expect(await goldenOf(name)).toBe(golden(name));
  });

  it.each(DOORS)("by its %s: each call once, with how it ended", async (door) => {
    const { events } = await heard(name, door);
    const untold = { ...UNTOLD[`${agentOf(name)} ${door}`], ...UNTOLD[`${name} ${door}`] };
    const starts = events.filter((event) => isCall(event) && event.phase === "started");
    const ends = events.filter((event) => isCall(event) && event.phase === "completed");
    for (const { call_id: id = "", id: startId } of starts) {
      const ended = ends.filter(({ start_id: of }) => of === startId);
      const call = callName(id) ?? "";
      const expected = untold[call] ?? ENDED[call];
      if (expected === undefined) continue;
      expect([id, ...ended.map(({ status }) => status)]).toEqual(expected === "open" ? [id] : [id, expected]);
    }
    const ids = starts.map(({ call_id: id }) => id).filter((id) => id !== undefined);
    expect(new Set(ids).size).toBe(ids.length);
    const known = new Set(starts.map(({ id }) => id));
    expect(ends.filter(({ start_id: of }) => !known.has(of ?? ""))).toEqual([]);
  });

  it("leaves no event of its logs and spans under one that is not there", async () => {
    const { events } = await heard(name, "otlp");
    const known = new Set(events.map(({ id }) => id));
    const lost = events.filter(({ parent_id: of }) => of !== undefined && !known.has(of));
    // What opencode told last of itself is lost with it.
    expect(agentOf(name) === "opencode" ? [] : lost.map(({ event_type: type }) => type)).toEqual([]);
  });

  it("counts the tokens of each answer of the model once, whichever door tells them", async () => {
    for (const door of DOORS) {
      const { events } = await heard(name, door);
      const answers = events.filter(({ event_type: type }) => type === "llm.complete");
      for (const { usage, model } of answers) {
        // Older spans of Copilot are of a sub-agent's whole turn.
        const requests = (usage?.input ?? 0) / 120;
        expect([1, 2]).toContain(requests);
        expect(usage).toMatchObject({ output: 20 * requests, cached: 50 * requests });
        expect(model).toMatch(/^(?:gpt-5|gpt-5\.1|gemini-2\.5-flash)$/);
      }
      const others = events.filter(({ event_type: type }) => type !== "llm.complete");
      expect(others.filter(({ usage }) => usage !== undefined)).toEqual([]);
    }
  });

  it("has one name for the agent, and ids that are the same at every reading", async () => {
    for (const door of ["otlp", "transcripts"] as const) {
      const [once, again] = [await heard(name, door), await heard(name, door)];
      expect(again.events.map(({ id }) => id)).toEqual(once.events.map(({ id }) => id));
      const outermost = once.events.find(({ event_type: type }) => type === "session.prompt");
      if (outermost !== undefined) expect(outermost.agent).toBe(agentOf(name));
    }
  });

  it("is joined: a call that several doors tell is one call with its observers", async () => {
    const expected = new Map<string, Set<Door>>();
    await using trail = openTrail(":memory:");
    for (const door of DOORS) {
      const { events } = await heard(name, door);
      for (const { call_id: id } of events.filter(isCall))
        if (id !== undefined) expected.set(id, (expected.get(id) ?? new Set()).add(door));
      if (events.length > 0) await trail.append(events);
    }
    const { calls } = await trail.tools.reconcile({ limit: 100 });
    const seen = new Map(
      calls.filter(({ callId }) => callId !== null).map((call) => [call.callId, call.sides.length]),
    );
    expect(Object.fromEntries(seen)).toEqual(
      Object.fromEntries([...expected].map(([id, doors]) => [id, doors.size])),
    );
  });
});

describe("what the recordings tell beside calls", () => {
  it.each(RECORDINGS)(
    "%s: prompts, sub-agents, questions and answers, by the doors that tell them",
    async (name) => {
      const types = new Map<Door, Set<string | undefined>>();
      for (const door of DOORS)
        types.set(door, new Set((await heard(name, door)).events.map(({ event_type: type }) => type)));
      if (types.get("hooks")?.size === 0) expect(name).toBe("copilot-1.0.44");
      else for (const type of TOLD_BY_HOOKS[agentOf(name)] ?? []) expect(types.get("hooks")).toContain(type);
    },
  );
});

const TOLD_BY_HOOKS: Readonly<Record<string, readonly string[]>> = {
  codex: ["session.start", "session.prompt", "approval.request", "context.compacted", "session.stop"],
  gemini: ["session.start", "session.prompt", "session.stop", "session.end"],
  copilot: [
    "session.start",
    "session.prompt",
    "approval.request",
    "agent.run",
    "session.stop",
    "session.end",
  ],
  opencode: [
    "session.start",
    "session.prompt",
    "agent.run",
    "approval.decide",
    "llm.complete",
    "session.stop",
  ],
};
