import { isObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import type { Usage } from "../../event/event.ts";
import { langfuseUsage, providerUsage } from "../provider-usage.ts";
import { countOf, decimalOf, firstText, structured } from "../values.ts";
import type { Attributes } from "./model.ts";

/**
 * Where each fact stands in the dialects that agents speak, best first. A new framework is mostly a
 * new name in one of these rows.
 */
export const ALIASES = {
  tool: [
    "tool_name",
    "ai.toolCall.name",
    "gen_ai.tool.name",
    "tool.name",
    "function_name",
    "mcp.tool.name",
    "spring.ai.tool.definition.name",
    "traceloop.entity.name",
  ],
  callId: [
    "tool_use_id",
    "gen_ai.tool.call.id",
    "gen_ai.tool.call_id",
    "ai.toolCall.id",
    "tool_call.id",
    "tool_call_id",
    "call_id",
    "tool.id",
  ],
  arguments: [
    "gen_ai.tool.call.arguments",
    "ai.toolCall.args",
    "ai.toolCall.input",
    "gcp.vertex.agent.tool_call_args",
    "tool_arguments",
    "tool_input",
    "function_args",
    "input.value",
    "traceloop.entity.input",
    "tool.parameters",
    "arguments",
    "tool_parameters",
    "gen_ai.tool.input",
    "spring.ai.tool.call.arguments",
    "gen_ai.tool.args",
    "mcp.request.argument",
    "langfuse.observation.input",
    "mastra.tool_call.input",
    "mastra.mcp_tool_call.input",
    "gen_ai.prompt",
    "input-json",
  ],
  result: [
    "gen_ai.tool.call.result",
    "ai.toolCall.result",
    "ai.toolCall.output",
    "gcp.vertex.agent.tool_response",
    "tool_response",
    "tool_output",
    "output.value",
    "traceloop.entity.output",
    "gen_ai.tool.output",
    "spring.ai.tool.call.result",
    "mcp.response.value",
    "langfuse.observation.output",
    "mastra.tool_call.output",
    "mastra.mcp_tool_call.output",
    "gen_ai.completion",
    "output-json",
    "output",
    "result",
  ],
  input: [
    "gen_ai.input.messages",
    "ai.prompt.messages",
    "ai.prompt",
    "gen_ai.prompt",
    "input.value",
    "traceloop.entity.input",
    "gcp.vertex.agent.llm_request",
    "user_prompt",
    "ai.value",
    "ai.values",
    "all_messages_events",
    "pydantic_ai.all_messages",
    "mastra.agent_run.input",
    "mastra.workflow_run.input",
    "mastra.model_step.input",
    "request_text",
    "gen_ai.retrieval.query.text",
    "gen_ai.memory.query.text",
    "haystack.component.input",
    "haystack.pipeline.input_data",
    "haystack.agent.input",
    "langfuse.observation.input",
  ],
  output: [
    "gen_ai.output.messages",
    "ai.response.text",
    "ai.response.object",
    "ai.response.toolCalls",
    "gen_ai.completion",
    "output.value",
    "traceloop.entity.output",
    "gcp.vertex.agent.llm_response",
    "final_result",
    "mastra.agent_run.output",
    "mastra.workflow_run.output",
    "mastra.model_step.output",
    "response",
    "response_text",
    "gen_ai.retrieval.documents",
    "gen_ai.memory.records",
    "haystack.component.output",
    "haystack.pipeline.output_data",
    "haystack.agent.output",
    "langfuse.observation.output",
  ],
  conversation: [
    "session.id",
    "gen_ai.conversation.id",
    "ai.telemetry.metadata.sessionId",
    "ai.settings.context.sessionId",
    "mastra.metadata.sessionId",
    "langsmith.metadata.session_id",
    "langfuse.session.id",
    "traceloop.association.properties.session_id",
    "gcp.vertex.agent.session_id",
    "conversation.id",
    "conversation_id",
    "session_id",
    "group_id",
  ],
  thread: [
    "thread_id",
    "thread.id",
    "gen_ai.thread.id",
    "langsmith.metadata.thread_id",
    "ai.telemetry.metadata.threadId",
    "mastra.metadata.threadId",
    "traceloop.association.properties.thread_id",
  ],
  run: ["run_id", "gen_ai.run.id"],
  actor: [
    "user.id",
    "enduser.id",
    "user.account_uuid",
    "user.account_id",
    "user.email",
    "ai.telemetry.metadata.userId",
    "ai.settings.context.userId",
    "mastra.metadata.userId",
    "langsmith.metadata.user_id",
    "langfuse.user.id",
    "traceloop.association.properties.user_id",
    "gen_ai.request.user",
    "llm.user",
    "user_email",
    "user_id",
  ],
  actorLabel: ["user.email", "user_email", "user.name", "user.full_name"],
  agent: [
    "gen_ai.agent.name",
    "agent.name",
    "ai.telemetry.functionId",
    "agent_name",
    "agent_type",
    "mastra.agent.name",
    "traceloop.workflow.name",
    "crewai.agent.role",
    "gen_ai.agent.id",
  ],
  model: [
    "gen_ai.response.model",
    "ai.response.model",
    "gen_ai.request.model",
    "ai.model.id",
    "llm.response.model_name",
    "llm.model_name",
    "llm.request.model_name",
    "langfuse.observation.model.name",
    "embedding.model_name",
    "reranker.model_name",
    "model",
    "model_name",
  ],
  provider: [
    "gen_ai.provider.name",
    "gen_ai.system",
    "ai.model.provider",
    "llm.provider",
    "llm.system",
    "provider_name",
  ],
  finish: [
    "gen_ai.response.finish_reasons",
    "gen_ai.response.finish_reason",
    "ai.response.finishReason",
    "stop_reason",
    "llm.finish_reason",
    "llm.response.finish_reason",
    "llm.response.stop_reason",
    "finish_reasons",
  ],
  request: ["request_id", "gen_ai.response.id", "ai.response.id"],
  server: ["anthropic.mcp.server.name", "mcp.server.name", "mcp_server_name", "mcp_server", "server.address"],
  duration: ["duration_ms", "tool_duration_ms", "latency_ms"],
  error: [
    "error",
    "error.message",
    "exception.message",
    "error_message",
    "langfuse.observation.status_message",
  ],
  errorType: ["error.type", "error_type"],
  cost: [
    "cost_usd",
    "gen_ai.usage.cost",
    "gen_ai.usage.total_cost",
    "operation.cost",
    "llm.cost.total",
    "llm.usage.total_cost",
  ],
  environment: ["deployment.environment.name", "deployment.environment"],
  decision: [
    "decision",
    "gen_ai.guardrail.verdict.type",
    "gen_ai.guardrail.action.type",
    "approval.decision",
  ],
  decidedBy: ["source", "decision_source", "approver"],
} as const satisfies Record<string, readonly string[]>;

export const TOKENS = {
  input: [
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.prompt_tokens",
    "gen_ai.aggregated_usage.input_tokens",
    "llm.token_count.prompt",
    "ai.usage.inputTokens",
    "ai.usage.promptTokens",
    "ai.usage.tokens",
    "llm.usage.prompt_tokens",
    "input_tokens",
    "input_token_count",
  ],
  output: [
    "gen_ai.usage.output_tokens",
    "gen_ai.usage.completion_tokens",
    "gen_ai.aggregated_usage.output_tokens",
    "llm.token_count.completion",
    "ai.usage.outputTokens",
    "ai.usage.completionTokens",
    "llm.usage.completion_tokens",
    "output_tokens",
    "output_token_count",
  ],
  thinking: [
    "gen_ai.usage.reasoning.output_tokens",
    "gen_ai.usage.reasoning_tokens",
    "gen_ai.usage.details.reasoning_tokens",
    "gen_ai.usage.output_tokens.reasoning",
    "gen_ai.usage.experimental.reasoning_tokens",
    "ai.usage.reasoningTokens",
    "ai.usage.outputTokenDetails.reasoningTokens",
    "llm.token_count.completion_details.reasoning",
    "codex.usage.reasoning_output_tokens",
    "reasoning_token_count",
    "thoughts_token_count",
  ],
  cached: [
    "gen_ai.usage.cache_read.input_tokens",
    "gen_ai.usage.cache_read_input_tokens",
    "gen_ai.usage.cached_input_tokens",
    "gen_ai.usage.details.cache_read_tokens",
    "gen_ai.usage.input_tokens.cached",
    "ai.usage.cachedInputTokens",
    "ai.usage.inputTokenDetails.cacheReadTokens",
    "llm.token_count.prompt_details.cache_read",
    "llm.token_count.prompt_details.cache_input",
    "cache_read_tokens",
    "cached_token_count",
    "cached_content_token_count",
  ],
} as const;

export const CACHE_WRITTEN = [
  "gen_ai.usage.cache_creation.input_tokens",
  "gen_ai.usage.cache_creation_input_tokens",
  "gen_ai.usage.cache_write.input_tokens",
  "gen_ai.usage.cache_write_input_tokens",
  "gen_ai.usage.details.cache_write_tokens",
  "ai.usage.inputTokenDetails.cacheWriteTokens",
  "gen_ai.usage.cache_write.input_tokens",
  "llm.token_count.prompt_details.cache_write",
  "cache_creation_tokens",
] as const;

/** Anthropic's own names: there `input_tokens` leaves out what came from and went to the cache. */
const CACHE_ASIDE = ["cache_read_tokens", "cache_creation_tokens"] as const;

/**
 * The tokens of one operation; undefined where nothing is said. `input` is everything that the
 * model read: the semantic conventions count the cache in, Anthropic's own names leave it aside, and
 * more from the cache than there was input shows the same.
 */
export function usageOf(attributes: Attributes): Usage | undefined {
  const usage: Usage = usageInJson(attributes);
  for (const key of ["input", "output", "thinking", "cached"] as const) {
    const count = countOf(attributes, TOKENS[key]);
    if (count !== undefined) usage[key] = count;
  }
  if (Object.keys(usage).length === 0) return undefined;
  if (usage.input !== undefined) {
    const written = countOf(attributes, CACHE_WRITTEN) ?? 0;
    const cached = usage.cached ?? 0;
    const anthropic =
      firstKey(attributes, TOKENS.input) === "input_tokens" && CACHE_ASIDE.some((key) => key in attributes);
    if (anthropic || cached > usage.input) usage.input += cached + written;
  }
  return usage;
}

/** Newer versions of Claude Code say the same twice, by the conventions' names and by their own. */
function firstKey(attributes: Attributes, keys: readonly string[]): string | undefined {
  return keys.find((key) => countOf(attributes, [key]) !== undefined);
}

/** Counts that stand as JSON in one attribute; what has an attribute of its own goes before them. */
const LANGFUSE_USAGE = "langfuse.observation.usage_details";
const LANGSMITH_USAGE = "langsmith.usage_metadata";
const HAYSTACK_OUTPUT = "haystack.component.output";

function usageInJson(attributes: Attributes): Usage {
  const details = structured(attributes[LANGFUSE_USAGE]);
  if (isObject(details)) return langfuseUsage(details) ?? {};
  return (
    providerUsage(structured(attributes[LANGSMITH_USAGE])) ??
    providerUsage(answerIn(attributes[HAYSTACK_OUTPUT]).usage) ??
    {}
  );
}

/** What a Haystack generator says of its first reply. */
function answerIn(output: JsonValue | undefined): Record<string, unknown> {
  const { replies, meta } = objectOf(structured(output));
  const [reply] = Array.isArray(replies) ? (replies as unknown[]) : [];
  const [said] = Array.isArray(meta) ? (meta as unknown[]) : [];
  return objectOf(objectOf(reply).meta ?? objectOf(reply)._meta ?? said);
}

function objectOf(value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {};
}

/** The model of one operation. */
export function modelOf(attributes: Attributes): string | undefined {
  const said = answerIn(attributes[HAYSTACK_OUTPUT]).model;
  return firstText(attributes, ALIASES.model) ?? (typeof said === "string" ? said : undefined);
}

const LANGFUSE_COST = "langfuse.observation.cost_details";

/** What one operation cost, as a decimal. */
export function costOf(attributes: Attributes): string | undefined {
  const details = structured(attributes[LANGFUSE_COST]);
  const total = isObject(details) ? decimalOf(details, ["total"]) : undefined;
  return decimalOf(attributes, ALIASES.cost) ?? total;
}

const TOKEN_KEYS: ReadonlySet<string> = new Set([
  ...Object.values(TOKENS).flat(),
  ...CACHE_WRITTEN,
  LANGFUSE_USAGE,
  LANGSMITH_USAGE,
]);

/** What the instrumentation said of tokens, as it said it; undefined where it said nothing. */
export function tokensSaid(attributes: Attributes): JsonObject | undefined {
  const said = Object.entries(attributes).filter(([key]) => TOKEN_KEYS.has(key));
  if (said.length === 0) return undefined;
  const inJson = said.map(([, value]) => structured(value)).filter((value) => isObject(value));
  return Object.assign({}, ...inJson, Object.fromEntries(said));
}
