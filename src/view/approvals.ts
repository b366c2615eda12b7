import type { JsonObject, JsonValue } from "../base/json.ts";
import type { AuditEvent } from "../event/event.ts";
import { callDigest } from "../event/fingerprint.ts";
import { isToolCall } from "./calls.ts";
import { type Entry, type Projection, perEvent, sortable } from "./projection.ts";

/** Types of the events that an approval is made of; its execution is the tool call itself. */
export const APPROVAL_EVENTS = {
  request: "approval.request",
  decide: "approval.decide",
  violated: "approval.violated",
} as const;

/** How an execution can break what was approved. */
export const APPROVAL_RULES = [
  "other_tool",
  "other_arguments",
  "reused",
  "denied",
  "not_decided",
  "expired",
] as const;
export type ApprovalRule = (typeof APPROVAL_RULES)[number];

const EXECUTIONS_MAX = 20;

/**
 * One row per approval: what was asked, how it was decided, what was executed, and each execution
 * that was not what was approved. Key: the id of the request, which every event of it carries as
 * `data.approval_id`; for agents of which only the call's id is known, that id within its conversation.
 *
 * The first decision counts; a later one is kept in the log and marks the approval as contested.
 */
export const approvals: Projection = {
  name: "approvals",
  version: 1,
  environment: "environment",

  changes: perEvent({
    keys(event) {
      const key = keyOf(event);
      return key === null ? [] : [key];
    },

    fold(doc, event, key) {
      if (event.type === APPROVAL_EVENTS.request) return request(doc ?? emptyRow(key, event), event);
      if (event.category === "approval" && event.type !== APPROVAL_EVENTS.violated)
        return decide(doc ?? emptyRow(key, event), event);
      return doc === null || !isToolCall(event) ? doc : execute(doc, event, key);
    },

    // The row goes with what was asked or decided; of an execution that went it keeps no word.
    forget(doc, event) {
      if (event.id === doc.request || event.id === doc.decision) return null;
      doc.executions = (doc.executions as Execution[]).filter((known) => known.event !== event.id);
      doc.violations = (doc.violations as Violation[]).filter((known) => known.event !== event.id);
      return doc;
    },
  }),

  entries(doc) {
    const sort = sortable(doc.seq as number);
    const entries: Entry[] = [
      { group: "all", sort },
      { group: `state=${doc.state}`, sort },
    ];
    for (const { seq, rule } of doc.violations as Violation[])
      entries.push({ group: "violated", sort: sortable(seq) + rule });
    return entries;
  },
};

interface Violation extends JsonObject {
  rule: ApprovalRule;
  event: string;
  seq: number;
}

interface Execution extends JsonObject {
  event: string;
  seq: number;
  /** Whether its arguments are those that were approved; null where it does not tell them. */
  matches: boolean | null;
}

function keyOf(event: AuditEvent): string | null {
  const { category, data, callId, type } = event;
  if (category !== "approval" && !isToolCall(event)) return null;
  if (typeof data.approval_id === "string") return data.approval_id;
  if (callId !== null) return `call:${event.conversationId ?? event.threadId ?? event.runId ?? ""}:${callId}`;
  return type === APPROVAL_EVENTS.request ? event.id : null;
}

function emptyRow(key: string, event: AuditEvent): JsonObject {
  const { seq, occurredAt, environment, tool, agent, runId, conversationId, callId } = event;
  return {
    id: key,
    seq,
    at: occurredAt,
    environment,
    tool,
    agent,
    runId,
    conversationId,
    callId,
    state: "pending",
    request: null,
    digest: null,
    expiresAt: null,
    contested: false,
    executions: [],
    violations: [],
  };
}

function request(row: JsonObject, event: AuditEvent): JsonObject {
  if (row.request !== null) return row;
  row.request = event.id;
  row.askedBy = event.actor.id ?? event.agent;
  row.digest ??= digestIn(event);
  row.expiresAt = typeof event.data.expires_at === "number" ? event.data.expires_at : null;
  return row;
}

function decide(row: JsonObject, event: AuditEvent): JsonObject {
  if (row.state !== "pending") {
    row.contested ||= row.decision !== event.id && (row.state === "denied") !== (event.status === "denied");
    return row;
  }
  row.state = event.status === "denied" ? "denied" : "approved";
  row.decision = event.id;
  row.decidedAt = event.occurredAt;
  row.decidedBy = event.actor.id ?? text(event.data.source);
  row.reason = text(event.data.reason);
  // Approved with changes: what may be executed is what the decision says.
  if (row.state === "approved") row.digest = digestIn(event) ?? row.digest ?? null;
  return row;
}

function execute(row: JsonObject, event: AuditEvent, key: string): JsonObject {
  const isImplied = key.startsWith("call:");
  const executions = row.executions as Execution[];
  if (event.status === "denied") {
    if (row.state === "pending") Object.assign(row, { state: "denied", decidedAt: event.occurredAt });
    return row;
  }
  if (executions.some((known) => known.event === event.startId)) return row;
  // Several may see one call, each with its own name for it: what is known by its id alone is compared
  // only under the same name.
  if (isImplied && row.tool !== null && event.tool !== row.tool) return row;
  const digest = digestIn(event);
  const matches = areSame(digest, row.digest);
  const rules = rulesBroken(row, event, matches, isImplied);
  // An agent that asks and then runs was allowed to, by whom it does not say.
  if (isImplied && row.state === "pending")
    Object.assign(row, { state: "approved", decidedAt: event.occurredAt });
  if (executions.length < EXECUTIONS_MAX) executions.push({ event: event.id, seq: event.seq, matches });
  const violations = row.violations as Violation[];
  for (const rule of rules) {
    if (violations.length < EXECUTIONS_MAX) violations.push({ rule, event: event.id, seq: event.seq });
  }
  return row;
}

function rulesBroken(
  row: JsonObject,
  event: AuditEvent,
  matches: boolean | null,
  isImplied: boolean,
): ApprovalRule[] {
  const rules: ApprovalRule[] = [];
  if (row.tool !== null && event.tool !== row.tool) rules.push("other_tool");
  else if (matches === false) rules.push("other_arguments");
  if ((row.executions as Execution[]).length > 0 && !isImplied) rules.push("reused");
  if (row.state === "denied") rules.push("denied");
  if (row.state === "pending" && !isImplied) rules.push("not_decided");
  if (typeof row.expiresAt === "number" && event.occurredAt > row.expiresAt) rules.push("expired");
  return rules;
}

/** Null where one of them is not known, or is under a subject's key and the other one is not. */
function areSame(one: string | null, other: JsonValue | undefined): boolean | null {
  if (one === null || typeof other !== "string") return null;
  return one.startsWith("subject:") === other.startsWith("subject:") ? one === other : null;
}

/** Of the arguments that the event tells, or what it tells in their place. */
function digestIn({ tool, data }: AuditEvent): string | null {
  if (typeof data.arguments_digest === "string") return data.arguments_digest;
  if (data.arguments === undefined) return null;
  try {
    return callDigest(tool, data.arguments);
  } catch {
    return null;
  }
}

function text(value: JsonValue | undefined): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
