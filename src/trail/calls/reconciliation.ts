import type { Micros } from "../../base/clock.ts";
import { TrailError } from "../../base/error.ts";
import type { JsonObject } from "../../base/json.ts";
import { LIMITS } from "../../event/limits.ts";
import { microsOf, type Time } from "../../query/time.ts";
import type { Store } from "../../store/store.ts";
import { sortable } from "../../view/projection.ts";
import type { RowPlace } from "../../view/row-query.ts";
import { differs, type Side, sidesOf } from "../../view/sightings.ts";
import { LEVELS } from "../../view/totals.ts";
import type { Scope } from "../trail.ts";

/** One call as everyone saw it who told of it. Nothing is merged: each side names its own events. */
export interface SeenCall {
  readonly callId: string;
  readonly tool: string | null;
  readonly agent: string | null;
  readonly conversationId: string | null;
  readonly startedAt: Micros;
  readonly sides: readonly Side[];
  /** Two sides saw the end and say something else of it. */
  readonly differs: boolean;
}

/** How much of what was called was seen from two sides. */
export interface Coverage {
  /** Calls with an id, each counted once, however many told of it. */
  readonly calls: number;
  /** Of these: seen by two observers or more. */
  readonly joined: number;
  /** Of the joined: whose ends differ. */
  readonly differs: number;
  /** `joined / calls`, from 0 to 1; null without calls. */
  readonly share: number | null;
  /** Calls that one observer alone told of, by observer. */
  readonly only: Readonly<Record<string, number>>;
  /** Calls without an id, by observer, over whole days: they can be joined with nothing. */
  readonly unnamed: Readonly<Record<string, number>>;
}

export interface Reconciliation {
  readonly since: Micros | null;
  readonly until: Micros | null;
  readonly coverage: Coverage;
  /** Newest first. */
  readonly calls: readonly SeenCall[];
  /** The `cursor` of the next page; null on the last. */
  readonly next: string | null;
}

export const SHOWN = ["all", "joined", "single", "differs"] as const;

export interface ReconcileQuery extends Scope {
  /** Calls that began at or after; default: the whole trail. */
  since?: Time;
  until?: Time;
  /** Which calls to list; default `all`. */
  show?: (typeof SHOWN)[number];
  /** Only calls that this observer alone saw: `hook`, `otlp`, `transcript` … */
  only?: string;
  /** 0 to 1000, default 100. 0 gives the coverage alone. */
  limit?: number;
  cursor?: string;
}

const DEFAULT_LIMIT = 100;
const OBSERVERS_MAX = 1_000;

interface Span {
  readonly tenant: string;
  readonly from?: string;
  readonly to?: string;
}

/** Calls as several observers saw them, and how many of them were seen from more than one side. */
export async function reconcile(
  store: Store,
  ownTenant: string,
  query: ReconcileQuery,
): Promise<Reconciliation> {
  const { tenant = ownTenant, limit = DEFAULT_LIMIT, show = "all", only, cursor } = query;
  if (!Number.isSafeInteger(limit) || limit < 0 || limit > LIMITS.pageSize)
    throw invalid("limit", `must be a whole number from 0 to ${LIMITS.pageSize}`);
  if (!SHOWN.includes(show)) throw invalid("show", `must be one of ${SHOWN.join(", ")}`);
  const since = query.since === undefined ? null : microsOf(query.since, "since");
  const until = query.until === undefined ? null : microsOf(query.until, "until");
  const span: Span = {
    tenant,
    ...(since === null ? {} : { from: sortable(since) }),
    ...(until === null ? {} : { to: sortable(until) }),
  };
  const after = cursor === undefined ? undefined : readCursor(cursor);
  const group = only === undefined ? show : `only=${only}`;
  const page = await store.rows({
    ...span,
    view: "sightings",
    group,
    direction: "desc",
    limit: Math.max(1, limit),
    ...(after === undefined ? {} : { after }),
  });
  return {
    since,
    until,
    coverage: await coverageOf(store, span, since, until),
    calls: limit === 0 ? [] : page.rows.map(({ doc }) => toCall(doc)),
    next: limit === 0 || page.end === null ? null : writeCursor(page.end),
  };
}

async function coverageOf(
  store: Store,
  span: Span,
  since: Micros | null,
  until: Micros | null,
): Promise<Coverage> {
  const count = async (group: string): Promise<number> => {
    const query = { ...span, view: "sightings", group, direction: "asc", limit: 1, total: true } as const;
    return (await store.rows(query)).total ?? 0;
  };
  const [calls, joined, differing] = await Promise.all(["all", "joined", "differs"].map(count));
  const observers = await observersOf(store, span.tenant);
  const only: Record<string, number> = {};
  for (const name of observers) {
    const alone = await count(`only=${name}`);
    if (alone > 0) only[name] = alone;
  }
  return {
    calls: calls ?? 0,
    joined: joined ?? 0,
    differs: differing ?? 0,
    share: calls ? (joined ?? 0) / calls : null,
    only,
    unnamed: await unnamedOf(store, span.tenant, since, until),
  };
}

async function observersOf(store: Store, tenant: string): Promise<string[]> {
  const rows = { tenant, view: "sightings", group: "observers", direction: "asc" } as const;
  const page = await store.rows({ ...rows, limit: OBSERVERS_MAX });
  return [...new Set(page.rows.map(({ doc }) => String(doc.observer)))];
}

/** Whole days are counted, since no more is kept of them. */
async function unnamedOf(
  store: Store,
  tenant: string,
  since: Micros | null,
  until: Micros | null,
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  let after: RowPlace | undefined;
  do {
    const page = await store.rows({
      tenant,
      view: "sightings",
      group: "unnamed",
      direction: "asc",
      limit: LIMITS.pageSize,
      ...(since === null ? {} : { from: sortable(Math.floor(since / LEVELS.day) * LEVELS.day) }),
      ...(until === null ? {} : { to: sortable(until) }),
      ...(after === undefined ? {} : { after }),
    });
    for (const { doc } of page.rows) {
      const observer = String(doc.observer);
      counts[observer] = (counts[observer] ?? 0) + (doc.calls as number);
    }
    after = page.end ?? undefined;
  } while (after !== undefined);
  return counts;
}

function toCall(doc: JsonObject): SeenCall {
  const sides = sidesOf(doc);
  return {
    callId: doc.callId as string,
    tool: doc.tool as string | null,
    agent: doc.agent as string | null,
    conversationId: doc.conversation as string | null,
    startedAt: doc.at as Micros,
    sides,
    differs: differs(sides),
  };
}

function writeCursor({ sort, key }: RowPlace): string {
  return Buffer.from(JSON.stringify([sort, key])).toString("base64url");
}

function readCursor(cursor: string): RowPlace {
  try {
    const [sort, key] = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8")) as unknown[];
    if (typeof sort === "string" && typeof key === "string") return { sort, key };
  } catch {
    // Named below, whatever is wrong with it.
  }
  throw new TrailError("cursor.invalid", "The cursor is none that this list gave.", { field: "cursor" });
}

function invalid(field: string, rule: string): TrailError {
  return new TrailError("query.invalid", `${field} ${rule}.`, { field });
}
