import { parseMicros } from "../base/clock.ts";
import { exceedsDepth, isObject, type JsonObject, type JsonValue } from "../base/json.ts";
import type { EventDraft } from "../event/event.ts";
import { DROPPED, drop, type Ingested, inOrder, keep, nothingIngested } from "./ingested.ts";
import { providerUsage, rawUsage } from "./provider-usage.ts";
import { type Told, toldDrafts } from "./told.ts";
import { first, firstName, firstText, oneLine, structured } from "./values.ts";

type Foreign = Record<string, unknown>;

const DEPTH_MAX = 64;

export interface TraceContext {
  readonly tenant?: string;
  readonly environment?: string;
}

/** What a trace's own record says; it comes once, and its spans may come in later batches. */
export interface KnownTraces {
  get(trace: string): JsonObject | undefined;
  set(trace: string, record: JsonObject): unknown;
}

/**
 * What the OpenAI Agents SDK (JavaScript and Python) posts to `/v1/traces/ingest`: `{data: [trace or
 * trace.span …]}`. Spans come when they end, children before their parents. Tokens count on generations
 * and responses only: turns, tasks and agents say sums of them. Sources: a recording of `@openai/agents`
 * 0.20 (test/samples/openai-agents-js), and the types of `@openai/agents-core` `tracing/spans`. Never throws.
 */
export function fromOpenAiTraces(
  body: unknown,
  context: TraceContext = {},
  traces: KnownTraces = new Map(),
): Ingested {
  const ingested = nothingIngested();
  const items = isObject(body) && Array.isArray(body.data) ? body.data : undefined;
  if (items === undefined) {
    ingested.rejected.push({ index: 0, reason: "data must be a list of traces and spans" });
    return ingested;
  }
  const spans = new Map<string, Foreign>();
  for (const item of items) {
    if (!isObject(item)) continue;
    if (item.object === "trace" && typeof item.id === "string") traces.set(item.id, item as JsonObject);
    if (item.object === "trace.span" && typeof item.id === "string") spans.set(item.id, item);
  }
  for (const [index, item] of items.entries()) {
    const reason = ruleBroken(item);
    if (reason !== undefined) ingested.rejected.push({ index, reason });
    else if (item.object === "trace") drop(ingested, DROPPED.part);
    else keep(ingested, toldDrafts(told(item, spans, traces, context)));
  }
  return inOrder(ingested);
}

function ruleBroken(item: unknown): string | undefined {
  if (!isObject(item)) return "must be an object";
  if (item.object !== "trace" && item.object !== "trace.span") return "object must be trace or trace.span";
  if (typeof item.id !== "string" || item.id === "") return "id must be text";
  if (exceedsDepth(item, DEPTH_MAX)) return `must not nest deeper than ${DEPTH_MAX}`;
  if (item.object === "trace") return undefined;
  if (typeof item.trace_id !== "string" || item.trace_id === "") return "trace_id must be text";
  return isObject(item.span_data) ? undefined : "span_data must be an object";
}

function told(span: Foreign, spans: Map<string, Foreign>, traces: KnownTraces, context: TraceContext): Told {
  const said = span.span_data as Foreign;
  const trace = String(span.trace_id);
  const kind = kindOf(said);
  const name = firstName(said, ["name"]) ?? kind;
  const usage = kind === "generation" || kind === "response" ? rawUsage(said.usage) : undefined;
  const model = firstName(said, ["model"]);
  const outcome = outcomeOf(span, said, kind);
  return {
    door: "openai-agents",
    trace,
    id: String(span.id),
    parent: typeof span.parent_id === "string" ? span.parent_id : undefined,
    operation: OPERATIONS[kind] ?? "step",
    name: kind === "handoff" ? handoff(said) : name,
    start: timeOf(span.started_at),
    end: timeOf(span.ended_at),
    hasEnded: typeof span.ended_at === "string" || outcome.error !== undefined,
    ...outcome,
    ...(kind === "function" ? { call: callOf(said, name) } : {}),
    model,
    usage: providerUsage(usage),
    data: startData(said, kind),
    endData: { ...endData(said, kind), ...(usage === undefined ? {} : { usage }) },
    common: commonOf(span, traces.get(trace) ?? {}, agentAround(span, spans), context),
  };
}

const OPERATIONS: Readonly<Record<string, Told["operation"]>> = {
  agent: "agent",
  function: "tool",
  generation: "llm",
  response: "llm",
  transcription: "llm",
  speech: "llm",
  handoff: "handoff",
  guardrail: "guardrail",
  mcp_tools: "mcp",
};

/** The exporter writes tasks and turns as custom spans. */
function kindOf(said: Foreign): string {
  const inner = isObject(said.data) ? firstName(said.data, ["sdk_span_type"]) : undefined;
  return inner ?? firstName(said, ["type"]) ?? "custom";
}

function handoff(said: Foreign): string {
  return `${firstName(said, ["from_agent"]) ?? "?"} → ${firstName(said, ["to_agent"]) ?? "?"}`;
}

function timeOf(value: unknown): number | undefined {
  return typeof value === "string" ? parseMicros(value) : undefined;
}

function callOf(said: Foreign, tool: string): NonNullable<Told["call"]> {
  const mcp = structured(first(said, ["mcp_data"]));
  return {
    tool,
    id: undefined,
    args: structured(first(said, ["input"])),
    result: structured(first(said, ["output"])),
    server: isObject(mcp) ? firstName(mcp, ["server", "server_name"]) : undefined,
  };
}

/** A refused call tells of it as an error; a guardrail that is triggered refuses. */
function outcomeOf(span: Foreign, said: Foreign, kind: string): Pick<Told, "status" | "error"> {
  if (kind === "guardrail" && said.triggered === true)
    return { status: "denied", error: `guardrail ${firstName(said, ["name"]) ?? ""} was triggered`.trim() };
  if (!isObject(span.error)) return { status: "ok" };
  const why = isObject(span.error.data) ? firstText(span.error.data, ["error"]) : undefined;
  const message = firstText(span.error, ["message"]) ?? "failed";
  const error = why === undefined || why === message ? message : `${message}: ${why}`;
  const isRefused = kind === "function" && /\bmanually rejected\b|\brejected by\b/i.test(error);
  return { status: isRefused ? "denied" : "error", error };
}

const START = [
  "tools",
  "handoffs",
  "output_type",
  "model_config",
  "from_agent",
  "to_agent",
  "input",
  "server",
];
const END = ["output", "response_id", "triggered", "result"];

function pick(said: Foreign, keys: readonly string[]): JsonObject {
  const data: JsonObject = {};
  for (const key of keys) {
    const value = structured(first(said, [key]));
    if (value !== undefined) data[key] = value;
  }
  return data;
}

function startData(said: Foreign, kind: string): JsonObject {
  return kind === "function" ? {} : pick(said, START);
}

/** Sums of what happened inside stay beside the event's own tokens, never as them. */
function endData(said: Foreign, kind: string): JsonObject {
  if (kind === "function") return {};
  const data = pick(said, END);
  if (!isObject(said.data)) return said.data === undefined ? data : { ...data, data: said.data as JsonValue };
  const { usage, ...rest } = said.data as JsonObject;
  const totals = providerUsage(usage);
  return { ...data, data: rest, ...(totals === undefined ? {} : { totals: { ...totals } }) };
}

const ANCESTORS_MAX = 100;

/** The agent whose span is around this one, or whose turn it is, where the batch has them. */
function agentAround(span: Foreign, spans: ReadonlyMap<string, Foreign>): string | undefined {
  let at: Foreign | undefined = span;
  for (let i = 0; i < ANCESTORS_MAX && at !== undefined; i++) {
    const said: unknown = at.span_data;
    if (isObject(said)) {
      const turn = isObject(said.data) ? firstName(said.data, ["agent_name"]) : undefined;
      const agent = said.type === "agent" ? firstName(said, ["name"]) : firstName(said, ["agent_name"]);
      if (turn !== undefined || agent !== undefined) return turn ?? agent;
    }
    at = typeof at.parent_id === "string" ? spans.get(at.parent_id) : undefined;
  }
  return undefined;
}

export function commonOf(
  span: Foreign,
  trace: JsonObject,
  agent: string | undefined,
  context: TraceContext,
): Partial<EventDraft> {
  const id = String(span.trace_id);
  const metadata = isObject(trace.metadata) ? trace.metadata : {};
  const user = firstName(metadata, ["user_id", "userId", "user", "user_email"]);
  const workflow = firstName(trace, ["workflow_name"]);
  return {
    tenant: context.tenant ?? null,
    environment: context.environment ?? null,
    source: "openai-traces",
    origin: "openai-agents",
    app: workflow ?? null,
    agent: agent ?? workflow ?? null,
    conversationId:
      firstName(trace, ["group_id"]) ?? firstName(metadata, ["session_id", "thread_id"]) ?? null,
    runId: oneLine(id, 200),
    traceId: /^trace_[0-9a-f]{32}$/.test(id) ? id.slice("trace_".length) : null,
    actor: user === undefined ? null : { type: "user", id: user },
  };
}
