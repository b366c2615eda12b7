import { acceptDraft } from "../src/event/accept.ts";
import type { EventDraft } from "../src/event/event.ts";
import { encodeDraft, type WireDraft } from "../src/event/wire.ts";

/**
 * What an agent's day looks like: tool calls, model calls and approvals of a few agents, in runs of
 * a hundred events, with paths, hashes and prose of real length in their data. The same `i` makes the
 * same event, ids aside.
 */
const AGENTS = ["planner", "coder", "reviewer", "tester", "browser", "mailer", "billing", "support"];
const TOOLS = ["read_file", "edit_file", "run_command", "search", "fetch", "send_mail", "query", "grep"];
const MODELS = ["claude-opus-4-7", "claude-sonnet-4-6", "gpt-5.2", "gemini-3-pro"];
const APPS = ["checkout", "warehouse", "crm", "website"];
const PROSE =
  "The order was refunded because the parcel came back from the depot before the second attempt; " +
  "stock was booked again and the customer was told by mail. Two lines of the invoice stay open until " +
  "the carrier answers, and the agent wrote that down for whoever takes over tomorrow morning. ";
const COMMAND = "git -C ../shop log --oneline --since yesterday -- src/orders src/stock | head -n 40";
const EVENTS_PER_RUN = 100;

/** Fifteen attributes, about 950 bytes as a line of the wire. */
export function draftOf(i: number): EventDraft {
  return {
    type: "tool.execute",
    category: "tool_call",
    phase: "completed",
    status: i % 17 === 0 ? "error" : "ok",
    summary: "Looked at what changed in the orders since yesterday",
    agent: AGENTS[i % AGENTS.length] as string,
    tool: TOOLS[i % TOOLS.length] as string,
    app: APPS[i % APPS.length] as string,
    actor: { type: "user", id: `user-${i % 500}` },
    resource: { type: "order", id: `order-${i % 10_000}` },
    runId: `run-${Math.floor(i / EVENTS_PER_RUN)}`,
    callId: `call-${i}`,
    durationMs: i % 900,
    data: { command: COMMAND, output: PROSE, exit: 0, attempt: i % 3 },
  };
}

/** The same facts as the attributes of a span. */
export function attributesOf(i: number): Record<string, string | number> {
  return {
    "event.category": "tool_call",
    "event.phase": "completed",
    "event.status": i % 17 === 0 ? "error" : "ok",
    "event.summary": "Looked at what changed in the orders since yesterday",
    "gen_ai.agent.name": AGENTS[i % AGENTS.length] as string,
    "gen_ai.tool.name": TOOLS[i % TOOLS.length] as string,
    "service.name": APPS[i % APPS.length] as string,
    "enduser.id": `user-${i % 500}`,
    "order.id": `order-${i % 10_000}`,
    "gen_ai.conversation.id": `run-${Math.floor(i / EVENTS_PER_RUN)}`,
    "gen_ai.tool.call.id": `call-${i}`,
    "tool.duration_ms": i % 900,
    "tool.command": COMMAND,
    "tool.output": PROSE,
    "tool.exit": 0,
  };
}

/** Accepted, not redacted: what the server's door takes. */
export function wireOf(i: number): WireDraft {
  return acceptDraft(draftOf(i), {});
}

export const START_MS = Date.UTC(2026, 0, 1);

/** An event of a log that is to be searched: every filter finds common values and rare ones in it. */
export function loggedDraft(i: number, total: number): EventDraft {
  const run = Math.floor(i / EVENTS_PER_RUN);
  // Emitters are never quite in order: up to two seconds apart.
  const jitterMs = (i * 2_654_435_761) % 2_000;
  const draft: EventDraft = {
    ...draftOf(i),
    occurredAt: (START_MS + i * 150 + jitterMs) * 1_000,
    type: ["tool.execute", "llm.request", "approval.asked", "message.sent"][i % 4] as string,
    category: ["tool_call", "llm", "approval", "channel"][i % 4] as string,
    severity: i % 97 === 0 ? "ERROR" : "INFO",
    origin: ["chat", "schedule", "api"][run % 3] as string,
    source: ["agent", "gateway"][run % 2] as string,
    destination: `host-${i % 40}`,
    conversationId: `conversation-${Math.floor(run / 4)}`,
    threadId: `thread-${Math.floor(run / 2)}`,
    traceId: hex(run, 32),
    spanId: hex(i, 16),
    parentId: idOf(run * EVENTS_PER_RUN),
    startId: idOf(i),
    model: MODELS[i % MODELS.length] as string,
    actor: { type: "user", id: `user-${i % 500}`, label: `User ${i % 500}` },
  };
  return i === rareAt(total) ? { ...draft, ...RARE } : draft;
}

/** Deep in the log, at a hundredth of its length, one event has values that no other has. */
export const rareAt = (total: number): number => Math.floor(total / 100);

export const RARE_ID = "019b0000-0000-7000-8000-00000000dead";
const RARE: EventDraft = {
  environment: "rare",
  type: "rare",
  category: "rare",
  phase: "started",
  status: "rare",
  severity: "FATAL",
  summary: "A quetzal was seen over the warehouse",
  actor: { type: "rare", id: "rare", label: "rare" },
  agent: "rare",
  origin: "rare",
  source: "rare",
  app: "rare",
  destination: "rare",
  tool: "rare",
  resource: { type: "rare", id: "rare" },
  conversationId: "rare",
  threadId: "rare",
  runId: "rare",
  parentId: RARE_ID,
  startId: RARE_ID,
  traceId: "ffffffffffffffffffffffffffffffff",
  spanId: "ffffffffffffffff",
  callId: "rare",
  durationMs: 7_777_777,
  model: "rare",
  doNotForward: true,
};

/** Lines of a log for `store.append`, a thousand at a time. */
export function* loggedLines(from: number, to: number, total: number): Generator<string[]> {
  for (let at = from; at < to; at += 1_000) {
    const lines: string[] = [];
    for (let i = at; i < Math.min(to, at + 1_000); i++) {
      const wire = acceptDraft(loggedDraft(i, total), {});
      wire.emitter_id = i === rareAt(total) ? "rare" : `agent-${i % 4}`;
      wire.emitter_epoch = 1;
      wire.emitter_number = Math.floor(i / 4) + 1;
      lines.push(encodeDraft(wire));
    }
    yield lines;
  }
}

/** A line of exactly `bytes` bytes in ASCII: the data's text gives or takes. */
export function lineOfBytes(i: number, bytes: number): string {
  const wire = wireOf(i);
  const data = { command: COMMAND, output: "", exit: 0, attempt: i % 3 };
  const empty = encodeDraft({ ...wire, data }).length;
  const text = PROSE.repeat(Math.ceil(Math.max(0, bytes - empty) / PROSE.length));
  return encodeDraft({ ...wire, data: { ...data, output: text.slice(0, Math.max(0, bytes - empty)) } });
}

function hex(value: number, digits: number): string {
  return (value + 1).toString(16).padStart(digits, "a");
}

function idOf(i: number): string {
  return `019b0000-0000-7000-9000-${i.toString(16).padStart(12, "0")}`;
}
