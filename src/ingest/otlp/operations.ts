import type { JsonValue } from "../../base/json.ts";
import { first, firstText } from "../values.ts";
import { ALIASES, usageOf } from "./aliases.ts";
import type { Attributes, Span } from "./model.ts";

/** What a span is, whatever its dialect calls it. */
export type Operation =
  | "tool"
  | "llm"
  | "embedding"
  | "agent"
  | "workflow"
  | "handoff"
  | "guardrail"
  | "retrieval"
  | "memory"
  | "approval"
  | "compaction"
  | "mcp"
  | "step"
  | "folded";

interface Shape {
  readonly type: string;
  readonly category: string;
  /** A started and a completed event; else one, completed. */
  readonly paired?: true;
}

/** `folded` gives no event: it is a part of the one around it. */
export const SHAPES: Readonly<Record<Exclude<Operation, "folded">, Shape>> = {
  tool: { type: "tool.execute", category: "tool_call", paired: true },
  agent: { type: "agent.run", category: "run", paired: true },
  workflow: { type: "workflow.run", category: "run", paired: true },
  llm: { type: "llm.complete", category: "llm" },
  embedding: { type: "llm.embed", category: "llm" },
  handoff: { type: "agent.handoff", category: "run" },
  guardrail: { type: "guardrail.check", category: "safety" },
  retrieval: { type: "retrieval.query", category: "run" },
  memory: { type: "memory.access", category: "run" },
  approval: { type: "approval.decide", category: "approval" },
  compaction: { type: "context.compacted", category: "session" },
  mcp: { type: "mcp.request", category: "mcp" },
  step: { type: "agent.step", category: "run" },
};

/**
 * The attributes that name an operation, best first. LangSmith's exporter calls prompts `chat` and retrievers
 * `embeddings` in the conventions' words, so its own word goes before them.
 */
const OPERATION_KEYS = [
  "langsmith.span.kind",
  "langfuse.observation.type",
  "gen_ai.operation.name",
  "openinference.span.kind",
  "ai.operationId",
  "traceloop.span.kind",
  "span.type",
  "mastra.span.type",
  "spring.ai.kind",
  "llm.request.type",
] as const;

export const VALUES: Readonly<Record<Operation, readonly string[]>> = {
  tool: [
    "execute_tool",
    "tool_call",
    "tool",
    "ai.toolcall",
    "tools/call",
    "function",
    "mcp_tool_call",
    "provider_tool_call",
    "client_tool_call",
    "tool.execute",
  ],
  llm: [
    "chat",
    "generate_content",
    "text_completion",
    "completion",
    "llm_call",
    "llm",
    "llm_request",
    "generation",
    "response",
    "model_generation",
    "ai.generatetext.dogenerate",
    "ai.streamtext.dostream",
    "ai.generateobject.dogenerate",
    "ai.streamobject.dostream",
    "ai.generateimage",
    "ai.generatespeech",
    "ai.transcribe",
    "image",
    "audio",
  ],
  embedding: ["embeddings", "embedding", "rag_embedding", "ai.embed.doembed", "ai.embedmany.doembed"],
  agent: [
    "invoke_agent",
    "agent",
    "agent_run",
    "agent_call",
    "interaction",
    "execute_task",
    "ai.generatetext",
    "ai.streamtext",
    "ai.generateobject",
    "ai.streamobject",
  ],
  workflow: ["invoke_workflow", "workflow", "workflow_run", "invoke_swarm", "invoke_graph"],
  handoff: ["handoff", "agent_handoff"],
  guardrail: ["run_guardrail", "guardrail", "guard"],
  retrieval: ["retrieval", "retriever", "reranker", "rerank", "ai.rerank", "vectordb", "vector_store"],
  memory: [
    "search_memory",
    "create_memory",
    "update_memory",
    "upsert_memory",
    "delete_memory",
    "create_memory_store",
    "delete_memory_store",
  ],
  approval: ["tool.blocked_on_user"],
  compaction: ["compaction"],
  mcp: ["mcp"],
  step: [
    "agent_step",
    "ai.embed",
    "ai.embedmany",
    "create_agent",
    "chain",
    "task",
    "turn",
    "plan",
    "model_step",
    "model_inference",
    "workflow_step",
    "processor_run",
    "subagent.spawn",
    "chat_client",
    "advisor",
    "evaluator",
    "prompt",
    "parser",
    "generic",
    "span",
    "event",
  ],
  folded: [
    "tool.execution",
    "mcp.rpc",
    "hook",
    "model_chunk",
    "schedule_tool_calls",
    "user_prompt",
    "system_prompt",
  ],
};

const OPERATION_OF: ReadonlyMap<string, Operation> = new Map(
  Object.entries(VALUES).flatMap(([operation, values]) =>
    values.map((value) => [value, operation as Operation] as const),
  ),
);

/** Where no attribute names the operation, its span's name may. */
const NAMES: ReadonlyArray<readonly [RegExp, Operation]> = [
  [/^(?:execute_tool|running tool)(?!s)\b/, "tool"],
  [/^(?:agent run|agent_run|invoke_agent)\b/, "agent"],
  [/^(?:call_llm|chat)\b/, "llm"],
  [/^(?:workflow\.run|haystack\.pipeline\.run|haystack\.async_pipeline\.run)\b/, "workflow"],
  [/^haystack\.agent\.run\b/, "agent"],
  [/^executor\.process\b/, "step"],
  [/^invocation$/, "folded"],
];

/** Instrumentation that traces agents and nothing else: its spans may have no attribute that says so. */
const AGENT_SCOPES =
  /^(?:gcp\.vertex\.agent|pydantic-ai|strands|agent_framework|Microsoft\.Agents\.AI|haystack)/i;

/** Haystack names a component's class. */
const COMPONENTS: ReadonlyArray<readonly [RegExp, Operation]> = [
  [/Generator$/, "llm"],
  [/Embedder$/, "embedding"],
  [/(?:Retriever|Ranker)$/, "retrieval"],
];

export function operationOf({
  attributes,
  name,
  scope,
}: Pick<Span, "attributes" | "name" | "scope">): Operation | undefined {
  // opencode runs its own loop: around each model call stands a run of the AI SDK, of that call alone.
  if (scope === "opencode" && attributes["ai.operationId"] === "ai.streamText") return "folded";
  // ADK's span over calls that it ran together repeats each of them.
  if (attributes["gen_ai.tool.name"] === "(merged tools)") return "step";
  for (const key of OPERATION_KEYS) {
    const value = attributes[key];
    const operation = typeof value === "string" ? OPERATION_OF.get(value.toLowerCase()) : undefined;
    if (operation !== undefined) return operation;
  }
  const method = firstText(attributes, ["mcp.method.name"]);
  if (method !== undefined) return method === "tools/call" ? "tool" : "mcp";
  const named = NAMES.find(([pattern]) => pattern.test(name))?.[1];
  if (!isAgentActivity(attributes)) return AGENT_SCOPES.test(scope) ? named : undefined;
  if (attributes["gen_ai.tool.name"] !== undefined) return "tool";
  if (attributes["gen_ai.handoff.to_agent"] !== undefined) return "handoff";
  if (named !== undefined) return named;
  const component = firstText(attributes, ["haystack.component.type"]);
  if (component !== undefined) return COMPONENTS.find(([pattern]) => pattern.test(component))?.[1] ?? "step";
  // An operation that nobody knows, of a model that counted tokens, is a call of that model.
  const isModel = first(attributes, ALIASES.model) !== undefined && usageOf(attributes) !== undefined;
  return isModel ? "llm" : "step";
}

/** Prefixes of attributes that only agents write: such a span is never noise. */
const AGENT_PREFIXES = [
  "gen_ai.",
  "ai.",
  "openinference.",
  "traceloop.",
  "mcp.",
  "langsmith.",
  "langfuse.",
  "llm.",
  "mastra.",
  "gcp.vertex.agent.",
  "pydantic_ai.",
  "haystack.",
  "koog.",
  "crewai.",
  "spring.ai.",
];

export function isAgentActivity(attributes: Attributes): boolean {
  return Object.keys(attributes).some((key) => AGENT_PREFIXES.some((prefix) => key.startsWith(prefix)));
}

/**
 * Programs whose logs tell what their spans repeat, with less in them: of Gemini CLI the spans of
 * these operations, of Codex all that name no operation (hundreds, some with tokens of a call on them).
 */
const TOLD_BY_LOGS: ReadonlyArray<{ service: RegExp; told: (operation: JsonValue | undefined) => boolean }> =
  [
    {
      service: /^(?:gemini-cli|qwen-code)/,
      told: (operation) =>
        ["tool_call", "llm_call", "schedule_tool_calls", "user_prompt"].includes(String(operation)),
    },
    { service: /^codex/, told: (operation) => operation === undefined },
  ];

function toldByLogsOf(resource: Attributes) {
  const service = firstText(resource, ["service.name"]) ?? "";
  return TOLD_BY_LOGS.find(({ service: pattern }) => pattern.test(service));
}

export function isToldByLogs({ resource, attributes }: Span): boolean {
  return toldByLogsOf(resource)?.told(attributes["gen_ai.operation.name"]) === true;
}

/** Is a program one of those? */
export function areSpansTold(resource: Attributes): boolean {
  return toldByLogsOf(resource) !== undefined;
}
