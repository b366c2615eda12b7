import type { Micros } from "../../base/clock.ts";
import { TrailError } from "../../base/error.ts";
import { LIMITS } from "../../event/limits.ts";
import type { Condition, Position } from "../../query/filter.ts";
import { microsOf, type Time } from "../../query/time.ts";
import type { Store } from "../../store/store.ts";
import { sortable } from "../../view/projection.ts";
import type { RowPlace } from "../../view/row-query.ts";
import {
  differs,
  type Side,
  type Sighted,
  see,
  sightingKey,
  type Told,
  toTold,
} from "../../view/sightings.ts";
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
  /** Calls without an id, by observer: they can be joined with nothing. */
  readonly unnamed: Readonly<Record<string, number>>;
  /** Events of calls that were looked at, newest first. */
  readonly looked: number;
  /** True where older ones were not looked at: ask for a shorter time. */
  readonly exhausted: boolean;
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
  /** Calls that began at or after; default: as far back as is looked. */
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
/** Events of calls that one answer looks at. */
const LOOK_MAX = 100_000;

interface Seen {
  readonly calls: ReadonlyArray<readonly [key: string, call: Sighted]>;
  readonly unnamed: Readonly<Record<string, number>>;
  readonly looked: number;
  readonly exhausted: boolean;
}

/**
 * Calls as several observers saw them, and how many of them were seen from more than one side. Read from the
 * events of the calls themselves, the newest first and up to a bound that is told: a row for each call would
 * cost every recording, for a question that is asked now and then.
 */
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
  const after = cursor === undefined ? undefined : readCursor(cursor);
  const seen = await readCalls(store, tenant, since, until);
  const listed = seen.calls
    .filter(([, call]) => isWanted(call, show, only))
    .map(([key, call]) => ({ sort: sortable(call.startedAt), key, call }))
    .sort((a, b) => -byPlace(a, b))
    .filter((place) => after === undefined || byPlace(place, after) < 0);
  const page = listed.slice(0, limit);
  const last = page.at(-1);
  const hasMore = listed.length > page.length && last !== undefined;
  return {
    since,
    until,
    coverage: coverageOf(seen),
    calls: page.map(({ call }) => ({ ...call, differs: differs(call.sides) })),
    next: hasMore ? writeCursor(last) : null,
  };
}

async function readCalls(
  store: Store,
  tenant: string,
  since: Micros | null,
  until: Micros | null,
): Promise<Seen> {
  const { told, exhausted } = await readTold(store, tenant, since, until);
  const calls = new Map<string, Sighted>();
  const unnamed: Record<string, number> = {};
  for (const one of told.toReversed()) {
    const key = sightingKey(one);
    const isSecondHalf = one.phase === "completed" && one.startId !== null;
    if (key === null) {
      if (!isSecondHalf) unnamed[one.observer] = (unnamed[one.observer] ?? 0) + 1;
    } else if (calls.has(key) || !isSecondHalf || since === null) {
      // An end whose start lies before the time is the end of an earlier call.
      calls.set(key, see(calls.get(key), one));
    }
  }
  return { calls: [...calls], unnamed, looked: told.length, exhausted };
}

/** Newest first. */
async function readTold(
  store: Store,
  tenant: string,
  since: Micros | null,
  until: Micros | null,
): Promise<{ told: Told[]; exhausted: boolean }> {
  const where: Condition[] = [{ op: "any", field: "category", values: ["tool_call"] }];
  if (since !== null || until !== null) {
    const bounds = { ...(since === null ? {} : { min: since }), ...(until === null ? {} : { max: until }) };
    where.push({ op: "range", field: "occurred_at", ...bounds });
  }
  const told: Told[] = [];
  let after: Position | undefined;
  for (;;) {
    const page = await store.list({
      tenant,
      where,
      order: "seq",
      direction: "desc",
      limit: LIMITS.pageSize,
      scanMax: LIMITS.scanRows,
      ...(after === undefined ? {} : { after }),
    });
    for (const event of page.events) told.push(toTold(event));
    if (page.end === null) return { told, exhausted: false };
    if (told.length >= LOOK_MAX) return { told, exhausted: true };
    after = page.end;
  }
}

function isWanted(
  { sides }: Sighted,
  show: NonNullable<ReconcileQuery["show"]>,
  only: string | undefined,
): boolean {
  if (only !== undefined) return sides.length === 1 && sides[0]?.observer === only;
  if (show === "joined") return sides.length > 1;
  if (show === "single") return sides.length === 1;
  return show === "all" || differs(sides);
}

function coverageOf({ calls, unnamed, looked, exhausted }: Seen): Coverage {
  const only: Record<string, number> = {};
  let [joined, differing] = [0, 0];
  for (const [, { sides }] of calls) {
    const [first] = sides;
    if (sides.length > 1) joined++;
    else if (first !== undefined) only[first.observer] = (only[first.observer] ?? 0) + 1;
    if (differs(sides)) differing++;
  }
  return {
    calls: calls.length,
    joined,
    differs: differing,
    share: calls.length === 0 ? null : joined / calls.length,
    only,
    unnamed,
    looked,
    exhausted,
  };
}

function byPlace(a: RowPlace, b: RowPlace): number {
  if (a.sort !== b.sort) return a.sort < b.sort ? -1 : 1;
  return a.key === b.key ? 0 : a.key < b.key ? -1 : 1;
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
