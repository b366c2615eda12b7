import type { JsonObject } from "../base/json.ts";
import type { AuditEvent } from "../event/event.ts";
import { isToolCall } from "./calls.ts";
import { type Entry, type Projection, sortable } from "./projection.ts";
import { bucketStart } from "./totals.ts";

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

/**
 * Calls as several observers saw them: a hook, OpenTelemetry, an adapter, the MCP proxy, a transcript. A row
 * for each call that has an id, of whoever told of it; the events stay as they are. Ids that are not one of a
 * kind are joined within a conversation only. Of calls without an id, only how many each observer told a day
 * is known. Keys: `call`, environment, scope and id; `observer` or `unnamed` likewise.
 */
export const sightings: Projection = {
  name: "sightings",
  version: 1,
  environment: "environment",

  keys(event) {
    if (!isToolCall(event)) return [];
    const { environment, callId } = event;
    const observer = observerOf(event);
    const seen = JSON.stringify(["observer", environment, observer]);
    if (callId !== null) return [JSON.stringify(["call", environment, scopeOf(event), callId]), seen];
    if (event.phase === "completed" && event.startId !== null) return [];
    const day = bucketStart("day", event.occurredAt);
    return [JSON.stringify(["unnamed", environment, observer, day]), seen];
  },

  fold(doc, event, key) {
    if (key.startsWith('["observer"')) return doc ?? observerDoc(event);
    if (key.startsWith('["unnamed"')) return unnamed(doc, event, 1);
    return see(doc ?? emptyCall(event), event);
  },

  forget(doc, event, key) {
    if (key.startsWith('["observer"')) return doc;
    if (key.startsWith('["unnamed"')) return unnamed(doc, event, -1);
    const sides = sidesOf(doc).filter(({ id, endId }) => id !== event.id && endId !== event.id);
    return sides.length === 0 ? null : { ...doc, sides: sides as unknown as JsonObject[] };
  },

  entries(doc): Entry[] {
    if (doc.kind === "observer") return [{ group: "observers", sort: String(doc.observer) }];
    const sort = sortable(doc.at as number);
    if (doc.kind === "unnamed") return [{ group: "unnamed", sort }];
    const sides = sidesOf(doc);
    const entries: Entry[] = [{ group: "all", sort }];
    if (sides.length > 1) entries.push({ group: "joined", sort });
    else entries.push({ group: "single", sort }, { group: `only=${sides[0]?.observer}`, sort });
    if (differs(sides)) entries.push({ group: "differs", sort });
    return entries;
  },
};

/** What the row of a call says of its sides, in the order in which they told of it. */
export function sidesOf(doc: JsonObject): Side[] {
  return doc.sides as unknown as Side[];
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

function observerDoc(event: AuditEvent): JsonObject {
  return { kind: "observer", environment: event.environment, observer: observerOf(event) };
}

function unnamed(doc: JsonObject | null, event: AuditEvent, by: 1 | -1): JsonObject | null {
  const before = doc ?? {
    kind: "unnamed",
    environment: event.environment,
    observer: observerOf(event),
    at: bucketStart("day", event.occurredAt),
    calls: 0,
  };
  const calls = (before.calls as number) + by;
  return calls <= 0 ? null : { ...before, calls };
}

function emptyCall(event: AuditEvent): JsonObject {
  return {
    kind: "call",
    environment: event.environment,
    callId: event.callId,
    tool: event.tool,
    agent: event.agent,
    conversation: event.conversationId,
    at: event.occurredAt,
    sides: [],
  };
}

/** The first start and the first end of each observer count: what is told again is the same call. */
function see(doc: JsonObject, event: AuditEvent): JsonObject {
  const sides = sidesOf(doc);
  const observer = observerOf(event);
  const known = sides.findIndex((side) => side.observer === observer);
  const isEnd = event.phase !== "started";
  const end = isEnd ? { endId: event.id, status: event.status, durationMs: event.durationMs } : null;
  doc.conversation ??= event.conversationId;
  doc.agent ??= event.agent;
  doc.at = Math.min(doc.at as number, event.occurredAt);
  const side = sides[known];
  if (side === undefined) {
    if (sides.length < SIDES_MAX)
      sides.push({ observer, id: event.id, ...(end ?? { endId: null, status: null, durationMs: null }) });
  } else if (side.endId === null && end !== null) sides[known] = { ...side, ...end };
  return doc;
}
