import { describe, expect, it } from "vitest";
import type { EventDraft } from "../../event/event.ts";
import { ALIASES, CACHE_WRITTEN, TOKENS } from "./aliases.ts";
import { fromLogs } from "./logs.ts";
import type { Attributes, Span } from "./model.ts";
import { SHAPES, VALUES } from "./operations.ts";
import { fromTraces } from "./traces.ts";

/** The events of one span that says one thing beside what it is. */
function told(attributes: Attributes, resource: Attributes = {}): EventDraft {
  const span: Span = {
    resource,
    scope: "s",
    traceId: "1".padStart(32, "0"),
    spanId: "1".padStart(16, "0"),
    parentSpanId: "",
    name: "a span",
    start: 1_000_000,
    end: 2_000_000,
    attributes,
    events: [],
    statusCode: 0,
    statusMessage: "",
  };
  return fromTraces([span]).drafts.at(-1) ?? { type: "nothing" };
}

const dataOf = (attributes: Attributes) => told(attributes).data as Record<string, unknown>;

/** The length of a call that a log record tells. */
function logged(attributes: Attributes): unknown {
  const record = {
    resource: {},
    scope: "s",
    at: 9_000_000,
    body: null,
    eventName: "tool_result",
    traceId: "",
    spanId: "",
  };
  return fromLogs([{ ...record, attributes: { tool_name: "t", ...attributes } }]).drafts.at(-1)?.durationMs;
}

const TOOL = { "openinference.span.kind": "TOOL" };
const MODEL = { "openinference.span.kind": "LLM" };
const GUARD = { "openinference.span.kind": "GUARDRAIL" };

/** Where each row's fact is to stand, of a span that says `x` by that name. */
const FOUND: Record<keyof typeof ALIASES, (name: string) => unknown> = {
  tool: (name) => told({ ...TOOL, [name]: "x" }).tool,
  callId: (name) => told({ ...TOOL, [name]: "x" }).callId,
  arguments: (name) => dataOf({ ...TOOL, [name]: "x" }).arguments,
  result: (name) => dataOf({ ...TOOL, [name]: "x" }).result,
  input: (name) => dataOf({ ...MODEL, [name]: "x" }).input,
  output: (name) => dataOf({ ...MODEL, [name]: "x" }).output,
  conversation: (name) => told({ ...TOOL, [name]: "x" }).conversationId,
  thread: (name) => told({ ...TOOL, [name]: "x" }).threadId,
  run: (name) => told({ ...TOOL, [name]: "x" }).runId,
  actor: (name) => told({ ...TOOL, [name]: "x" }).actor?.id,
  actorLabel: (name) => told({ ...TOOL, "user.id": "y", [name]: "x" }).actor?.label,
  agent: (name) => told({ ...TOOL, [name]: "x" }).agent,
  model: (name) => told({ ...MODEL, [name]: "x" }).model,
  provider: (name) => dataOf({ ...MODEL, [name]: "x" }).provider,
  finish: (name) => dataOf({ ...MODEL, [name]: "x" }).finish_reason,
  request: (name) => dataOf({ ...MODEL, [name]: "x" }).request_id,
  server: (name) => told({ ...TOOL, [name]: "x" }).destination,
  duration: (name) => (logged({ [name]: "7" }) === 7 ? "x" : undefined),
  error: (name) => told({ ...TOOL, success: false, [name]: "x" }).error,
  errorType: (name) => told({ ...TOOL, success: false, [name]: "x" }).error,
  cost: (name) => (told({ ...MODEL, [name]: 0.5 }).costUsd === "0.5" ? "x" : undefined),
  environment: (name) => told(TOOL, { [name]: "x" }).environment,
  decision: (name) => (told({ ...GUARD, [name]: "deny" }).status === "denied" ? "x" : undefined),
  decidedBy: (name) =>
    told({ ...GUARD, decision: "deny", [name]: "x" }).error === "denied (deny) by x" ? "x" : undefined,
};

describe("every name in the table of aliases", () => {
  const rows = Object.entries(ALIASES).flatMap(([fact, names]) =>
    names.map((name) => [fact as keyof typeof ALIASES, name] as const),
  );

  it.each(rows)("%s: %s", (fact, name) => {
    expect(FOUND[fact](name)).toBe("x");
  });

  const tokens = Object.entries(TOKENS).flatMap(([kind, names]) =>
    names.map((name) => [kind as keyof typeof TOKENS, name] as const),
  );

  it.each(tokens)("tokens, %s: %s", (kind, name) => {
    expect(told({ ...MODEL, [name]: "7" }).usage?.[kind]).toBe(7);
  });

  it.each(CACHE_WRITTEN)("tokens written to the cache: %s", (name) => {
    const said = { "gen_ai.usage.input_tokens": 1, "gen_ai.usage.cache_read.input_tokens": 50 };
    expect(told({ ...MODEL, ...said, [name]: 7 }).usage?.input).toBe(58);
  });

  const operations = Object.entries(VALUES).flatMap(([operation, values]) =>
    values.map((value) => [value, operation as keyof typeof VALUES] as const),
  );

  it.each(operations)("an operation: %s is %s", (value, operation) => {
    const type = operation === "folded" ? "nothing" : SHAPES[operation].type;
    expect(told({ "gen_ai.operation.name": value }).type).toBe(type);
    expect(told({ "gen_ai.operation.name": value.toUpperCase() }).type).toBe(type);
  });
});
