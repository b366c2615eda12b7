import { parseMicros } from "../../base/clock.ts";
import type { EventDraft } from "../../event/event.ts";
import { DROPPED, drop, type Ingested, inOrder, keep, nothingIngested } from "../ingested.ts";
import { firstText } from "../values.ts";
import { ALIASES } from "./aliases.ts";
import { commonFields, type OtlpContext, settingOf, subAgentOf } from "./fields.ts";
import { ids } from "./ids.ts";
import {
  agentDrafts,
  type Common,
  callIdOf,
  decisionDrafts,
  detailsDraft,
  modelDraft,
  plainDraft,
  refusalOf,
  sessionOf,
  toolDrafts,
} from "./log-drafts.ts";
import { type Fact, factOf, nameOf } from "./log-facts.ts";
import type { LogRecord } from "./model.ts";
import { areSpansTold } from "./operations.ts";

interface Batch {
  /** Calls of which this batch holds the end. */
  readonly ended: ReadonlySet<string>;
  /** Why calls were refused, of which this batch holds the decision. */
  readonly refused: ReadonlyMap<string, string>;
}

/** Log records as events: coding agents tell their calls, decisions and tokens in logs. */
export function fromLogs(records: readonly LogRecord[], context: OtlpContext = {}): Ingested {
  const ingested = nothingIngested();
  const facts = records.map((record) => ({ record: timed(record), fact: factOf(record) }));
  const ended = new Set<string>();
  const refused = new Map<string, string>();
  for (const { record, fact } of facts) {
    const key = callKey(record);
    if (key === undefined) continue;
    if (fact === "tool") ended.add(key);
    const refusal = fact === "decision" ? refusalOf(record) : undefined;
    if (refusal !== undefined) refused.set(key, refusal);
    else if (fact === "decision") refused.delete(key);
  }
  for (const { record, fact } of facts) {
    if (fact === undefined) drop(ingested, DROPPED.notAgent);
    else if (fact === "inner" || fact === "part" || fact === "told") drop(ingested, DROPPED[fact]);
    else keep(ingested, toDrafts(fact, record, commonOf(record, context), { ended, refused }));
  }
  return inOrder(ingested);
}

function callKey(record: LogRecord): string | undefined {
  const callId = callIdOf(record);
  return callId === undefined ? undefined : `${sessionOf(record)} ${callId}`;
}

/** Codex leaves the record's time out and says it in an attribute. */
function timed(record: LogRecord): LogRecord {
  if (record.at !== undefined) return record;
  const at = parseMicros(firstText(record.attributes, ["event.timestamp"]) ?? "");
  return at === undefined ? record : { ...record, at };
}

function commonOf(record: LogRecord, context: OtlpContext): Common {
  const { attributes, resource, scope, traceId, spanId, at } = record;
  const agentId = firstText(attributes, ["agent_id"]);
  // A span that gives no event is nothing to be under.
  const inSpan = traceId !== "" && spanId !== "" && !areSpansTold(resource);
  return {
    ...commonFields(settingOf(attributes), resource, scope, context),
    runId:
      subAgentOf(scope, attributes) ??
      firstText(attributes, ALIASES.run) ??
      (traceId || (firstText(attributes, ["prompt.id", "prompt_id", "turn_id"]) ?? null)),
    parentId:
      agentId !== undefined
        ? ids.agent(sessionOf(record), agentId, "started")
        : inSpan
          ? ids.anchor(traceId, spanId)
          : null,
    traceId: traceId || null,
    spanId: spanId || null,
    occurredAt: at ?? null,
  };
}

function toDrafts(
  fact: Exclude<Fact, "inner" | "part" | "told">,
  record: LogRecord,
  common: Common,
  { ended, refused }: Batch,
): EventDraft[] {
  const { attributes } = record;
  const key = callKey(record);
  switch (fact) {
    case "tool":
      return toolDrafts(record, common, key === undefined ? undefined : refused.get(key));
    case "decision":
      return decisionDrafts(record, common, key !== undefined && ended.has(key));
    case "llm":
      return [modelDraft(record, common)];
    case "details":
      // A span holds the tokens of the call that a record inside it details.
      return [detailsDraft(record, common, record.traceId !== "" && record.spanId !== "")];
    case "agentStart":
    case "agentEnd":
      return agentDrafts(record, common, fact === "agentEnd");
    case "prompt":
      return [plainDraft(record, common, PLAIN.prompt, firstText(attributes, ["prompt", "prompt_text"]))];
    case "response":
      return [plainDraft(record, common, PLAIN.response, firstText(attributes, ["response"]))];
    case "other":
      return [plainDraft(record, common, { type: `log.${lastPart(record)}`, category: "session" })];
    default:
      return [plainDraft(record, common, PLAIN[fact])];
  }
}

const PLAIN = {
  prompt: { type: "session.prompt", category: "session" },
  response: { type: "llm.response", category: "llm" },
  message: { type: "llm.message", category: "llm" },
  sessionStart: { type: "session.start", category: "session" },
  sessionEnd: { type: "session.end", category: "session" },
  compaction: { type: "context.compacted", category: "session" },
  config: { type: "config.change", category: "config" },
  mcp: { type: "mcp.connect", category: "mcp" },
} as const;

function lastPart(record: LogRecord): string {
  const name = nameOf(record);
  return (
    name
      .slice(name.lastIndexOf(".") + 1)
      .replaceAll(/[^A-Za-z0-9_]+/g, "_")
      .slice(0, 80) || "record"
  );
}
