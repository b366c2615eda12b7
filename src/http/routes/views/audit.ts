import type { Context } from "hono";
import { formatMicros, type Micros, nowMicros, parseMicros } from "../../../base/clock.ts";
import { isTrailError } from "../../../base/error.ts";
import type { AuditEvent } from "../../../event/event.ts";
import { LIMITS } from "../../../event/limits.ts";
import type { Condition, EqualField } from "../../../query/filter.ts";
import type { TenantTrail } from "../../../trail/trail.ts";
import type { Access } from "../../access.ts";
import type { Route } from "../../routing.ts";
import type { ServerState } from "../../server-state.ts";

const DEFAULT_LIMIT = 50;
const LIMIT_MAX = 200;
const MICROS_PER_HOUR = 3_600_000_000;
/** The parameters that take several values, and their fields. */
const FILTERS: ReadonlyArray<readonly [parameter: string, field: EqualField]> = [
  ["category", "category"],
  ["agent", "agent"],
  ["status", "status"],
  ["source", "source"],
];

/** The unified audit trail: a plain list with a total, and its statistics. */
export function auditRoutes(route: Route, state: ServerState): void {
  route("get", "/api/v1/audit", (c, access) => plainly(c, () => list(c, access, state)));
  route("get", "/api/v1/audit/stats", (c, access) => plainly(c, () => stats(c, access, state)));
}

/** A rule of this surface that a request breaks: its clients read nothing but `error`. */
class Refusal extends Error {}

async function plainly(c: Context, work: () => Promise<unknown>): Promise<Response> {
  try {
    return c.json((await work()) as object);
  } catch (thrown) {
    if (thrown instanceof Refusal) return c.json({ error: thrown.message }, 400);
    if (isTrailError(thrown) && thrown.kind === "invalid") return c.json({ error: thrown.message }, 400);
    throw thrown;
  }
}

async function list(c: Context, access: Access, state: ServerState) {
  const { searchParams } = new URL(c.req.url);
  const limit = limitOf(searchParams.get("limit"));
  const offset = countOf("offset", searchParams.get("offset"), 0);
  const trail = state.trail.forTenant(access.tenant, access);
  // One bound for the page and the total: what is recorded between the two is in neither.
  const where = [
    ...whereOf(searchParams),
    { op: "range" as const, field: "seq" as const, max: await trail.events.head() },
  ];
  const [events, { matched }] = await Promise.all([
    pageAt(trail, where, offset, limit),
    trail.events.count({ filter: where }),
  ]);
  return { events: events.map(toAuditEvent), total: matched, limit, offset };
}

async function stats(c: Context, access: Access, state: ServerState) {
  const { searchParams } = new URL(c.req.url);
  const trail = state.trail.forTenant(access.tenant, access);
  const where = whereOf(searchParams);
  const fields = ["category", "status"] as const;
  const lastHour: Condition = { op: "range", field: "occurred_at", min: nowMicros() - MICROS_PER_HOUR };
  const always = where.filter((condition) => !("field" in condition && condition.field === "occurred_at"));
  const [counts, recent] = await Promise.all([
    trail.events.count({ filter: where, fields }),
    trail.events.count({ filter: [...always, lastHour] }),
  ]);
  return {
    total: counts.matched,
    by_category: withUnsaid(counts.fields.category, counts.matched, ""),
    by_status: withUnsaid(counts.fields.status, counts.matched, "ok"),
    events_last_hour: recent.matched,
  };
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
  for (const [parameter, field] of FILTERS) {
    const values = valuesOf(params, parameter);
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
  trail: TenantTrail,
  filter: readonly Condition[],
  offset: number,
  limit: number,
): Promise<AuditEvent[]> {
  const page: AuditEvent[] = [];
  let passed = 0;
  let cursor: string | undefined;
  do {
    const wanted = Math.min(LIMITS.pageSize, offset - passed + limit - page.length);
    const found = await trail.events.list({
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
  return page;
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
    status: event.status ?? "ok",
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
