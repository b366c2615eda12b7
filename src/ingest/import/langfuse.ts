import { isObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import type { EventDraft } from "../../event/event.ts";
import { langfuseUsage, rawUsage } from "../provider-usage.ts";
import { type Told, toldDrafts } from "../told.ts";
import { countOf, decimalOf, first, firstName, firstText, structured } from "../values.ts";
import { broken, dropped, type Importer, imported, joined, type Read } from "./importer.ts";
import { timeOf } from "./old-times.ts";

type Foreign = Record<string, unknown>;

const FROM = "langfuse";

/** What a trace says for the observations in it. Its input and output are theirs too, and are not kept here. */
type Around = Readonly<Record<string, JsonValue>>;

/** What is known of traces, over all the files of one import. */
export type Traces = Map<string, Around>;

const OF_TRACE = ["name", "userId", "user_id", "sessionId", "session_id", "environment"];

/**
 * An export of Langfuse: traces and observations as its APIs (v1 and v2), the exports of its pages and its blob
 * storage exports (enriched or not) write them; in camelCase or in snake_case, as JSON or as cells of a CSV, a trace
 * with its observations inside or each by itself. Tokens and cost count on generations and embeddings. What a
 * trace says of its session and user holds for the observations that come after it. Scores are what people and
 * programs thought of it later, and no activity. Sources: Langfuse's API reference and its reference of the
 * fields of blob storage exports.
 */
export function langfuseImporter(traces: Traces = new Map()): Importer {
  return { read: (record) => readRecord(record, traces), end: () => [] };
}

function readRecord(record: JsonValue, traces: Traces): Read {
  if (!isObject(record)) return broken("record", "must be a JSON object");
  if (record.id === undefined && Array.isArray(record.data))
    return joined(
      record.data.map((item: JsonValue) => readRecord(item, traces)),
      "an empty page",
    );
  const { id } = record;
  if (typeof id !== "string" || id === "") return broken("id", "must be text");
  if (first(record, ["dataType", "data_type"]) !== undefined) return dropped("a score is no activity");
  const type = firstName(record, ["type"]);
  if (type !== undefined && type !== "TRACE") return readObservation(record, traces);
  traces.set(id, pick(record, OF_TRACE));
  const inner = structured(first(record, ["observations"]));
  // An older list of traces names its observations without telling them.
  const observations = Array.isArray(inner) ? (inner as unknown[]).filter(isObject) : [];
  return joined(
    observations.map((observation) => readObservation({ traceId: id, ...observation }, traces)),
    "a trace is told by its observations",
  );
}

function readObservation(record: Foreign, traces: Traces): Read {
  if (typeof record.id !== "string") return broken("id", "must be text");
  const trace = firstName(record, ["traceId", "trace_id"]);
  if (trace === undefined) return broken("traceId", "must be text");
  const start = timeOf(first(record, ["startTime", "start_time", "timestamp"]));
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
    end: timeOf(first(record, ["endTime", "end_time"])),
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
      ...pick(record, [
        "metadata",
        "version",
        "promptName",
        "prompt_name",
        "modelParameters",
        "model_parameters",
        "tags",
      ]),
    },
    common: commonOf(trace, around, record),
  };
}

function rawUsageOf(record: Foreign): JsonObject | undefined {
  const details = rawUsage(structured(first(record, ["usageDetails", "usage_details"])));
  if (details !== undefined) return details;
  const [input, output] = [countOf(record, ["inputUsage"]), countOf(record, ["outputUsage"])];
  if (input === undefined && output === undefined) return rawUsage(structured(first(record, ["usage"])));
  return { ...(input === undefined ? {} : { input }), ...(output === undefined ? {} : { output }) };
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
    agent: firstName(around, ["name"]) ?? firstName(record, ["traceName", "trace_name"]) ?? null,
    environment: firstName(record, ["environment"]) ?? firstName(around, ["environment"]) ?? null,
    conversationId: session ?? null,
    runId: trace,
    traceId: /^[0-9a-f]{32}$/.test(trace) ? trace : null,
    actor: user === undefined ? null : { type: "user", id: user },
  };
}

function pick(record: Foreign, keys: readonly string[]): JsonObject {
  const data: JsonObject = {};
  for (const key of keys) {
    const value = structured(first(record, [key]));
    if (value !== undefined) data[key] = value;
  }
  return data;
}
