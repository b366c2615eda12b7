import { isObject, type JsonObject } from "../../base/json.ts";
import { isUuid } from "../../base/uuid.ts";
import type { EventDraft } from "../../event/event.ts";
import { resourceOf } from "../resource-of.ts";
import { countOf, firstName, firstText, oneLine, structured } from "../values.ts";
import { broken, imported, importId, type Read } from "./importer.ts";
import type { OldTable, Row } from "./old-table.ts";
import { timeOf } from "./old-times.ts";

/** The table of a stream of tool calls: a row when one starts, and a row when it is completed. */
export const TOOL_CALLS: OldTable = {
  name: "events",
  columns: ["event_id", "tool", "phase", "ts"],
  more: ["parent_id", "actor", "origin", "app", "destination", "args", "result", "error", "duration_ms"],
  reader: toolCallReader,
};

/** The table of an audit log. */
export const AUDIT_EVENTS: OldTable = {
  name: "audit_events",
  columns: ["id", "timestamp", "category", "action", "summary"],
  more: ["agent", "detail", "status", "duration_ms", "source", "conversation_id"],
  reader: () => auditRow,
};

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
  // No error is NULL; an error without words is one all the same.
  const error = row.error === "" ? "failed" : firstText(row, ["error"]);
  const actor = firstName(row, ["actor"]);
  const parent = firstName(row, ["parent_id"]);
  const isStart = row.phase === "started";
  // Nothing as a result was written as "" too: it is kept as it is.
  const result = row.result === "" ? "" : structured(firstText(row, ["result"]));
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
    // 0 is that table's default: it says nothing, and would be the fastest of all.
    durationMs: countOf(row, ["duration_ms"]) || null,
    source: firstName(row, ["source"]) ?? null,
    conversationId: firstName(row, ["conversation_id"]) ?? null,
    data: isObject(detail) ? (detail as JsonObject) : detail === undefined ? {} : { detail },
  };
  return { drafts: imported("sqlite-audit", [draft]) };
}

function uuidOf(from: string, id: string): string {
  return isUuid(id) ? id.toLowerCase() : importId(from, [id]);
}
