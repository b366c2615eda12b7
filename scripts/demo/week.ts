import { uuidv7 } from "../../src/base/uuid.ts";
import type { EventDraft, Trail } from "../../src/index.ts";
import { RUNS, type Run } from "./company.ts";

const MINUTE = 60_000_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const DAYS = 7;
const ROUNDS_A_DAY = 8;

/** The same numbers each time, so that the same week comes out. */
class Dice {
  #state = 20_261_121;

  next(): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#state / 2 ** 32;
  }
}

/** A week of a company that ends now: runs, failures, denials, hand-offs, a run that died, threads, an emitter with a gap. */
export async function fillWeek(trail: Trail, now: number): Promise<void> {
  const dice = new Dice();
  let number = 0;
  for (let day = DAYS - 1; day >= 0; day--) {
    for (let round = 0; round < ROUNDS_A_DAY; round++) {
      for (const run of RUNS) {
        number++;
        if (dice.next() < 0.25) continue;
        const from =
          now - day * DAY - (ROUNDS_A_DAY - round) * 55 * MINUTE - Math.floor(dice.next() * 30 * MINUTE);
        play(trail, run, { number, from, dice, dies: number % 41 === 0 });
      }
    }
  }
  await trail.flush({ timeoutMs: 60_000 });
  await talk(trail, now - 2 * HOUR);
  await loseSome(trail, now - 3 * HOUR);
}

interface Playing {
  readonly number: number;
  readonly from: number;
  readonly dice: Dice;
  /** In the middle of its last tool call. */
  readonly dies: boolean;
}

/** One run from its prompt to its end. */
function play(trail: Trail, run: Run, { number, from, dice, dies }: Playing): void {
  const runId = `run-${run.agent}-${number}`;
  const base = {
    agent: run.agent,
    app: run.app,
    actor: run.actor,
    runId,
    conversationId: `conv-${run.app}-${number}`,
  };
  const turn = { ...base, type: "agent.run", category: "run" };
  let at = from;
  const started = trail.record({
    ...turn,
    phase: "started",
    status: "pending",
    occurredAt: at,
    summary: run.prompt,
  });
  const repeats = dice.next() < 0.2 ? 3 : 1;
  const steps = Array.from({ length: repeats }, () => run.steps).flat();
  let hasFailed = false;
  for (const [i, step] of steps.entries()) {
    at += Math.floor((0.5 + dice.next()) * 900_000);
    const input = 2_400 + Math.floor(dice.next() * 4_000) + i * 350;
    trail.record({
      ...base,
      type: "llm.complete",
      category: "llm",
      phase: "completed",
      status: "ok",
      occurredAt: at,
      parentId: started,
      model: run.model,
      durationMs: 500 + Math.floor(dice.next() * 2_200),
      usage: { input, output: 90 + Math.floor(dice.next() * 400), cached: Math.floor(input * 0.7) },
      costUsd: (input * 0.000_003 + 0.002).toFixed(6),
      summary: `${run.model} asks for ${step.tool}`,
    });
    const data = { arguments: step.args };
    const resource = { type: "tool", id: step.tool };
    const call: EventDraft = {
      ...base,
      type: "tool.execute",
      category: "tool_call",
      tool: step.tool,
      resource,
      parentId: started,
    };
    const startId = trail.record({ ...call, phase: "started", status: "pending", occurredAt: at, data });
    if (dies && i === steps.length - 1) return;
    const ms = Math.max(1, Math.floor(step.ms * (0.6 + dice.next() * (dice.next() < 0.05 ? 6 : 0.9))));
    at += ms * 1_000;
    const fails = step.error !== undefined && dice.next() < 0.6;
    const status = step.denied !== undefined ? "denied" : fails ? "error" : "ok";
    hasFailed = fails && i === steps.length - 1;
    trail.record({
      ...call,
      phase: "completed",
      status,
      severity: status === "error" ? "ERROR" : status === "denied" ? "WARN" : "INFO",
      startId,
      occurredAt: at,
      durationMs: ms,
      error: status === "ok" ? null : (step.denied ?? step.error ?? null),
      data: step.result === undefined ? {} : { result: step.result },
    });
  }
  if (run.handOffTo !== undefined) at = handOff(trail, run, { runId, started, at, number });
  trail.record({
    ...turn,
    phase: "completed",
    status: hasFailed ? "error" : "ok",
    startId: started,
    occurredAt: at,
    durationMs: Math.round((at - from) / 1_000),
    summary: hasFailed ? "gave up" : "done",
    ...(hasFailed ? { error: "The last tool call failed." } : {}),
  });
}

/** The clerk works below the run that called it. */
function handOff(
  trail: Trail,
  run: Run,
  { runId, started, at, number }: { runId: string; started: string; at: number; number: number },
): number {
  const to = run.handOffTo ?? "";
  const app = { app: run.app, actor: run.actor };
  trail.record({
    ...app,
    agent: run.agent,
    runId,
    type: "agent.handoff",
    category: "run",
    status: "ok",
    occurredAt: at,
    parentId: started,
    destination: to,
    summary: `hands over to ${to}`,
  });
  const below = { ...app, agent: to, runId: `run-${to}-${number}` };
  const end = at + 2_400_000;
  trail.record({
    ...below,
    type: "run.started",
    category: "run",
    phase: "started",
    status: "pending",
    occurredAt: at + 100_000,
    summary: `Run of ${to}`,
    data: { parent_run_id: runId, skill_id: "refund", inputs: { order: 20391 }, status: "running" },
  });
  trail.record({
    ...below,
    type: "approval.asked",
    category: "approval",
    status: "pending",
    severity: "WARN",
    occurredAt: at + 900_000,
    resource: { type: "order", id: "20391" },
    summary: "A refund of 184.90 EUR waits for a person.",
  });
  trail.record({
    ...below,
    type: "run.finished",
    category: "run",
    phase: "completed",
    status: "ok",
    occurredAt: end,
    durationMs: 2_300,
    summary: "Run ended: ok",
    data: {
      status: "ok",
      output: "Approval asked for.",
      runtime_seconds: 2.3,
      total_input_tokens: 1_900,
      total_output_tokens: 140,
    },
  });
  return end;
}

/** A conversation with tools, a hand-off, a compaction and what was recalled. */
async function talk(trail: Trail, from: number): Promise<void> {
  const at = (minutes: number): string => new Date((from + minutes * MINUTE) / 1_000).toISOString();
  const text = (words: string) => [{ type: "text" as const, text: words }];
  await trail.threads.append("thread-helpdesk-8841", [
    { kind: "user_message", timestamp: at(0), content: text("My refund for order 20391 never arrived.") },
    { kind: "memory_recall", timestamp: at(0), tier: "long_term", namespace_key: "customers/8841", hits: 3 },
    { kind: "tool_call", timestamp: at(1), id: "c1", name: "orders.get", input: { order: 20391 } },
    {
      kind: "tool_result",
      timestamp: at(1),
      tool_use_id: "c1",
      name: "orders.get",
      content: { status: "returned" },
      is_error: false,
    },
    {
      kind: "assistant_message",
      timestamp: at(2),
      content: text("It came back on Tuesday. A refund of that size needs an approval; I have asked for it."),
      usage: null,
    },
    { kind: "agent_handoff", timestamp: at(2), from: "support-triage", to: "refund-clerk" },
    {
      kind: "sub_agent_invoked",
      timestamp: at(3),
      agent_id: "refund-clerk",
      sub_thread_id: "thread-refund-8841",
    },
    { kind: "context_compacted", timestamp: at(30), dropped_chars: 18_400, retained_chars: 2_100 },
    { kind: "user_message", timestamp: at(42), content: text("How long will that take?") },
    {
      kind: "assistant_message",
      timestamp: at(43),
      content: text("A person looks at it today. You will get a mail."),
      usage: null,
    },
  ]);
}

/** An emitter that sent forty events, of which three never arrived. */
async function loseSome(trail: Trail, from: number): Promise<void> {
  const emitter = { emitter_id: uuidv7(), emitter_epoch: 1 };
  const line = (fields: object): string =>
    JSON.stringify({
      id: uuidv7(),
      tenant: "default",
      environment: "production",
      severity: "INFO",
      ...fields,
    });
  const numbers = Array.from({ length: 40 }, (_, i) => i + 1).filter((n) => n < 17 || n > 19);
  const store = await trail.store();
  await store.append(
    numbers.map((n) =>
      line({
        event_type: "sensor.read",
        category: "system",
        agent: "cold-chain",
        status: "ok",
        description: `Pallet ${n} at ${(2 + (n % 5) * 0.3).toFixed(1)} °C`,
        occurred_at: new Date((from + n * MINUTE) / 1_000).toISOString(),
        ...emitter,
        emitter_number: n,
      }),
    ),
  );
  const data = { tenant: "default", ...emitter, sent: 40 };
  await store.append([line({ tenant: "daybook", event_type: "emitter.closed", data })]);
}
