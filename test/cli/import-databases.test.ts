import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { openTrail, ThreadGraph } from "../../src/index.ts";
import { THREAD_KINDS, type ThreadEvent } from "../../src/thread/thread-event.ts";
import { daybook, emptyFolder, jsonLines, start, until } from "./daybook.ts";

const imported = async (folder: string, args: readonly string[]) => {
  const { status, stdout, stderr } = await daybook(folder, ["import", ...args, "--json"]);
  return { status, stderr, counts: jsonLines(stdout)[0] };
};

function database(folder: string, sql: string): DatabaseSync {
  const db = new DatabaseSync(join(folder, "old.db"));
  db.exec(sql);
  return db;
}

const at = (second: number) => `2026-05-01T10:00:${String(second).padStart(2, "0")}.123456789Z`;
const text = (words: string) => [{ type: "text" as const, text: words }];

/** Each kind once, and one of a later time. */
const EVENTS: readonly ThreadEvent[] = [
  { kind: "user_message", timestamp: at(1), content: text("Where is it?") },
  {
    kind: "assistant_message",
    timestamp: at(2),
    content: text("I look."),
    usage: {
      input_tokens: 10,
      output_tokens: 5,
      cached_input_tokens: 0,
      cache_creation_input_tokens: 0,
      reasoning_tokens: 0,
      safety_ratings: [],
    },
  },
  { kind: "tool_call", timestamp: at(3), id: "c1", name: "track", input: { order: 42 } },
  {
    kind: "tool_result",
    timestamp: at(4),
    tool_use_id: "c1",
    name: "track",
    content: "here",
    is_error: false,
  },
  { kind: "context_compacted", timestamp: at(5), dropped_chars: 5, retained_chars: 7 },
  { kind: "branch_created", timestamp: at(6), branch_id: "b", parent_event: 2 },
  { kind: "checkpoint_marker", timestamp: at(7), checkpoint_id: "k", thread_id: "t" },
  { kind: "warning", timestamp: at(8), warning: { kind: "unknown_stop_reason", raw: "?" } },
  { kind: "thinking_delta", timestamp: at(9), text: "hm" },
  {
    kind: "rate_limit",
    timestamp: at(10),
    snapshot: {
      requests_remaining: 1,
      tokens_remaining: null,
      requests_reset_at: null,
      tokens_reset_at: null,
      raw: { a: "b" },
    },
  },
  { kind: "interrupt", timestamp: at(11), payload: [1, null] },
  { kind: "cancelled", timestamp: at(12), reason: "enough" },
  { kind: "sub_agent_invoked", timestamp: at(13), agent_id: "a", sub_thread_id: "s" },
  { kind: "agent_handoff", timestamp: at(14), from: null, to: "desk" },
  { kind: "resumed", timestamp: at(15), from_checkpoint: "" },
  { kind: "memory_recall", timestamp: at(16), tier: "semantic", namespace_key: "t:a", hits: 0 },
  {
    kind: "usage_limit_exceeded",
    timestamp: at(17),
    breach: { axis: "cost_usd", limit: "1.50", observed: "1.75" },
  },
  { kind: "error", timestamp: at(18), class: "provider", message: "gone" },
  { kind: "of_tomorrow", timestamp: at(19), anything: { deep: [1] } },
  // Twice the same at the same moment are two.
  { kind: "thinking_delta", timestamp: at(20), text: "so" },
  { kind: "thinking_delta", timestamp: at(20), text: "so" },
];

const SESSIONS = `CREATE TABLE session_events (tenant_id TEXT NOT NULL, thread_id TEXT NOT NULL, seq INTEGER NOT NULL,
  event TEXT NOT NULL, ts TEXT NOT NULL, PRIMARY KEY (tenant_id, thread_id, seq)) WITHOUT ROWID`;

function fillSessions(db: DatabaseSync, tenant: string, thread: string, events: readonly unknown[]): void {
  const insert = db.prepare("INSERT INTO session_events VALUES (?, ?, ?, ?, ?)");
  for (const [i, event] of events.entries())
    insert.run(tenant, thread, i + 1, typeof event === "string" ? event : JSON.stringify(event), at(i));
}

async function threadOf(folder: string, threadId: string, tenant = "default") {
  await using trail = openTrail(join(folder, "daybook.db"));
  const loaded = await trail.threads.loadSince({ tenant, threadId }, 0);
  return { loaded, head: await trail.threads.head({ tenant, threadId }) };
}

describe("threads of an older system", () => {
  it("come out as they went in: every kind, in order, by their ordinals", async () => {
    expect(new Set(EVENTS.map(({ kind }) => kind))).toEqual(new Set([...THREAD_KINDS, "of_tomorrow"]));
    const folder = emptyFolder();
    const db = database(folder, SESSIONS);
    fillSessions(db, "acme", "t", EVENTS);
    const first = await imported(folder, ["old.db", "--from", "sqlite-threads"]);
    expect(first).toMatchObject({ status: 0, stderr: "", counts: { imported: EVENTS.length, refused: 0 } });
    const { loaded, head } = await threadOf(folder, "t");
    expect(loaded.map(({ event }) => event)).toEqual(EVENTS);
    expect(loaded.map(({ ordinal }) => ordinal)).toEqual(EVENTS.map((_, i) => i + 1));
    expect(head).toEqual({ head: EVENTS.length, watermark: 0 });
    const graph = new ThreadGraph(
      "t",
      loaded.map(({ event }) => event),
    );
    expect(graph.currentBranchMessages().map(({ role }) => role)).toEqual(["user", "assistant", "tool"]);

    // What a run of the agent would have recorded itself, but for the mark and the id.
    await using live = openTrail(":memory:");
    await live.threads.append("t", EVENTS);
    const facts = async (trail: typeof live) => {
      const { events } = await trail.events.list({ direction: "asc", limit: 100 });
      return events.map(
        ({ type, category, status, severity, summary, tool, callId, usage, resource, occurredAt }) => {
          return { type, category, status, severity, summary, tool, callId, usage, resource, occurredAt };
        },
      );
    };
    await using there = openTrail(join(folder, "daybook.db"));
    expect(await facts(there)).toEqual(await facts(live));

    // It went on since: what is known stays as it is.
    fillSessions(db, "acme", "u", [{ kind: "cancelled", timestamp: at(30), reason: "new" }]);
    const again = await imported(folder, ["old.db", "--from", "sqlite-threads"]);
    expect(again.counts).toMatchObject({ imported: 1, known: EVENTS.length });
    const told = await daybook(folder, ["thread", "t"]);
    expect(told.stdout).toContain("of_tomorrow");
  }, 60_000);

  it("of two owners are never mixed: one is named, and read alone", async () => {
    const folder = emptyFolder();
    const db = database(folder, SESSIONS);
    const said = (words: string) => ({ kind: "user_message", timestamp: at(1), content: text(words) });
    fillSessions(db, "acme", "t", [said("a")]);
    fillSessions(db, "beta", "t", [said("b"), "{", { kind: "", timestamp: at(2) }, said("c")]);
    const both = await imported(folder, ["old.db", "--from", "sqlite-threads"]);
    expect([both.status, both.stderr]).toEqual([
      2,
      expect.stringContaining("old.db has rows of several owners: acme, beta."),
    ]);
    const one = await imported(folder, ["old.db", "--from", "sqlite-threads", "--tenant", "beta"]);
    expect([one.status, one.counts]).toMatchObject([2, { imported: 2, refused: 2 }]);
    expect(one.stderr).toContain("old.db:2: event is not JSON");
    expect(one.stderr).toContain("old.db:3: events[3] kind must be");
    const other = await imported(folder, ["old.db", "--from", "sqlite-threads", "--tenant", "acme"]);
    expect([other.status, other.counts]).toMatchObject([0, { imported: 1 }]);
    const words = async (tenant: string) =>
      (await threadOf(folder, "t", tenant)).loaded.map(
        ({ event }) => JSON.stringify(event).match(/"text":"(.)"/)?.[1],
      );
    expect([await words("acme"), await words("beta")]).toEqual([["a"], ["b", "c"]]);
  }, 60_000);

  it("as graphs keep what was archived, and are known by their table's events", async () => {
    const folder = emptyFolder();
    const db = database(folder, SESSIONS);
    fillSessions(db, "default", "t", EVENTS);
    await imported(folder, ["old.db", "--from", "sqlite-threads"]);
    const graph = { thread_id: "t", events: [...EVENTS, 5], archival_watermark: 3 };
    const other = { thread_id: "u", events: EVENTS.slice(0, 4), archival_watermark: 0 };
    writeFileSync(join(folder, "graphs.jsonl"), `${JSON.stringify(graph)}\n${JSON.stringify(other)}\n`);
    const { status, stderr, counts } = await imported(folder, ["graphs.jsonl", "--from", "threads"]);
    expect([status, counts]).toMatchObject([2, { imported: 5, known: EVENTS.length, refused: 1 }]);
    expect(stderr).toContain("graphs.jsonl:1: events[22] event must be a JSON object");
    const { loaded, head } = await threadOf(folder, "t");
    expect(head).toEqual({ head: EVENTS.length, watermark: 3 });
    expect(loaded[0]?.ordinal).toBe(4);
    expect((await threadOf(folder, "u")).loaded.map(({ event }) => event)).toEqual(EVENTS.slice(0, 4));
  }, 60_000);
});

const API_TABLE = `CREATE TABLE audit_event (id TEXT PRIMARY KEY, account_id TEXT, event_type TEXT, resource_type TEXT,
  resource_id TEXT, description TEXT, occurred_at TEXT, created_at TEXT, actor_type TEXT, actor_id TEXT, actor_label TEXT,
  severity TEXT, category TEXT, environment TEXT, data TEXT, idempotency_key TEXT, do_not_forward INTEGER)`;

describe("events of the API's own database", () => {
  it("read back as that API gave them, and what a file does not tell is said", async () => {
    const folder = emptyFolder();
    const db = database(folder, API_TABLE);
    const id = "0197c1fe-ad41-7596-b871-df609670f491";
    db.prepare("INSERT INTO audit_event VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)").run(
      id,
      "acct",
      "invoice.paid",
      "invoice",
      "42",
      "Paid",
      "2026-05-01 12:00:00.5+02",
      "2026-05-01T10:00:01Z",
      "user",
      "u1",
      "Ada",
      "warn",
      "billing",
      "staging",
      '{"total":120}',
      "inv-42",
      1,
    );
    db.exec(`INSERT INTO audit_event (id, event_type, resource_type, resource_id, data) VALUES
      ('x1', 'a', 'b', 'c', '{broken'), ('x2', 'a', '', 'c', NULL)`);
    const { status, stderr, counts } = await imported(folder, ["old.db", "--from", "sqlite-events-api"]);
    expect([status, counts]).toMatchObject([2, { imported: 2, refused: 1 }]);
    expect(stderr).toBe("daybook: old.db:3: resource_type must be text\n");
    const listed = jsonLines((await daybook(folder, ["list", "--json", "--asc"])).stdout);
    expect(listed[0]).toMatchObject({
      id,
      event_type: "invoice.paid",
      resource_type: "invoice",
      resource_id: "42",
      description: "Paid",
      occurred_at: "2026-05-01T10:00:00.500000Z",
      actor_type: "user",
      actor_id: "u1",
      actor_label: "Ada",
      severity: "WARN",
      category: "billing",
      environment: "staging",
      idempotency_key: "inv-42",
      do_not_forward: true,
      data: {
        total: 120,
        imported: {
          from: "sqlite-events-api",
          created_at: "2026-05-01T10:00:01.000000Z",
          attributes: { account_id: "acct" },
        },
      },
    });
    expect(listed[1]?.data).toMatchObject({ unreadable: "{broken" });
    db.exec("ALTER TABLE audit_event DROP COLUMN severity; ALTER TABLE audit_event DROP COLUMN category");
    const less = await imported(folder, ["old.db", "--from", "sqlite-events-api"]);
    expect(less.stderr).toContain("daybook: old.db: the table audit_event has no severity, category\n");
    db.exec("ALTER TABLE audit_event DROP COLUMN event_type");
    const none = await imported(folder, ["old.db", "--from", "sqlite-events-api"]);
    expect(none.stderr).toContain("The table audit_event of old.db has no event_type.");
  }, 60_000);
});

const AUDIT = `CREATE TABLE audit_events (id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp TEXT NOT NULL,
  category TEXT NOT NULL, action TEXT NOT NULL, agent TEXT NOT NULL DEFAULT '', summary TEXT NOT NULL,
  detail TEXT NOT NULL DEFAULT '', status TEXT NOT NULL DEFAULT 'ok', duration_ms INTEGER DEFAULT 0,
  source TEXT NOT NULL DEFAULT '', conversation_id TEXT NOT NULL DEFAULT '')`;

describe("a database that is in use", () => {
  it("is read with what only its write-ahead log holds, while its program goes on", async () => {
    const folder = emptyFolder();
    const db = database(folder, `PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; ${AUDIT}`);
    db.exec(`INSERT INTO audit_events (timestamp, category, action, summary, duration_ms) VALUES
      ('2026-05-01T12:00:00.5+02:00', 'llm', 'complete', 'asked', 0), ('2026-05-01T10:00:00Z', 'llm', 'complete', 'again', 12)`);
    expect(statSync(join(folder, "old.db-wal")).size).toBeGreaterThan(0);
    const { status, counts } = await imported(folder, ["old.db", "--from", "sqlite-audit"]);
    expect([status, counts]).toMatchObject([0, { imported: 2 }]);
    const listed = jsonLines((await daybook(folder, ["list", "--json", "--asc"])).stdout);
    expect(listed.map((it) => [it.occurred_at, it.duration_ms])).toEqual([
      ["2026-05-01T10:00:00.500000Z", null],
      ["2026-05-01T10:00:00.000000Z", 12],
    ]);
    db.exec(
      "INSERT INTO audit_events (timestamp, category, action, summary) VALUES ('2026-05-01T10:00:02Z','a','b','c')",
    );
    expect((await imported(folder, ["old.db", "--from", "sqlite-audit"])).counts).toMatchObject({
      imported: 1,
      known: 2,
    });
  }, 60_000);

  it("is copied where it cannot be opened where it lies", async () => {
    const folder = emptyFolder();
    const db = database(folder, `PRAGMA journal_mode = WAL; ${AUDIT}`);
    db.exec(
      "INSERT INTO audit_events (timestamp, category, action, summary) VALUES ('2026-05-01T10:00:02Z','a','b','c')",
    );
    db.close();
    // As in a folder that this user may not write to: the index of the write-ahead log cannot be made.
    mkdirSync(join(folder, "old.db-shm"));
    const { status, stderr, counts } = await imported(folder, ["old.db", "--from", "sqlite-audit"]);
    expect([status, stderr, counts]).toMatchObject([0, "", { imported: 1 }]);
    writeFileSync(
      join(folder, "text.db"),
      "no database at all, but long enough for a header of one ".repeat(20),
    );
    const wrong = await imported(folder, ["text.db", "--from", "sqlite-audit"]);
    expect([wrong.status, wrong.stderr]).toEqual([2, "daybook: text.db: file is not a database\n"]);
  }, 60_000);

  it("goes on after a kill in the middle: each call has its end, and nothing is there twice", async () => {
    const folder = emptyFolder();
    const calls = 15_000;
    const db = database(
      folder,
      `CREATE TABLE events (event_id TEXT PRIMARY KEY, parent_id TEXT, tool TEXT, actor TEXT, origin TEXT, app TEXT,
      destination TEXT, args TEXT, phase TEXT, result TEXT, error TEXT, duration_ms INTEGER, ts TEXT); BEGIN`,
    );
    const insert = db.prepare(
      "INSERT INTO events VALUES (?, NULL, 'fs.read', 'ada', 'ui', NULL, NULL, '{}', ?, ?, NULL, ?, ?)",
    );
    for (let i = 0; i < calls; i++) {
      insert.run(`${i}s`, "started", null, null, "2026-01-01T00:00:00Z");
      insert.run(`${i}c`, "completed", "", i, "2026-01-01T00:00:00Z");
    }
    db.exec("COMMIT");
    const { child, ended } = start(folder, ["import", "old.db", "--from", "sqlite-tool-calls"]);
    const wal = join(folder, "daybook.db-wal");
    await until(
      () => (statSync(wal, { throwIfNoEntry: false })?.size ?? 0) > 2_000_000,
      () => "the first events",
    );
    child.kill("SIGKILL");
    await ended;
    const total = async () =>
      Number(jsonLines((await daybook(folder, ["stats", "--json"])).stdout)[0]?.total);
    const kept = await total();
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThan(2 * calls);
    const { status, counts } = await imported(folder, ["old.db", "--from", "sqlite-tool-calls"]);
    expect([status, counts?.known, await total()]).toEqual([0, kept, 2 * calls]);
    await using trail = openTrail(join(folder, "daybook.db"));
    expect((await trail.tools.open()).length).toBe(0);
  }, 120_000);
});

it("keeps when a run ended, however long ago, and what its figures were", async () => {
  const folder = emptyFolder();
  database(
    folder,
    `CREATE TABLE skill_runs (id TEXT PRIMARY KEY, skill_id TEXT, caller_id TEXT, channel_id TEXT, parent_run_id TEXT,
    inputs TEXT DEFAULT '{}', started_at INTEGER, finished_at INTEGER DEFAULT 0, status TEXT DEFAULT 'running', output TEXT, error TEXT,
    tool_calls INTEGER, runtime_seconds REAL, total_input_tokens INTEGER, total_output_tokens INTEGER, total_thinking_tokens INTEGER);
    CREATE TABLE skill_run_logs (run_id TEXT, seq INTEGER, event_type TEXT, payload TEXT DEFAULT '{}', created_at INTEGER,
    PRIMARY KEY (run_id, seq)) WITHOUT ROWID;
    INSERT INTO skill_runs VALUES
      ('r1','report','ada','','','null',1700000000,1700000009,'timeout','','slow',3,9.5,100,20,0),
      ('r2','report','ada','','r1','{broken',0,1700000020,'ok','done','',1,5,1,1,0),
      ('r3','report','ada','','','{"a":1}',1700000030000000000,0,'running','','',0,0,0,0,0);
    INSERT INTO skill_run_logs VALUES ('r1',1,'step','{"text":"a"}',1700000001),('r1',2,'step','null',1700000002);`,
  );
  const { status, counts } = await imported(folder, ["old.db", "--from", "sqlite-runs"]);
  expect([status, counts]).toMatchObject([0, { imported: 7 }]);
  await using trail = openTrail(join(folder, "daybook.db"));
  const [r1, r2, r3] = await Promise.all(["r1", "r2", "r3"].map((id) => trail.runs.getRun(id)));
  expect(r1).toMatchObject({
    inputs: {},
    finishedAt: 1_700_000_009e6,
    status: "timeout",
    error: "slow",
    runtimeSeconds: 9.5,
  });
  expect(r2).toMatchObject({ inputs: { unreadable: "{broken" }, startedAt: 1_700_000_015e6, output: "done" });
  expect(r3).toMatchObject({ startedAt: 1_700_000_030e6, finishedAt: null, status: "running" });
  expect((await trail.runs.listLogsByRun("r1")).map(({ payload }) => payload)).toEqual([{ text: "a" }, {}]);
}, 60_000);
