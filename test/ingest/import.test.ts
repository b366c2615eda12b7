import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonValue } from "../../src/base/json.ts";
import { THREAD_KINDS } from "../../src/cli/commands/capture/import-threads.ts";
import type { WireDraft } from "../../src/event/wire.ts";
import { claudeImporter } from "../../src/ingest/import/claude.ts";
import { codexImporter } from "../../src/ingest/import/codex.ts";
import { type CsvRow, csvRows } from "../../src/ingest/import/csv.ts";
import { eventsApiImporter } from "../../src/ingest/import/events-api.ts";
import { geminiImporter } from "../../src/ingest/import/gemini.ts";
import type { Importer } from "../../src/ingest/import/importer.ts";
import { IMPORT_KINDS } from "../../src/ingest/import/kinds.ts";
import { langfuseImporter } from "../../src/ingest/import/langfuse.ts";
import { wireImporter } from "../../src/ingest/import/wire-lines.ts";
import { line, readAll } from "./import-read.ts";

const TRANSCRIPTS = new URL(
  "../samples/claude-code/transcripts/-home-dev-workspace-claude-work/",
  import.meta.url,
);
const SESSION = "04a57634-52f0-4732-a5f1-5a722cfe33ed";
const records = (path: string): JsonValue[] =>
  readFileSync(new URL(path, TRANSCRIPTS), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

function pairs(drafts: readonly WireDraft[]): void {
  const starts = new Set(drafts.filter(({ phase }) => phase === "started").map(({ id }) => id));
  const ends = drafts.filter(({ start_id }) => start_id !== undefined);
  expect(ends.filter(({ start_id: id }) => !starts.has(id ?? ""))).toEqual([]);
  expect(new Set(drafts.map(({ id }) => id)).size).toBe(drafts.length);
}

describe("a transcript of Claude Code", () => {
  it("gives each call once with how it ended, and each message's tokens once", () => {
    const { drafts, problems } = readAll(claudeImporter(), records(`${SESSION}.jsonl`));
    expect(problems).toEqual([]);
    pairs(drafts);
    const calls = drafts.filter(({ category, phase }) => category === "tool_call" && phase === "completed");
    expect(calls.map(line)).toEqual([
      "tool.execute  completed  ok  Read  toolu_01  215 ms",
      "tool.execute  completed  ok  Bash  toolu_02  227 ms",
      "tool.execute  completed  error  Bash  toolu_03  59 ms  “Exit code 1”",
      "tool.execute  completed  ok  Write  toolu_04  99 ms",
      "tool.execute  completed  ok  mcp__demo__lookup  toolu_05  60 ms",
      "tool.execute  completed  denied  Bash  toolu_06  36 ms  “PreToolUse:Bash hook error: policy: no rm”",
      "tool.execute  completed  ok  Agent  toolu_07  80 ms",
    ]);
    const models = drafts.filter(({ event_type }) => event_type === "llm.complete");
    expect(models).toHaveLength(8);
    expect(models[0]).toMatchObject({
      usage: { input: 156, output: 20, cached: 50 },
      model: "claude-sonnet-5",
    });
    expect(drafts.filter(({ event_type }) => event_type === "session.prompt").map(line)).toHaveLength(1);
    for (const draft of drafts)
      expect(draft).toMatchObject({ origin: "import", data: { imported: { from: "claude" } } });
  });

  it("puts a sub-agent's file under the sub-agent, and gives the same ids again", () => {
    const read = () =>
      readAll(claudeImporter(), records(`${SESSION}/subagents/agent-ad25b1ce0f27755bf.jsonl`)).drafts;
    const drafts = read();
    expect(drafts.map(line)).toEqual([
      "agent.run  started  pending",
      "llm.complete  completed  ok  162+20, 50 cached",
      "agent.run  completed  ok  102 ms",
    ]);
    expect(drafts[1]).toMatchObject({ parent_id: drafts[0]?.id, run_id: "ad25b1ce0f27755bf" });
    expect(read().map(({ id }) => id)).toEqual(drafts.map(({ id }) => id));
  });

  it("knows what a session repeats that goes on in another file", () => {
    const session = (sessionId: string) => {
      const at = { sessionId, timestamp: "2026-11-20T20:00:00Z" };
      const call = { type: "tool_use", id: "toolu_01A09q90qw90lq917835lq9", name: "Bash", input: {} };
      const usage = { input_tokens: 5, output_tokens: 1 };
      const message = { id: "msg_01XFDUDYJgAACzvnptvVoYEL", model: "m", content: [call], usage };
      const result = { type: "tool_result", tool_use_id: call.id, content: "ok" };
      return readAll(claudeImporter(), [
        { ...at, type: "assistant", uuid: "1", message },
        { ...at, type: "user", uuid: "2", message: { content: [result] } },
      ]).drafts.map(({ id }) => id);
    };
    expect(session("s1")).toHaveLength(3);
    expect(session("s2")).toEqual(session("s1"));
  });

  it("names what it cannot read, and passes over kinds that it does not know", () => {
    const at = { sessionId: "s", timestamp: "2026-11-20T20:00:00Z", uuid: "u" };
    const { drafts, problems } = readAll(claudeImporter(), [
      { ...at, type: "something-new" },
      { ...at, type: "user", timestamp: "yesterday", message: { content: "hi" } },
      { ...at, type: "user", sessionId: 5, message: { content: "hi" } },
      5,
      { ...at, type: "user", message: { content: "hi" } },
    ]);
    expect(problems).toEqual([
      { line: 2, field: "timestamp", rule: "must be an RFC 3339 time" },
      { line: 3, field: "sessionId", rule: "must be text" },
      { line: 4, field: "line", rule: "must be a JSON object" },
    ]);
    expect(drafts.map(line)).toEqual(["session.prompt  ·  ok"]);
  });
});

describe("a rollout of Codex", () => {
  const at = (second: number) => `2026-05-01T10:00:${String(second).padStart(2, "0")}.000Z`;
  const item = (second: number, payload: Record<string, unknown>, type = "response_item") => ({
    timestamp: at(second),
    type,
    payload,
  });
  const lines = [
    item(0, { id: "019c6694", cwd: "/repo", originator: "cli", instructions: "long" }, "session_meta"),
    item(0, { model: "gpt-5.3-codex", turn_id: "t1" }, "turn_context"),
    item(1, { type: "user_message", message: "run the tests" }, "event_msg"),
    item(1, { type: "message", role: "user", content: [{ type: "input_text", text: "run the tests" }] }),
    item(2, { type: "function_call", name: "exec_command", call_id: "c1", arguments: '{"cmd":"make test"}' }),
    item(
      3,
      { type: "exec_command_end", call_id: "c1", exit_code: 2, duration: { secs: 1, nanos: 500_000_000 } },
      "event_msg",
    ),
    item(3, { type: "function_call_output", call_id: "c1", output: "Process exited with code 2\nFAIL" }),
    item(4, { type: "custom_tool_call", name: "apply_patch", call_id: "c2", input: "*** Begin Patch" }),
    item(5, { type: "custom_tool_call_output", call_id: "c2", output: "patch rejected by user" }),
    item(5, {
      type: "web_search_call",
      id: "ws1",
      status: "completed",
      action: { type: "search", query: "x" },
    }),
    item(6, { type: "message", role: "assistant", content: [{ type: "output_text", text: "done" }] }),
    ...[6, 7].map((second) =>
      item(
        second,
        {
          type: "token_count",
          info: {
            total_token_usage: { input_tokens: 12_000, output_tokens: 500 },
            last_token_usage: { input_tokens: 12_000, cached_input_tokens: 8_000, output_tokens: 500 },
          },
        },
        "event_msg",
      ),
    ),
  ];

  it("gives calls by id, exits and refusals, and a request's tokens once", () => {
    const { drafts, problems } = readAll(codexImporter(), lines);
    expect(problems).toEqual([]);
    pairs(drafts);
    expect(drafts.map(line)).toEqual([
      "session.start  ·  ok",
      "session.prompt  ·  ok",
      "tool.execute  started  pending  exec_command  c1",
      "tool.execute  completed  error  exec_command  c1  1500 ms  “exit code 2”",
      "tool.execute  started  pending  apply_patch  c2",
      "tool.execute  completed  denied  apply_patch  c2  1000 ms  “patch rejected by user”",
      "tool.execute  started  pending  web_search  ws1",
      "tool.execute  completed  ok  web_search  ws1",
      "llm.complete  completed  ok  12000+500, 8000 cached",
    ]);
    expect(drafts[3]).toMatchObject({
      conversation_id: "019c6694",
      run_id: "t1",
      data: { arguments: { cmd: "make test" } },
    });
    expect(readAll(codexImporter(), lines).drafts.map(({ id }) => id)).toEqual(drafts.map(({ id }) => id));
  });

  it("reads the first form, whose items have no envelope", () => {
    const { drafts } = readAll(codexImporter(), [
      { id: "s", timestamp: at(0), instructions: null },
      { record_type: "state" },
      { type: "function_call", name: "shell", call_id: "c1", arguments: '{"command":["ls"]}' },
      { type: "function_call_output", call_id: "c1", output: '{"output":"a","metadata":{"exit_code":0}}' },
    ]);
    expect(drafts.map(line)).toEqual([
      "session.start  ·  ok",
      "tool.execute  started  pending  shell  c1",
      "tool.execute  completed  ok  shell  c1",
    ]);
  });
});

describe("a chat of Gemini CLI", () => {
  const head = { sessionId: "s1", projectHash: "p", startTime: "2026-11-20T20:00:00Z" };
  const user = { id: "1", timestamp: "2026-11-20T20:00:01Z", type: "user", content: [{ text: "list" }] };
  const call = {
    id: "run_1",
    name: "run_shell_command",
    args: { command: "ls" },
    timestamp: "2026-11-20T20:00:03Z",
  };
  const answer = {
    id: "2",
    timestamp: "2026-11-20T20:00:02Z",
    type: "gemini",
    content: "",
    model: "gemini-3-pro",
    tokens: { input: 100, output: 10, cached: 60, thoughts: 5, tool: 0, total: 115 },
  };
  const expected = [
    "session.prompt  ·  ok",
    "llm.complete  completed  ok  100+10, 60 cached",
    "tool.execute  started  pending  run_shell_command  run_1",
    "tool.execute  completed  denied  run_shell_command  run_1  “denied”",
  ];

  it("is read as one document and as lines, a message by its last form", () => {
    const ended = { ...answer, toolCalls: [{ ...call, status: "cancelled" }] };
    const document = [{ ...head, messages: [user, ended] }];
    const lines = [
      head,
      user,
      answer,
      { $set: { lastUpdated: "x" } },
      { ...answer, toolCalls: [{ ...call, status: "executing" }] },
      ended,
    ];
    for (const form of [document, lines]) {
      const { drafts, problems } = readAll(geminiImporter(), form);
      expect(problems).toEqual([]);
      expect(drafts.map(line)).toEqual(expected);
      pairs(drafts);
    }
  });
});

describe("an export of Langfuse", () => {
  it("gives calls, model calls with tokens and cost, and the trace's session, in both spellings", () => {
    const trace = { id: "0123456789abcdef0123456789abcdef", name: "desk", userId: "ada", sessionId: "c1" };
    const at = { traceId: trace.id, startTime: "2026-11-20T20:00:00Z", endTime: "2026-11-20T20:00:02Z" };
    const { drafts, problems } = readAll(langfuseImporter(), [
      trace,
      { ...at, id: "o1", type: "TOOL", name: "lookup", input: { q: "x" }, output: "y" },
      {
        ...at,
        id: "o2",
        type: "GENERATION",
        name: "chat",
        model: "claude-sonnet-5",
        usageDetails: { input: 10, output: 5, cache_read_input_tokens: 90, total: 105 },
        totalCost: 0.00021,
        parentObservationId: "o1",
      },
      {
        id: "o3",
        trace_id: trace.id,
        start_time: "2026-11-20 20:00:00.000",
        type: "SPAN",
        name: "step",
        level: "ERROR",
        status_message: "no",
      },
      { id: "o4", type: "SPAN" },
    ]);
    pairs(drafts);
    expect(drafts.map(line)).toEqual([
      "tool.execute  started  pending  lookup",
      "tool.execute  completed  ok  lookup  2000 ms",
      "llm.complete  completed  ok  100+5, 90 cached  2000 ms",
      "agent.step  completed  error  “no”",
    ]);
    expect(drafts[2]).toMatchObject({
      cost_usd: "0.00021",
      parent_id: drafts[0]?.id,
      conversation_id: "c1",
      actor_id: "ada",
      trace_id: trace.id,
    });
    expect(problems).toEqual([{ line: 5, field: "traceId", rule: "must be text" }]);
  });
});

describe("lines under wire names", () => {
  it("keep their ids, and get keys from their content where they have none", () => {
    const id = "01a1fab8-ad41-7596-b871-df609670f491";
    const lines = [
      { event_type: "a" },
      { event_type: "a" },
      { event_type: "b", id, origin: "cron", tenant: "other" },
    ];
    const { drafts } = readAll(wireImporter("ndjson"), lines);
    const keys = drafts.map(({ idempotency_key }) => idempotency_key);
    expect(new Set(keys).size).toBe(3);
    expect(keys[0]).toMatch(/^auto-import:[0-9a-f]{32}:0$/);
    expect(keys[2]).toBeUndefined();
    expect(drafts[2]).toMatchObject({
      id,
      origin: "import",
      tenant: "default",
      data: { imported: { origin: "cron" } },
    });
    expect(readAll(wireImporter("ndjson"), lines).drafts.map((it) => it.idempotency_key)).toEqual(keys);
  });

  it("are refused with the field and its rule", () => {
    const { problems } = readAll(wireImporter("ndjson"), [
      { event_type: "" },
      { event_type: "a", durationMs: 5 },
    ]);
    expect(problems).toEqual([
      { line: 1, field: "event_type", rule: "must not be empty" },
      { line: 2, field: "durationMs", rule: 'is not a field of an event; did you mean "duration_ms"?' },
    ]);
  });
});

describe("rows of CSV", () => {
  const rowsOf = async (pieces: readonly string[]) => {
    async function* input() {
      yield* pieces;
    }
    const rows: CsvRow[] = [];
    for await (const row of csvRows(input(), 1_000)) rows.push(row);
    return rows;
  };

  it("are what was written, wherever the pieces break, and know their line", async () => {
    const cell = fc.string({ unit: fc.constantFrom("a", ",", '"', "\n", " ") });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(cell, { minLength: 2, maxLength: 2 }), { minLength: 1 }),
        fc.nat(200),
        async (rows, cut) => {
          const text = rows
            .map((cells) => cells.map((it) => `"${it.replaceAll('"', '""')}"`).join(","))
            .join("\r\n");
          const read = await rowsOf([text.slice(0, cut), text.slice(cut)]);
          expect(read.map(({ cells }) => cells)).toEqual(rows);
        },
      ),
    );
    for (const comma of [";", "\t"])
      expect((await rowsOf([`\ufeffa${comma}b\r\n"1,5"${comma}2\r\n`])).map(({ cells }) => cells)).toEqual([
        ["a", "b"],
        ["1,5", "2"],
      ]);
    expect((await rowsOf(['a,b\n"1\n2",3\n4,5'])).map(({ line: at }) => at)).toEqual([1, 2, 4]);
    await expect(rowsOf([`"${"x".repeat(2_000)}`])).rejects.toThrow("line 1");
  });
});

describe("rows of older systems", () => {
  const table = (from: string, name: string) => {
    const found = IMPORT_KINDS[from]?.tables?.find((it) => it.name === name);
    if (found === undefined) throw new Error(`${from} has no ${name}`);
    return found.reader();
  };

  it("pair two equal calls in the order in which they began", () => {
    const read = table("sqlite-tool-calls", "events");
    const row = {
      parent_id: null,
      tool: "t",
      actor: "ada",
      origin: "ui",
      app: null,
      destination: null,
      args: "{}",
      ts: "2026-01-01T00:00:00Z",
    };
    const [a, b, first, second, stray] = [
      { ...row, event_id: "a", phase: "started" },
      { ...row, event_id: "b", phase: "started" },
      { ...row, event_id: "c", phase: "completed", result: "1", duration_ms: 5 },
      { ...row, event_id: "d", phase: "completed", error: "no" },
      { ...row, event_id: "e", phase: "completed" },
    ].map((it) => read(it).drafts[0]);
    expect([first?.start_id, second?.start_id, stray?.start_id]).toEqual([a?.id, b?.id, undefined]);
    expect(second).toMatchObject({ status: "error", error: "no", data: { imported: { origin: "ui" } } });
    expect(read({ ...row, event_id: "x", phase: "other" }).problem?.field).toBe("phase");
  });

  it("become the events that the run history records itself", () => {
    const read = table("sqlite-runs", "skill_runs");
    const run = {
      id: "r1",
      skill_id: "report",
      started_at: 1_700_000_000,
      finished_at: 0,
      status: "running",
      inputs: "{}",
    };
    expect(read(run).drafts.map(line)).toEqual(["run.started  started  pending"]);
    const ended = {
      ...run,
      finished_at: 1_700_000_009,
      status: "timeout",
      runtime_seconds: 9,
      tool_calls: 3,
    };
    expect(read(ended).drafts.map(line)).toEqual([
      "run.started  started  pending",
      "run.finished  completed  error  9000 ms",
    ]);
  });
});

describe("hostile files", () => {
  it.each([
    ["claude", claudeImporter],
    ["codex", codexImporter],
    ["gemini", geminiImporter],
    ["langfuse", () => langfuseImporter()],
    ["events-api", eventsApiImporter],
    ["threads", () => THREAD_KINDS.threads?.importer?.(new Map()) as Importer],
    ["ndjson", () => wireImporter("ndjson")],
  ] as const)("never make the reader of %s throw", (_, make) => {
    const known = [...records(`${SESSION}.jsonl`)] as Array<Record<string, JsonValue>>;
    const changed = fc
      .tuple(
        fc.constantFrom(...known),
        fc.dictionary(fc.constantFrom(...Object.keys(known[4] ?? {})), fc.jsonValue()),
      )
      .map(([record, change]) => ({ ...record, ...change }));
    fc.assert(
      fc.property(fc.array(fc.oneof(changed, fc.jsonValue())), (lines) => {
        readAll(make(), lines);
      }),
      { numRuns: 300 },
    );
  });
});
