import { type Micros, nowMicros } from "../../base/clock.ts";
import { TrailError } from "../../base/error.ts";
import type { JsonValue } from "../../base/json.ts";
import { isUuid } from "../../base/uuid.ts";
import type { AuditEvent } from "../../event/event.ts";
import { LIMITS } from "../../event/limits.ts";
import { decodeCursor, encodeCursor } from "../../query/cursor.ts";
import { type EventFilter, toConditions } from "../../query/event-filter.ts";
import type { Condition, Position, Query } from "../../query/filter.ts";
import { matches } from "../../query/matches.ts";
import type { Page, Store } from "../../store/store.ts";
import { sortable } from "../../view/projection.ts";
import type { RowQuery } from "../../view/row-query.ts";
import type { Scope } from "../trail.ts";

/** One tool call, from its two halves, or from the one event of a tool that tells only its end. */
export interface ToolCall {
  /** The id of the `started` event; of the only event where there is but one. */
  readonly id: string;
  readonly tool: string | null;
  /** `pending` as long as it is open; then what the completion says. */
  readonly status: string | null;
  readonly isOpen: boolean;
  readonly startedAt: Micros;
  readonly completedAt: Micros | null;
  readonly durationMs: number | null;
  readonly args: JsonValue | null;
  /** `undefined` where there is none, which is not the result null. */
  readonly result: JsonValue | undefined;
  readonly error: string | null;
  /** The half that began it; the only event where there is but one. */
  readonly started: AuditEvent;
  readonly completed: AuditEvent | null;
}

export interface CallPage {
  readonly calls: ToolCall[];
  readonly next: string | null;
}

export interface CallQuery extends Scope {
  id?: string;
  /** Conditions on the events of the call; `status` and `durationMs` are those of its end. */
  filter?: EventFilter | readonly Condition[];
  /** 1 to 1000, default 100. */
  limit?: number;
  cursor?: string;
}

export interface OpenCall {
  readonly call: ToolCall;
  /** Since its start. */
  readonly ageMs: number;
}

export interface OpenQuery extends Scope {
  filter?: EventFilter | readonly Condition[];
  /** Default 0: all of them. */
  olderThanMs?: number;
  /** Default 100. */
  limit?: number;
}

const DEFAULT_LIMIT = 100;
/** Pages of the log that one page of calls may cost. */
const ROUNDS_MAX = 20;

/** Calls, newest first. */
export async function queryCalls(store: Store, ownTenant: string, query: CallQuery): Promise<CallPage> {
  const { id, cursor, limit = DEFAULT_LIMIT, tenant = ownTenant } = query;
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > LIMITS.pageSize) {
    throw new TrailError("query.invalid", `limit must be a whole number from 1 to ${LIMITS.pageSize}.`, {
      field: "limit",
    });
  }
  if (id !== undefined) {
    const event = isUuid(id) ? await store.get(tenant, id) : null;
    const isCall = event?.category === "tool_call" && (event.phase === "started" || event.startId === null);
    return { calls: isCall ? await join(store, tenant, [event]) : [], next: null };
  }
  const filter = query.filter ?? {};
  const given = isConditions(filter) ? filter : toConditions(filter);
  const where: Condition[] = [{ op: "any", field: "category", values: ["tool_call"] }, ...given];
  const bound = { tenant, where, order: "seq" as const, direction: "desc" as const };
  const after = cursor === undefined ? undefined : decodeCursor(bound, cursor);
  const found = await findHeads(store, { ...bound, limit, scanMax: LIMITS.scanRows }, after);
  const calls = await join(store, tenant, found.heads);
  return { calls, next: found.end === null ? null : encodeCursor(bound, found.end) };
}

/**
 * The events that stand for calls: the started ones, and those that tell a whole call at once. Where
 * the end is asked for (its status, its duration), completions are found first, and lead to their start.
 */
async function findHeads(
  store: Store,
  query: Query,
  after: Position | undefined,
): Promise<{ heads: AuditEvent[]; end: Page["end"] }> {
  const byEnd = query.where.some(asksForEnd);
  const heads: AuditEvent[] = [];
  let at = after;
  let end: Page["end"] = null;
  for (let round = 0; round < ROUNDS_MAX && heads.length < query.limit; round++) {
    const rest = { ...query, limit: query.limit - heads.length };
    const page = await store.list(at === undefined ? rest : { ...rest, after: at });
    for (const event of page.events) {
      if (event.startId === null) heads.push(event);
      else if (byEnd) heads.push((await store.get(query.tenant, event.startId)) ?? event);
    }
    end = page.end;
    if (end === null) break;
    at = end;
  }
  return { heads, end };
}

function asksForEnd(condition: Condition): boolean {
  if (condition.op === "range") return condition.field === "duration_ms";
  return (
    condition.op === "any" && condition.field === "status" && condition.values.every((it) => it !== "pending")
  );
}

async function join(store: Store, tenant: string, heads: readonly AuditEvent[]): Promise<ToolCall[]> {
  const started = heads.filter(({ phase }) => phase === "started");
  const open = await openAmong(store, tenant, started);
  const closed = started.filter(({ id }) => !open.has(id));
  const completions = await completionsOf(store, tenant, closed);
  return heads.map((head) => toCall(head, completions.get(head.id) ?? null, open.has(head.id)));
}

async function openAmong(store: Store, tenant: string, started: readonly AuditEvent[]): Promise<Set<string>> {
  if (started.length === 0) return new Set();
  const seqs = started.map(({ seq }) => seq);
  const { rows } = await store.rows({
    tenant,
    view: "calls",
    group: "open",
    from: sortable(Math.min(...seqs)),
    to: sortable(Math.max(...seqs)),
    direction: "asc",
    limit: Math.max(...seqs) - Math.min(...seqs) + 1,
  });
  return new Set(rows.map(({ key }) => key));
}

async function completionsOf(
  store: Store,
  tenant: string,
  started: readonly AuditEvent[],
): Promise<Map<string, AuditEvent>> {
  const found = new Map<string, AuditEvent>();
  if (started.length === 0) return found;
  const values = started.map(({ id }) => id);
  let after: Position | null = { seq: Math.min(...started.map(({ seq }) => seq)) };
  for (let round = 0; round < ROUNDS_MAX && found.size < values.length && after !== null; round++) {
    const page = await store.list({
      tenant,
      where: [{ op: "any", field: "start_id", values }],
      order: "seq",
      direction: "asc",
      after,
      limit: LIMITS.pageSize,
      scanMax: LIMITS.scanRows,
    });
    // The first one counts: what came twice is told apart as a stray.
    for (const event of page.events) {
      if (event.startId !== null && !found.has(event.startId)) found.set(event.startId, event);
    }
    after = page.end;
  }
  return found;
}

function toCall(head: AuditEvent, completed: AuditEvent | null, isOpen: boolean): ToolCall {
  const isWhole = head.phase !== "started";
  const end = completed ?? (isWhole ? head : null);
  return {
    id: head.id,
    tool: head.tool,
    status: end === null ? (isOpen ? "pending" : null) : end.status,
    isOpen,
    startedAt: isWhole ? head.occurredAt - 1_000 * (head.durationMs ?? 0) : head.occurredAt,
    completedAt: end?.occurredAt ?? null,
    durationMs: end?.durationMs ?? null,
    args: head.data.arguments ?? end?.data.arguments ?? null,
    result: end?.data.result,
    error: end?.error ?? null,
    started: head,
    completed: end,
  };
}

/** Calls that began and did not end, oldest first. */
export async function openCalls(store: Store, ownTenant: string, query: OpenQuery): Promise<OpenCall[]> {
  const { tenant = ownTenant, olderThanMs = 0, limit = DEFAULT_LIMIT, filter = {} } = query;
  const where = isConditions(filter) ? filter : toConditions(filter);
  const now = nowMicros();
  const found: OpenCall[] = [];
  let after: RowQuery["after"];
  do {
    const page = await store.rows({
      tenant,
      view: "calls",
      group: "open",
      direction: "asc",
      limit: LIMITS.pageSize,
      where: [{ op: "range", member: "at", max: now - olderThanMs * 1_000 }],
      ...(after === undefined ? {} : { after }),
    });
    for (const { key } of page.rows) {
      const event = await store.get(tenant, key);
      if (event === null || !matches(event, where)) continue;
      found.push({ call: toCall(event, null, true), ageMs: Math.floor((now - event.occurredAt) / 1_000) });
      if (found.length === limit) return found;
    }
    after = page.end ?? undefined;
  } while (after !== undefined);
  return found;
}

function isConditions(filter: EventFilter | readonly Condition[]): filter is readonly Condition[] {
  return Array.isArray(filter);
}
