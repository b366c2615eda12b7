import { parseMicros } from "../../base/clock.ts";
import { isObject } from "../../base/json.ts";
import { uuidv7 } from "../../base/uuid.ts";
import type { EventDraft, Usage } from "../../event/event.ts";
import type { ContentPart } from "../../thread/content.ts";
import type { ThreadKey } from "../../thread/keys.ts";
import {
  displayBreach,
  isKnown,
  type KnownThreadEvent,
  type ThreadEvent,
} from "../../thread/thread-event.ts";
import { THREAD_PREFIX, THREADS_ARCHIVED } from "../../view/threads.ts";

const SUMMARY_CHARS = 80;

/** A thread event as an event of the log: whole in `data.event`, and told in the fields that fit. */
export function threadDraft({ tenant, threadId }: ThreadKey, event: ThreadEvent): EventDraft {
  const occurredAt = parseMicros(event.timestamp);
  return {
    tenant,
    threadId,
    type: `${THREAD_PREFIX}${event.kind}`,
    category: "session",
    ...(occurredAt === undefined ? {} : { occurredAt }),
    ...(isKnown(event) ? factsOf(event) : {}),
    data: { event },
  };
}

/** Archiving is an event too: the view decides what it comes to. */
export function archiveDraft(
  { tenant, threadId }: ThreadKey,
  watermark: number,
): EventDraft & { id: string } {
  const summary = `Archived up to ${watermark}`;
  const facts = { category: "session", threadId, summary, data: { watermark } };
  return { id: uuidv7(), tenant, type: THREADS_ARCHIVED, ...facts };
}

function factsOf(event: KnownThreadEvent): Partial<EventDraft> {
  switch (event.kind) {
    case "user_message":
      return { summary: `User: ${textOf(event.content)}`, actor: { type: "user" } };
    case "assistant_message":
      return {
        summary: `Assistant: ${textOf(event.content)}`,
        ...(isObject(event.usage) ? { usage: usageOf(event.usage) } : {}),
      };
    case "tool_call":
      return { tool: event.name, callId: event.id, summary: `Calls ${event.name}` };
    case "tool_result":
      return {
        tool: event.name,
        callId: event.tool_use_id,
        summary: `${event.name} ${event.is_error ? "failed" : "answered"}`,
        status: event.is_error ? "error" : "ok",
      };
    case "sub_agent_invoked":
      return { summary: `Invokes ${event.agent_id}`, resource: { type: "thread", id: event.sub_thread_id } };
    case "agent_handoff":
      return { agent: event.from ?? event.to, summary: `Hands off to ${event.to}` };
    case "memory_recall":
      return {
        summary: `Recalls from ${event.tier} memory: ${event.hits}`,
        resource: { type: "memory", id: event.namespace_key },
      };
    case "usage_limit_exceeded":
      return { category: "safety", status: "denied", severity: "WARN", summary: displayBreach(event.breach) };
    case "context_compacted":
      return {
        summary: `Compacted: ${event.dropped_chars} characters dropped, ${event.retained_chars} kept`,
      };
    case "resumed":
      return { summary: `Resumed from ${event.from_checkpoint || "the beginning"}` };
    case "warning":
      return { severity: "WARN", summary: `Warning: ${event.warning?.kind}` };
    case "error":
      return { status: "error", severity: "ERROR", error: event.message, summary: `Error: ${event.class}` };
    case "cancelled":
      return { summary: `Cancelled: ${event.reason}` };
    case "branch_created":
      return { summary: "Branched", resource: { type: "thread", id: event.branch_id } };
    case "checkpoint_marker":
      return { summary: "Checkpoint", resource: { type: "checkpoint", id: event.checkpoint_id } };
    default:
      return { summary: event.kind.replaceAll("_", " ") };
  }
}

/** Parts are as their writer made them, and whoever writes here may be another program. */
function textOf(content: readonly ContentPart[]): string {
  const parts: readonly unknown[] = Array.isArray(content) ? content : [];
  const text = parts.flatMap((part) => (isObject(part) && part.type === "text" ? [part.text] : [])).join(" ");
  const [line = ""] = text.trimStart().split("\n");
  return line.length <= SUMMARY_CHARS ? line : `${line.slice(0, SUMMARY_CHARS - 1).toWellFormed()}…`;
}

function usageOf(usage: {
  input_tokens?: number;
  output_tokens?: number;
  cached_input_tokens?: number;
  reasoning_tokens?: number;
}): Usage {
  const { input_tokens: input = 0, output_tokens: output = 0 } = usage;
  return { input, output, cached: usage.cached_input_tokens ?? 0, thinking: usage.reasoning_tokens ?? 0 };
}
