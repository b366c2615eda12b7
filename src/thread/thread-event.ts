import { TrailError } from "../base/error.ts";
import { isObject, type JsonValue } from "../base/json.ts";
import type { ContentPart, Usage } from "./content.ts";

/** Every event of a thread says when it happened, in RFC 3339 UTC. */
interface Timed {
  readonly timestamp: string;
}

export interface UserMessage extends Timed {
  readonly kind: "user_message";
  readonly content: readonly ContentPart[];
}
export interface AssistantMessage extends Timed {
  readonly kind: "assistant_message";
  readonly content: readonly ContentPart[];
  readonly usage: Usage | null;
}
/** `dropped_chars` = before − after, never below 0; `retained_chars` = after. */
export interface ContextCompacted extends Timed {
  readonly kind: "context_compacted";
  readonly dropped_chars: number;
  readonly retained_chars: number;
}
export interface ToolCallEvent extends Timed {
  readonly kind: "tool_call";
  readonly id: string;
  readonly name: string;
  readonly input: JsonValue;
}
export interface ToolResultEvent extends Timed {
  readonly kind: "tool_result";
  readonly tool_use_id: string;
  readonly name: string;
  /** Text, or any JSON. */
  readonly content: JsonValue;
  readonly is_error: boolean;
}
/** Told to the parent. `parent_event` is an index into the parent's events, from 0. */
export interface BranchCreated extends Timed {
  readonly kind: "branch_created";
  readonly branch_id: string;
  readonly parent_event: number;
}
export interface CheckpointMarker extends Timed {
  readonly kind: "checkpoint_marker";
  readonly checkpoint_id: string;
  readonly thread_id: string;
}
export type ModelWarning =
  | { readonly kind: "lossy_encode"; readonly field: string; readonly detail: string }
  | { readonly kind: "unknown_stop_reason"; readonly raw: string }
  | { readonly kind: "unsupported_capability"; readonly capability: string; readonly detail: string }
  | { readonly kind: "provider_extension_ignored"; readonly vendor: string };
export interface WarningEvent extends Timed {
  readonly kind: "warning";
  readonly warning: ModelWarning;
}
/** What only the provider understands; goes back to it byte for byte. */
export interface ProviderEcho {
  readonly provider: string;
  readonly payload: JsonValue;
}
export interface ThinkingDelta extends Timed {
  readonly kind: "thinking_delta";
  readonly text: string;
  /** Absent where there are none. */
  readonly provider_echoes?: readonly ProviderEcho[];
}
export interface RateLimit extends Timed {
  readonly kind: "rate_limit";
  readonly snapshot: {
    readonly requests_remaining: number | null;
    readonly tokens_remaining: number | null;
    readonly requests_reset_at: string | null;
    readonly tokens_reset_at: string | null;
    readonly raw: Readonly<Record<string, string>>;
  };
}
export interface Interrupt extends Timed {
  readonly kind: "interrupt";
  readonly payload: JsonValue;
}
export interface Cancelled extends Timed {
  readonly kind: "cancelled";
  readonly reason: string;
}
export interface SubAgentInvoked extends Timed {
  readonly kind: "sub_agent_invoked";
  readonly agent_id: string;
  readonly sub_thread_id: string;
}
/** `from` is null on the first turn. */
export interface AgentHandoff extends Timed {
  readonly kind: "agent_handoff";
  readonly from: string | null;
  readonly to: string;
}
/** `from_checkpoint` is empty where it was resumed from fresh state. */
export interface Resumed extends Timed {
  readonly kind: "resumed";
  readonly from_checkpoint: string;
}
/** The act, never what was recalled. `tier`: semantic, entity, graph, or one of your own. */
export interface MemoryRecall extends Timed {
  readonly kind: "memory_recall";
  readonly tier: string;
  readonly namespace_key: string;
  readonly hits: number;
}
/** Counts are whole numbers; money is a decimal string. */
export type Breach =
  | {
      readonly axis: "requests" | "input_tokens" | "output_tokens" | "total_tokens" | "tool_calls";
      readonly limit: number;
      readonly observed: number;
    }
  | { readonly axis: "cost_usd"; readonly limit: string; readonly observed: string };
export interface UsageLimitExceeded extends Timed {
  readonly kind: "usage_limit_exceeded";
  readonly breach: Breach;
}
export type ErrorClass =
  | "provider"
  | "invalid_request"
  | "config"
  | "auth"
  | "interrupted"
  | "cancelled"
  | "serde"
  | "transport";
export interface ErrorEvent extends Timed {
  readonly kind: "error";
  readonly class: ErrorClass | (string & {});
  readonly message: string;
}

/** Each kind that Daybook knows. */
export type KnownThreadEvent =
  | UserMessage
  | AssistantMessage
  | ContextCompacted
  | ToolCallEvent
  | ToolResultEvent
  | BranchCreated
  | CheckpointMarker
  | WarningEvent
  | ThinkingDelta
  | RateLimit
  | Interrupt
  | Cancelled
  | SubAgentInvoked
  | AgentHandoff
  | Resumed
  | MemoryRecall
  | UsageLimitExceeded
  | ErrorEvent;

/** A kind of a later time: kept and given back as it is. */
export interface UnknownThreadEvent extends Timed {
  readonly kind: string & { readonly unknown?: never };
  readonly [member: string]: JsonValue | undefined;
}

/** One event of a conversation, tagged by `kind`. Its JSON form is the object itself. */
export type ThreadEvent = KnownThreadEvent | UnknownThreadEvent;

export const THREAD_KINDS = [
  "user_message",
  "assistant_message",
  "context_compacted",
  "tool_call",
  "tool_result",
  "branch_created",
  "checkpoint_marker",
  "warning",
  "thinking_delta",
  "rate_limit",
  "interrupt",
  "cancelled",
  "sub_agent_invoked",
  "agent_handoff",
  "resumed",
  "memory_recall",
  "usage_limit_exceeded",
  "error",
] as const satisfies ReadonlyArray<KnownThreadEvent["kind"]>;

const COUNTS: Readonly<Record<string, readonly string[]>> = {
  context_compacted: ["dropped_chars", "retained_chars"],
  branch_created: ["parent_event"],
  memory_recall: ["hits"],
};

export function isKnown(event: ThreadEvent): event is KnownThreadEvent {
  return (THREAD_KINDS as readonly string[]).includes(event.kind);
}

/**
 * Reads a thread event. Unknown kinds and unknown members pass as they are. Throws `event.invalid`
 * for what has no kind or time, and for counts that are none.
 */
export function parseThreadEvent(value: unknown): ThreadEvent {
  if (!isObject(value)) throw invalid("event", "must be a JSON object");
  const { kind, timestamp } = value;
  if (typeof kind !== "string" || kind === "") throw invalid("kind", "must be a text with something in it");
  if (typeof timestamp !== "string" || timestamp === "") throw invalid("timestamp", "must be RFC 3339");
  for (const name of COUNTS[kind] ?? []) checkCount(name, value[name]);
  if (kind === "usage_limit_exceeded") checkBreach(value.breach);
  return value as unknown as ThreadEvent;
}

/** Throws `event.invalid` for a breach whose figures are not what its axis counts. */
export function checkBreach(breach: unknown): void {
  if (!isObject(breach)) throw invalid("breach", "must be an object with axis, limit and observed");
  const { axis, limit, observed } = breach;
  for (const [name, figure] of Object.entries({ limit, observed })) {
    if (axis === "cost_usd") {
      if (typeof figure !== "string" || !/^\d+(\.\d+)?$/.test(figure)) {
        throw invalid(`breach.${name}`, "must be a decimal string");
      }
    } else checkCount(`breach.${name}`, figure);
  }
}

export function checkCount(name: string, value: unknown): void {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return;
  throw invalid(name, "must be a whole number of at least 0");
}

/** `run budget exceeded on requests axis: observed 11, limit 10` */
export function displayBreach({ axis, limit, observed }: Breach): string {
  return `run budget exceeded on ${axis} axis: observed ${observed}, limit ${limit}`;
}

export function invalid(field: string, rule: string): TrailError {
  return new TrailError("event.invalid", `${field} ${rule}.`, { field });
}
