import { formatMicros, type Micros } from "../../base/clock.ts";
import type { JsonObject, JsonValue } from "../../base/json.ts";
import type { AuditEvent } from "../../event/event.ts";
import { toWire } from "../../event/wire.ts";
import type { FailureGroup, Totals } from "../../trail/insights/insights.ts";
import type { Run } from "../../trail/runs/run.ts";
import { type Bounds, shown } from "./answer.ts";

/** Numbers of an emitter say nothing to who reads an event. */
const ASIDE: ReadonlySet<string> = new Set([
  "emitter_id",
  "emitter_epoch",
  "emitter_number",
  "do_not_forward",
]);

/** An event under its wire names, without what is not said. */
export function eventRow(event: AuditEvent, bounds: Bounds): JsonObject {
  const said = Object.entries(toWire(event)).filter(
    ([name, value]) => value !== null && !ASIDE.has(name) && !(name === "data" && isEmpty(value)),
  );
  return row(Object.fromEntries(said) as JsonObject, bounds);
}

/** All of its members, each within bounds. */
function row(said: JsonObject, bounds: Bounds): JsonObject {
  return Object.fromEntries(Object.entries(said).map(([name, value]) => [name, shown(value, bounds)]));
}

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

export function runRow(run: Run, bounds: Bounds): JsonObject {
  const said: Record<string, JsonValue> = {
    id: run.id,
    status: run.status,
    agent: run.agent,
    skill: run.skillId,
    environment: run.environment,
    parent_run_id: run.parentRunId,
    thread_id: run.threadId,
    started_at: time(run.startedAt),
    finished_at: run.finishedAt === null ? null : time(run.finishedAt),
    last_event_at: time(run.lastEventAt),
    events: run.events,
    tool_calls: run.toolCallsCount,
    failures: run.failures,
    denials: run.denials,
    input_tokens: run.totalInputTokens,
    output_tokens: run.totalOutputTokens,
    cost_usd: run.costUsd,
    error: run.error,
    output: run.output,
    inputs: run.inputs as JsonObject,
  };
  return row(said, bounds);
}

export function failureRow(group: FailureGroup, bounds: Bounds): JsonObject {
  const said: JsonObject = {
    message: group.message,
    count: group.count,
    type: group.type,
    tool: group.tool,
    agents: [...group.agents],
    environments: [...group.environments],
    first_at: time(group.firstAt),
    last_at: time(group.lastAt),
    last_event_id: group.lastId,
    fingerprint: group.fingerprint,
  };
  return row(said, bounds);
}

export function totalsRow(totals: Totals): JsonObject {
  return {
    events: totals.events,
    failures: totals.failures,
    statuses: { ...totals.statuses },
    duration_ms: { p50: totals.p50, p95: totals.p95, p99: totals.p99 },
    input_tokens: totals.inputTokens,
    output_tokens: totals.outputTokens,
    cost_usd: totals.costUsd,
  };
}

export function time(micros: Micros): string {
  return formatMicros(micros);
}
