import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fromHook } from "../../src/ingest/hooks/hook.ts";
import { recordClaudeAgent } from "../../src/integrations/claude-agent/index.ts";
import { until } from "../cli/daybook.ts";
import { eventsOf, line, memoryTrail } from "../integrations/told.ts";
import { type Call, type FakeModel, fakeModel, type Turn, USAGE } from "./model.ts";
import { callNamed, ENDS, endsOf, SDK, WORK, type Workplace, workplace } from "./program.ts";

/** The part of the SDK that these tests use; its own types are not there before `npm test` has installed it. */
interface Sdk {
  readonly HOOK_EVENTS: readonly string[];
  query(of: { prompt: string | AsyncIterable<object>; options: object }): Query;
}
interface Query extends AsyncIterable<Record<string, unknown>> {
  interrupt(): Promise<unknown>;
}
type Recorder = ReturnType<typeof recordClaudeAgent>;

const bash = (name: string, command: string): Call => ({
  id: callNamed(name),
  name: "Bash",
  input: { command },
});

const SCRIPTS: Readonly<Record<string, readonly Turn[]>> = {
  ...WORK,
  "Ask people": [
    { calls: [bash("granted", "mkdir tea")] },
    { calls: [bash("refused", "mkdir coffee")] },
    { calls: [bash("forbidden", "mkdir war")] },
    { text: "Done." },
  ],
  "Take long": [{ calls: [bash("long", "touch begun && tail -f notes.txt")] }, { text: "Done." }],
  "Fail now": [{ status: 400 }],
};

const allowAll = async (_tool: string, input: object) => ({ behavior: "allow", updatedInput: input });

/** One query of the real SDK, watched to its end; gives its result. */
async function ask(
  { query }: Sdk,
  claude: Recorder,
  place: Workplace,
  prompt: string | AsyncIterable<object>,
  options: object = {},
  onMessage: (message: Record<string, unknown>, query: Query) => void = () => undefined,
): Promise<Record<string, unknown>> {
  let result: Record<string, unknown> = {};
  const allowedTools = ["Read", "Agent", "Bash(echo *)", "Bash(cat *)", "Bash(tail *)"];
  const common = { cwd: place.project, env: place.env, allowedTools, disallowedTools: ["Bash(rm *)"] };
  const asked = query({ prompt, options: { ...common, hooks: claude.hooks, ...options } });
  for await (const message of claude.watch(asked)) {
    onMessage(message, asked);
    if (message.type === "result") result = message;
  }
  return result;
}

async function stage(): Promise<{ sdk: Sdk; model: FakeModel; place: Workplace }> {
  const sdk = (await import(SDK)) as Sdk;
  const model = await fakeModel(SCRIPTS);
  return { sdk, model, place: workplace(model.url) };
}

describe("the Claude Agent SDK itself", () => {
  it("has no hook of which we do not know what it tells", async () => {
    const { HOOK_EVENTS } = (await import(SDK)) as Sdk;
    const plain = HOOK_EVENTS.filter((name) => {
      const { drafts } = fromHook("claude-code", { hook_event_name: name, session_id: "s1" });
      return drafts.some(({ type }) => type.startsWith("hook."));
    });
    expect(HOOK_EVENTS.length).toBeGreaterThan(30);
    expect(plain.sort()).toEqual([
      "Elicitation",
      "ElicitationResult",
      "FileChanged",
      "Notification",
      "TaskCompleted",
      "TaskCreated",
      "WorktreeCreate",
      "WorktreeRemove",
    ]);
  });

  it("has each call told from its start to its end, the sub-agent, and what its models read and wrote", async () => {
    const { sdk, model, place } = await stage();
    await using _ = model;
    const trail = memoryTrail();
    const claude = recordClaudeAgent(trail, { agent: "reviewer" });
    const result = await ask(sdk, claude, place, "Do the work");
    expect(result).toMatchObject({ subtype: "success", result: "Done." });
    const events = await eventsOf(trail);
    expect(endsOf(events)).toEqual(ENDS);
    const requests = Object.values(WORK).flat().length;
    expect(events.filter(({ usage }) => usage !== null)).toEqual([
      expect.objectContaining({
        type: "llm.complete",
        agent: "reviewer",
        model: Object.keys(result.modelUsage as object)[0],
        usage: {
          input:
            requests *
            (USAGE.input_tokens + USAGE.cache_creation_input_tokens + USAGE.cache_read_input_tokens),
          output: requests * USAGE.output_tokens,
          cached: requests * USAGE.cache_read_input_tokens,
        },
        costUsd: expect.stringMatching(/^0\.00\d+$/),
        conversationId: result.session_id,
      }),
    ]);
    expect(Number(events.at(-1)?.costUsd)).toBeCloseTo(Number(result.total_cost_usd), 9);
    const agents = events.filter(({ type }) => type === "agent.run");
    expect(agents.map(({ phase, agent }) => [phase, agent])).toEqual([
      ["started", "general-purpose"],
      ["completed", "general-purpose"],
    ]);
    expect(new Set(events.map(({ agent }) => agent))).toEqual(new Set(["reviewer", "general-purpose"]));
  });

  it("has questions told with their answers, and what a person, a hook of one's own or a rule refused", async () => {
    const { sdk, model, place } = await stage();
    await using _ = model;
    const trail = memoryTrail();
    const claude = recordClaudeAgent(trail);
    const policy = async ({ tool_input: input }: { tool_input: { command: string } }) =>
      input.command === "mkdir war"
        ? {
            hookSpecificOutput: {
              hookEventName: "PreToolUse",
              permissionDecision: "deny",
              permissionDecisionReason: "policy",
            },
          }
        : {};
    const canUseTool = async (_tool: string, input: { command: string }) =>
      input.command === "mkdir tea"
        ? { behavior: "allow", updatedInput: input }
        : { behavior: "deny", message: "Not today." };
    const hooks = {
      ...claude.hooks,
      PreToolUse: [...claude.hooks.PreToolUse, { matcher: "Bash", hooks: [policy] }],
    };
    await ask(sdk, claude, place, "Ask people", { hooks, canUseTool });
    const told = (await eventsOf(trail)).filter(({ callId }) => callId !== null).map(line);
    const [granted, refused, forbidden] = ["granted", "refused", "forbidden"].map(callNamed);
    expect(told).toEqual([
      `tool.execute  started  pending  claude-code  Bash  ${granted}`,
      `approval.request  ·  pending  claude-code  Bash  ${granted}`,
      `tool.execute  completed  ok  claude-code  Bash  ${granted}`,
      `approval.decide  ·  ok  claude-code  Bash  ${granted}`,
      `tool.execute  started  pending  claude-code  Bash  ${refused}`,
      `approval.request  ·  pending  claude-code  Bash  ${refused}`,
      `tool.execute  completed  denied  claude-code  Bash  ${refused}  “Not today.”`,
      `approval.decide  ·  denied  claude-code  Bash  ${refused}`,
      `tool.execute  started  pending  claude-code  Bash  ${forbidden}`,
      `tool.execute  completed  denied  claude-code  Bash  ${forbidden}  “PreToolUse:Bash hook error: policy”`,
    ]);
    expect(await trail.tools.open()).toEqual([]);
  });

  it("has a refusal in anybody's words told without watching, too", async () => {
    const { sdk, model, place } = await stage();
    await using _ = model;
    const trail = memoryTrail();
    const { hooks } = recordClaudeAgent(trail);
    const canUseTool = async () => ({ behavior: "deny", message: "Not today." });
    const blind = { hooks, watch: <Q>(query: Q): Q => query } as Recorder;
    await ask(sdk, blind, place, "Ask people", { canUseTool });
    const ends = (await eventsOf(trail)).filter(({ phase }) => phase === "completed");
    expect(ends.map(({ status, error }) => [status, error])).toEqual(
      ["granted", "refused", "forbidden"].map(() => ["denied", "Not today."]),
    );
  });

  it("has a call that was interrupted told as ended, and a turn that the service refused as failed", async () => {
    const { sdk, model, place } = await stage();
    await using _ = model;
    const trail = memoryTrail();
    const claude = recordClaudeAgent(trail);
    const { promise: over, resolve } = Promise.withResolvers<void>();
    async function* prompts(): AsyncGenerator<object> {
      yield { type: "user", message: { role: "user", content: "Take long" } };
      await over;
    }
    const begun = join(place.project, "begun");
    const stopped = ask(sdk, claude, place, prompts(), { canUseTool: allowAll }, (message, query) => {
      if (message.type === "assistant")
        void until(
          () => existsSync(begun),
          () => "the tool runs",
        ).then(() => query.interrupt());
      if (message.type === "result") resolve();
    });
    await stopped.catch(() => undefined);
    await ask(sdk, claude, place, "Fail now").catch(() => undefined);
    const events = await eventsOf(trail);
    expect(events.filter(({ type }) => type === "tool.execute").map(line)).toEqual([
      `tool.execute  started  pending  claude-code  Bash  ${callNamed("long")}`,
      `tool.execute  completed  error  claude-code  Bash  ${callNamed("long")}  “interrupted”`,
    ]);
    expect(events.at(-1)).toMatchObject({
      type: "session.stop",
      status: "error",
      error: "API Error: 400 The model is not in the mood.",
    });
  });
});
