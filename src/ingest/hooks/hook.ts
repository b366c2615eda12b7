import { type Micros, parseMicros } from "../../base/clock.ts";
import { derivedUuid } from "../../base/derived-uuid.ts";
import { isObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import type { EventDraft } from "../../event/event.ts";
import { drop, type Ingested, nothingIngested } from "../ingested.ts";
import { oneLine, resourceOf } from "../resource-of.ts";
import { HOOK_FACTS, HOOK_KEYS, type HookFact, IMPLIED_TOOLS } from "./dialects.ts";

export interface HookContext {
  tenant?: string;
  environment?: string;
}

/** Calls of one batch that are looked at. */
const CALLS_MAX = 200;

interface Hook {
  readonly agent: string;
  readonly name: string;
  readonly payload: Record<string, unknown>;
  readonly session: string;
  readonly at: Micros | undefined;
}

/**
 * One hook payload of a coding agent as events. Ids are derived from what makes the moment unique
 * (the session and the call's id), so a retried hook is known, and a completion names its start
 * without looking it up. Never throws, whatever is sent.
 */
export function fromHook(agent: string, payload: unknown, context: HookContext = {}): Ingested {
  const ingested = nothingIngested();
  if (!isObject(payload)) {
    ingested.rejected.push({ index: 0, reason: "a hook's payload must be a JSON object" });
    return ingested;
  }
  const hook: Hook = {
    agent: agent.slice(0, 100),
    name: plainName(text(payload, HOOK_KEYS.event) ?? nameByShape(payload)),
    payload,
    session: text(payload, HOOK_KEYS.session) ?? "",
    at: timeOf(payload),
  };
  const fact = HOOK_FACTS[hook.name];
  if (fact === "noise") drop(ingested, "inner workings of the agent's program");
  else if (fact === "repeat") addDenials(hook, context, ingested);
  else ingested.drafts.push(toDraft(fact, hook, context));
  return ingested;
}

const REFUSED = /\bhook error\b|\b(?:denied|rejected|blocked|refused)\b|doesn't want to/i;

/**
 * A batch repeats what its calls' own hooks said, with one exception: a call that was refused never
 * gets a hook of its own, and the batch alone tells how it ended.
 */
function addDenials(hook: Hook, context: HookContext, ingested: Ingested): void {
  const calls = Array.isArray(hook.payload.tool_calls) ? hook.payload.tool_calls.slice(0, CALLS_MAX) : [];
  const refused = calls.filter(
    (call) =>
      isObject(call) &&
      typeof call.tool_response === "string" &&
      REFUSED.test(call.tool_response.slice(0, 500)),
  );
  if (refused.length === 0) drop(ingested, "repeats earlier hooks");
  for (const call of refused) {
    const payload = { ...hook.payload, ...call, error: call.tool_response, tool_response: undefined };
    ingested.drafts.push(toDraft("tool_denied", { ...hook, payload }, context));
  }
}

function plainName(name: string): string {
  return name
    .slice(0, 100)
    .replaceAll(/[_\-.\s]/g, "")
    .toLowerCase();
}

/** Copilot's command hooks do not name their event; what is in them does. */
function nameByShape(payload: Record<string, unknown>): string {
  if (text(payload, HOOK_KEYS.tool) !== undefined)
    return first(payload, HOOK_KEYS.result) === undefined ? "preToolUse" : "postToolUse";
  if (payload.source !== undefined && payload.prompt === undefined) return "sessionStart";
  if (text(payload, HOOK_KEYS.prompt) !== undefined) return "userPromptSubmitted";
  if (payload.reason !== undefined) return "sessionEnd";
  return "unknown";
}

type Fact = Exclude<HookFact, "noise" | "repeat"> | undefined;

function toDraft(fact: Fact, hook: Hook, context: HookContext): EventDraft {
  const common = commonFields(hook, context);
  switch (fact) {
    case "tool_start":
    case "tool_end":
    case "tool_failure":
    case "tool_denied":
      return toolDraft(fact, hook, common);
    case "approval":
      return approvalDraft(hook, common);
    case "prompt":
      return promptDraft(hook, common);
    case "agent_start":
    case "agent_stop":
      return agentDraft(fact, hook, common);
    case "compact_start":
    case "compact_end": {
      const phase = fact === "compact_start" ? "started" : "completed";
      return {
        ...common,
        type: "context.compact",
        category: "session",
        phase,
        status: phase === "started" ? "pending" : "ok",
        summary: `context ${phase === "started" ? "is compacted" : "was compacted"}`,
        data: rest(hook),
      };
    }
    case "session_start":
    case "session_end":
      return {
        ...common,
        type: fact === "session_start" ? "session.start" : "session.end",
        category: "session",
        status: "ok",
        summary: said(hook, fact === "session_start" ? "session began" : "session ended"),
        data: rest(hook),
      };
    case "stop": {
      const failed = hook.name === "stopfailure";
      return {
        ...common,
        type: "session.stop",
        category: "session",
        status: failed ? "error" : "ok",
        error: failed ? (text(hook.payload, HOOK_KEYS.error) ?? "the turn failed") : null,
        summary: said(hook, "turn ended"),
        data: rest(hook),
      };
    }
    default: {
      const spoken = text(hook.payload, HOOK_KEYS.event) ?? "unknown";
      const snake = spoken
        .replaceAll(/([a-z])([A-Z])/g, "$1_$2")
        .replaceAll(/[^A-Za-z0-9]+/g, "_")
        .toLowerCase()
        .slice(0, 80);
      return {
        ...common,
        type: `hook.${snake}`,
        category: "session",
        summary: said(hook, snake),
        data: rest(hook),
      };
    }
  }
}

function commonFields({ agent, payload, session, at }: Hook, context: HookContext): Partial<EventDraft> {
  const user = text(payload, HOOK_KEYS.user);
  return {
    tenant: context.tenant ?? null,
    environment: context.environment ?? null,
    source: "hook",
    origin: agent,
    agent: text(payload, HOOK_KEYS.agentType) ?? agent,
    conversationId: session === "" ? null : session,
    threadId: session === "" ? null : session,
    runId: text(payload, HOOK_KEYS.agentId) ?? (session === "" ? null : session),
    model: text(payload, HOOK_KEYS.model) ?? null,
    actor: user === undefined ? null : { type: "user", id: user },
    occurredAt: at ?? null,
  };
}

/** Undefined where nothing makes the moment unique: then the event gets an id of its own. */
function idOf(hook: Hook, kind: string, unique: string | undefined): string | undefined {
  if (unique === undefined || hook.session === "") return undefined;
  return derivedUuid(["hook", hook.agent, hook.session, kind, unique]);
}

function toolDraft(
  fact: "tool_start" | "tool_end" | "tool_failure" | "tool_denied",
  hook: Hook,
  common: Partial<EventDraft>,
): EventDraft {
  const { payload } = hook;
  const tool = text(payload, HOOK_KEYS.tool) ?? IMPLIED_TOOLS[hook.name] ?? "unknown";
  const callId = text(payload, HOOK_KEYS.callId);
  const args = argumentsOf(hook);
  const data: JsonObject = args === undefined ? {} : { arguments: args };
  const startId = idOf(hook, "call started", callId);
  const fields: EventDraft = {
    ...common,
    type: "tool.execute",
    category: "tool_call",
    tool,
    callId: callId ?? null,
    resource: resourceOf(tool, args),
    destination: serverOf(payload) ?? null,
  };
  if (fact === "tool_start") {
    return {
      ...fields,
      id: startId ?? null,
      phase: "started",
      status: "pending",
      summary: `${tool} starts`,
      data,
    };
  }
  const result = structured(first(payload, HOOK_KEYS.result));
  const { status, error } = endOf(fact, hook, result);
  return {
    ...fields,
    id: idOf(hook, "call completed", callId) ?? null,
    phase: "completed",
    status,
    severity: status === "error" ? "ERROR" : status === "denied" ? "WARN" : "INFO",
    startId: startId ?? null,
    durationMs: numberOf(first(payload, HOOK_KEYS.duration)) ?? null,
    error: error ?? null,
    summary: oneLine(error === undefined ? `${tool} ran` : `${tool}: ${error}`, 200),
    data: result === undefined ? data : { ...data, result },
  };
}

/** Some agents report a failure as an ordinary end; the result says it. */
function endOf(
  fact: string,
  { payload }: Hook,
  result: JsonValue | undefined,
): { status: string; error?: string } {
  const error = text(payload, HOOK_KEYS.error);
  if (fact === "tool_denied") return { status: "denied", error: error ?? "denied" };
  if (fact === "tool_failure") return { status: "error", error: error ?? "failed" };
  if (isObject(result)) {
    const inner = result.error;
    const text =
      typeof inner === "string"
        ? inner
        : isObject(inner) && typeof inner.message === "string"
          ? inner.message
          : undefined;
    const exit =
      result.exit_code ??
      result.exitCode ??
      (isObject(result.metadata) ? (result.metadata.exit_code ?? result.metadata.exitCode) : undefined);
    const kind = result.resultType;
    if (kind === "denied") return { status: "denied", error: text ?? "denied" };
    if (
      result.success === false ||
      result.is_error === true ||
      kind === "failure" ||
      text !== undefined ||
      (typeof exit === "number" && exit !== 0)
    ) {
      return { status: "error", error: text ?? (typeof exit === "number" ? `exit code ${exit}` : "failed") };
    }
  }
  if (typeof payload.error === "string" && payload.error !== "")
    return { status: "error", error: payload.error };
  return { status: "ok" };
}

function argumentsOf(hook: Hook): JsonValue | undefined {
  const { payload } = hook;
  const args = structured(first(payload, HOOK_KEYS.args));
  if (args !== undefined) return args;
  if (typeof payload.command === "string") return { command: payload.command };
  return typeof payload.file_path === "string" ? { file_path: payload.file_path } : undefined;
}

function serverOf(payload: Record<string, unknown>): string | undefined {
  const server = payload.mcp_server ?? payload.mcp_context;
  if (isObject(server)) return text(server, ["name", "server_name"]);
  return typeof server === "string" ? server : undefined;
}

function approvalDraft(hook: Hook, common: Partial<EventDraft>): EventDraft {
  const tool = text(hook.payload, HOOK_KEYS.tool) ?? "unknown";
  const args = argumentsOf(hook);
  const callId = text(hook.payload, HOOK_KEYS.callId);
  return {
    ...common,
    type: "approval.request",
    category: "approval",
    id: idOf(hook, "approval", callId) ?? null,
    status: "pending",
    tool,
    callId: callId ?? null,
    resource: resourceOf(tool, args),
    summary: `${tool} asks for permission`,
    data: args === undefined ? {} : { arguments: args },
  };
}

function promptDraft(hook: Hook, common: Partial<EventDraft>): EventDraft {
  const prompt = text(hook.payload, HOOK_KEYS.prompt) ?? "";
  return {
    ...common,
    type: "session.prompt",
    category: "session",
    id: idOf(hook, "prompt", text(hook.payload, HOOK_KEYS.turn)) ?? null,
    status: "ok",
    summary: oneLine(prompt),
    data: { text: prompt },
  };
}

function agentDraft(fact: "agent_start" | "agent_stop", hook: Hook, common: Partial<EventDraft>): EventDraft {
  const agentId = text(hook.payload, HOOK_KEYS.agentId);
  const startId = idOf(hook, "agent started", agentId);
  const fields: EventDraft = { ...common, type: "agent.run", category: "run", data: rest(hook) };
  if (fact === "agent_start")
    return {
      ...fields,
      id: startId ?? null,
      phase: "started",
      status: "pending",
      summary: said(hook, "sub-agent starts"),
    };
  return {
    ...fields,
    id: idOf(hook, "agent completed", agentId) ?? null,
    phase: "completed",
    status: "ok",
    startId: startId ?? null,
    summary: said(hook, "sub-agent ended"),
  };
}

/** Whatever the payload says beyond what the event's own fields took. */
function rest({ payload }: Hook): JsonObject {
  const { hook_event_name: _name, session_id: _session, transcript_path: _transcript, ...kept } = payload;
  return kept as JsonObject;
}

function said(hook: Hook, otherwise: string): string {
  const words = text(hook.payload, ["last_assistant_message", "message", "title", "source", "reason"]);
  return words === undefined ? otherwise : `${otherwise}: ${oneLine(words)}`;
}

function first(payload: Record<string, unknown>, keys: readonly string[]): JsonValue | undefined {
  for (const key of keys) {
    const value = payload[key];
    if (value !== undefined && value !== null) return value as JsonValue;
  }
  return undefined;
}

function text(payload: Record<string, unknown>, keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const value = payload[key];
    if (typeof value === "string" && value !== "") return value;
    if (typeof value === "number") return String(value);
  }
  return undefined;
}

function structured(value: JsonValue | undefined): JsonValue | undefined {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value) as JsonValue;
  } catch {
    return value;
  }
}

function numberOf(value: JsonValue | undefined): number | undefined {
  return typeof value === "number" && value >= 0 ? value : undefined;
}

/** RFC 3339 text, or milliseconds. */
function timeOf(payload: Record<string, unknown>): Micros | undefined {
  const value = first(payload, HOOK_KEYS.time);
  if (typeof value === "string") return parseMicros(value);
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 && value < 9e12
    ? value * 1000
    : undefined;
}
