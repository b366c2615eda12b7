import { formatMicros, type Micros, parseMicros } from "../base/clock.ts";
import type { JsonObject } from "../base/json.ts";
import type { AuditEvent, Usage } from "./event.ts";
import type { Phase, Severity } from "./vocabulary.ts";

/**
 * A draft that was accepted and redacted, under its wire names, flat, absent things left out. As
 * one JSON line it is what the spool holds, what crosses the store port, and what
 * `POST /api/v1/events/bulk` takes: one encoding from `record()` to the disk.
 */
export interface WireDraft {
  id: string;
  tenant: string;
  environment: string;
  /** RFC 3339; the store fills in the time of recording where it is absent. */
  occurred_at?: string;
  event_type: string;
  category?: string;
  phase?: Phase;
  status?: string;
  severity: Severity;
  description?: string;
  actor_type?: string;
  actor_id?: string;
  actor_label?: string;
  agent?: string;
  origin?: string;
  source?: string;
  app?: string;
  destination?: string;
  tool?: string;
  resource_type?: string;
  resource_id?: string;
  conversation_id?: string;
  thread_id?: string;
  run_id?: string;
  parent_id?: string;
  start_id?: string;
  trace_id?: string;
  span_id?: string;
  call_id?: string;
  duration_ms?: number;
  model?: string;
  usage?: Usage;
  cost_usd?: string;
  data?: JsonObject;
  error?: string;
  idempotency_key?: string;
  do_not_forward?: boolean;
  emitter_id?: string;
  emitter_epoch?: number;
  emitter_number?: number;
  /** Whom it is about; taken out where the payload is put under a key, and never stored. */
  subject?: string;
}

/** A draft as one line, without its line end. */
export function encodeDraft(draft: WireDraft): string {
  return JSON.stringify(draft);
}

/** An accepted draft as the event that it becomes. `data` may be shared with the draft. */
export function toEvent(draft: WireDraft, seq: number, recordedAt: Micros): AuditEvent {
  return {
    id: draft.id,
    seq,
    tenant: draft.tenant,
    environment: draft.environment,
    occurredAt: draft.occurred_at === undefined ? recordedAt : (parseMicros(draft.occurred_at) ?? recordedAt),
    recordedAt,
    type: draft.event_type,
    category: draft.category ?? null,
    phase: draft.phase ?? null,
    status: draft.status ?? null,
    severity: draft.severity,
    summary: draft.description ?? null,
    actor: { type: draft.actor_type ?? null, id: draft.actor_id ?? null, label: draft.actor_label ?? null },
    agent: draft.agent ?? null,
    origin: draft.origin ?? null,
    source: draft.source ?? null,
    app: draft.app ?? null,
    destination: draft.destination ?? null,
    tool: draft.tool ?? null,
    resource: { type: draft.resource_type ?? null, id: draft.resource_id ?? null },
    conversationId: draft.conversation_id ?? null,
    threadId: draft.thread_id ?? null,
    runId: draft.run_id ?? null,
    parentId: draft.parent_id ?? null,
    startId: draft.start_id ?? null,
    traceId: draft.trace_id ?? null,
    spanId: draft.span_id ?? null,
    callId: draft.call_id ?? null,
    durationMs: draft.duration_ms ?? null,
    model: draft.model ?? null,
    usage: draft.usage ?? null,
    costUsd: draft.cost_usd ?? null,
    data: draft.data ?? {},
    error: draft.error ?? null,
    idempotencyKey: draft.idempotency_key ?? null,
    doNotForward: draft.do_not_forward ?? false,
    emitter:
      draft.emitter_id === undefined ||
      draft.emitter_epoch === undefined ||
      draft.emitter_number === undefined
        ? null
        : { id: draft.emitter_id, epoch: draft.emitter_epoch, number: draft.emitter_number },
  };
}

/** An event under its wire names, flat, every key present. */
export type WireEvent = Pick<Required<WireDraft>, AlwaysThere> & {
  [K in Exclude<keyof Required<WireDraft>, AlwaysThere | "subject">]: Required<WireDraft>[K] | null;
} & { seq: number; created_at: string };

type AlwaysThere =
  | "id"
  | "tenant"
  | "environment"
  | "occurred_at"
  | "event_type"
  | "severity"
  | "data"
  | "do_not_forward";

export function toWire(event: AuditEvent): WireEvent {
  return {
    id: event.id,
    seq: event.seq,
    tenant: event.tenant,
    environment: event.environment,
    occurred_at: formatMicros(event.occurredAt),
    created_at: formatMicros(event.recordedAt),
    event_type: event.type,
    category: event.category,
    phase: event.phase,
    status: event.status,
    severity: event.severity,
    description: event.summary,
    actor_type: event.actor.type,
    actor_id: event.actor.id,
    actor_label: event.actor.label,
    agent: event.agent,
    origin: event.origin,
    source: event.source,
    app: event.app,
    destination: event.destination,
    tool: event.tool,
    resource_type: event.resource.type,
    resource_id: event.resource.id,
    conversation_id: event.conversationId,
    thread_id: event.threadId,
    run_id: event.runId,
    parent_id: event.parentId,
    start_id: event.startId,
    trace_id: event.traceId,
    span_id: event.spanId,
    call_id: event.callId,
    duration_ms: event.durationMs,
    model: event.model,
    usage: event.usage,
    cost_usd: event.costUsd,
    data: event.data,
    error: event.error,
    idempotency_key: event.idempotencyKey,
    do_not_forward: event.doNotForward,
    emitter_id: event.emitter?.id ?? null,
    emitter_epoch: event.emitter?.epoch ?? null,
    emitter_number: event.emitter?.number ?? null,
  };
}
