import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dropHead, groupTurns, messagesToEvents, toMessages } from "../../src/thread/compaction.ts";
import type { Message } from "../../src/thread/content.ts";
import { encodeNamespace, parseNamespace, threadKey } from "../../src/thread/keys.ts";
import {
  type Breach,
  displayBreach,
  parseThreadEvent,
  THREAD_KINDS,
  type ThreadEvent,
} from "../../src/thread/thread-event.ts";
import { ThreadGraph } from "../../src/thread/thread-graph.ts";
import { onEachStore } from "./trails.ts";

const timestamp = "2026-01-01T00:00:00Z";
const user = (text: string): ThreadEvent => ({
  kind: "user_message",
  content: [{ type: "text", text }],
  timestamp,
});
const assistant = (text: string): ThreadEvent => ({
  kind: "assistant_message",
  content: [{ type: "text", text }],
  usage: null,
  timestamp,
});
const call = (id: string): ThreadEvent => ({
  kind: "tool_call",
  id,
  name: "fs.read",
  input: { p: 1 },
  timestamp,
});
const result = (id: string, content: string = "ok"): ThreadEvent => ({
  kind: "tool_result",
  tool_use_id: id,
  name: "fs.read",
  content,
  is_error: false,
  timestamp,
});
const many = (count: number): ThreadEvent[] =>
  Array.from({ length: count }, (_, n) => user(`message ${n + 1}`));
const textOf = (event: ThreadEvent): unknown =>
  (event as { content?: Array<{ text?: string }> }).content?.[0]?.text;

/** One of each kind, with every field. */
const EACH_KIND: readonly ThreadEvent[] = [
  {
    kind: "user_message",
    content: [
      { type: "text", text: "hi", cache_control: { ttl: "one_hour" } },
      { type: "image", source: { kind: "base64", media_type: "image/png", data: "AA==" } },
      { type: "document", source: { kind: "file_id", id: "f", media_type: null }, name: null },
    ],
    timestamp,
  },
  {
    kind: "assistant_message",
    content: [
      { type: "thinking", text: "so", provider_echoes: [{ provider: "x", payload: { a: [1, null] } }] },
      { type: "redacted_thinking" },
      { type: "citation", snippet: "s", source: { kind: "document", document_index: 0, title: null } },
      { type: "audio_output", source: { kind: "url", url: "u", media_type: null }, transcript: null },
    ],
    usage: {
      input_tokens: 10,
      output_tokens: 2,
      cached_input_tokens: 3,
      cache_creation_input_tokens: 0,
      reasoning_tokens: 1,
      safety_ratings: [{ category: { kind: "other", raw: "x" }, level: "low" }],
    },
    timestamp,
  },
  { kind: "context_compacted", dropped_chars: 0, retained_chars: 12, timestamp },
  call("c1"),
  { kind: "tool_result", tool_use_id: "c1", name: "t", content: { a: 1 }, is_error: true, timestamp },
  { kind: "branch_created", branch_id: "b", parent_event: 0, timestamp },
  { kind: "checkpoint_marker", checkpoint_id: "cp", thread_id: "t", timestamp },
  { kind: "warning", warning: { kind: "unknown_stop_reason", raw: "x" }, timestamp },
  { kind: "thinking_delta", text: "hm", timestamp },
  {
    kind: "rate_limit",
    snapshot: {
      requests_remaining: 1,
      tokens_remaining: null,
      requests_reset_at: timestamp,
      tokens_reset_at: null,
      raw: { "x-a": "1" },
    },
    timestamp,
  },
  { kind: "interrupt", payload: { why: ["a"] }, timestamp },
  { kind: "cancelled", reason: "user", timestamp },
  { kind: "sub_agent_invoked", agent_id: "a", sub_thread_id: "s", timestamp },
  { kind: "agent_handoff", from: null, to: "b", timestamp },
  { kind: "resumed", from_checkpoint: "", timestamp },
  { kind: "memory_recall", tier: "semantic", namespace_key: "t:s", hits: 0, timestamp },
  {
    kind: "usage_limit_exceeded",
    breach: { axis: "cost_usd", limit: "0.50", observed: "0.5000000001" },
    timestamp,
  },
  { kind: "error", class: "transport", message: "gone", timestamp },
];

/** Section 1.2 of the five systems: the typed log of a conversation, and what it got wrong (2, seed 2). */
onEachStore("threads", (open) => {
  const kinds = async (thread: string): Promise<string[]> =>
    (await open.trail.threads.loadSince(thread, 0)).map(({ event }) => event.kind);

  it("gives back each of the 18 kinds as it was, and kinds of a later time too", async () => {
    const later = [
      { kind: "telepathy", timestamp, strength: { of: [1, 2.5, null] } } as unknown as ThreadEvent,
    ];
    expect(EACH_KIND.map(({ kind }) => kind)).toEqual([...THREAD_KINDS]);
    expect(await open.trail.threads.append("t", [...EACH_KIND, ...later])).toBe(19);
    const loaded = await open.trail.threads.loadSince("t", 0);
    expect(loaded.map(({ event }) => event)).toEqual([...EACH_KIND, ...later]);
    expect(loaded.map(({ ordinal }) => ordinal)).toEqual(Array.from({ length: 19 }, (_, i) => i + 1));
  });

  it("archives and loads by the numbers of the contract", async () => {
    const { threads } = open.trail;
    expect(await threads.append("t", many(7))).toBe(7);
    expect(await threads.append("t", [])).toBe(7);
    expect(await threads.archiveBefore("t", 3)).toBe(3);
    const texts = async (cursor: number) =>
      (await threads.loadSince("t", cursor)).map(({ ordinal, event }) => [ordinal, textOf(event)]);
    expect(await texts(0)).toEqual([4, 5, 6, 7].map((n) => [n, `message ${n}`]));
    expect(await texts(5)).toEqual([6, 7].map((n) => [n, `message ${n}`]));
    expect(await texts(7)).toEqual([]);
    expect(await texts(99)).toEqual([]);
    expect(await threads.head("t")).toEqual({ head: 7, watermark: 3 });

    await threads.append("u", many(5));
    expect(await threads.archiveBefore("u", 3)).toBe(3);
    expect(await threads.archiveBefore("u", 2)).toBe(0);
    expect(await threads.archiveBefore("u", 3)).toBe(0);
    expect(await threads.loadSince("u", 0)).toHaveLength(2);
  });

  it("is empty where it knows nothing", async () => {
    const { threads } = open.trail;
    expect(await threads.append("t", [])).toBe(0);
    expect(await threads.loadSince("t", 0)).toEqual([]);
    expect(await threads.archiveBefore("t", 5)).toBe(0);
    expect(await threads.head("t")).toEqual({ head: 0, watermark: 0 });
    expect(await open.trail.events.head()).toBe(0);
  });

  it("never uses an ordinal again, and never archives what is not there yet (weaknesses 4, 5)", async () => {
    const { threads } = open.trail;
    await threads.append("t", many(3));
    expect(await threads.archiveBefore("t", 1_000)).toBe(3);
    expect(await threads.head("t")).toEqual({ head: 3, watermark: 3 });
    expect(await threads.append("t", many(2))).toBe(5);
    expect((await threads.loadSince("t", 0)).map(({ ordinal }) => ordinal)).toEqual([4, 5]);
  });

  it("archives once where several archive at once, and counts what each did (weakness 5)", async () => {
    const { threads } = open.trail;
    await threads.append("t", many(20));
    const counts = await Promise.all([5, 12, 3, 12, 20].map((mark) => threads.archiveBefore("t", mark)));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(20);
    expect(await threads.head("t")).toEqual({ head: 20, watermark: 20 });
  });

  it("keeps a batch together where several append at once (weakness 5)", async () => {
    const { threads } = open.trail;
    await Promise.all(
      ["a", "b", "c", "d"].map((name) =>
        threads.append(
          "t",
          Array.from({ length: 25 }, (_, n) => user(`${name} ${n}`)),
        ),
      ),
    );
    const loaded = await threads.loadSince("t", 0);
    expect(loaded.map(({ ordinal }) => ordinal)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
    for (let batch = 0; batch < 4; batch++) {
      const texts = loaded.slice(batch * 25, batch * 25 + 25).map(({ event }) => String(textOf(event)));
      expect(texts).toEqual(Array.from({ length: 25 }, (_, n) => `${texts[0]?.[0]} ${n}`));
    }
  });

  it("loads any part of a long thread among other events", async () => {
    const { threads } = open.trail;
    for (let batch = 0; batch < 7; batch++) {
      await threads.append("t", many(100));
      await open.trail.recordDurably({ type: "llm.complete", threadId: "t" });
    }
    for (const cursor of [0, 1, 255, 256, 257, 511, 512, 699]) {
      const loaded = await threads.loadSince("t", cursor);
      expect(loaded).toHaveLength(700 - cursor);
      expect(loaded[0]?.ordinal).toBe(cursor + 1);
    }
  });

  it("keeps threads and tenants apart", async () => {
    const { threads } = open.trail;
    await threads.append({ tenant: "a", threadId: "t" }, many(3));
    await threads.append({ tenant: "b", threadId: "t" }, many(2));
    await threads.append({ tenant: "a", threadId: "u" }, many(1));
    expect(await threads.archiveBefore({ tenant: "a", threadId: "t" }, 2)).toBe(2);
    expect(await threads.loadSince({ tenant: "a", threadId: "t" }, 0)).toHaveLength(1);
    expect(await threads.loadSince({ tenant: "b", threadId: "t" }, 0)).toHaveLength(2);
    expect(await threads.loadSince({ tenant: "c", threadId: "t" }, 0)).toEqual([]);
    expect(await threads.loadSince("t", 0)).toEqual([]);
    await threads.append({ tenant: "a", threadId: "bc" }, many(1));
    expect(await threads.head({ tenant: "ab", threadId: "c" })).toEqual({ head: 0, watermark: 0 });
  });

  it("records by the sink in the order of the calls, with the time of each call (weaknesses 1, 2)", async () => {
    const sink = open.trail.threads.sink("t");
    sink.recordResumed("");
    sink.recordAgentHandoff(null, "planner");
    sink.recordSubAgentInvoked("coder", "sub");
    sink.withThread("sub").recordMemoryRecall("entity", "t:x", 1);
    sink.recordContextCompacted(100, 20);
    sink.recordUsageLimitExceeded({ axis: "requests", limit: 10, observed: 11 });
    await open.trail.threads.append("t", [{ kind: "error", class: "provider", message: "stop", timestamp }]);
    expect(await kinds("t")).toEqual([
      "resumed",
      "agent_handoff",
      "sub_agent_invoked",
      "context_compacted",
      "usage_limit_exceeded",
      "error",
    ]);
    expect(await kinds("sub")).toEqual(["memory_recall"]);
    const told = (await open.trail.threads.loadSince("t", 0)).slice(0, -1);
    const times = told.map(({ event }) => event.timestamp);
    expect(times).toEqual(times.toSorted());
    for (let n = 0; n < 500; n++) sink.recordResumed(`cp ${n}`);
    await open.trail.flush();
    const resumed = (await open.trail.threads.loadSince("t", 6)).map(
      ({ event }) => (event as { from_checkpoint?: string }).from_checkpoint,
    );
    expect(resumed).toEqual(Array.from({ length: 500 }, (_, n) => `cp ${n}`));
  });

  it("refuses empty names, and counts that are none (weakness 9)", async () => {
    const { threads } = open.trail;
    await expect(threads.append("", many(1))).rejects.toMatchObject({ field: "thread_id" });
    await expect(threads.append({ tenant: "", threadId: "t" }, [])).rejects.toThrow(
      "tenant_id must be non-empty",
    );
    expect(() => threads.sink("")).toThrow("thread_id must be non-empty");
    const sink = threads.sink("t");
    expect(() => sink.recordMemoryRecall("x", "t", 2 ** 53)).toThrow("hits");
    expect(() => sink.recordContextCompacted(-1, 0)).toThrow("dropped_chars");
    const float = { axis: "cost_usd", limit: 0.5, observed: 0.6 } as unknown as Breach;
    expect(() => sink.recordUsageLimitExceeded(float)).toThrow("must be a decimal string");
    await expect(threads.loadSince("t", -1)).rejects.toMatchObject({ field: "cursor" });
  });

  it("lists threads, newest activity first", async () => {
    const { threads } = open.trail;
    await threads.append("old", [{ ...user("a"), timestamp: "2026-01-01T00:00:00Z" } as ThreadEvent]);
    await threads.append("new", [{ ...user("b"), timestamp: "2026-02-01T00:00:00Z" } as ThreadEvent]);
    expect(await threads.list()).toMatchObject({
      total: 2,
      threads: [{ id: "new", head: 1 }, { id: "old" }],
    });
  });
});

describe("names", () => {
  it("escape what would run together, and come back", () => {
    expect(encodeNamespace({ tenant: "a:b", scopes: ["c\\", "", "d"] })).toBe("a\\:b:c\\\\::d");
    const part = fc.string({ maxLength: 8 });
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 8 }), fc.array(part), (tenant, scopes) => {
        expect(parseNamespace(encodeNamespace({ tenant, scopes }))).toEqual({ tenant, scopes });
      }),
    );
    for (const text of ["", ":a", "a\\", "a\\b"]) expect(() => parseNamespace(text)).toThrow("namespace_key");
    expect(() => threadKey("", "t")).toThrow("tenant_id must be non-empty");
  });

  it("show a breach in words", () => {
    expect(displayBreach({ axis: "tool_calls", limit: 5, observed: 6 })).toBe(
      "run budget exceeded on tool_calls axis: observed 6, limit 5",
    );
  });
});

describe("the graph of a thread", () => {
  const graph = (): ThreadGraph => new ThreadGraph("t", [user("a"), assistant("b"), call("1"), result("1")]);

  it("counts from 0, and gives tails and folds (weakness 6)", () => {
    const empty = new ThreadGraph("t");
    expect([empty.isEmpty(), empty.append(user("a")), empty.append(user("b")), empty.length]).toEqual([
      true,
      0,
      1,
      2,
    ]);
    expect(graph().eventsSince(2)).toHaveLength(2);
    expect(graph().eventsSince(9)).toEqual([]);
    expect(graph().replayInto("", (kinds, { kind }) => `${kinds}${kind[0]}`)).toBe("uatt");
  });

  it("gives messages of users, assistants and tools, echoes untouched (weakness 7)", () => {
    const echo = [{ provider: "p", payload: { deep: [{ x: "\u0000" }] } }];
    const thread = new ThreadGraph("t", [
      user("a"),
      { kind: "resumed", from_checkpoint: "", timestamp },
      {
        kind: "assistant_message",
        content: [{ type: "thinking", text: "x", provider_echoes: echo }],
        usage: null,
        timestamp,
      },
      call("1"),
      result("1"),
    ]);
    expect(thread.currentBranchMessages()).toEqual([
      { role: "user", content: [{ type: "text", text: "a" }] },
      { role: "assistant", content: [{ type: "thinking", text: "x", provider_echoes: echo }] },
      {
        role: "tool",
        content: [{ type: "tool_result", tool_use_id: "1", name: "fs.read", content: "ok", is_error: false }],
      },
    ]);
  });

  it("forks: the child has a copy, the parent is told, a place out of range tells nobody", () => {
    const parent = graph();
    parent.archiveBefore(2);
    const child = parent.fork(1, "child");
    expect(child?.toJSON()).toEqual({
      thread_id: "child",
      events: [user("a"), assistant("b")],
      archival_watermark: 0,
    });
    expect([...parent.branchEvents()]).toEqual([["child", 1]]);
    expect(parent.length).toBe(5);
    for (const at of [-1, 5, 0.5]) expect(parent.fork(at, "x")).toBeUndefined();
    expect(parent.length).toBe(5);
  });

  it("moves its watermark up and within, and comes back from JSON", () => {
    const thread = graph();
    for (const [mark, expected] of [
      [3, 3],
      [2, 3],
      [5, 3],
      [4, 4],
    ] as const) {
      thread.archiveBefore(mark);
      expect(thread.archivalWatermark).toBe(expected);
    }
    const json = JSON.parse(JSON.stringify(thread));
    expect(Object.keys(json)).toEqual(["thread_id", "events", "archival_watermark"]);
    expect(ThreadGraph.fromJSON(json).toJSON()).toEqual(thread.toJSON());
    expect(() => ThreadGraph.fromJSON({ thread_id: "t", events: [{}] })).toThrow("kind");
    expect(() => parseThreadEvent({ kind: "memory_recall", timestamp, hits: 1.5 })).toThrow("hits");
  });
});

describe("compaction", () => {
  it("groups turns with the pairs of the answer that called, and names what is broken (weakness 7)", () => {
    const turns = groupTurns([
      user("a"),
      assistant("b"),
      call("1"),
      call("2"),
      assistant("c"),
      result("2"),
      result("1"),
    ]);
    expect(
      turns.map((turn) => (turn.role === "user" ? "user" : turn.tools.map((pair) => pair.call.id))),
    ).toEqual(["user", ["2", "1"], []]);
    expect(() => groupTurns([assistant("b"), result("9")])).toThrow("9");
    expect(() => groupTurns([call("1"), result("1")])).toThrow("before any assistant turn");
    expect(() => groupTurns([assistant("b"), call("1"), call("1")])).toThrow("two tool calls");
    expect(() => groupTurns([assistant("b"), call("1"), call("2")])).toThrow(
      "2 ToolCall(s) without matching ToolResult — pair invariant violated",
    );
    expect(groupTurns([assistant("b"), call("1")], { lenient: true })).toMatchObject([{ tools: [] }]);
  });

  it("keeps the newest whole turns that fit, up to the first that does not", () => {
    const turns = groupTurns([
      user("x".repeat(10)),
      assistant("ü".repeat(5)),
      call("1"),
      result("1", "y".repeat(20)),
      user("z".repeat(7)),
    ]);
    const [first, second, third] = [10, 10 + '{"p":1}'.length + 20, 7];
    const kept = (budget: number) => dropHead(turns, budget).length;
    expect(kept(first + second + third)).toBe(3);
    expect(kept(first + second + third - 1)).toBe(2);
    expect(kept(third + second - 1)).toBe(1);
    expect(kept(third - 1)).toBe(0);
  });

  it("goes to messages and back, without what the system says", () => {
    const messages: Message[] = [
      { role: "system", content: [{ type: "text", text: "be good" }] },
      { role: "user", content: [{ type: "text", text: "a" }] },
      { role: "assistant", content: [{ type: "tool_use", id: "1", name: "t", input: { x: 1 } }] },
      {
        role: "tool",
        content: [{ type: "tool_result", tool_use_id: "1", name: "t", content: "r", is_error: false }],
      },
      { role: "assistant", content: [{ type: "text", text: "done" }] },
    ];
    const events = messagesToEvents(messages, timestamp);
    expect(events.map(({ kind }) => kind)).toEqual([
      "user_message",
      "assistant_message",
      "tool_call",
      "tool_result",
      "assistant_message",
    ]);
    expect(toMessages(groupTurns(events))).toEqual(messages.slice(1));
    expect(() => messagesToEvents(messages.slice(3), timestamp)).toThrow("no matching tool_call");
  });
});
