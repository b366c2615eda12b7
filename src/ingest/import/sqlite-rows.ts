import { type Micros, parseMicros } from "../../base/clock.ts";
import { isObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import { isUuid } from "../../base/uuid.ts";
import type { EventDraft } from "../../event/event.ts";
import { resourceOf } from "../resource-of.ts";
import { countOf, firstName, firstText, oneLine, structured } from "../values.ts";
import { broken, imported, importId, type Read } from "./importer.ts";

type Row = Readonly<Record<string, unknown>>;

/** One table of an older system's file: how to know it, and what its rows are. */
export interface OldTable {
  readonly name: string;
  /** Columns without which it is another table of the same name. */
  readonly columns: readonly string[];
  /** Reads the rows in the order in which they were written. */
  reader(): (row: Row) => Read;
}

export interface OldSystem {
  readonly from: string;
  readonly tables: readonly OldTable[];
}

/**
 * The files of the systems that Daybook takes the place of, by their documented schemas: a table of tool
 * calls, a table of audit events, and a run history with its logs.
 */
export const OLD_SYSTEMS: readonly OldSystem[] = [
  {
    from: "sqlite-tool-calls",
    tables: [{ name: "events", columns: ["event_id", "tool", "phase", "ts"], reader: toolCallReader }],
  },
  {
    from: "sqlite-audit",
    tables: [
      {
        name: "audit_events",
        columns: ["id", "timestamp", "category", "action", "summary"],
        reader: () => auditRow,
      },
    ],
  },
  {
    from: "sqlite-runs",
    tables: [
      { name: "skill_runs", columns: ["id", "skill_id", "started_at", "status"], reader: () => runRow },
      { name: "skill_run_logs", columns: ["run_id", "seq", "event_type", "payload"], reader: () => logRow },
    ],
  },
];

/**
 * A completed row of that table names no start: it is the completion of the oldest row that waits with the same
 * parent, tool, actor, origin, app, destination and arguments, all of which it repeats.
 */
function toolCallReader(): (row: Row) => Read {
  const waiting = new Map<string, string[]>();
  return (row) => {
    const tool = firstName(row, ["tool"]);
    const own = firstName(row, ["event_id"]);
    if (own === undefined) return broken("event_id", "must be text");
    if (row.phase !== "started" && row.phase !== "completed")
      return broken("phase", "must be started or completed");
    const occurredAt = timeOf(row.ts);
    if (occurredAt === undefined) return broken("ts", "must be an ISO 8601 time");
    const id = uuidOf("sqlite-tool-calls", own);
    const names = [row.parent_id, tool, row.actor, row.origin, row.app, row.destination, row.args];
    const key = JSON.stringify(names.map((name) => name ?? null));
    const isStart = row.phase === "started";
    const queue = waiting.get(key) ?? [];
    const startId = isStart ? undefined : queue.shift();
    if (isStart) queue.push(id);
    waiting.set(key, queue);
    const call = callFields(row, tool ?? "unknown");
    return {
      drafts: imported("sqlite-tool-calls", [
        { ...call, id, occurredAt, phase: row.phase, startId: startId ?? null },
      ]),
    };
  };
}

function callFields(row: Row, tool: string): EventDraft {
  const args = structured(firstText(row, ["args"]));
  const error = firstText(row, ["error"]);
  const actor = firstName(row, ["actor"]);
  const parent = firstName(row, ["parent_id"]);
  const isStart = row.phase === "started";
  const result = structured(firstText(row, ["result"]));
  const data: JsonObject = {};
  if (args !== undefined) data.arguments = args;
  if (!isStart && result !== undefined) data.result = result;
  return {
    type: "tool.execute",
    category: "tool_call",
    tool,
    status: isStart ? "pending" : error === undefined ? "ok" : "error",
    severity: error === undefined ? "INFO" : "ERROR",
    actor: actor === undefined ? null : { id: actor },
    origin: firstName(row, ["origin"]) ?? null,
    source: "sqlite-tool-calls",
    app: firstName(row, ["app"]) ?? null,
    destination: firstName(row, ["destination"]) ?? null,
    parentId: parent === undefined ? null : uuidOf("sqlite-tool-calls", parent),
    durationMs: countOf(row, ["duration_ms"]) ?? null,
    error: error ?? null,
    resource: resourceOf(tool, args),
    summary: oneLine(
      isStart ? `${tool} starts` : error === undefined ? `${tool} ran` : `${tool}: ${error}`,
      200,
    ),
    data,
  };
}

function auditRow(row: Row): Read {
  const at = timeOf(row.timestamp);
  const type = firstName(row, ["action"]);
  if (at === undefined) return broken("timestamp", "must be an RFC 3339 time");
  if (type === undefined) return broken("action", "must be text");
  const status = firstName(row, ["status"]);
  const detail = structured(firstText(row, ["detail"]));
  const draft: EventDraft = {
    id: importId("sqlite-audit", [String(row.id)], at),
    occurredAt: at,
    type,
    category: firstName(row, ["category"]) ?? null,
    agent: firstName(row, ["agent"]) ?? null,
    summary: firstText(row, ["summary"]) ?? null,
    status: status ?? null,
    severity: status === "error" ? "ERROR" : "INFO",
    durationMs: countOf(row, ["duration_ms"]) ?? null,
    source: firstName(row, ["source"]) ?? null,
    conversationId: firstName(row, ["conversation_id"]) ?? null,
    data: isObject(detail) ? (detail as JsonObject) : detail === undefined ? {} : { detail },
  };
  return { drafts: imported("sqlite-audit", [draft]) };
}

const FIGURES: Readonly<Record<string, readonly string[]>> = {
  tool_calls: ["tool_calls", "tool_calls_count"],
  runtime_seconds: ["runtime_seconds"],
  total_input_tokens: ["total_input_tokens", "input_tokens"],
  total_output_tokens: ["total_output_tokens", "output_tokens"],
  total_thinking_tokens: ["total_thinking_tokens", "thinking_tokens"],
};

/** The same two events that `trail.runs` would have recorded. */
function runRow(row: Row): Read {
  const runId = firstName(row, ["id"]);
  const startedAt = timeOf(row.started_at);
  if (runId === undefined) return broken("id", "must be text");
  if (startedAt === undefined) return broken("started_at", "must be a time");
  const skill = firstName(row, ["skill_id"]);
  const caller = firstName(row, ["caller_id"]);
  const common: Partial<EventDraft> = { category: "run", runId, source: "sqlite-runs" };
  const started: EventDraft = {
    ...common,
    id: importId("sqlite-runs", [runId, "started"], startedAt),
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
      inputs: structured(firstText(row, ["inputs"])) ?? {},
      status: "running",
    },
  };
  const finishedAt = timeOf(row.finished_at);
  const drafts = finishedAt === undefined ? [started] : [started, runEnd(row, runId, finishedAt, common)];
  return { drafts: imported("sqlite-runs", drafts) };
}

function runEnd(row: Row, runId: string, at: Micros, common: Partial<EventDraft>): EventDraft {
  const status = firstName(row, ["status"]) ?? "ok";
  const hasFailed = !["ok", "dry_run", "running"].includes(status);
  const seconds = Number(row.runtime_seconds);
  const data: JsonObject = { status };
  const output = firstText(row, ["output"]);
  if (output !== undefined) data.output = output;
  for (const [name, columns] of Object.entries(FIGURES)) {
    const value = columns.map((column) => row[column]).find((it) => typeof it === "number");
    if (value !== undefined) data[name] = value as JsonValue;
  }
  return {
    ...common,
    id: importId("sqlite-runs", [runId, "finished"], at),
    occurredAt: at,
    type: "run.finished",
    phase: "completed",
    status: hasFailed ? "error" : "ok",
    durationMs: seconds > 0 ? Math.round(seconds * 1000) : null,
    error: firstText(row, ["error"]) ?? null,
    summary: `Run ended: ${status}`,
    data,
  };
}

function logRow(row: Row): Read {
  const runId = firstName(row, ["run_id"]);
  const type = firstName(row, ["event_type"]);
  const sequence = countOf({ seq: row.seq }, ["seq"]);
  if (runId === undefined) return broken("run_id", "must be text");
  if (sequence === undefined) return broken("seq", "must be a whole number");
  const at = timeOf(row.created_at);
  const draft: EventDraft = {
    id: importId("sqlite-runs", [runId, "log", String(sequence)], at),
    occurredAt: at ?? null,
    type: "run.log",
    category: "run",
    runId,
    source: "sqlite-runs",
    summary: type ?? "log",
    data: {
      sequence,
      event_type: type ?? "log",
      payload: structured(firstText(row, ["payload"])) ?? {},
    },
  };
  return { drafts: imported("sqlite-runs", [draft]) };
}

function uuidOf(from: string, id: string): string {
  return isUuid(id) ? id.toLowerCase() : importId(from, [id]);
}

/** Text, or a count since 1970 in whichever unit its size says; 0 is no time. */
function timeOf(value: unknown): Micros | undefined {
  if (typeof value === "string") return parseMicros(value) ?? parseMicros(`${value.replace(" ", "T")}Z`);
  const count = typeof value === "bigint" ? Number(value) : value;
  if (typeof count !== "number" || !(count > 0)) return undefined;
  if (count > 1e17) return Math.round(count / 1e3);
  if (count > 1e14) return Math.round(count);
  return Math.round(count > 1e11 ? count * 1e3 : count * 1e6);
}
