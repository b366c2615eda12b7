import { LIMITS } from "./limits.ts";
import { PHASES, SEVERITIES } from "./vocabulary.ts";

/**
 * The one table of an event's fields. Validation, encoding, columns, filters, the OpenAPI schema
 * and the documentation are all read from it.
 */
export interface Field {
  /** The name on the wire and of the column. */
  readonly wire: string;
  /** The path in the TypeScript event. */
  readonly path: string;
  readonly kind: "text" | "uuid" | "time" | "count" | "hex" | "decimal" | "json" | "usage" | "flag";
  /** Characters for text, digits for hex. */
  readonly max?: number;
  readonly oneOf?: readonly string[];
  /** A client may not set it; what a request says here is ignored. */
  readonly readOnly?: true;
  /** How `filter[…]` reads it. `equal` takes unions and exclusions; `literal` also tries the whole text. */
  readonly filter?: "equal" | "literal" | "interval" | "flag";
  readonly doc: string;
}

const name = (wire: string, path: string, doc: string, filter: Field["filter"] = "equal"): Field => ({
  wire,
  path,
  kind: "text",
  max: LIMITS.nameChars,
  filter,
  doc,
});

export const FIELDS: readonly Field[] = [
  { wire: "id", path: "id", kind: "uuid", doc: "UUIDv7, made by the writer." },
  {
    wire: "seq",
    path: "seq",
    kind: "count",
    readOnly: true,
    filter: "interval",
    doc: "Position in the tenant's log: 1, 2, 3 …, no gaps, never reused, given at commit.",
  },
  {
    wire: "tenant",
    path: "tenant",
    kind: "text",
    max: LIMITS.tenantChars,
    doc: "The hard wall of isolation; `default` where none is named.",
  },
  {
    wire: "environment",
    path: "environment",
    kind: "text",
    max: LIMITS.tenantChars,
    filter: "equal",
    doc: "A label within the tenant; `production` where none is named.",
  },
  {
    wire: "occurred_at",
    path: "occurredAt",
    kind: "time",
    filter: "interval",
    doc: "When it happened, as the emitter says; the time of recording where it says nothing.",
  },
  {
    wire: "created_at",
    path: "recordedAt",
    kind: "time",
    readOnly: true,
    filter: "interval",
    doc: "When Daybook committed it.",
  },
  name("event_type", "type", "What happened: `tool.execute`, `invoice.created`."),
  name(
    "category",
    "category",
    "Open string; known: tool_call skill channel approval schedule llm config session mcp safety run.",
  ),
  {
    wire: "phase",
    path: "phase",
    kind: "text",
    max: 16,
    oneOf: PHASES,
    filter: "equal",
    doc: "`started`, `completed` or absent.",
  },
  name("status", "status", "Open string; known: ok error pending denied."),
  {
    wire: "severity",
    path: "severity",
    kind: "text",
    max: 16,
    oneOf: SEVERITIES,
    filter: "equal",
    doc: "How grave; `INFO` where nothing is said.",
  },
  {
    wire: "description",
    path: "summary",
    kind: "text",
    max: LIMITS.summaryChars,
    doc: "One line for people.",
  },
  name("actor_type", "actor.type", "What kind of actor caused it: `user`, `agent`, `schedule`."),
  name("actor_id", "actor.id", "Who caused it.", "literal"),
  name("actor_label", "actor.label", "The actor's name for people."),
  name("agent", "agent", "Which agent did it."),
  name("origin", "origin", "Where the call came from."),
  name("source", "source", "Which subsystem wrote it."),
  name("app", "app", "The application that it acted for."),
  name("destination", "destination", "What it acted on: a server, a host, a channel."),
  name("tool", "tool", "The tool's name, on a tool call."),
  name("resource_type", "resource.type", "What kind of thing it was about."),
  name("resource_id", "resource.id", "Which one.", "literal"),
  name("conversation_id", "conversationId", "The conversation that it belongs to."),
  name("thread_id", "threadId", "The thread that it belongs to."),
  name("run_id", "runId", "The run that it belongs to."),
  {
    wire: "parent_id",
    path: "parentId",
    kind: "uuid",
    filter: "equal",
    doc: "The event that this one is nested under.",
  },
  {
    wire: "start_id",
    path: "startId",
    kind: "uuid",
    filter: "equal",
    doc: "On a `completed` event: its `started` event.",
  },
  {
    wire: "trace_id",
    path: "traceId",
    kind: "hex",
    max: 32,
    filter: "equal",
    doc: "W3C trace context, 32 hex digits.",
  },
  {
    wire: "span_id",
    path: "spanId",
    kind: "hex",
    max: 16,
    filter: "equal",
    doc: "W3C trace context, 16 hex digits.",
  },
  name("call_id", "callId", "The model's id of the tool call (`toolu_…`, `call_…`)."),
  {
    wire: "duration_ms",
    path: "durationMs",
    kind: "count",
    filter: "interval",
    doc: "How long it took, in whole milliseconds.",
  },
  name("model", "model", "The model that answered."),
  { wire: "usage", path: "usage", kind: "usage", doc: "Tokens: input, output, thinking, cached." },
  { wire: "cost_usd", path: "costUsd", kind: "decimal", doc: "Cost in US dollars, a decimal string." },
  { wire: "data", path: "data", kind: "json", doc: "Free JSON object: arguments, result, inputs, output." },
  { wire: "error", path: "error", kind: "text", max: LIMITS.errorChars, doc: "The message of a failure." },
  {
    wire: "idempotency_key",
    path: "idempotencyKey",
    kind: "text",
    max: LIMITS.nameChars,
    doc: "Unique per tenant and environment: a second event with the same key is the first one.",
  },
  {
    wire: "do_not_forward",
    path: "doNotForward",
    kind: "flag",
    filter: "flag",
    doc: "Recorded, but not forwarded.",
  },
  name("emitter_id", "emitter.id", "The emitter that numbered it."),
  { wire: "emitter_epoch", path: "emitter.epoch", kind: "count", doc: "The emitter's start, counted." },
  {
    wire: "emitter_number",
    path: "emitter.number",
    kind: "count",
    doc: "The emitter's own number: 1, 2, 3 … within tenant and epoch; a hole is a lost event.",
  },
];

export const FIELD_BY_WIRE: ReadonlyMap<string, Field> = new Map(FIELDS.map((field) => [field.wire, field]));

export const USAGE_KEYS = ["input", "output", "thinking", "cached"] as const;
