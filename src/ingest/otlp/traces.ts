import type { Micros } from "../../base/clock.ts";
import { derivedUuid } from "../../base/derived-uuid.ts";
import type { JsonObject, JsonValue } from "../../base/json.ts";
import type { EventDraft } from "../../event/event.ts";
import { drop, type Ingested, nothingIngested } from "../ingested.ts";
import { oneLine, resourceOf } from "../resource-of.ts";
import {
  ALIASES,
  first,
  firstText,
  isAgentActivity,
  type Operation,
  operationOf,
  structured,
  usageOf,
} from "./dialect.ts";
import { commonFields, isDenied, type OtlpContext, sharesIds } from "./fields.ts";
import type { Span } from "./model.ts";

/** Spans that tell no more than the logs of the same program: its logs carry arguments and decisions. */
const TOLD_BY_LOGS: Readonly<Record<string, ReadonlySet<string>>> = {
  "gemini-cli": new Set(["tool_call", "llm_call", "schedule_tool_calls"]),
};

interface Node {
  readonly span: Span;
  readonly operation: Operation | undefined;
  readonly children: Span[];
}

/**
 * Spans as events. A span that is an agent's work gives a started and a completed event; what is
 * inside another one (a permission wait, a chunk) is folded into it; the rest is dropped and counted.
 */
export function fromTraces(spans: readonly Span[], context: OtlpContext = {}): Ingested {
  const ingested = nothingIngested();
  const nodes = new Map<string, Node>();
  for (const [index, span] of spans.entries()) {
    if (span.spanId === "" || span.traceId === "") {
      ingested.rejected.push({ index, reason: "traceId must be 32 and spanId 16 hex digits, not all zero" });
      continue;
    }
    nodes.set(span.spanId, { span, operation: operationOf(span.attributes, span.name), children: [] });
  }
  for (const { span } of nodes.values()) nodes.get(span.parentSpanId)?.children.push(span);
  for (const node of nodes.values()) {
    const reason = reasonToDrop(node);
    if (reason !== undefined) drop(ingested, reason);
    else ingested.drafts.push(...toDrafts(node, nodes, context));
  }
  return ingested;
}

function reasonToDrop({ span, operation }: Node): string | undefined {
  const service = firstText(span.resource, ["service.name"]) ?? "";
  const spoken = firstText(span.attributes, ["gen_ai.operation.name"]) ?? "";
  if (TOLD_BY_LOGS[service]?.has(spoken) === true) return "told by the logs of the same program";
  if (operation === "inner") return "part of another operation";
  if (operation !== undefined) return undefined;
  return isAgentActivity(span.attributes) ? undefined : "not agent activity";
}

function toDrafts(node: Node, nodes: ReadonlyMap<string, Node>, context: OtlpContext): EventDraft[] {
  const { span, operation } = node;
  const common: Partial<EventDraft> = {
    ...commonFields(span.attributes, span.resource, span.scope, context),
    traceId: span.traceId,
    spanId: span.spanId,
    runId: firstText(span.attributes, ALIASES.run) ?? span.traceId,
    parentId: parentIdOf(node, nodes) ?? null,
  };
  switch (operation) {
    case "tool":
      return toolDrafts(node, common);
    case "llm":
    case "embedding":
      return [llmDraft(node, common)];
    case "agent":
    case "workflow":
      return pair(
        node,
        common,
        { type: operation === "agent" ? "agent.run" : "workflow.run", category: "run" },
        totalsOf(span),
      );
    case "handoff":
      return [single(node, common, { type: "agent.handoff", category: "run" })];
    case "guardrail":
      return [single(node, common, { type: "guardrail.check", category: "safety" })];
    default:
      return [
        single(node, common, {
          type: operation === "retrieval" ? "memory.recall" : "agent.step",
          category: "skill",
        }),
      ];
  }
}

/** The started event's id of a span: derived, so that children can name it before it came. */
function idOf(span: Span, phase: "started" | "completed"): string {
  const { attributes, scope, traceId, spanId } = span;
  if (sharesIds(scope)) {
    const session = firstText(attributes, ["session.id"]) ?? traceId;
    const operation = operationOf(attributes, span.name);
    const callId = operation === "tool" ? firstText(attributes, ALIASES.callId) : undefined;
    if (callId !== undefined) return derivedUuid(["otlp", "call", session, callId, phase]);
    const requestId = operation === "llm" ? firstText(attributes, ["request_id"]) : undefined;
    if (requestId !== undefined) return derivedUuid(["otlp", "llm", session, requestId, phase]);
  }
  return derivedUuid(["otlp", "span", traceId, spanId, phase], phase === "started" ? span.start : span.end);
}

/** The nearest ancestor that gives an event; one that is not in the batch cannot be named for sure. */
function parentIdOf(node: Node, nodes: ReadonlyMap<string, Node>): string | undefined {
  const seen = new Set<string>();
  for (let at = nodes.get(node.span.parentSpanId); at !== undefined; at = nodes.get(at.span.parentSpanId)) {
    if (seen.has(at.span.spanId)) return undefined;
    seen.add(at.span.spanId);
    if (reasonToDrop(at) !== undefined) continue;
    return idOf(at.span, hasStart(at.operation) ? "started" : "completed");
  }
  return undefined;
}

function hasStart(operation: Operation | undefined): boolean {
  return operation === "tool" || operation === "agent" || operation === "workflow";
}

function toolDrafts(node: Node, common: Partial<EventDraft>): EventDraft[] {
  const { span } = node;
  const { attributes } = span;
  const tool =
    firstText(attributes, ALIASES.tool) ?? span.name.replace(/^(?:execute_tool|running tool:?|tool)\s+/i, "");
  const args = argumentsOf(span);
  const data: JsonObject = {};
  if (args !== undefined) data.arguments = args;
  const result = resultOf(span);
  const fields: Partial<EventDraft> = {
    ...common,
    category: "tool_call",
    tool,
    resource: resourceOf(tool, args),
    callId: firstText(attributes, ALIASES.callId) ?? null,
  };
  const [started, completed] = pair(node, fields, { type: "tool.execute", category: "tool_call" }, data) as [
    EventDraft,
    EventDraft,
  ];
  if (result !== undefined) completed.data = { ...data, result };
  const server = firstText(attributes, ["anthropic.mcp.server.name", "mcp.server.name", "server.address"]);
  if (server !== undefined) started.destination = completed.destination = server;
  return [started, completed];
}

function argumentsOf(span: Span): JsonValue | undefined {
  const { attributes } = span;
  const args = structured(first(attributes, ALIASES.arguments));
  if (typeof args === "string" && attributes.full_command === args) return { command: args };
  if (args !== undefined) return args;
  return typeof attributes.file_path === "string" ? { file_path: attributes.file_path } : undefined;
}

function resultOf(span: Span): JsonValue | undefined {
  const said = structured(first(span.attributes, ALIASES.result));
  if (said !== undefined) return said;
  const output = span.events.find((event) => event.name === "tool.output");
  return output === undefined
    ? undefined
    : (first(output.attributes, ["output", "content"]) ?? output.attributes);
}

function llmDraft(node: Node, common: Partial<EventDraft>): EventDraft {
  const { span, operation } = node;
  const { attributes } = span;
  const usage = repeatsItsChildren(node) ? undefined : usageOf(attributes);
  const data: JsonObject = {};
  for (const [key, names] of [
    ["provider", ALIASES.provider],
    ["finish_reason", ["gen_ai.response.finish_reasons", "ai.response.finishReason", "stop_reason"]],
    [
      "input",
      [
        "gen_ai.input.messages",
        "ai.prompt.messages",
        "ai.prompt",
        "gen_ai.prompt",
        "input.value",
        "ai.value",
      ],
    ],
    [
      "output",
      [
        "gen_ai.output.messages",
        "ai.response.text",
        "ai.response.toolCalls",
        "gen_ai.completion",
        "output.value",
        "response",
      ],
    ],
    ["request_id", ["request_id", "gen_ai.response.id", "ai.response.id"]],
  ] as const) {
    const value = structured(first(attributes, names));
    if (value !== undefined) data[key] = value;
  }
  return {
    ...single(node, common, {
      type: operation === "embedding" ? "llm.embed" : "llm.complete",
      category: "llm",
    }),
    model: firstText(attributes, ALIASES.model) ?? null,
    usage: usage ?? null,
    costUsd: firstText(attributes, ALIASES.cost) ?? null,
    data,
  };
}

/** A model span around other model spans repeats their tokens; only the innermost ones count. */
function repeatsItsChildren(node: Node): boolean {
  return node.children.some((child) => operationOf(child.attributes, child.name) === "llm");
}

/** What an agent's span says of its whole: kept, but not as tokens of its own. */
function totalsOf(span: Span): JsonObject {
  const data: JsonObject = {};
  const usage = usageOf(span.attributes);
  if (usage !== undefined) data.totals = { ...usage };
  const input = structured(
    first(span.attributes, ["user_prompt", "gen_ai.input.messages", "ai.prompt", "input.value"]),
  );
  if (input !== undefined) data.input = input;
  const output = structured(
    first(span.attributes, ["gen_ai.output.messages", "ai.response.text", "output.value"]),
  );
  if (output !== undefined) data.output = output;
  return data;
}

type Kind = Pick<EventDraft, "type" | "category">;

function pair(node: Node, common: Partial<EventDraft>, kind: Kind, data: JsonObject): EventDraft[] {
  const { span } = node;
  const startId = idOf(span, "started");
  const { output: _later, totals: _sums, ...atStart } = data;
  const started: EventDraft = {
    ...common,
    ...kind,
    id: startId,
    phase: "started",
    status: "pending",
    occurredAt: span.start ?? span.end ?? null,
    data: atStart,
  };
  return [started, { ...single(node, common, kind), startId, data }];
}

function single(node: Node, common: Partial<EventDraft>, kind: Kind): EventDraft {
  const { span } = node;
  const { status, error } = endOf(node);
  return {
    ...common,
    ...kind,
    id: idOf(span, "completed"),
    phase: "completed",
    status,
    severity: status === "error" ? "ERROR" : status === "denied" ? "WARN" : "INFO",
    summary: oneLine(error === undefined ? span.name : `${span.name}: ${error}`, 200),
    occurredAt: span.end ?? span.start ?? null,
    durationMs: durationOf(span.start, span.end) ?? null,
    error: error ?? null,
    data: {},
  };
}

function durationOf(start: Micros | undefined, end: Micros | undefined): number | undefined {
  return start === undefined || end === undefined || end < start
    ? undefined
    : Math.round((end - start) / 1000);
}

/** How it ended: by its own status, by what its inner spans say, and by decisions on the way. */
function endOf({ span, children }: Node): { status: "ok" | "error" | "denied"; error?: string } {
  const inner = children.filter((child) => operationOf(child.attributes, child.name) === "inner");
  for (const part of [span, ...inner]) {
    const decisions = [
      firstText(part.attributes, ALIASES.decision),
      ...part.events.map((event) => firstText(event.attributes, ALIASES.decision)),
    ];
    const denied = decisions.find(isDenied);
    if (denied === undefined) continue;
    const by =
      firstText(part.attributes, ["source"]) ??
      firstText(part.events.find((event) => event.attributes.decision === denied)?.attributes ?? {}, [
        "approver",
        "source",
      ]);
    const said = errorOf(span);
    return {
      status: "denied",
      error: said ?? (by === undefined ? `denied (${denied})` : `denied (${denied}) by ${by}`),
    };
  }
  for (const part of [span, ...inner]) {
    const failed =
      part.statusCode === 2 ||
      part.attributes["error.type"] !== undefined ||
      isFalse(part.attributes.success);
    if (failed) return { status: "error", error: errorOf(part) ?? errorOf(span) ?? "failed" };
  }
  return { status: "ok" };
}

function errorOf(span: Span): string | undefined {
  if (span.statusMessage !== "") return span.statusMessage;
  const exception = span.events.find((event) => event.name === "exception");
  return (
    firstText(exception?.attributes ?? {}, ["exception.message", "exception.type"]) ??
    firstText(span.attributes, [...ALIASES.error, "error.type"])
  );
}

function isFalse(value: JsonValue | undefined): boolean {
  return value === false || value === "false";
}
