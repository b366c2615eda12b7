import { formatMicros, MAX_MICROS, MIN_MICROS, nowMicros, parseMicros } from "../base/clock.ts";
import { TrailError } from "../base/error.ts";
import type { JsonObject } from "../base/json.ts";
import { isUuid, uuidv7 } from "../base/uuid.ts";
import type { EventDraft, Usage } from "./event.ts";
import { LIMITS } from "./limits.ts";
import { isDecimal } from "./parse.ts";
import {
  DEFAULT_ENVIRONMENT,
  DEFAULT_SEVERITY,
  DEFAULT_TENANT,
  type Phase,
  SEVERITIES,
  type Severity,
  SYSTEM_TENANT,
} from "./vocabulary.ts";
import type { WireDraft } from "./wire.ts";

/** What a trail fills in where a draft says nothing. */
export interface DraftDefaults {
  tenant?: string;
  environment?: string;
  agent?: string;
  source?: string;
  app?: string;
  origin?: string;
}

/**
 * The lenient reading, for the library: whatever can be kept is kept, made to fit. It throws only
 * for a draft without a type or in the tenant that is Daybook's own, mistakes that no agent makes at
 * run time. `data` is taken as
 * it is; the redactor copies it.
 *
 * One object literal in one key order: the engine keeps a single hidden class, which the hot path
 * of `record()` needs.
 */
export function acceptDraft(draft: EventDraft, defaults: DraftDefaults): WireDraft {
  const type = draft?.type;
  if (typeof type !== "string" || type === "") {
    throw new TrailError("event.invalid", 'An event needs a type, a string such as "tool.execute".', {
      field: "event_type",
      fix: 'Pass { type: "…" } to record().',
    });
  }
  const tenant = name(draft.tenant) ?? defaults.tenant ?? DEFAULT_TENANT;
  if (tenant === SYSTEM_TENANT) {
    throw new TrailError("event.invalid", `The tenant must not be the reserved "${SYSTEM_TENANT}".`, {
      field: "tenant",
      fix: "Use another name.",
    });
  }
  const actor = draft.actor;
  const resource = draft.resource;
  return {
    id: typeof draft.id === "string" && isUuid(draft.id) ? draft.id.toLowerCase() : uuidv7(),
    tenant,
    environment: name(draft.environment) ?? defaults.environment ?? DEFAULT_ENVIRONMENT,
    occurred_at: time(draft.occurredAt),
    event_type: cut(type, LIMITS.nameChars),
    category: name(draft.category),
    phase: draft.phase === "started" || draft.phase === "completed" ? (draft.phase as Phase) : undefined,
    status: name(draft.status),
    severity: severity(draft.severity),
    description: text(draft.summary, LIMITS.summaryChars),
    actor_type: actor ? name(actor.type) : undefined,
    actor_id: actor ? name(actor.id) : undefined,
    actor_label: actor ? name(actor.label) : undefined,
    agent: name(draft.agent) ?? defaults.agent,
    origin: name(draft.origin) ?? defaults.origin,
    source: name(draft.source) ?? defaults.source,
    app: name(draft.app) ?? defaults.app,
    destination: name(draft.destination),
    tool: name(draft.tool),
    resource_type: resource ? name(resource.type) : undefined,
    resource_id: resource ? name(resource.id) : undefined,
    conversation_id: name(draft.conversationId),
    thread_id: name(draft.threadId),
    run_id: name(draft.runId),
    parent_id: uuid(draft.parentId),
    start_id: uuid(draft.startId),
    trace_id: hex(draft.traceId, 32),
    span_id: hex(draft.spanId, 16),
    call_id: name(draft.callId),
    duration_ms: count(draft.durationMs),
    model: name(draft.model),
    usage: draft.usage ? usage(draft.usage) : undefined,
    cost_usd: cost(draft.costUsd),
    data: (draft.data ?? undefined) as JsonObject | undefined,
    error: text(draft.error, LIMITS.errorChars),
    idempotency_key: name(draft.idempotencyKey),
    do_not_forward: draft.doNotForward === true ? true : undefined,
    emitter_id: undefined,
    emitter_epoch: undefined,
    emitter_number: undefined,
    subject: name(draft.subject),
  } as WireDraft;
}

function name(value: unknown): string | undefined {
  return text(value, LIMITS.nameChars);
}

function text(value: unknown, max: number): string | undefined {
  if (typeof value === "string")
    return value === "" ? undefined : value.length > max ? cut(value, max) : value;
  if (value === undefined || value === null) return undefined;
  if (value instanceof Error) return cut(value.message, max);
  if (typeof value === "object" || typeof value === "function" || typeof value === "symbol") return undefined;
  return String(value);
}

/** Cuts at a whole character and says that it cut. */
export function cut(value: string, max: number): string {
  if (value.length <= max) return value;
  return `${value
    .slice(0, max - 1)
    .toWellFormed()
    .replace(/\ufffd$/, "")}…`;
}

function time(value: unknown): string | undefined {
  if (value === undefined || value === null) return formatMicros(nowMicros());
  if (typeof value === "string") {
    const micros = parseMicros(value);
    return formatMicros(micros ?? nowMicros());
  }
  const micros = value instanceof Date ? value.getTime() * 1000 : value;
  if (typeof micros !== "number" || !(micros >= MIN_MICROS && micros <= MAX_MICROS))
    return formatMicros(nowMicros());
  return formatMicros(Math.floor(micros));
}

function severity(value: unknown): Severity {
  if (value === undefined || value === null) return DEFAULT_SEVERITY;
  return (SEVERITIES as readonly unknown[]).includes(value) ? (value as Severity) : DEFAULT_SEVERITY;
}

function uuid(value: unknown): string | undefined {
  return typeof value === "string" && isUuid(value) ? value.toLowerCase() : undefined;
}

function hex(value: unknown, digits: number): string | undefined {
  if (typeof value !== "string" || value.length !== digits) return undefined;
  return /^[0-9a-f]+$/i.test(value) && !/^0+$/.test(value) ? value.toLowerCase() : undefined;
}

function count(value: unknown): number | undefined {
  if (typeof value !== "number" || !(value >= 0)) return undefined;
  const whole = Math.round(value);
  return Number.isSafeInteger(whole) ? whole : undefined;
}

function cost(value: unknown): string | undefined {
  const decimal = typeof value === "number" ? String(value) : value;
  return typeof decimal === "string" && isDecimal(decimal) ? decimal : undefined;
}

function usage(value: Usage): Usage {
  const kept: Usage = {};
  const { input, output, thinking, cached } = value;
  if (count(input) !== undefined) kept.input = count(input) as number;
  if (count(output) !== undefined) kept.output = count(output) as number;
  if (count(thinking) !== undefined) kept.thinking = count(thinking) as number;
  if (count(cached) !== undefined) kept.cached = count(cached) as number;
  return kept;
}
