import { inspect } from "node:util";
import { messageOf } from "../base/error.ts";
import type { JsonValue } from "../base/json.ts";
import { isObject } from "../base/json.ts";
import { uuidv7 } from "../base/uuid.ts";
import type { EventDraft, Usage } from "../event/event.ts";
import { resourceOf } from "../ingest/resource-of.ts";
import { oneLine } from "../ingest/values.ts";

export const SUMMARY_CHARS = 200;

/** A call of a tool, as it is when it begins or is asked for. */
export interface CallStart {
  readonly tool: string;
  readonly callId?: string | undefined;
  readonly args?: unknown;
  /** The server that has the tool, where it is another program. */
  readonly server?: string | undefined;
  /** The approval under which it runs. */
  readonly approvalId?: string | undefined;
}

/** A started call as OTLP and hooks ingest draft it. */
export function callDraft({ tool, callId, args, server, approvalId }: CallStart, id?: string): EventDraft {
  return {
    id: id ?? uuidv7(),
    type: "tool.execute",
    category: "tool_call",
    tool,
    callId: callId ?? null,
    resource: resourceOf(tool, args as JsonValue | undefined),
    destination: server ?? null,
    summary: oneLine(`${tool} starts`, SUMMARY_CHARS),
    data: {
      ...(args === undefined ? {} : { arguments: args }),
      ...(approvalId === undefined ? {} : { approval_id: approvalId }),
    },
  };
}

/** One call of a model: tokens and model on one completed event, as OTLP ingest has it. */
export function modelDraft({
  model,
  usage,
  error,
  durationMs,
  data,
}: {
  model: string | undefined;
  usage?: Usage | undefined;
  error?: unknown;
  durationMs?: number | undefined;
  data?: object;
}): EventDraft {
  const text = error === undefined ? undefined : errorText(error);
  return {
    type: "llm.complete",
    category: "llm",
    phase: "completed",
    status: text === undefined ? "ok" : "error",
    severity: text === undefined ? "INFO" : "ERROR",
    model: model ?? null,
    usage: usage ?? null,
    durationMs: durationMs ?? null,
    error: text ?? null,
    summary: oneLine(`${model ?? "model"}: ${text ?? "answered"}`, SUMMARY_CHARS),
    data: data ?? {},
  };
}

/** A question, of which the approval has its name: the decision and the call that follow carry it as `approval_id`. */
export function approvalRequest({ tool, callId, args }: CallStart, id: string = uuidv7()): EventDraft {
  return {
    id,
    type: "approval.request",
    category: "approval",
    status: "pending",
    tool,
    callId: callId ?? null,
    resource: resourceOf(tool, args as JsonValue | undefined),
    summary: oneLine(`${tool} asks for permission`, SUMMARY_CHARS),
    data: { approval_id: id, ...(args === undefined ? {} : { arguments: args }) },
  };
}

export interface Decision {
  readonly approved: boolean;
  readonly reason?: string | undefined;
  /** Who decided, where it is not a person whom the framework does not name. */
  readonly by?: string | undefined;
  /** The id of the request's event. */
  readonly approvalId: string;
  /** Default: an id of our own. */
  readonly id?: string;
}

export function approvalDecision({ tool, callId, args }: CallStart, decided: Decision): EventDraft {
  const { approved, reason, by, approvalId, id } = decided;
  const decision = approved ? "approved" : "denied";
  return {
    id: id ?? null,
    parentId: approvalId,
    type: "approval.decide",
    category: "approval",
    status: approved ? "ok" : "denied",
    severity: approved ? "INFO" : "WARN",
    tool,
    callId: callId ?? null,
    resource: resourceOf(tool, args as JsonValue | undefined),
    summary: oneLine(`${tool}: ${reason ?? decision}`, SUMMARY_CHARS),
    data: {
      approval_id: approvalId,
      decision,
      ...(by === undefined ? {} : { source: by }),
      ...(reason === undefined ? {} : { reason }),
      ...(args === undefined ? {} : { arguments: args }),
    },
  };
}

/** What was thrown, or given in place of an error, as text. */
export function errorText(error: unknown): string {
  if (isObject(error) && typeof error.message === "string" && error.message !== "") return error.message;
  if (typeof error === "string") return error;
  if (error instanceof Error) return error.name;
  return isObject(error)
    ? inspect(error, { depth: 2, breakLength: Number.POSITIVE_INFINITY })
    : messageOf(error);
}
