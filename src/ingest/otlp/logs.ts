import { derivedUuid } from "../../base/derived-uuid.ts";
import { isObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import type { EventDraft } from "../../event/event.ts";
import { drop, type Ingested, nothingIngested } from "../ingested.ts";
import { oneLine, resourceOf } from "../resource-of.ts";
import { ALIASES, countOf, first, firstText, isAgentActivity, structured, usageOf } from "./dialect.ts";
import { commonFields, isDenied, type OtlpContext, sharesIds } from "./fields.ts";
import type { Attributes, LogRecord } from "./model.ts";

/** What a log record tells, by the last part of its event's name (`claude_code.tool_result`). */
type Fact =
  | "tool"
  | "decision"
  | "llm"
  | "prompt"
  | "response"
  | "subagent"
  | "session"
  | "compaction"
  | "noise";

const FACTS: Readonly<Record<string, Fact>> = {
  tool_result: "tool",
  tool_call: "tool",
  tool_decision: "decision",
  api_request: "llm",
  api_response: "llm",
  api_error: "llm",
  user_prompt: "prompt",
  assistant_response: "response",
  subagent_completed: "subagent",
  agent_finish: "subagent",
  conversation_starts: "session",
  session_start: "session",
  session_end: "session",
  config: "session",
  compaction: "compaction",
  chat_compression: "compaction",
  context_compaction: "compaction",
  hook_execution_start: "noise",
  hook_execution_complete: "noise",
  hook_registered: "noise",
  plugin_loaded: "noise",
  managed_settings_resolved: "noise",
  sse_event: "noise",
  websocket_event: "noise",
  websocket_request: "noise",
  flash_fallback: "noise",
  next_speaker_check: "noise",
  ide_connection: "noise",
  slash_command: "noise",
  startup_stats: "noise",
  hook_call: "noise",
};

/** The programs of which we know that these names are agent activity. */
const KNOWN_PREFIX = /^(?:claude_code|codex|gemini_cli|qwen-code|copilot|cursor|opencode)\./;

export function fromLogs(records: readonly LogRecord[], context: OtlpContext = {}): Ingested {
  const ingested = nothingIngested();
  const withResult = new Set(
    records.filter((record) => factOf(record) === "tool").map((record) => callKey(record)),
  );
  for (const record of records) {
    const fact = factOf(record);
    if (fact === undefined) drop(ingested, "not agent activity");
    else if (fact === "noise") drop(ingested, "inner workings of the agent's program");
    else ingested.drafts.push(...toDrafts(fact, record, context, withResult));
  }
  return ingested;
}

/** Codex puts a source location into eventName, so the attribute goes first. */
function nameOf(record: LogRecord): string {
  const body = typeof record.body === "string" ? record.body : "";
  return firstText(record.attributes, ["event.name"]) ?? (record.eventName || body);
}

function factOf(record: LogRecord): Fact | undefined {
  const name = nameOf(record);
  const body = typeof record.body === "string" ? record.body : "";
  const last = name.slice(name.lastIndexOf(".") + 1);
  const fact = FACTS[last];
  const known = KNOWN_PREFIX.test(name) || KNOWN_PREFIX.test(body) || sharesIds(record.scope);
  if (fact !== undefined && (known || fact === "tool" || fact === "decision")) return fact;
  if (name.startsWith("gen_ai.client.inference.operation")) return "llm";
  if (name.startsWith("gen_ai.") || isAgentActivity(record.attributes)) return "response";
  return known ? "noise" : undefined;
}

function sessionOf(record: LogRecord): string {
  return firstText(record.attributes, ALIASES.conversation) ?? record.traceId;
}

function callKey(record: LogRecord): string {
  return `${sessionOf(record)} ${firstText(record.attributes, ALIASES.callId) ?? ""}`;
}

function toDrafts(
  fact: Exclude<Fact, "noise">,
  record: LogRecord,
  context: OtlpContext,
  withResult: ReadonlySet<string>,
): EventDraft[] {
  const common: Partial<EventDraft> = {
    ...commonFields(record.attributes, record.resource, record.scope, context),
    runId: firstText(record.attributes, ALIASES.run) ?? (record.traceId || null),
    traceId: record.traceId || null,
    spanId: record.spanId || null,
    occurredAt: record.at ?? null,
  };
  switch (fact) {
    case "tool":
      return toolDrafts(record, common);
    case "decision":
      return decisionDrafts(record, common, withResult);
    case "llm":
      return [llmDraft(record, common)];
    case "prompt":
      return [
        plain(
          record,
          common,
          "session.prompt",
          "session",
          firstText(record.attributes, ["prompt", "prompt_text"]),
        ),
      ];
    case "response":
      return [plain(record, common, "llm.response", "llm", firstText(record.attributes, ["response"]))];
    case "subagent":
      return subagentDrafts(record, common);
    case "session":
      return [plain(record, common, "session.start", "session")];
    case "compaction":
      return [plain(record, common, "context.compacted", "session")];
  }
}

function idOf(...parts: Array<string | number>): string {
  return derivedUuid(["otlp", ...parts], undefined);
}

/** A record by itself: its sequence in the session, else its time, name and content. */
function ownId(record: LogRecord): string {
  const { attributes, at } = record;
  const sequence = firstText(attributes, ["event.sequence"]);
  const session = sessionOf(record);
  if (sequence !== undefined && session !== "")
    return derivedUuid(["otlp", "log", session, nameOf(record), sequence], at);
  return derivedUuid(
    ["otlp", "log", session, nameOf(record), at ?? 0, JSON.stringify([attributes, record.body])],
    at,
  );
}

function toolDrafts(record: LogRecord, common: Partial<EventDraft>): EventDraft[] {
  const { attributes, at } = record;
  const tool = toolOf(attributes);
  const callId = firstText(attributes, ALIASES.callId);
  const args = argumentsOf(record);
  const result = structured(first(attributes, ["output", "tool_response", "tool_output", "result"]));
  const durationMs = countOf(attributes, ALIASES.duration);
  const data: JsonObject = args === undefined ? {} : { arguments: args };
  const denied = isDenied(firstText(attributes, ALIASES.decision));
  const failed = attributes.success === "false" || attributes.success === false;
  const status = denied ? "denied" : failed ? "error" : "ok";
  const error =
    status === "ok"
      ? null
      : (firstText(attributes, ["error", "error_message", "error_type"]) ??
        (typeof result === "string" ? result : status));
  const startId =
    callId === undefined
      ? derivedUuid(["otlp", "logcall", ownId(record), "started"])
      : idOf("call", sessionOf(record), callId, "started");
  const fields: Partial<EventDraft> = {
    ...common,
    category: "tool_call",
    tool,
    callId: callId ?? null,
    resource: resourceOf(tool, args),
  };
  const startedAt = at === undefined ? null : at - (durationMs ?? 0) * 1000;
  const started: EventDraft = {
    ...fields,
    type: "tool.execute",
    id: startId,
    phase: "started",
    status: "pending",
    occurredAt: startedAt,
    data,
  };
  const completed: EventDraft = {
    ...fields,
    type: "tool.execute",
    id: callId === undefined ? ownId(record) : idOf("call", sessionOf(record), callId, "completed"),
    phase: "completed",
    status,
    severity: status === "error" ? "ERROR" : status === "denied" ? "WARN" : "INFO",
    startId,
    durationMs: durationMs ?? null,
    error,
    summary: oneLine(error === null ? `${tool} ran` : `${tool}: ${error}`, 200),
    data: result === undefined ? data : { ...data, result },
  };
  return [started, completed];
}

/** Claude Code's logs hide the names of MCP tools behind one, and tell them beside it. */
function toolOf(attributes: Attributes): string {
  const tool = firstText(attributes, ALIASES.tool) ?? "unknown";
  const parameters = structured(attributes.tool_parameters);
  if (tool !== "mcp_tool" || !isObject(parameters)) return tool;
  const { mcp_server_name: server, mcp_tool_name: name } = parameters;
  return typeof server === "string" && typeof name === "string" ? `mcp__${server}__${name}` : tool;
}

function argumentsOf(record: LogRecord): JsonValue | undefined {
  return structured(
    first(record.attributes, [
      "tool_input",
      "function_args",
      "arguments",
      "tool_parameters",
      "gen_ai.tool.call.arguments",
    ]),
  );
}

/**
 * A decision is an event of its own. A rejected call never runs and has no result, so the decision
 * also completes the call as denied.
 */
function decisionDrafts(
  record: LogRecord,
  common: Partial<EventDraft>,
  withResult: ReadonlySet<string>,
): EventDraft[] {
  const { attributes } = record;
  const tool = toolOf(attributes);
  const decision = firstText(attributes, ALIASES.decision) ?? "unknown";
  const by = firstText(attributes, ["source", "decision_source"]);
  const denied = isDenied(decision);
  const callId = firstText(attributes, ALIASES.callId) ?? null;
  const args = argumentsOf(record);
  const data: JsonObject = { decision };
  if (by !== undefined) data.source = by;
  if (args !== undefined) data.arguments = args;
  const decided: EventDraft = {
    ...common,
    type: "approval.decide",
    category: "approval",
    id: callId === null ? ownId(record) : idOf("decision", sessionOf(record), callId),
    status: denied ? "denied" : "ok",
    severity: denied ? "WARN" : "INFO",
    tool,
    callId,
    resource: resourceOf(tool, args),
    summary: `${tool}: ${decision}${by === undefined ? "" : ` by ${by}`}`,
    data,
  };
  if (!denied || withResult.has(callKey(record))) return [decided];
  const call = toolDrafts(
    {
      ...record,
      attributes: { ...attributes, error: `denied (${decision})${by === undefined ? "" : ` by ${by}`}` },
    },
    common,
  );
  return [decided, ...call];
}

function llmDraft(record: LogRecord, common: Partial<EventDraft>): EventDraft {
  const { attributes } = record;
  const requestId = firstText(attributes, ["request_id"]);
  const error = firstText(attributes, ["error", "error_message"]);
  const data: JsonObject = {};
  if (requestId !== undefined) data.request_id = requestId;
  const shared = sharesIds(record.scope) && requestId !== undefined;
  return {
    ...common,
    type: "llm.complete",
    category: "llm",
    id: shared ? idOf("llm", sessionOf(record), requestId, "completed") : ownId(record),
    phase: "completed",
    status: error === undefined ? "ok" : "error",
    severity: error === undefined ? "INFO" : "ERROR",
    model: firstText(attributes, ALIASES.model) ?? null,
    usage: usageOf(attributes) ?? null,
    costUsd: firstText(attributes, ALIASES.cost) ?? null,
    durationMs: countOf(attributes, ALIASES.duration) ?? null,
    error: error ?? null,
    summary: oneLine(`${firstText(attributes, ALIASES.model) ?? "model"} ${error ?? "answered"}`, 200),
    data,
  };
}

function subagentDrafts(record: LogRecord, common: Partial<EventDraft>): EventDraft[] {
  const { attributes, at } = record;
  const agentId = firstText(attributes, ["agent_id"]);
  const durationMs = countOf(attributes, ALIASES.duration);
  const key = agentId ?? ownId(record);
  const startId = idOf("agent", sessionOf(record), key, "started");
  const fields = {
    ...common,
    type: "agent.run",
    category: "run" as const,
    runId: agentId ?? common.runId ?? null,
  };
  const data = totals(record);
  return [
    {
      ...fields,
      id: startId,
      phase: "started",
      status: "pending",
      occurredAt: at === undefined ? null : at - (durationMs ?? 0) * 1000,
    },
    {
      ...fields,
      id: idOf("agent", sessionOf(record), key, "completed"),
      phase: "completed",
      status: "ok",
      startId,
      durationMs: durationMs ?? null,
      data,
    },
  ];
}

function totals(record: LogRecord): JsonObject {
  const data: JsonObject = {};
  for (const key of ["total_tokens", "total_tool_uses", "model", "is_async"]) {
    const value = record.attributes[key];
    if (value !== undefined) data[key] = value;
  }
  return data;
}

function plain(
  record: LogRecord,
  common: Partial<EventDraft>,
  type: string,
  category: string,
  said?: string,
): EventDraft {
  const data: JsonObject = { name: nameOf(record) };
  if (said !== undefined) data.text = said;
  else Object.assign(data, { attributes: record.attributes, body: record.body });
  return {
    ...common,
    type,
    category,
    id: ownId(record),
    status: "ok",
    summary: oneLine(said ?? nameOf(record)),
    data,
  };
}
