import type { Micros } from "../base/clock.ts";
import type { JsonObject } from "../base/json.ts";
import type { Category, Phase, Severity, Status } from "./vocabulary.ts";

/** Who caused an event. */
export interface Actor {
  type?: string | null;
  id?: string | null;
  label?: string | null;
}

/** What an event was about. */
export interface Resource {
  type?: string | null;
  id?: string | null;
}

/** Tokens. `input` counts everything that the model read, `cached` the part of it that came from a cache. */
export interface Usage {
  input?: number;
  output?: number;
  thinking?: number;
  cached?: number;
}

/** Which emitter numbered an event, and how. */
export interface EmitterMark {
  id: string;
  epoch: number;
  number: number;
}

/**
 * What an emitter offers. Only `type` is required. Times are a `Date`, RFC 3339 text or integer
 * microseconds; the library makes what does not fit fit (a long name is cut, a fractional duration
 * is rounded), because an agent must not fail over its audit trail.
 */
export interface EventDraft {
  /** A UUID; Daybook makes a UUIDv7 where none is given. */
  id?: string | null;
  tenant?: string | null;
  environment?: string | null;
  occurredAt?: Date | string | Micros | null;
  type: string;
  category?: Category | null;
  phase?: Phase | null;
  status?: Status | null;
  severity?: Severity | null;
  summary?: string | null;
  actor?: Actor | null;
  agent?: string | null;
  origin?: string | null;
  source?: string | null;
  app?: string | null;
  destination?: string | null;
  tool?: string | null;
  resource?: Resource | null;
  conversationId?: string | null;
  threadId?: string | null;
  runId?: string | null;
  parentId?: string | null;
  startId?: string | null;
  traceId?: string | null;
  spanId?: string | null;
  callId?: string | null;
  durationMs?: number | null;
  model?: string | null;
  usage?: Usage | null;
  costUsd?: string | null;
  data?: object | null;
  error?: string | null;
  idempotencyKey?: string | null;
  doNotForward?: boolean | null;
  /**
   * Whom its payload is about: it is kept under a key of theirs, which `trail.erase` destroys. The name
   * itself is not kept; give one that you can find again.
   */
  subject?: string | null;
}

/** An accepted, ordered, immutable fact. Absent things are null; `data` is always an object. */
export interface AuditEvent {
  id: string;
  seq: number;
  tenant: string;
  environment: string;
  occurredAt: Micros;
  recordedAt: Micros;
  type: string;
  category: Category | null;
  phase: Phase | null;
  status: Status | null;
  severity: Severity;
  summary: string | null;
  actor: { type: string | null; id: string | null; label: string | null };
  agent: string | null;
  origin: string | null;
  source: string | null;
  app: string | null;
  destination: string | null;
  tool: string | null;
  resource: { type: string | null; id: string | null };
  conversationId: string | null;
  threadId: string | null;
  runId: string | null;
  parentId: string | null;
  startId: string | null;
  traceId: string | null;
  spanId: string | null;
  callId: string | null;
  durationMs: number | null;
  model: string | null;
  usage: Usage | null;
  costUsd: string | null;
  data: JsonObject;
  error: string | null;
  idempotencyKey: string | null;
  doNotForward: boolean;
  emitter: EmitterMark | null;
}
