import { first, firstText } from "../values.ts";
import { ALIASES, usageOf } from "./aliases.ts";
import { sharesIds } from "./fields.ts";
import type { LogRecord } from "./model.ts";
import { isAgentActivity } from "./operations.ts";

/** What a log record tells. */
export type Fact =
  | "tool"
  | "decision"
  | "llm"
  | "details"
  | "message"
  | "prompt"
  | "response"
  | "agentStart"
  | "agentEnd"
  | "sessionStart"
  | "sessionEnd"
  | "compaction"
  | "config"
  | "mcp"
  | "other"
  | "part"
  | "told"
  | "inner";

/** By the last part of the event's name: `claude_code.tool_result`, `codex.tool_result`. */
const NAMES: Readonly<
  Record<Exclude<Fact, "details" | "message" | "other" | "part" | "told">, readonly string[]>
> = {
  tool: ["tool_result", "tool_call"],
  decision: ["tool_decision"],
  llm: ["api_request", "api_response", "api_error", "sse_event"],
  prompt: ["user_prompt"],
  response: ["assistant_response"],
  agentStart: ["agent_start", "subagent_started"],
  agentEnd: ["agent_finish", "subagent_completed"],
  sessionStart: ["conversation_starts", "session_start", "config"],
  sessionEnd: ["session_end", "end_session"],
  compaction: ["compaction", "chat_compression", "context_compaction"],
  config: ["permission_mode_changed", "approval_mode_switch", "approval_mode_change", "config_change"],
  mcp: ["mcp_server_connection"],
  inner: [
    "hook_execution_start",
    "hook_execution_complete",
    "hook_registered",
    "hook_call",
    "plugin_loaded",
    "managed_settings_resolved",
    "sandbox_outcome",
    "websocket_connect",
    "websocket_event",
    "websocket_request",
    "auth_recovery",
    "feedback_survey",
    "startup_phase",
    "startup_stats",
    "turn_ttft",
    "turn_ttfm",
    "flash_fallback",
    "ripgrep_fallback",
    "next_speaker_check",
    "ide_connection",
    "slash_command",
    "slash_command.model",
    "model_routing",
    "file_operation",
    "tool_output_truncated",
    "conversation_finished",
    "extension_enable",
    "extension_disable",
    "extension_install",
    "extension_uninstall",
    "extension_update",
    "approval_mode_duration",
    "content_retry",
    "invalid_chunk",
    "network_retry_attempt",
    "edit_correction",
    "edit_strategy",
    "llm_loop_check",
    "tool_output_masking",
    "web_fetch_fallback_attempt",
  ],
};

const FACT_OF: ReadonlyMap<string, Fact> = new Map(
  Object.entries(NAMES).flatMap(([fact, names]) => names.map((name) => [name, fact as Fact] as const)),
);

/** Programs that are agents: all that they log is about their work. */
const PROGRAM = /^(?:claude_code|codex|gemini_cli|qwen-code|copilot|cursor|opencode)\./;

/** Programs that log their model calls by names of their own, and by those of the conventions again. */
function isToldByProgram({ resource }: LogRecord): boolean {
  return /^(?:gemini-cli|qwen-code)/.test(firstText(resource, ["service.name"]) ?? "");
}

/** Codex puts a source location into eventName, so the attribute goes first. */
export function nameOf({ attributes, eventName, body }: LogRecord): string {
  return firstText(attributes, ["event.name"]) ?? (eventName || (typeof body === "string" ? body : ""));
}

/** Undefined for what is no agent activity. */
export function factOf(record: LogRecord): Fact | undefined {
  const { attributes, body, scope } = record;
  const name = nameOf(record);
  if (name === "gen_ai.client.inference.operation.details")
    return isToldByProgram(record) ? "told" : "details";
  if (name.startsWith("gen_ai.")) return "message";
  const known = PROGRAM.test(name) || (typeof body === "string" && PROGRAM.test(body)) || sharesIds(scope);
  const fact = FACT_OF.get(name.slice(name.lastIndexOf(".") + 1));
  if (!known) {
    const isCall = (fact === "tool" || fact === "decision") && first(attributes, ALIASES.tool) !== undefined;
    return isCall ? fact : isAgentActivity(attributes) ? "other" : undefined;
  }
  return fact === "llm" ? modelFact(record) : (fact ?? "other");
}

/**
 * What is said of a model call. Its end has tokens or an error. One record of each attempt before it has
 * neither: it repeats the conversation so far, and the end follows it. Each piece of the answer's stream is
 * nothing by itself.
 */
function modelFact(record: LogRecord): Fact {
  const { attributes } = record;
  if (usageOf(attributes) !== undefined || first(attributes, ALIASES.error) !== undefined) return "llm";
  return nameOf(record).endsWith("sse_event") ? "inner" : "part";
}
