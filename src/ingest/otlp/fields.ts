import { isObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import type { EventDraft } from "../../event/event.ts";
import { first, firstText, structured } from "../values.ts";
import { ALIASES } from "./aliases.ts";
import type { Attributes } from "./model.ts";

export interface OtlpContext {
  tenant?: string;
  environment?: string;
}

/** Instrumentation whose ids of calls and requests are the same in its traces and in its logs. */
export function sharesIds(scope: string): boolean {
  return scope.startsWith("com.anthropic.claude_code");
}

/** The sub-agent that acts: what it does is its own run, as Claude Code's hooks have it too. */
export function subAgentOf(scope: string, attributes: Attributes): string | undefined {
  return sharesIds(scope) ? firstText(attributes, ["agent_id"]) : undefined;
}

/** Which dialect wrote a record, by its instrumentation; the scope itself where nobody knows it. */
const ORIGINS: ReadonlyArray<readonly [RegExp, string]> = [
  [/^com\.anthropic\.claude_code/, "claude-code"],
  [/^(?:ai|@ai-sdk\/otel|gen_ai)$/, "vercel-ai"],
  [/openinference/i, "openinference"],
  [/traceloop|openllmetry|^opentelemetry\.instrumentation\./i, "traceloop"],
  [/mastra/i, "mastra"],
  [/pydantic|logfire/i, "pydantic-ai"],
  [/^gcp\.vertex\.agent/, "google-adk"],
  [/gemini/i, "gemini-cli"],
  [/codex/i, "codex"],
  [/^github\.copilot/, "copilot"],
  [/langsmith/i, "langsmith"],
  [/langfuse/i, "langfuse"],
];

function originOf(scope: string, resource: Attributes): string | null {
  const service = firstText(resource, ["service.name"]) ?? "";
  for (const name of [scope, /^(?:codex|gemini-cli)/.test(service) ? service : ""]) {
    const known = name === "" ? undefined : ORIGINS.find(([pattern]) => pattern.test(name));
    if (known !== undefined) return known[1];
  }
  return scope === "" ? null : scope;
}

/** The names that coding agents have by every door. */
const AGENTS: ReadonlyArray<readonly [RegExp, string]> = [
  [/^codex/, "codex"],
  [/^gemini-cli/, "gemini"],
  [/^github-copilot/, "copilot"],
  [/^opencode/, "opencode"],
];
/** What they call their outermost agent. */
const OUTERMOST: ReadonlySet<string> = new Set(["/root", "session.llm", "main", "github.copilot.default"]);

function agentOf(named: string | undefined, service: string | undefined): string | null {
  const program = AGENTS.find(([pattern]) => pattern.test(service ?? ""))?.[1];
  if (program === undefined) return named ?? service ?? null;
  return named === undefined || OUTERMOST.has(named) ? program : named;
}

/** opencode tells there which of its own releases it is, which would part its calls from those of its plugin. */
function environmentOf(resource: Attributes, service: string | undefined): string | undefined {
  return service === "opencode" ? undefined : firstText(resource, ALIASES.environment);
}

/** Who, in which conversation, for whom: what a span hands down to the spans inside it. */
export interface Setting {
  readonly agent?: string;
  readonly conversation?: string;
  readonly thread?: string;
  readonly run?: string;
  readonly actor?: string;
  readonly actorLabel?: string;
}

export function settingOf(attributes: Attributes, above: Setting = {}): Setting {
  const metadata = structured(first(attributes, ["metadata"]));
  const more = isObject(metadata) ? metadata : {};
  const pick = (name: "agent" | "conversation" | "thread" | "run" | "actor" | "actorLabel") =>
    firstText(attributes, ALIASES[name]) ?? above[name];
  const setting: { -readonly [K in keyof Setting]: Setting[K] } = {};
  const agent = pick("agent");
  const conversation = pick("conversation") ?? firstText(more, ["session_id", "conversation_id"]);
  const thread = pick("thread") ?? firstText(more, ["thread_id"]);
  const actor = pick("actor") ?? firstText(more, ["user_id", "userId"]);
  const actorLabel = pick("actorLabel");
  const run = pick("run");
  if (agent !== undefined) setting.agent = agent;
  if (conversation !== undefined) setting.conversation = conversation;
  if (thread !== undefined) setting.thread = thread;
  if (run !== undefined) setting.run = run;
  // opencode has a user whom it does not know.
  if (actor !== undefined && actor !== "unknown") setting.actor = actor;
  if (actorLabel !== undefined) setting.actorLabel = actorLabel;
  return setting;
}

/** The fields that every event of a span or a log record carries. */
export function commonFields(
  setting: Setting,
  resource: Attributes,
  scope: string,
  context: OtlpContext,
): Partial<EventDraft> {
  const service = firstText(resource, ["service.name"]);
  const actor = setting.actor ?? firstText(resource, ALIASES.actor);
  return {
    tenant: context.tenant ?? null,
    environment: environmentOf(resource, service) ?? context.environment ?? null,
    source: "otlp",
    origin: originOf(scope, resource),
    app: service ?? null,
    agent: agentOf(setting.agent ?? firstText(resource, ["gen_ai.agent.name"]), service),
    conversationId: setting.conversation ?? firstText(resource, ALIASES.conversation) ?? null,
    threadId: setting.thread ?? null,
    actor: actor === undefined ? null : { type: "user", id: actor, label: setting.actorLabel ?? null },
  };
}

/** Claude Code's logs hide the names of MCP tools behind one, and tell them beside it. */
export function toolNameOf(attributes: Attributes): string | undefined {
  const tool = firstText(attributes, ALIASES.tool);
  const parameters = structured(attributes.tool_parameters);
  if (tool !== "mcp_tool" || !isObject(parameters)) return tool;
  const { mcp_server_name: server, mcp_tool_name: name } = parameters;
  return typeof server === "string" && typeof name === "string" ? `mcp__${server}__${name}` : tool;
}

/** `args` and `result` as the data of a call. */
export function callData(args: JsonValue | undefined, result?: JsonValue): JsonObject {
  const data: JsonObject = {};
  if (args !== undefined) data.arguments = args;
  if (result !== undefined) data.result = result;
  return data;
}

export function severityOf(status: string): "ERROR" | "WARN" | "INFO" {
  return status === "error" ? "ERROR" : status === "denied" ? "WARN" : "INFO";
}
