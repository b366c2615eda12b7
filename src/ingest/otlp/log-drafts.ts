import { apart } from "../../base/derived-uuid.ts";
import type { JsonObject, JsonValue } from "../../base/json.ts";
import type { EventDraft } from "../../event/event.ts";
import { exitCodeIn, isRefusal } from "../exit-code.ts";
import { resourceOf } from "../resource-of.ts";
import { countOf, decimalOf, first, firstText, isDenied, isFalse, oneLine, structured } from "../values.ts";
import { ALIASES, tokensSaid, usageOf } from "./aliases.ts";
import { callData, severityOf, sharesIds, toolNameOf } from "./fields.ts";
import { ids } from "./ids.ts";
import { nameOf } from "./log-facts.ts";
import type { LogRecord } from "./model.ts";
import { deniedBy } from "./outcome.ts";

export type Common = Partial<EventDraft>;

export function sessionOf({ attributes, traceId }: LogRecord): string {
  return firstText(attributes, ALIASES.conversation) ?? traceId;
}

export function callIdOf({ attributes }: LogRecord): string | undefined {
  return firstText(attributes, ALIASES.callId);
}

/** A record by itself: its sequence in the session, else its time, name and content. */
export function ownId(record: LogRecord): string {
  const { attributes, at } = record;
  const sequence = firstText(attributes, ["event.sequence"]);
  const session = sessionOf(record);
  const what =
    sequence !== undefined && session !== ""
      ? [session, nameOf(record), sequence]
      : [session, nameOf(record), at ?? 0, apart(JSON.stringify([attributes, record.body]))];
  return ids.record(what, at);
}

/** A finished call gives both its events: the log says nothing when it starts. */
export function toolDrafts(record: LogRecord, common: Common, denial?: string): EventDraft[] {
  const { attributes, at } = record;
  const tool = toolNameOf(attributes) ?? "unknown";
  const callId = callIdOf(record);
  const args = argumentsOf(record);
  const result = structured(first(attributes, ["output", "tool_response", "tool_output", "result"]));
  const durationMs = countOf(attributes, ALIASES.duration);
  const { status, error } = outcomeOf(record, result, denial);
  const session = sessionOf(record);
  const startId =
    callId === undefined
      ? ids.record(["call started", ownId(record)], undefined)
      : ids.call(session, callId, "started");
  const fields: EventDraft = {
    ...common,
    type: "tool.execute",
    category: "tool_call",
    tool,
    callId: callId ?? null,
    resource: resourceOf(tool, args),
    destination: firstText(attributes, ALIASES.server) ?? null,
  };
  return [
    {
      ...fields,
      id: startId,
      phase: "started",
      status: "pending",
      occurredAt: at === undefined ? null : at - (durationMs ?? 0) * 1000,
      summary: `${tool} starts`,
      data: callData(args),
    },
    {
      ...fields,
      id: callId === undefined ? ownId(record) : ids.call(session, callId, "completed"),
      phase: "completed",
      status,
      severity: severityOf(status),
      startId,
      durationMs: durationMs ?? null,
      error: error ?? null,
      summary: oneLine(error === undefined ? `${tool} ran` : `${tool}: ${error}`, 200),
      data: callData(args, result),
    },
  ];
}

function outcomeOf(
  { attributes }: LogRecord,
  result: JsonValue | undefined,
  denial: string | undefined,
): { status: string; error?: string } {
  const said = firstText(attributes, [...ALIASES.error, ...ALIASES.errorType]);
  const output = typeof result === "string" ? result : undefined;
  const decision = firstText(attributes, ALIASES.decision);
  if (denial !== undefined || isDenied(decision))
    return { status: "denied", error: said ?? output ?? denial ?? deniedBy(decision, undefined) };
  if (isFalse(attributes.success) || said !== undefined) {
    const error = said ?? output ?? "failed";
    const isRefused = attributes.error_type === "policy_violation" || isRefusal(error);
    return { status: isRefused ? "denied" : "error", error };
  }
  // A command that fails is a call that succeeded, for Codex and for Gemini.
  const metadata = structured(first(attributes, ["metadata"]));
  const code = exitCodeIn(metadata) ?? exitCodeIn(result) ?? 0;
  return code === 0 ? { status: "ok" } : { status: "error", error: `exit code ${code}` };
}

function argumentsOf({ attributes }: LogRecord): JsonValue | undefined {
  return structured(
    first(attributes, [
      "tool_input",
      "function_args",
      "arguments",
      "gen_ai.tool.call.arguments",
      "tool_parameters",
    ]),
  );
}

/** Why a decision refuses its call; undefined where it allows it. */
export function refusalOf({ attributes }: LogRecord): string | undefined {
  const decision = firstText(attributes, ALIASES.decision);
  return isDenied(decision) ? deniedBy(decision, firstText(attributes, ALIASES.decidedBy)) : undefined;
}

/**
 * A decision is an event of its own. A refused call often has no record of its end, so the refusal
 * ends it; where the end comes in a later batch, it has the same id and this one stays.
 */
export function decisionDrafts(record: LogRecord, common: Common, hasEnd: boolean): EventDraft[] {
  const { attributes } = record;
  const tool = toolNameOf(attributes) ?? "unknown";
  const decision = firstText(attributes, ALIASES.decision) ?? "unknown";
  const by = firstText(attributes, ALIASES.decidedBy);
  const refusal = refusalOf(record);
  const callId = callIdOf(record);
  const args = argumentsOf(record);
  const session = sessionOf(record);
  const decided: EventDraft = {
    ...common,
    type: "approval.decide",
    category: "approval",
    id: callId === undefined ? ownId(record) : ids.decision(session, callId, decision, by ?? ""),
    parentId: callId === undefined ? null : ids.call(session, callId, "started"),
    status: refusal === undefined ? "ok" : "denied",
    severity: severityOf(refusal === undefined ? "ok" : "denied"),
    tool,
    callId: callId ?? null,
    resource: resourceOf(tool, args),
    summary: `${tool}: ${refusal ?? decision}`,
    data: { decision, ...(by === undefined ? {} : { source: by }), ...callData(args) },
  };
  return refusal === undefined || hasEnd
    ? [decided]
    : toolDrafts(record, { ...common, parentId: null }, refusal).toSpliced(1, 0, decided);
}

export function modelDraft(record: LogRecord, common: Common): EventDraft {
  const { attributes } = record;
  const requestId = firstText(attributes, ["request_id"]);
  const error = firstText(attributes, ALIASES.error);
  const model = firstText(attributes, ALIASES.model);
  const shared = sharesIds(record.scope) && requestId !== undefined;
  const said = tokensSaid(attributes);
  return {
    ...common,
    type: "llm.complete",
    category: "llm",
    id: shared ? ids.request(sessionOf(record), requestId) : ownId(record),
    phase: "completed",
    status: error === undefined ? "ok" : "error",
    severity: severityOf(error === undefined ? "ok" : "error"),
    model: model ?? null,
    usage: usageOf(attributes) ?? null,
    costUsd: decimalOf(attributes, ALIASES.cost) ?? null,
    durationMs: countOf(attributes, ALIASES.duration) ?? null,
    error: error ?? null,
    summary: oneLine(`${model ?? "model"}: ${error ?? "answered"}`, 200),
    data: said === undefined ? detailsOf(record) : { ...detailsOf(record), usage: said },
  };
}

/**
 * What the semantic conventions log beside a call. The call's span, or the program's own record of
 * it, counts the tokens; without either, this does.
 */
export function detailsDraft(record: LogRecord, common: Common, isTold: boolean): EventDraft {
  if (!isTold && usageOf(record.attributes) !== undefined) return modelDraft(record, common);
  const totals = usageOf(record.attributes);
  return {
    ...plainDraft(record, common, { type: "llm.details", category: "llm" }),
    model: firstText(record.attributes, ALIASES.model) ?? null,
    data: { ...detailsOf(record), ...(totals === undefined ? {} : { totals: { ...totals } }) },
  };
}

function detailsOf({ attributes, body }: LogRecord): JsonObject {
  const data: JsonObject = {};
  for (const [name, keys] of [
    ["provider", ALIASES.provider],
    ["finish_reason", ALIASES.finish],
    ["request_id", ALIASES.request],
    ["input", ALIASES.input],
    ["output", ALIASES.output],
  ] as const) {
    const value = structured(first(attributes, keys));
    if (value !== undefined) data[name] = value;
  }
  if (typeof body === "object" && body !== null) data.body = body;
  return data;
}

/** A sub-agent: its end gives both events, since not every program logs the start. */
export function agentDrafts(record: LogRecord, common: Common, ended: boolean): EventDraft[] {
  const { attributes, at } = record;
  const durationMs = countOf(attributes, ALIASES.duration);
  const agentId = firstText(attributes, ["agent_id"]) ?? ownId(record);
  const session = sessionOf(record);
  const startId = ids.agent(session, agentId, "started");
  const name = common.agent ?? "sub-agent";
  const fields: EventDraft = {
    ...common,
    type: "agent.run",
    category: "run",
    runId: agentId,
    parentId: null,
    data: { attributes },
  };
  const started: EventDraft = {
    ...fields,
    id: startId,
    phase: "started",
    status: "pending",
    occurredAt: at === undefined ? null : at - (ended ? (durationMs ?? 0) * 1000 : 0),
    summary: `${name} starts`,
    data: {},
  };
  if (!ended) return [started];
  return [
    started,
    {
      ...fields,
      id: ids.agent(session, agentId, "completed"),
      phase: "completed",
      status: "ok",
      startId,
      durationMs: durationMs ?? null,
      model: firstText(attributes, ALIASES.model) ?? null,
      summary: `${name} ended`,
    },
  ];
}

export function plainDraft(
  record: LogRecord,
  common: Common,
  kind: { type: string; category: string },
  said?: string,
): EventDraft {
  const { attributes, body } = record;
  const error = firstText(attributes, ALIASES.error);
  const status = error === undefined ? "ok" : "error";
  return {
    ...common,
    ...kind,
    id: ownId(record),
    status,
    severity: severityOf(status),
    error: error ?? null,
    summary: oneLine(said ?? nameOf(record)),
    data: said === undefined ? { name: nameOf(record), attributes, body } : { text: said },
  };
}
