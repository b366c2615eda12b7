import type { JsonValue } from "../../base/json.ts";
import type { Usage } from "../../event/event.ts";
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
  ],
  arguments: [
    "gen_ai.tool.call.arguments",
    "ai.toolCall.args",
    "ai.toolCall.input",
    "tool_arguments",
    "tool_input",
    "function_args",
    "input.value",
    "traceloop.entity.input",
    "mastra.tool_call.input",
    "mastra.input",
    "arguments",
    "tool_parameters",
    "full_command",
  ],
  result: [
    "gen_ai.tool.call.result",
    "ai.toolCall.result",
    "ai.toolCall.output",
    "tool_response",
    "output.value",
    "traceloop.entity.output",
    "mastra.tool_call.output",
    "mastra.output",
    "output",
    "result",
  ],
  conversation: [
    "session.id",
    "gen_ai.conversation.id",
    "ai.telemetry.metadata.sessionId",
    "ai.settings.context.sessionId",
    "mastra.metadata.sessionId",
    "langsmith.metadata.session_id",
    "conversation.id",
    "conversation_id",
    "group_id",
  ],
  thread: [
    "thread_id",
    "gen_ai.thread.id",
    "langsmith.metadata.thread_id",
    "ai.telemetry.metadata.threadId",
    "mastra.metadata.threadId",
    "traceloop.association.properties.thread_id",
  ],
  run: ["run_id", "gen_ai.run.id", "mastra.metadata.runId", "prompt.id"],
  actor: [
    "user.id",
    "enduser.id",
    "user.email",
    "ai.telemetry.metadata.userId",
    "ai.settings.context.userId",
    "mastra.metadata.userId",
    "langsmith.metadata.user_id",
    "traceloop.association.properties.user_id",
    "user_email",
  ],
  agent: [
    "gen_ai.agent.name",
    "agent.name",
    "ai.telemetry.functionId",
    "gen_ai.agent.id",
    "agent_name",
    "agent_type",
    "mastra.agent.name",
    "traceloop.workflow.name",
  ],
  model: [
    "gen_ai.response.model",
    "ai.response.model",
    "gen_ai.request.model",
    "ai.model.id",
    "llm.model_name",
    "embedding.model_name",
    "model",
  ],
  provider: ["gen_ai.provider.name", "gen_ai.system", "ai.model.provider", "llm.provider", "llm.system"],
  duration: ["duration_ms", "tool_duration_ms"],
  error: ["error", "error.message", "exception.message", "error_message"],
  cost: ["cost_usd", "gen_ai.usage.cost", "llm.usage.total_cost", "gen_ai.cost.total_cost"],
  environment: ["deployment.environment.name", "deployment.environment"],
  decision: ["decision", "gen_ai.guardrail.verdict.type", "gen_ai.guardrail.action.type"],
} as const satisfies Record<string, readonly string[]>;

const TOKENS = {
  input: [
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.prompt_tokens",
    "llm.token_count.prompt",
    "ai.usage.inputTokens",
    "ai.usage.promptTokens",
    "input_tokens",
    "input_token_count",
  ],
  output: [
    "gen_ai.usage.output_tokens",
    "gen_ai.usage.completion_tokens",
    "llm.token_count.completion",
    "ai.usage.outputTokens",
    "ai.usage.completionTokens",
    "output_tokens",
    "output_token_count",
  ],
  thinking: [
    "gen_ai.usage.reasoning.output_tokens",
    "gen_ai.usage.reasoning_tokens",
    "ai.usage.reasoningTokens",
    "llm.token_count.completion_details.reasoning",
    "reasoning_token_count",
    "thoughts_token_count",
  ],
  cached: [
    "gen_ai.usage.cache_read.input_tokens",
    "gen_ai.usage.cached_input_tokens",
    "ai.usage.cachedInputTokens",
    "llm.token_count.prompt_details.cache_read",
    "cache_read_tokens",
    "cached_token_count",
    "cached_content_token_count",
  ],
} as const;

/** Anthropic counts what came from and went to the cache beside `input_tokens`, not in it. */
const CACHE_ASIDE = ["cache_read_tokens", "cache_creation_tokens"] as const;

/** What an operation is, by the value of any of the keys that name one. */
export type Operation =
  | "tool"
  | "llm"
  | "agent"
  | "handoff"
  | "guardrail"
  | "retrieval"
  | "workflow"
  | "embedding"
  | "inner";

const OPERATION_KEYS = [
  "gen_ai.operation.name",
  "openinference.span.kind",
  "ai.operationId",
  "traceloop.span.kind",
  "span.type",
  "mastra.span.type",
  "langsmith.span.kind",
  "mcp.method.name",
] as const;

const OPERATIONS: Readonly<Record<string, Operation>> = {
  execute_tool: "tool",
  tool_call: "tool",
  tool: "tool",
  "ai.toolcall": "tool",
  "tools/call": "tool",
  function: "tool",
  mcp_tool_call: "tool",
  chat: "llm",
  generate_content: "llm",
  text_completion: "llm",
  llm_call: "llm",
  llm: "llm",
  llm_request: "llm",
  "ai.generatetext.dogenerate": "llm",
  "ai.streamtext.dostream": "llm",
  "ai.generateobject.dogenerate": "llm",
  "ai.streamobject.dostream": "llm",
  model_generation: "inner",
  model_step: "inner",
  model_inference: "llm",
  model_chunk: "inner",
  generation: "llm",
  response: "llm",
  embeddings: "embedding",
  embedding: "embedding",
  "ai.embed.doembed": "embedding",
  "ai.embedmany.doembed": "embedding",
  invoke_agent: "agent",
  create_agent: "inner",
  agent: "agent",
  agent_run: "agent",
  agent_step: "inner",
  interaction: "agent",
  "ai.generatetext": "agent",
  "ai.streamtext": "agent",
  "ai.generateobject": "agent",
  "ai.streamobject": "agent",
  "ai.embed": "inner",
  "ai.embedmany": "inner",
  handoff: "handoff",
  run_guardrail: "guardrail",
  guardrail: "guardrail",
  retrieval: "retrieval",
  retriever: "retrieval",
  reranker: "retrieval",
  search_memory: "retrieval",
  create_memory: "retrieval",
  update_memory: "retrieval",
  delete_memory: "retrieval",
  upsert_memory: "retrieval",
  invoke_workflow: "workflow",
  workflow: "workflow",
  workflow_run: "workflow",
  chain: "inner",
  task: "inner",
  turn: "inner",
  plan: "inner",
  "tool.execution": "inner",
  "tool.blocked_on_user": "inner",
  hook: "inner",
  "subagent.spawn": "agent",
  compaction: "inner",
  "mcp.rpc": "inner",
  evaluator: "inner",
  schedule_tool_calls: "inner",
};

export function operationOf(attributes: Attributes, name: string): Operation | undefined {
  for (const key of OPERATION_KEYS) {
    const value = attributes[key];
    if (typeof value !== "string") continue;
    const operation = OPERATIONS[value.toLowerCase()];
    if (operation !== undefined) return operation;
  }
  if (attributes["gen_ai.tool.name"] !== undefined || /^(?:running tool|execute_tool\b)/.test(name))
    return "tool";
  return undefined;
}

/** Prefixes of attributes that only agents write: such a span is never noise. */
const AGENT_PREFIXES = [
  "gen_ai.",
  "ai.",
  "openinference.",
  "traceloop.",
  "mcp.",
  "langsmith.",
  "llm.",
  "mastra.",
];

export function isAgentActivity(attributes: Attributes): boolean {
  return Object.keys(attributes).some((key) => AGENT_PREFIXES.some((prefix) => key.startsWith(prefix)));
}

export function first(attributes: Attributes, keys: readonly string[]): JsonValue | undefined {
  for (const key of keys) {
    const value = attributes[key];
    if (value !== undefined && value !== null && value !== "" && !isEmptyObject(value)) return value;
  }
  return undefined;
}

export function firstText(attributes: Attributes, keys: readonly string[]): string | undefined {
  const value = first(attributes, keys);
  if (value === undefined) return undefined;
  return typeof value === "string"
    ? value
    : typeof value === "object"
      ? JSON.stringify(value)
      : String(value);
}

/** Some exporters write `{}` for undefined. */
function isEmptyObject(value: JsonValue): boolean {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length === 0
  );
}

/** A value that may be JSON in a string. */
export function structured(value: JsonValue | undefined): JsonValue | undefined {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value) as JsonValue;
  } catch {
    return value;
  }
}

export function countOf(attributes: Attributes, keys: readonly string[]): number | undefined {
  const value = first(attributes, keys);
  const number = typeof value === "string" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) && number >= 0
    ? Math.round(number)
    : undefined;
}

/** The tokens of one leaf operation; undefined where nothing is said. */
export function usageOf(attributes: Attributes): Usage | undefined {
  const usage: Usage = {};
  for (const key of ["input", "output", "thinking", "cached"] as const) {
    const count = countOf(attributes, TOKENS[key]);
    if (count !== undefined) usage[key] = count;
  }
  if (usage.input !== undefined && first(attributes, ["gen_ai.usage.input_tokens"]) === undefined) {
    for (const key of CACHE_ASIDE) usage.input += countOf(attributes, [key]) ?? 0;
  }
  return Object.keys(usage).length === 0 ? undefined : usage;
}
