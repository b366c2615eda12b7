import { type Micros, parseMicros } from "../../base/clock.ts";
import { derivedUuid } from "../../base/derived-uuid.ts";
import { isObject } from "../../base/json.ts";
import type { EventDraft } from "../../event/event.ts";
import { first, firstName } from "../values.ts";
import { HOOK_KEYS } from "./dialects.ts";
import { openCodeEvent } from "./opencode.ts";

export interface HookContext {
  tenant?: string;
  environment?: string;
}

/** One payload, read. */
export interface Hook {
  readonly agent: string;
  /** Without case and separators: `pretooluse`. */
  readonly name: string;
  /** As it came: `PreToolUse`. */
  readonly spoken: string;
  readonly payload: Record<string, unknown>;
  readonly session: string;
  readonly at: Micros | undefined;
}

const NAME_CHARS = 100;

export function readHook(agent: string, body: Record<string, unknown>): Hook {
  const payload = unwrapped(body);
  const spoken = (firstName(payload, HOOK_KEYS.event) ?? nameByShape(payload)).slice(0, NAME_CHARS);
  return {
    agent: agent.slice(0, NAME_CHARS),
    name: meaningOf(spoken.replaceAll(/[^A-Za-z0-9]/g, "").toLowerCase(), payload),
    spoken,
    payload,
    session: sessionOf(payload),
    at: timeOf(payload),
  };
}

/** Names that mean something else in some payloads. */
function meaningOf(name: string, payload: Record<string, unknown>): string {
  // Gemini CLI asks before each request of the model whether it should compress; mostly it does not.
  if (name === "precompress" && payload.trigger === "auto") return "precompressauto";
  // Copilot tells a sub-agent's end by a hook of its own, too.
  const isAgents = firstName(payload, HOOK_KEYS.agentId) !== undefined;
  return isAgents && (name === "stop" || name === "agentstop") ? "repeated" : name;
}

/** Inside a sub-agent Copilot names that one as the session, and beside it the one in which it began. */
function sessionOf(payload: Record<string, unknown>): string {
  const session = firstName(payload, HOOK_KEYS.session) ?? "";
  const above = firstName(payload, ["parentAgentId", "parent_agent_id"]);
  return above !== undefined && session === firstName(payload, HOOK_KEYS.agentId) ? above : session;
}

/** Claude's SDK hands the payload over as `input`, opencode's `event` hook as `event.properties`. */
function unwrapped(body: Record<string, unknown>): Record<string, unknown> {
  const { input, event, toolUseID } = body;
  if (isObject(input) && firstName(input, ["hook_event_name"]) !== undefined)
    return firstName(input, HOOK_KEYS.tool) === undefined || toolUseID === undefined
      ? input
      : { tool_use_id: toolUseID, ...input };
  if (isObject(event) && typeof event.type === "string") {
    const properties = isObject(event.properties) ? event.properties : {};
    return openCodeEvent(event.type, properties) ?? { ...properties, hook_event_name: event.type };
  }
  return body;
}

/** Copilot's hooks in camelCase do not name their event; what is in them does. */
function nameByShape(payload: Record<string, unknown>): string {
  const has = (...keys: string[]): boolean => first(payload, keys) !== undefined;
  if (firstName(payload, HOOK_KEYS.tool) !== undefined) {
    if (first(payload, HOOK_KEYS.result) !== undefined) return "postToolUse";
    return has("error") ? "postToolUseFailure" : "preToolUse";
  }
  if (isObject(payload.error)) return "errorOccurred";
  if (has("agentName")) return has("stopReason") ? "subagentStop" : "subagentStart";
  if (has("stopReason")) return "agentStop";
  if (has("trigger")) return "preCompact";
  if (has("source")) return "sessionStart";
  if (firstName(payload, HOOK_KEYS.prompt) !== undefined) return "userPromptSubmitted";
  return has("reason") ? "sessionEnd" : "unknown";
}

/** RFC 3339 text, or milliseconds. */
function timeOf(payload: Record<string, unknown>): Micros | undefined {
  const value = first(payload, HOOK_KEYS.time);
  if (typeof value === "string") return parseMicros(value);
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 && value < 9e12
    ? value * 1000
    : undefined;
}

/**
 * The id of what `unique` tells apart within a session, the same at every delivery. Undefined where
 * nothing makes the moment unique: then the event gets an id of its own, since an event too many can
 * be seen and one too few cannot.
 */
export function idOf(hook: Hook, kind: string, unique: string | undefined): string | undefined {
  if (unique === undefined || hook.session === "") return undefined;
  return derivedUuid(["hook", hook.agent, hook.session, kind, unique], hook.at);
}

/** As `idOf`, without the time: what a later hook must be able to name. */
export function namedId(hook: Hook, kind: string, unique: string | undefined): string | undefined {
  return idOf({ ...hook, at: undefined }, kind, unique);
}

export function commonFields(hook: Hook, context: HookContext): Partial<EventDraft> {
  const { agent, payload, session, at, name } = hook;
  const user = firstName(payload, HOOK_KEYS.user);
  const agentId = firstName(payload, HOOK_KEYS.agentId);
  const isAgentsOwn = name === "subagentstart" || name === "subagentstop";
  const model = isObject(payload.model) ? firstName(payload.model, HOOK_KEYS.model) : undefined;
  return {
    tenant: context.tenant ?? null,
    environment: context.environment ?? null,
    source: "hook",
    origin: agent,
    app: agent,
    agent: firstName(payload, HOOK_KEYS.agentType) ?? agent,
    conversationId: session === "" ? null : session,
    threadId: firstName(payload, HOOK_KEYS.thread) ?? null,
    runId: agentId ?? firstName(payload, HOOK_KEYS.run) ?? (session === "" ? null : session),
    parentId: isAgentsOwn ? null : (namedId(hook, "agent started", agentId) ?? null),
    model: firstName(payload, HOOK_KEYS.model) ?? model ?? null,
    actor: user === undefined ? null : { type: "user", id: user },
    occurredAt: at ?? null,
  };
}
