import { type Micros, parseMicros } from "../../base/clock.ts";
import { exceedsDepth, isObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import type { AuditEvent, EventDraft } from "../../event/event.ts";
import { DROPPED, drop, type Ingested, inOrder, keep, nothingIngested } from "../ingested.ts";
import { failureIn, messageIn } from "../otlp/outcome.ts";
import { providerUsage, rawUsage } from "../provider-usage.ts";
import { signalIn } from "../signals.ts";
import { type Told, toldDrafts, toldId } from "../told.ts";
import { first, firstName, structured } from "../values.ts";
import type { RunBatch, RunFields } from "./multipart.ts";

const DEPTH_MAX = 64;
const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export interface RunContext {
  readonly tenant?: string;
  readonly environment?: string;
}

/** What is known of a run that began earlier: an older client's end says neither its kind nor its name. */
export type KnownRun = (id: string) => RunFields | undefined;

/**
 * What LangChain and LangSmith's clients, in JavaScript and Python, send of their runs: `post` is a run
 * that began, or a whole one, `patch` its end. The start and the end of a tool, and of the outermost run,
 * are a pair; model calls, retrievals and steps are one event, at their end. Tokens count on model runs
 * only. Prompts, parsers and what LangGraph hides are parts of others. Sources: recordings of
 * `langsmith` 0.10 and its `schemas.d.ts`, `client.js`. Never throws.
 */
export function fromLangSmith(
  batch: RunBatch,
  context: RunContext = {},
  known: KnownRun = () => undefined,
): Ingested {
  const ingested = nothingIngested();
  const started = new Map<string, RunFields>();
  const take = (fields: RunFields, index: number): void => {
    const reason = ruleBroken(fields);
    if (reason !== undefined) {
      ingested.rejected.push({ index, reason });
      return;
    }
    const id = String(fields.id);
    const before = started.get(id) ?? known(id);
    const run = before === undefined ? fields : { ...before, ...withoutNothing(fields) };
    started.set(id, run);
    if (isPart(run)) drop(ingested, DROPPED.part);
    else keep(ingested, toldDrafts(told(run, context)));
  };
  for (const [index, run] of [...batch.post, ...batch.patch].entries()) take(run, index);
  return inOrder(ingested);
}

/** The id of the event that stands for a run's start, whatever else is said of it. */
export function runEventId(run: RunFields): string {
  return toldId({ ...IDS, id: String(run.id).toLowerCase() });
}

/** A run that is known by its started event, in LangSmith's words. */
export function runOfEvent(event: AuditEvent): RunFields {
  const { tool, data, category } = event;
  return {
    name: tool ?? event.agent,
    run_type: category === "tool_call" ? "tool" : "chain",
    start_time: event.occurredAt / 1000,
    trace_id: event.runId,
    session_name: event.app,
    inputs: data.arguments ?? data.input,
    extra: { metadata: { thread_id: event.threadId, user_id: event.actor.id } },
  };
}

/** Runs have UUIDs, and a change need not name its trace: the id alone makes the event's. */
const IDS = { door: "langsmith", trace: "" } as const;

function ruleBroken(run: unknown): string | undefined {
  if (!isObject(run)) return "a run must be an object";
  if (typeof run.id !== "string" || !ID.test(run.id)) return "id must be a UUID";
  return exceedsDepth(run, DEPTH_MAX) ? `must not nest deeper than ${DEPTH_MAX}` : undefined;
}

function withoutNothing(fields: RunFields): RunFields {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== null),
  );
}

function isPart({ run_type: kind, tags, parent_run_id: parent }: RunFields): boolean {
  if (parent === undefined || parent === null) return false;
  return kind === "prompt" || kind === "parser" || (Array.isArray(tags) && tags.includes("langsmith:hidden"));
}

function told(run: RunFields, context: RunContext): Told {
  const outputs = first(run, ["outputs"]);
  const error = errorOf(run);
  const metadata = metadataOf(run);
  const operation = operationOf(run);
  const name = firstName(run, ["name"]) ?? String(operation);
  const isModel = operation === "llm" || operation === "embedding";
  const usage = isModel ? usageIn(outputs, metadata) : undefined;
  const result = isObject(outputs) && operation === "tool" ? (outputs.output ?? outputs) : outputs;
  const signal = error === undefined ? undefined : signalIn(String(run.error));
  const thrown = signal === undefined ? error : undefined;
  const failure = thrown ?? (operation === "tool" ? failureIn(result) : undefined);
  return {
    ...IDS,
    id: String(run.id).toLowerCase(),
    parent: typeof run.parent_run_id === "string" ? run.parent_run_id.toLowerCase() : undefined,
    operation,
    name,
    start: timeOf(run.start_time),
    end: timeOf(run.end_time),
    hasEnded: timeOf(run.end_time) !== undefined || outputs !== undefined || error !== undefined,
    status: failure === undefined ? "ok" : "error",
    error: failure,
    ...(operation === "tool" ? { call: callOf(run, name, result) } : {}),
    model: isModel ? modelOf(run, outputs, metadata) : undefined,
    usage: providerUsage(usage),
    data: startData(run, operation),
    endData: {
      ...(operation === "tool" || outputs === undefined ? {} : { output: outputs }),
      ...(usage === undefined ? {} : { usage }),
      ...(signal === "question" && operation === "tool" ? { interrupted: true } : {}),
    },
    common: commonOf(run, metadata, operation, context),
  };
}

const OPERATIONS: Readonly<Record<string, Told["operation"]>> = {
  tool: "tool",
  llm: "llm",
  retriever: "retrieval",
  embedding: "embedding",
};

/** The outermost run is the agent's; inner chains are its steps. */
function operationOf({ run_type: kind, parent_run_id: parent, outputs }: RunFields): Told["operation"] {
  const named = typeof kind === "string" ? OPERATIONS[kind] : undefined;
  if (named !== undefined) return named;
  // An older client's end of a model's run, which has no event of its start to look up.
  if (kind === undefined && isObject(outputs) && Array.isArray(outputs.generations)) return "llm";
  return (kind === "chain" || kind === undefined) && (parent === undefined || parent === null)
    ? "agent"
    : "step";
}

function traceOf(run: RunFields): string {
  const named = firstName(run, ["trace_id"]) ?? firstName(run, ["dotted_order"])?.split(".")[0]?.slice(-36);
  return (named ?? String(run.id)).toLowerCase();
}

/** Milliseconds, or RFC 3339 with or without its zone: Python writes UTC without saying so. */
function timeOf(value: unknown): Micros | undefined {
  if (typeof value === "number") return value > 0 && value < 9e12 ? Math.round(value * 1000) : undefined;
  if (typeof value !== "string") return undefined;
  return parseMicros(value) ?? parseMicros(`${value}Z`);
}

/** The first line: the rest is a stack. */
function errorOf(run: RunFields): string | undefined {
  const error = firstName(run, ["error"]);
  return error?.split("\n\n", 1)[0]?.trim() || error?.trim().split("\n", 1)[0];
}

function metadataOf({ extra }: RunFields): Record<string, unknown> {
  return isObject(extra) && isObject(extra.metadata) ? extra.metadata : {};
}

function callOf(run: RunFields, tool: string, result: JsonValue | undefined): NonNullable<Told["call"]> {
  const inputs = first(run, ["inputs"]);
  const only = isObject(inputs) && Object.keys(inputs).length === 1 ? first(inputs, ["input"]) : undefined;
  const message = messageIn(result);
  const extra = isObject(run.extra) ? run.extra : {};
  const named = message?.tool_call_id ?? firstName(extra, ["tool_call_id", "toolCallId"]);
  return {
    tool,
    id: typeof named === "string" ? named : undefined,
    args: structured(only) ?? inputs,
    result: isObject(result) && message !== undefined ? ((message.content ?? result) as JsonValue) : result,
  };
}

/** The message that a model answered with, whichever way it is wrapped. */
function answerIn(outputs: JsonValue | undefined): Record<string, unknown> | undefined {
  if (!isObject(outputs)) return undefined;
  const { generations } = outputs;
  const generation = Array.isArray(generations) ? [generations[0]].flat()[0] : undefined;
  const message = isObject(generation) ? generation.message : outputs.message;
  if (!isObject(message)) return undefined;
  return isObject(message.kwargs) ? message.kwargs : isObject(message.data) ? message.data : message;
}

function usageIn(outputs: JsonValue | undefined, metadata: Record<string, unknown>): JsonObject | undefined {
  const said = isObject(outputs) ? outputs : {};
  const total = isObject(said.llmOutput) ? said.llmOutput : isObject(said.llm_output) ? said.llm_output : {};
  const candidates = [
    said.usage_metadata,
    answerIn(outputs)?.usage_metadata,
    metadata.usage_metadata,
    said.usage,
    total.tokenUsage,
    total.token_usage,
    total.usage,
  ];
  return candidates.map(rawUsage).find((usage) => usage !== undefined);
}

function modelOf(
  run: RunFields,
  outputs: JsonValue | undefined,
  metadata: Record<string, unknown>,
): string | undefined {
  const extra = isObject(run.extra) ? run.extra : {};
  const asked = isObject(extra.invocation_params) ? extra.invocation_params : {};
  const answered = answerIn(outputs)?.response_metadata;
  return (
    (isObject(answered) ? firstName(answered, ["model_name", "model"]) : undefined) ??
    (isObject(outputs) ? firstName(outputs, ["model"]) : undefined) ??
    firstName(metadata, ["ls_model_name"]) ??
    firstName(asked, ["model", "model_name"])
  );
}

function startData(run: RunFields, operation: Told["operation"]): JsonObject {
  const data: JsonObject = {};
  const inputs = first(run, ["inputs"]);
  if (inputs !== undefined && operation !== "tool") data.input = inputs;
  if (Array.isArray(run.tags) && run.tags.length > 0) data.tags = run.tags as JsonValue[];
  return data;
}

function commonOf(
  run: RunFields,
  metadata: Record<string, unknown>,
  operation: Told["operation"],
  context: RunContext,
): Partial<EventDraft> {
  const trace = traceOf(run);
  const user = firstName(metadata, ["user_id", "userId", "user_email"]);
  const thread = firstName(metadata, ["thread_id", "threadId"]);
  const project = firstName(run, ["session_name"]);
  const hex = trace.replaceAll("-", "");
  return {
    tenant: context.tenant ?? null,
    environment: context.environment ?? null,
    source: "langsmith",
    origin: "langsmith",
    app: project ?? null,
    agent:
      firstName(metadata, ["lc_agent_name", "agent_name"]) ??
      (operation === "agent" ? firstName(run, ["name"]) : undefined) ??
      project ??
      null,
    conversationId: firstName(metadata, ["session_id", "conversation_id"]) ?? thread ?? null,
    threadId: thread ?? null,
    runId: trace,
    traceId: /^[0-9a-f]{32}$/.test(hex) ? hex : null,
    actor: user === undefined ? null : { type: "user", id: user },
  };
}
