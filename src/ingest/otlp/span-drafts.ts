import type { Micros } from "../../base/clock.ts";
import type { JsonObject } from "../../base/json.ts";
import type { EventDraft } from "../../event/event.ts";
import { resourceOf } from "../resource-of.ts";
import { first, firstText, oneLine, structured } from "../values.ts";
import { ALIASES, costOf, modelOf, tokensSaid, usageOf } from "./aliases.ts";
import { argumentsOf, resultOf, saidIn, toolOf } from "./call-facts.ts";
import { refusedCalls } from "./denials.ts";
import { callData, commonFields, type OtlpContext, severityOf, sharesIds, toolNameOf } from "./fields.ts";
import { ids } from "./ids.ts";
import type { Span } from "./model.ts";
import { SHAPES } from "./operations.ts";
import { deniedBy, messageIn, type Outcome, outcomeOf } from "./outcome.ts";
import { anchorOf, type Node, parentIdOf, sessionOf } from "./span-tree.ts";

/** The events of one kept span. */
export function draftsOf(node: Node, context: OtlpContext): EventDraft[] {
  const { span, operation } = node;
  const common: Partial<EventDraft> = {
    ...commonFields(node.setting, span.resource, span.scope, context),
    traceId: span.traceId,
    spanId: span.spanId,
    runId: node.setting.run ?? span.traceId,
    parentId: parentIdOf(node) ?? null,
  };
  if (node.isAround)
    return [single(node, common, outcomeOf(node), aroundOf(node)), ...refusedCalls(span, common)];
  switch (operation) {
    case "tool":
      return toolDrafts(node, common);
    case "llm":
    case "embedding":
      return [modelDraft(node, common), ...refusedCalls(span, common)];
    case "agent":
    case "workflow":
      return [...pair(node, common, outcomeOf(node), totalsOf(span)), ...refusedCalls(span, common)];
    case "approval":
      return [approvalDraft(node, common)];
    default:
      return [single(node, common, outcomeOf(node), detailsOf(node))];
  }
}

function shapeOf({ operation, isAround }: Node): (typeof SHAPES)[keyof typeof SHAPES] {
  return SHAPES[operation === undefined || operation === "folded" || isAround ? "step" : operation];
}

function single(node: Node, common: Partial<EventDraft>, outcome: Outcome, data: JsonObject): EventDraft {
  const { span } = node;
  const { type, category } = shapeOf(node);
  return { ...ending(span, common, outcome), type, category, id: anchorOf(node), data };
}

/** A started and a completed event; what is known only at the end is on the second alone. */
function pair(node: Node, common: Partial<EventDraft>, outcome: Outcome, data: JsonObject): EventDraft[] {
  const { span } = node;
  const { type, category } = shapeOf(node);
  const startId = anchorOf(node);
  const { output: _output, result: _result, totals: _totals, ...atStart } = data;
  return [
    {
      ...common,
      type,
      category,
      id: startId,
      phase: "started",
      status: "pending",
      occurredAt: span.start ?? span.end ?? null,
      summary: oneLine(span.name, 200),
      data: atStart,
    },
    { ...ending(span, common, outcome), type, category, id: endIdOf(node), startId, data },
  ];
}

function endIdOf({ span, operation }: Node): string {
  const callId = operation === "tool" ? firstText(span.attributes, ALIASES.callId) : undefined;
  return sharesIds(span.scope) && callId !== undefined
    ? ids.call(sessionOf(span), callId, "completed")
    : ids.end(span.traceId, span.spanId, span.end);
}

function ending(
  span: Span,
  common: Partial<EventDraft>,
  { status, error }: Outcome,
): Omit<EventDraft, "type"> {
  return {
    ...common,
    phase: "completed",
    status,
    severity: severityOf(status),
    occurredAt: span.end ?? span.start ?? null,
    durationMs: durationOf(span.start, span.end) ?? null,
    error: error ?? null,
    summary: oneLine(error === undefined ? span.name : `${span.name}: ${error}`, 200),
  };
}

function durationOf(start: Micros | undefined, end: Micros | undefined): number | undefined {
  return start === undefined || end === undefined || end < start
    ? undefined
    : Math.round((end - start) / 1000);
}

function toolDrafts(node: Node, common: Partial<EventDraft>): EventDraft[] {
  const { span } = node;
  const { attributes } = span;
  const args = argumentsOf(span);
  const result = resultOf(span);
  const tool = toolOf(span, result);
  const outcome = outcomeOf(node, result);
  const callId = firstText(attributes, ALIASES.callId) ?? messageIn(result)?.tool_call_id;
  const fields: Partial<EventDraft> = {
    ...common,
    tool,
    resource: resourceOf(tool, args),
    callId: typeof callId === "string" ? callId : null,
    destination: firstText(attributes, ALIASES.server) ?? null,
  };
  const stopped = outcome.interrupted === true ? { interrupted: true } : {};
  return pair(node, fields, outcome, callData(args, result)).map((draft) => ({
    ...draft,
    ...(draft.phase === "completed" ? { data: { ...draft.data, ...stopped } } : {}),
    summary:
      draft.phase === "started"
        ? `${tool} starts`
        : oneLine(outcome.error === undefined ? `${tool} ran` : `${tool}: ${outcome.error}`, 200),
  }));
}

function modelDraft(node: Node, common: Partial<EventDraft>): EventDraft {
  const { attributes } = node.span;
  const data = detailsOf(node);
  const said = tokensSaid(attributes);
  if (said !== undefined) data.usage = said;
  return {
    ...single(node, common, outcomeOf(node), data),
    model: modelOf(attributes) ?? null,
    usage: usageOf(attributes) ?? null,
    costUsd: costOf(attributes) ?? null,
  };
}

/** What a model's span says that is around its calls: sums are kept, as with an agent's. */
function aroundOf(node: Node): JsonObject {
  const { attributes } = node.span;
  const usage = usageOf(attributes);
  const model = modelOf(attributes);
  return {
    ...detailsOf(node),
    ...(model === undefined ? {} : { model }),
    ...(usage === undefined ? {} : { totals: { ...usage } }),
  };
}

const DETAILS = ["provider", "finish", "input", "output", "request"] as const;
const DETAIL_NAMES = {
  provider: "provider",
  finish: "finish_reason",
  input: "input",
  output: "output",
  request: "request_id",
} as const;

/** Messages of a model call spread over numbered attributes: OpenInference's and OpenLLMetry's way. */
const SPREAD = {
  input: ["gen_ai.prompt.", "llm.input_messages.", "llm.prompts."],
  output: ["gen_ai.completion.", "llm.output_messages.", "llm.choices.", "retrieval.documents."],
} as const;

function detailsOf({ span, operation }: Node): JsonObject {
  const { attributes } = span;
  const data: JsonObject = {};
  for (const key of DETAILS) {
    const value = structured(first(attributes, ALIASES[key])) ?? spread(attributes, key);
    if (value !== undefined) data[DETAIL_NAMES[key]] = value;
  }
  const messages = span.events.filter(({ name }) => name.startsWith("gen_ai."));
  if (messages.length > 0) data.messages = messages.map(({ name, attributes: said }) => ({ name, ...said }));
  if (isBare(data) && operation !== "llm" && operation !== "embedding") data.attributes = attributes;
  return data;
}

function spread(attributes: JsonObject, key: (typeof DETAILS)[number]): JsonObject | undefined {
  if (key !== "input" && key !== "output") return undefined;
  const found = Object.entries(attributes).filter(([name]) =>
    SPREAD[key].some((prefix) => name.startsWith(prefix)),
  );
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

function isBare(data: JsonObject): boolean {
  return data.input === undefined && data.output === undefined;
}

/** What an agent's span says of its whole: kept, but never as tokens or cost of its own. */
function totalsOf(span: Span): JsonObject {
  const { attributes, events } = span;
  const data: JsonObject = {};
  const input = structured(first(attributes, ALIASES.input)) ?? saidIn(events, "input");
  const output = structured(first(attributes, ALIASES.output)) ?? saidIn(events, "output");
  const usage = usageOf(attributes);
  const cost = costOf(attributes);
  const totals = { ...usage, ...(cost === undefined ? {} : { cost_usd: cost }) };
  if (input !== undefined) data.input = input;
  if (output !== undefined) data.output = output;
  if (Object.keys(totals).length > 0) data.totals = totals;
  return data;
}

/** A wait for a permission, inside the call that waits. */
function approvalDraft(node: Node, common: Partial<EventDraft>): EventDraft {
  const { attributes } = node.span;
  const call = node.parent?.operation === "tool" ? node.parent.span : undefined;
  const decision = firstText(attributes, ALIASES.decision) ?? "unknown";
  const by = firstText(attributes, ALIASES.decidedBy);
  const callId = firstText(call?.attributes ?? attributes, ALIASES.callId);
  const tool = toolNameOf(call?.attributes ?? attributes);
  const args = call === undefined ? undefined : argumentsOf(call);
  const { status } = outcomeOf(node);
  const data: JsonObject = { decision, ...(by === undefined ? {} : { source: by }), ...callData(args) };
  const draft = single(node, common, { status }, data);
  return {
    ...draft,
    id:
      callId === undefined
        ? (draft.id ?? null)
        : ids.decision(sessionOf(node.span), callId, decision, by ?? ""),
    phase: null,
    tool: tool ?? null,
    callId: callId ?? null,
    resource: tool === undefined ? null : resourceOf(tool, args),
    summary: `${tool ?? "a call"}: ${status === "denied" ? deniedBy(decision, by) : decision}`,
  };
}
