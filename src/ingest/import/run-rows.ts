import type { Micros } from "../../base/clock.ts";
import { isObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import type { EventDraft } from "../../event/event.ts";
import { countOf, firstName, firstText, structured } from "../values.ts";
import { broken, imported, importId, type Read } from "./importer.ts";
import type { OldTable, Row } from "./old-table.ts";
import { timeOf } from "./old-times.ts";

const FROM = "sqlite-runs";

/** The tables of a run history: each run's last state, and the logs of its steps. */
export const RUNS: OldTable = {
  name: "skill_runs",
  columns: ["id", "skill_id", "started_at", "status"],
  more: [
    "caller_id",
    "channel_id",
    "parent_run_id",
    "inputs",
    "finished_at",
    "output",
    "error",
    "runtime_seconds",
  ],
  reader: () => runRow,
};

export const RUN_LOGS: OldTable = {
  name: "skill_run_logs",
  columns: ["run_id", "seq", "event_type", "payload"],
  more: ["created_at"],
  reader: () => logRow,
};

const FIGURES: Readonly<Record<string, readonly string[]>> = {
  tool_calls: ["tool_calls", "tool_calls_count"],
  runtime_seconds: ["runtime_seconds"],
  total_input_tokens: ["total_input_tokens", "input_tokens"],
  total_output_tokens: ["total_output_tokens", "output_tokens"],
  total_thinking_tokens: ["total_thinking_tokens", "thinking_tokens"],
};

/** What `trail.runs` would have recorded: a start, and an end where the run has one. */
function runRow(row: Row): Read {
  const runId = firstName(row, ["id"]);
  if (runId === undefined) return broken("id", "must be text");
  const finishedAt = timeOf(row.finished_at);
  const startedAt = timeOf(row.started_at) ?? beginningBy(row, finishedAt);
  if (startedAt === undefined) return broken("started_at", "must be a time");
  const skill = firstName(row, ["skill_id"]);
  const caller = firstName(row, ["caller_id"]);
  const status = firstName(row, ["status"]) ?? "running";
  const common: Partial<EventDraft> = { category: "run", runId, source: FROM };
  const started: EventDraft = {
    ...common,
    id: importId(FROM, [runId, "started"], startedAt),
    occurredAt: startedAt,
    type: "run.started",
    phase: "started",
    status: "pending",
    actor: caller === undefined ? null : { id: caller },
    summary: `Run of ${skill ?? "an agent"}`,
    data: {
      skill_id: skill ?? null,
      caller_id: caller ?? null,
      channel_id: firstName(row, ["channel_id"]) ?? null,
      parent_run_id: firstName(row, ["parent_run_id"]) ?? null,
      inputs: mapOf(row, "inputs"),
      // A row may say how a run stands that has no time of its end.
      ...(finishedAt === undefined ? standing(row, status) : { status: "running" }),
    },
  };
  const ends = finishedAt === undefined ? [] : [runEnd(row, runId, finishedAt, common)];
  return { drafts: imported(FROM, [started, ...ends]) };
}

/** A start of 0 is none: what a run's end and its length say is better than 1970. */
function beginningBy(row: Row, finishedAt: Micros | undefined): Micros | undefined {
  const seconds = Number(row.runtime_seconds);
  if (row.started_at !== 0 || finishedAt === undefined || !(seconds >= 0)) return undefined;
  return finishedAt - Math.round(seconds * 1e6);
}

function standing(row: Row, status: string): JsonObject {
  const data: JsonObject = { status };
  const output = firstText(row, ["output"]);
  if (output !== undefined) data.output = output;
  for (const [name, columns] of Object.entries(FIGURES)) {
    const value = columns.map((column) => row[column]).find((it) => typeof it === "number");
    if (value !== undefined) data[name] = value as JsonValue;
  }
  return data;
}

function runEnd(row: Row, runId: string, at: Micros, common: Partial<EventDraft>): EventDraft {
  const status = firstName(row, ["status"]) ?? "ok";
  const hasFailed = !["ok", "dry_run", "running"].includes(status);
  const seconds = Number(row.runtime_seconds);
  return {
    ...common,
    id: importId(FROM, [runId, "finished"], at),
    occurredAt: at,
    type: "run.finished",
    phase: "completed",
    status: hasFailed ? "error" : "ok",
    durationMs: seconds > 0 ? Math.round(seconds * 1000) : null,
    error: firstText(row, ["error"]) ?? null,
    summary: `Run ended: ${status}`,
    data: { ...standing(row, status), finished_at: at },
  };
}

/** A map as JSON. Go writes `null` for one that was never made; what is no JSON is kept as it is. */
function mapOf(row: Row, column: string): JsonObject {
  const text = firstText(row, [column]);
  if (text === undefined || text === "null") return {};
  const value = structured(text);
  return isObject(value) ? (value as JsonObject) : { unreadable: text };
}

function logRow(row: Row): Read {
  const runId = firstName(row, ["run_id"]);
  const type = firstName(row, ["event_type"]);
  const sequence = countOf({ seq: row.seq }, ["seq"]);
  if (runId === undefined) return broken("run_id", "must be text");
  if (sequence === undefined) return broken("seq", "must be a whole number");
  const at = timeOf(row.created_at);
  const draft: EventDraft = {
    id: importId(FROM, [runId, "log", String(sequence)], at),
    occurredAt: at ?? null,
    type: "run.log",
    category: "run",
    runId,
    source: FROM,
    summary: type ?? "log",
    data: {
      sequence,
      event_type: type ?? "log",
      payload: mapOf(row, "payload"),
    },
  };
  return { drafts: imported(FROM, [draft]) };
}
