import { TrailError } from "../../base/error.ts";
import type { JsonObject, JsonValue } from "../../base/json.ts";
import type { EventDraft } from "../../event/event.ts";
import { microsOf } from "../../query/time.ts";
import { RUN_EVENTS } from "../../view/runs.ts";
import type { RunDraft, RunEnd, RunLog } from "./run.ts";

export function startDraft(run: RunDraft, tenant: string): EventDraft {
  const { id, skillId, callerId, channelId, parentRunId, inputs, startedAt, status, agent } = run;
  if (typeof id !== "string" || id === "") throw invalid("id", "A run needs an id.");
  return {
    tenant,
    type: RUN_EVENTS.started,
    category: "run",
    phase: "started",
    status: "pending",
    runId: id,
    summary: `Run of ${skillId || agent || "an agent"}`,
    ...(callerId ? { actor: { id: callerId } } : {}),
    ...(agent === undefined ? {} : { agent }),
    ...(run.environment === undefined ? {} : { environment: run.environment }),
    ...(run.threadId === undefined ? {} : { threadId: run.threadId }),
    ...(startedAt === undefined ? {} : { occurredAt: microsOf(startedAt, "startedAt") }),
    ...(run.error ? { error: run.error } : {}),
    data: strip({
      skill_id: skillId,
      caller_id: callerId,
      channel_id: channelId,
      parent_run_id: parentRunId,
      inputs: inputs ?? {},
      status: status || "running",
      finished_at:
        run.finishedAt === undefined || run.finishedAt === null
          ? undefined
          : microsOf(run.finishedAt, "finishedAt"),
      output: run.output,
      ...figures(run),
    }),
  };
}

export function finishDraft(id: string, end: RunEnd, tenant: string): EventDraft {
  if (typeof end.status !== "string" || end.status === "") {
    throw invalid(
      "status",
      "A run ends with a status, such as ok, error, timeout, budget_exceeded or dry_run.",
    );
  }
  const { runtimeSeconds } = end;
  const hasFailed = !["ok", "dry_run", "running"].includes(end.status);
  return {
    tenant,
    type: RUN_EVENTS.finished,
    category: "run",
    phase: "completed",
    status: hasFailed ? "error" : "ok",
    runId: id,
    summary: `Run ended: ${end.status}`,
    ...(end.error ? { error: end.error } : {}),
    ...(runtimeSeconds === undefined ? {} : { durationMs: Math.max(0, Math.round(runtimeSeconds * 1_000)) }),
    data: strip({ status: end.status, output: end.output, ...figures(end) }),
  };
}

export function logDraft(log: RunLog, tenant: string): EventDraft {
  const { runId, sequence, eventType, payload, createdAt } = log;
  if (!Number.isSafeInteger(sequence))
    throw invalid("sequence", "A log needs a whole number as its sequence.");
  if (typeof runId !== "string" || runId === "") throw invalid("run_id", "A log needs the id of its run.");
  return {
    tenant,
    type: RUN_EVENTS.log,
    category: "run",
    runId,
    summary: eventType,
    ...(createdAt === undefined ? {} : { occurredAt: microsOf(createdAt, "createdAt") }),
    data: { sequence, event_type: eventType, payload: (payload ?? {}) as JsonObject },
  };
}

function figures(run: RunEnd | RunDraft): Record<string, number | undefined> {
  return {
    tool_calls: run.toolCalls,
    runtime_seconds: run.runtimeSeconds,
    total_input_tokens: run.inputTokens,
    total_output_tokens: run.outputTokens,
    total_thinking_tokens: run.thinkingTokens,
  };
}

function strip(members: Record<string, unknown>): JsonObject {
  const kept = Object.entries(members).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as Record<string, JsonValue>;
}

function invalid(field: string, message: string): TrailError {
  return new TrailError("event.invalid", message, { field });
}
