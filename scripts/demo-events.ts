/** Writes a believable hour of a few agents into a trail: `node scripts/demo-events.ts daybook.db`. */
import { type EventDraft, openTrail, type Trail } from "../src/index.ts";

const MINUTE = 60_000_000;

interface Step {
  tool: string;
  args: object;
  result?: unknown;
  error?: string;
  denied?: string;
  ms: number;
}

interface Run {
  agent: string;
  app: string;
  actor: { type: string; id: string; label: string };
  model: string;
  prompt: string;
  steps: Step[];
  handOffTo?: string;
}

const ALICE = { type: "user", id: "alice@northwind.example", label: "Alice Moreau" };
const BEN = { type: "user", id: "ben@northwind.example", label: "Ben Okafor" };
const CRON = { type: "schedule", id: "nightly-close", label: "Nightly close" };

const RUNS: readonly Run[] = [
  {
    agent: "support-triage",
    app: "helpdesk",
    actor: ALICE,
    model: "claude-sonnet-5",
    prompt: "Customer 8841 says the refund for order 20391 never arrived.",
    steps: [
      {
        tool: "crm.find_customer",
        args: { id: 8841 },
        result: { name: "R. Lindqvist", tier: "gold" },
        ms: 84,
      },
      {
        tool: "orders.get",
        args: { order: 20391 },
        result: { total: "184.90 EUR", status: "returned" },
        ms: 131,
      },
      {
        tool: "payments.refund",
        args: { order: 20391, amount: "184.90", currency: "EUR" },
        denied: "policy: refunds above 100 EUR need an approval",
        ms: 9,
      },
      {
        tool: "slack.post",
        args: { channel: "#refunds", text: "Refund for order 20391 waits for approval." },
        result: { ok: true },
        ms: 212,
      },
    ],
    handOffTo: "refund-clerk",
  },
  {
    agent: "code-review",
    app: "monorepo",
    actor: BEN,
    model: "claude-opus-5",
    prompt: "Review the pull request that moves sessions to the new store.",
    steps: [
      {
        tool: "Read",
        args: { file_path: "/srv/app/src/session/store.ts" },
        result: "export class SessionStore { … }",
        ms: 12,
      },
      {
        tool: "Bash",
        args: { command: "npm test -- session" },
        error: "2 tests failed: expires after idle, renews on use",
        ms: 18_420,
      },
      {
        tool: "Edit",
        args: { file_path: "/srv/app/src/session/store.ts", old: "idleMs", new: "idleTimeoutMs" },
        result: "edited",
        ms: 21,
      },
      { tool: "Bash", args: { command: "npm test -- session" }, result: "48 passed", ms: 16_210 },
      {
        tool: "Bash",
        args: { command: `git push https://ci-bot:${"hunter2hunter2"}@git.northwind.example/app` },
        result: "main -> review/1182",
        ms: 1_904,
      },
    ],
  },
  {
    agent: "ledger-close",
    app: "finance",
    actor: CRON,
    model: "gpt-x",
    prompt: "Close the day and reconcile the bank feed.",
    steps: [
      {
        tool: "bank.fetch_feed",
        args: { account: "operating", day: "today" },
        result: { lines: 214 },
        ms: 2_840,
      },
      { tool: "ledger.match", args: { lines: 214 }, result: { matched: 211, open: 3 }, ms: 640 },
      {
        tool: "mail.send",
        args: { to: "controller@northwind.example", subject: "3 open lines" },
        error: "smtp: connection timed out",
        ms: 30_000,
      },
      {
        tool: "mail.send",
        args: { to: "controller@northwind.example", subject: "3 open lines" },
        result: { queued: true },
        ms: 480,
      },
    ],
  },
];

function record(trail: Trail, draft: EventDraft): string {
  return trail.record({ environment: "production", ...draft });
}

/** One run from its prompt to its end; returns the time at which it ended. */
function play(trail: Trail, run: Run, number: number, from: number): number {
  const ids = { runId: `run-${run.agent}-${number}`, conversationId: `conv-${run.app}-${number}` };
  const base = { agent: run.agent, app: run.app, actor: run.actor, ...ids };
  let at = from;
  const started = record(trail, {
    ...base,
    type: "agent.run",
    category: "run",
    phase: "started",
    status: "pending",
    occurredAt: at,
    summary: run.prompt,
  });
  for (const step of run.steps) {
    at += 900_000;
    record(trail, {
      ...base,
      type: "llm.complete",
      category: "llm",
      phase: "completed",
      status: "ok",
      occurredAt: at,
      parentId: started,
      model: run.model,
      durationMs: 820 + step.tool.length * 37,
      usage: { input: 3_100 + number * 13, output: 140 + step.tool.length, cached: 2_400 },
      costUsd: "0.0124",
      summary: `${run.model} asks for ${step.tool}`,
    });
    const data = { arguments: step.args };
    const call = { ...base, type: "tool.execute", category: "tool_call", tool: step.tool, parentId: started };
    const startId = record(trail, { ...call, phase: "started", status: "pending", occurredAt: at, data });
    at += step.ms * 1000;
    const status = step.denied !== undefined ? "denied" : step.error !== undefined ? "error" : "ok";
    const severity = status === "error" ? "ERROR" : status === "denied" ? "WARN" : "INFO";
    record(trail, {
      ...call,
      phase: "completed",
      status,
      severity,
      startId,
      occurredAt: at,
      durationMs: step.ms,
      error: step.denied ?? step.error ?? null,
      data: step.result === undefined ? data : { ...data, result: step.result },
    });
  }
  if (run.handOffTo !== undefined)
    record(trail, {
      ...base,
      type: "agent.handoff",
      category: "run",
      status: "ok",
      occurredAt: at,
      parentId: started,
      destination: run.handOffTo,
      summary: `hands over to ${run.handOffTo}`,
    });
  record(trail, {
    ...base,
    type: "agent.run",
    category: "run",
    phase: "completed",
    status: "ok",
    startId: started,
    occurredAt: at,
    durationMs: Math.round((at - from) / 1000),
    summary: "done",
  });
  return at;
}

const [target = "./daybook.db", rounds = "4"] = process.argv.slice(2);
await using trail = openTrail(target);
for (let round = 0; round < Number(rounds); round++) {
  for (const [i, run] of RUNS.entries()) {
    const from = Date.now() * 1000 - (Number(rounds) - round) * 14 * MINUTE + i * 4 * MINUTE;
    play(trail, run, round * RUNS.length + i + 1, from);
  }
}
process.stdout.write(`${trail.health().recorded} events in ${target}\n`);
