import type { AuditEvent } from "../event/event.ts";

/** Who saw a call where its event does not name its door: the library that recorded it. */
const LIBRARY = "library";
/** Observers of one call; further ones are not told apart. Nobody honest has so many. */
const SIDES_MAX = 16;
/** An id of so many characters is one of a kind, as the providers of models make them; `call-1` is not. */
const UNIQUE_CHARS = 16;

/** What one observer says of a call. */
export interface Side {
  readonly observer: string;
  /** The event by which the observer told first of the call, and the one that told its end. */
  readonly id: string;
  readonly endId: string | null;
  readonly status: string | null;
  readonly durationMs: number | null;
}

/** The facts of an event that joining calls takes. */
export type Told = Pick<
  AuditEvent,
  | "id"
  | "environment"
  | "occurredAt"
  | "phase"
  | "status"
  | "tool"
  | "agent"
  | "conversationId"
  | "startId"
  | "callId"
  | "durationMs"
> & { readonly observer: string; readonly scope: string };

/** A call as its observers told of it so far. */
export interface Sighted {
  readonly callId: string;
  readonly tool: string | null;
  agent: string | null;
  conversationId: string | null;
  startedAt: number;
  readonly sides: Side[];
}

export function toTold(event: AuditEvent): Told {
  const { id, environment, occurredAt, phase, status, tool, agent, conversationId, startId } = event;
  const { callId, durationMs } = event;
  const facts = { id, environment, occurredAt, phase, status, tool, agent, conversationId, startId };
  return { ...facts, callId, durationMs, observer: observerOf(event), scope: scopeOf(event) };
}

/**
 * What names a call across observers, or null for one without an id, which can be joined with nothing. Ids that
 * are not one of a kind are joined within a conversation only.
 */
export function sightingKey({ environment, scope, callId }: Told): string | null {
  return callId === null ? null : JSON.stringify([environment, scope, callId]);
}

/** The call with one more event of it, told oldest first: the first start and the first end of each observer count. */
export function see(call: Sighted | undefined, told: Told): Sighted {
  const { observer, id, status, durationMs } = told;
  const seen = call ?? sighted(told);
  const known = seen.sides.findIndex((side) => side.observer === observer);
  const end = told.phase === "started" ? null : { endId: id, status, durationMs };
  seen.conversationId ??= told.conversationId;
  seen.agent ??= told.agent;
  seen.startedAt = Math.min(seen.startedAt, told.occurredAt);
  const side = seen.sides[known];
  if (side === undefined) {
    if (seen.sides.length < SIDES_MAX)
      seen.sides.push({ observer, id, ...(end ?? { endId: null, status: null, durationMs: null }) });
  } else if (side.endId === null && end !== null) seen.sides[known] = { ...side, ...end };
  return seen;
}

function sighted({ callId, tool, agent, conversationId, occurredAt }: Told): Sighted {
  return { callId: callId ?? "", tool, agent, conversationId, startedAt: occurredAt, sides: [] };
}

/** Do two that saw the end of a call say something else of it? */
export function differs(sides: readonly Side[]): boolean {
  const statuses = sides.filter(({ endId }) => endId !== null).map(({ status }) => status);
  return new Set(statuses).size > 1;
}

export function observerOf({ source }: Pick<AuditEvent, "source">): string {
  return source ?? LIBRARY;
}

function scopeOf({ callId, conversationId, threadId, runId, traceId }: AuditEvent): string {
  if (callId !== null && callId.length >= UNIQUE_CHARS) return "";
  return conversationId ?? threadId ?? runId ?? traceId ?? "";
}
