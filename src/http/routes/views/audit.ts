import type { Context } from "hono";
import { formatMicros, type Micros, nowMicros, parseMicros } from "../../../base/clock.ts";
import { isTrailError } from "../../../base/error.ts";
import type { AuditEvent } from "../../../event/event.ts";
import { LIMITS } from "../../../event/limits.ts";
import type { Condition, EqualField } from "../../../query/filter.ts";
import type { EventReader } from "../../../trail/trail.ts";
import type { Access } from "../../access.ts";
import type { Route } from "../../routing.ts";
import type { ServerState } from "../../server-state.ts";

const DEFAULT_LIMIT = 50;
const LIMIT_MAX = 200;
const MICROS_PER_HOUR = 3_600_000_000;
/** The parameters that take several values by commas, and those whose value is taken as it is. */
const UNIONS: ReadonlyArray<readonly [parameter: string, field: EqualField]> = [
  ["category", "category"],
  ["status", "status"],
];
const EXACT: ReadonlyArray<readonly [parameter: string, field: EqualField]> = [
  ["agent", "agent"],
  ["source", "source"],
];
/** What an event that says nothing of its status has. */
const DEFAULT_STATUS = "ok";

/** The unified audit trail: a plain list with a total, and its statistics. */
export function auditRoutes(route: Route, state: ServerState): void {
  route("get", "/api/v1/audit", (c, access) => plainly(c, state, () => list(c, access, state)));
  route("get", "/api/v1/audit/stats", (c, access) => plainly(c, state, () => stats(c, access, state)));
}

/** A rule of this surface that a request breaks: its clients read nothing but `error`. */
class Refusal extends Error {}

async function plainly(c: Context, state: ServerState, work: () => Promise<object>): Promise<Response> {
  try {
    return c.json(await work());
  } catch (thrown) {
    if (thrown instanceof Refusal) return c.json({ error: thrown.message }, 400);
    if (isTrailError(thrown)) {
      if (thrown.kind !== "invalid") throw thrown;
      return c.json({ error: thrown.message }, 400);
    }
    state.log(thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown));
    return c.json({ error: "internal server error" }, 500);
  }
}

async function list(c: Context, access: Access, state: ServerState) {
  const { searchParams } = new URL(c.req.url);
  const limit = limitOf(searchParams.get("limit"));
  const offset = countOf("offset", searchParams.get("offset"), 0);
  const { events } = state.trail.forTenant(access.tenant, access);
  const asked = whereOf(searchParams);
  // One bound for the page and the total: what is recorded between the two is in neither.
  if (asked.length === 0) {
    const { total, head } = await events.stats();
    return { events: await pageAt(events, [upTo(head)], offset, limit), total, limit, offset };
  }
  const where = await withUnsaidStatus(events, [...asked, upTo(await events.head())]);
  const [page, { matched }] = await Promise.all([
    pageAt(events, where, offset, limit),
    events.count({ filter: where }),
  ]);
  return { events: page, total: matched, limit, offset };
}

async function stats(c: Context, access: Access, state: ServerState) {
  const { searchParams } = new URL(c.req.url);
  const { events } = state.trail.forTenant(access.tenant, access);
  const asked = whereOf(searchParams);
  const lastHour: Condition = { op: "range", field: "occurred_at", min: nowMicros() - MICROS_PER_HOUR };
  const always = asked.filter((condition) => !("field" in condition && condition.field === "occurred_at"));
  const [counts, recent] = await Promise.all([
    asked.length === 0 ? wholeCounts(events) : counted(events, asked),
    counted(events, [...always, lastHour]),
  ]);
  return {
    total: counts.total,
    by_category: withUnsaid(counts.categories, counts.total, ""),
    by_status: withUnsaid(counts.statuses, counts.total, DEFAULT_STATUS),
    events_last_hour: recent.total,
  };
}

interface Counted {
  readonly total: number;
  readonly categories: Readonly<Record<string, number>> | undefined;
  readonly statuses: Readonly<Record<string, number>> | undefined;
}

/** What the store keeps counted anyway. */
async function wholeCounts(events: EventReader): Promise<Counted> {
  const { total, byCategory, byStatus } = await events.stats();
  return { total, categories: byCategory, statuses: byStatus };
}

async function counted(events: EventReader, asked: readonly Condition[]): Promise<Counted> {
  const filter = await withUnsaidStatus(events, [...asked, upTo(await events.head())]);
  const { matched, fields } = await events.count({ filter, fields: ["category", "status"] });
  return { total: matched, categories: fields.category, statuses: fields.status };
}

function upTo(head: number): Condition {
  return { op: "range", field: "seq", max: head };
}

/** Who asks for `ok` also means the events that say nothing: then every other status is left out. */
async function withUnsaidStatus(events: EventReader, where: readonly Condition[]): Promise<Condition[]> {
  const wanted = where.find((it) => it.op === "any" && it.field === "status");
  const others = where.filter((it) => it !== wanted);
  if (wanted?.op !== "any" || !wanted.values.includes(DEFAULT_STATUS)) return [...where];
  const { fields } = await events.count({ filter: others, fields: ["status"] });
  const values = Object.keys(fields.status ?? {}).filter((status) => !wanted.values.includes(status));
  return values.length === 0 ? others : [...others, { op: "none", field: "status", values }];
}

/** Each event stands under one value, so that the sums are the total; one that says nothing under `unsaid`. */
function withUnsaid(
  counts: Readonly<Record<string, number>> | undefined,
  total: number,
  unsaid: string,
): Record<string, number> {
  const all = new Map(Object.entries(counts ?? {}));
  const said = [...all.values()].reduce((sum, count) => sum + count, 0);
  if (said < total) all.set(unsaid, (all.get(unsaid) ?? 0) + total - said);
  return Object.fromEntries(all);
}

function whereOf(params: URLSearchParams): Condition[] {
  const where: Condition[] = [];
  for (const [parameter, field] of UNIONS) {
    const values = valuesOf(params, parameter);
    if (values.length > 0) where.push({ op: "any", field, values });
  }
  for (const [parameter, field] of EXACT) {
    const values = params.getAll(parameter).filter((value) => value !== "");
    if (values.length > 0) where.push({ op: "any", field, values });
  }
  const excluded = valuesOf(params, "exclude_source");
  if (excluded.length > 0) where.push({ op: "none", field: "source", values: excluded });
  const search = params.get("search") ?? "";
  if (search !== "") where.push({ op: "contains", text: search });
  const min = timeOf("since", params.get("since"));
  const max = timeOf("until", params.get("until"));
  if (min !== undefined || max !== undefined) {
    where.push({
      op: "range",
      field: "occurred_at",
      ...(min === undefined ? {} : { min }),
      ...(max === undefined ? {} : { max }),
    });
  }
  return where;
}

/** Comma-separated, repeated, or both: a union without blanks and doubles, in the order of first mention. */
function valuesOf(params: URLSearchParams, name: string): string[] {
  const parts = params.getAll(name).flatMap((value) => value.split(","));
  return [...new Set(parts.map((part) => part.trim()).filter((part) => part !== ""))];
}

function timeOf(name: string, text: string | null): Micros | undefined {
  if (text === null || text === "") return undefined;
  const micros = parseMicros(text);
  if (micros === undefined) throw new Refusal(`invalid ${name}: must be RFC3339`);
  return micros;
}

/** What does not fit in a page is not asked for: the answer names the limit that holds. */
function limitOf(text: string | null): number {
  if (text === null || text === "") return DEFAULT_LIMIT;
  const limit = countOf("limit", text, 1);
  return limit > LIMIT_MAX ? DEFAULT_LIMIT : limit;
}

function countOf(name: string, text: string | null, min: number): number {
  if (text === null || text === "") return 0;
  const count = /^[+-]?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!(count >= min)) throw new Refusal(`invalid ${name}`);
  return count;
}

/** Newest first by what the writers said, ties by `seq`, so that no event is on two pages. */
async function pageAt(
  events: EventReader,
  filter: readonly Condition[],
  offset: number,
  limit: number,
): Promise<Array<ReturnType<typeof toAuditEvent>>> {
  const page: AuditEvent[] = [];
  let passed = 0;
  let cursor: string | undefined;
  do {
    const wanted = Math.min(LIMITS.pageSize, offset - passed + limit - page.length);
    const found = await events.list({
      filter,
      order: "occurred_at",
      limit: wanted,
      ...(cursor === undefined ? {} : { cursor }),
    });
    const skipped = Math.min(found.events.length, offset - passed);
    passed += skipped;
    page.push(...found.events.slice(skipped));
    cursor = found.next ?? undefined;
  } while (page.length < limit && cursor !== undefined);
  return page.map(toAuditEvent);
}

/** Every key is always there. */
function toAuditEvent(event: AuditEvent) {
  return {
    id: event.seq,
    timestamp: formatMicros(event.occurredAt),
    category: event.category ?? "",
    action: event.type,
    agent: event.agent ?? "",
    summary: event.summary ?? "",
    detail: detailOf(event),
    status: event.status ?? DEFAULT_STATUS,
    duration_ms: event.durationMs ?? 0,
    source: event.source ?? "",
    conversation_id: event.conversationId ?? "",
  };
}

/** Free text by contract, a JSON document by convention; a text that was recorded as `data.detail` comes back as it was. */
function detailOf({ data }: AuditEvent): string {
  const keys = Object.keys(data);
  if (keys.length === 0) return "";
  return keys.length === 1 && typeof data.detail === "string" ? data.detail : JSON.stringify(data);
}
