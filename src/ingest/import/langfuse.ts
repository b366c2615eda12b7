import { parseMicros } from "../../base/clock.ts";
import { isObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import type { EventDraft } from "../../event/event.ts";
import { langfuseUsage, rawUsage } from "../provider-usage.ts";
import { type Told, toldDrafts } from "../told.ts";
import { decimalOf, first, firstName, firstText, structured } from "../values.ts";
import { broken, dropped, type Importer, imported, type Read } from "./importer.ts";

type Foreign = Record<string, unknown>;

const FROM = "langfuse";

/**
 * An export of Langfuse: traces and observations as its API and its exports write them, in camelCase or in
 * snake_case, a trace with its observations inside or each by itself. Tokens and cost count on generations
 * and embeddings. What a trace says of its session and user holds for the observations that come after it.
 * Sources: Langfuse's API reference (`GET /api/public/traces`, `/api/public/observations`) and the columns
 * of its blob storage exports.
 */
export function langfuseImporter(): Importer {
  const traces = new Map<string, Foreign>();
  return { read: (record) => readRecord(record, traces), end: () => [] };
}

function readRecord(record: JsonValue, traces: Map<string, Foreign>): Read {
  if (!isObject(record)) return broken("record", "must be a JSON object");
  const { id, type } = record;
  if (typeof id !== "string" || id === "") return broken("id", "must be text");
  if (type === undefined || type === null || type === "TRACE") {
    traces.set(id, record);
    const inner = Array.isArray(record.observations)
      ? (record.observations as unknown[]).filter(isObject)
      : [];
    const reads = inner.map((observation) => readObservation({ traceId: id, ...observation }, traces));
    const problem = reads.find((read) => read.problem !== undefined)?.problem;
    const drafts = reads.flatMap((read) => read.drafts);
    if (problem !== undefined) return { drafts, problem };
    return drafts.length === 0 ? dropped("a trace is told by its observations") : { drafts };
  }
  return readObservation(record, traces);
}

function readObservation(record: Foreign, traces: ReadonlyMap<string, Foreign>): Read {
  if (typeof record.id !== "string") return broken("id", "must be text");
  const trace = firstName(record, ["traceId", "trace_id"]);
  if (trace === undefined) return broken("traceId", "must be text");
  const start = timeOf(record, ["startTime", "start_time", "timestamp"]);
  if (start === undefined) return broken("startTime", "must be an RFC 3339 time");
  return { drafts: imported(FROM, toldDrafts(told(record, trace, start, traces.get(trace) ?? {}))) };
}

const OPERATIONS: Readonly<Record<string, Told["operation"]>> = {
  GENERATION: "llm",
  EMBEDDING: "embedding",
  TOOL: "tool",
  AGENT: "agent",
  RETRIEVER: "retrieval",
  GUARDRAIL: "guardrail",
};

function told(record: Foreign, trace: string, start: number, around: Foreign): Told {
  const operation = OPERATIONS[String(record.type).toUpperCase()] ?? "step";
  const name = firstName(record, ["name"]) ?? String(operation);
  const isModel = operation === "llm" || operation === "embedding";
  const usage = isModel ? rawUsageOf(record) : undefined;
  const hasFailed = firstName(record, ["level"]) === "ERROR";
  const output = structured(first(record, ["output"]));
  const args = structured(first(record, ["input"]));
  return {
    door: "import langfuse",
    trace,
    id: String(record.id),
    parent: firstName(record, ["parentObservationId", "parent_observation_id"]),
    operation,
    name,
    start,
    // An event of Langfuse has no end; what has none is over all the same.
    end: timeOf(record, ["endTime", "end_time"]),
    hasEnded: true,
    status: hasFailed ? "error" : "ok",
    error: hasFailed ? (firstText(record, ["statusMessage", "status_message"]) ?? "failed") : undefined,
    ...(operation === "tool" ? { call: { tool: name, id: undefined, args, result: output } } : {}),
    model: isModel ? firstName(record, ["model", "providedModelName", "provided_model_name"]) : undefined,
    usage: usage === undefined ? undefined : langfuseUsage(usage),
    costUsd: isModel ? costOf(record) : undefined,
    data: operation === "tool" || args === undefined ? {} : { input: args },
    endData: {
      ...(operation === "tool" || output === undefined ? {} : { output }),
      ...(usage === undefined ? {} : { usage }),
      ...pick(record, ["metadata", "version", "promptName", "prompt_name"]),
    },
    common: commonOf(trace, around, record),
  };
}

function rawUsageOf(record: Foreign): JsonObject | undefined {
  const details = rawUsage(structured(first(record, ["usageDetails", "usage_details"])));
  return details ?? rawUsage(structured(first(record, ["usage"])));
}

function costOf(record: Foreign): string | undefined {
  const details = structured(first(record, ["costDetails", "cost_details"]));
  return (
    decimalOf(record, ["totalCost", "total_cost", "calculatedTotalCost"]) ??
    (isObject(details) ? decimalOf(details, ["total"]) : undefined)
  );
}

function commonOf(trace: string, around: Foreign, record: Foreign): Partial<EventDraft> {
  const user = firstName(around, ["userId", "user_id"]) ?? firstName(record, ["userId", "user_id"]);
  const session =
    firstName(around, ["sessionId", "session_id"]) ?? firstName(record, ["sessionId", "session_id"]);
  return {
    source: FROM,
    agent: firstName(around, ["name"]) ?? null,
    environment: firstName(record, ["environment"]) ?? firstName(around, ["environment"]) ?? null,
    conversationId: session ?? null,
    runId: trace,
    traceId: /^[0-9a-f]{32}$/.test(trace) ? trace : null,
    actor: user === undefined ? null : { type: "user", id: user },
  };
}

function timeOf(record: Foreign, keys: readonly string[]): number | undefined {
  const said = firstName(record, keys);
  // ClickHouse writes a space, and no zone: it is UTC.
  return said === undefined ? undefined : (parseMicros(said) ?? parseMicros(`${said.replace(" ", "T")}Z`));
}

function pick(record: Foreign, keys: readonly string[]): JsonObject {
  const data: JsonObject = {};
  for (const key of keys) {
    const value = structured(first(record, [key]));
    if (value !== undefined) data[key] = value;
  }
  return data;
}
