import type { Context } from "hono";
import { formatMicros, nowMicros } from "../../base/clock.ts";
import { TrailError } from "../../base/error.ts";
import { isObject } from "../../base/json.ts";
import type { AuditEvent } from "../../event/event.ts";
import { LIMITS } from "../../event/limits.ts";
import { toWire } from "../../event/wire.ts";
import { decodeCursor, encodeCursor } from "../../query/cursor.ts";
import type { Condition, Position } from "../../query/filter.ts";
import { checkLogic } from "../../rule/check.ts";
import { type Access, checkEntitled } from "../access.ts";
import { parseJson } from "../body.ts";
import { askedBy } from "../door.ts";
import { toResource } from "../jsonapi.ts";
import { type ListQuery, parseListQuery } from "../list-query.ts";
import { invalid } from "../params.ts";
import type { Route } from "../routing.ts";
import type { ServerState } from "../server-state.ts";

const SCANNED_MAX = 50_000;
const CHUNK_EVENTS = 500;
const DAYS_30 = 30 * 86_400_000_000;
/** A chunk of events through the user's expression. */
const RULE_MS = 2_000;

/** The list again, with a JSON body, and a JSON Logic expression over each event. */
export function searchRoutes(route: Route, state: ServerState): void {
  route("post", "/api/v1/events/search", (c, access) => search(c, access, state));
}

async function search(c: Context, access: Access, state: ServerState): Promise<Response> {
  const body = parseJson(await askedBy(c).body(LIMITS.eventBytes));
  if (!isObject(body)) throw new TrailError("request.malformed", "The body must be a JSON object.");
  const { filter, ...rest } = body;
  const query = parseListQuery(toParams(rest));
  checkEntitled(access, query.where);
  if (query.format !== undefined) throw invalid("format", "is not a key of the search.");
  const hasRule =
    filter !== undefined && filter !== null && !(isObject(filter) && Object.keys(filter).length === 0);
  if (hasRule) checkLogic(filter, "filter");
  const where = [...query.where, ...(hasRule ? lastDays() : [])];
  const found = await find(state, access, { ...query, where }, hasRule ? filter : undefined);
  return c.json({
    data: found.events.map(toResource),
    meta: {
      page_size: query.limit,
      scan: { scanned: found.scanned, matched: found.events.length, exhausted: found.exhausted },
      ...(hasRule ? { window: { since: formatMicros(nowMicros() - DAYS_30) } } : {}),
    },
    // A bare token, not an address: it goes back in the body.
    links: { next: found.next },
  });
}

/** The keys of the body as the parameters of the list; numbers and booleans as their text. */
function toParams(body: Record<string, unknown>): URLSearchParams {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(body)) {
    if (value === null) continue;
    if (Array.isArray(value)) params.append(key, value.map(String).join(","));
    else if (["string", "number", "boolean"].includes(typeof value)) params.append(key, String(value));
    else throw invalid(key.slice(0, 100), "must be a text, a number, a boolean or a list.");
  }
  return params;
}

/** An expression is looked at over 30 days at most; the answer says since when. */
function lastDays(): Condition[] {
  return [{ op: "range", field: "occurred_at", min: nowMicros() - DAYS_30 }];
}

interface Found {
  events: AuditEvent[];
  scanned: number;
  exhausted: boolean;
  next: string | null;
}

/**
 * What the conditions leave, through the expression, until the page is full or the scan is at its
 * bound. The cursor stands behind the last event looked at, and is bound to the expression too.
 */
async function find(
  state: ServerState,
  access: Access,
  { where, order, direction, limit, cursor }: ListQuery,
  rule: unknown,
): Promise<Found> {
  const { tenant } = access;
  const { events } = state.trail.forTenant(tenant, access);
  // The window moves with the clock, so the cursor is bound to what was asked and not to it.
  const asked = where.filter((condition) => !("min" in condition && condition.field === "occurred_at"));
  const bound = {
    tenant,
    where: [...asked, { op: "contains", text: JSON.stringify(rule ?? null) } as const],
    order,
    direction,
  };
  const listed = { tenant, where, order, direction };
  let after: Required<Position> | undefined = cursor === undefined ? undefined : decodeCursor(bound, cursor);
  const found: AuditEvent[] = [];
  let scanned = 0;
  for (;;) {
    const size = rule === undefined ? limit - found.length : CHUNK_EVENTS;
    const from = after === undefined ? {} : { cursor: encodeCursor(listed, after) };
    const page = await events.list({ filter: where, order, direction, limit: size, ...from });
    const passes = await verdicts(state, rule, page.events);
    for (const [i, event] of page.events.entries()) {
      scanned++;
      after = event;
      if (passes[i]) found.push(event);
      if (found.length === limit || scanned === SCANNED_MAX) {
        const isLast = page.next === null && i === page.events.length - 1;
        return {
          events: found,
          scanned,
          exhausted: found.length < limit && !isLast,
          next: isLast ? null : encodeCursor(bound, event),
        };
      }
    }
    if (page.next === null) return { events: found, scanned, exhausted: false, next: null };
    after = decodeCursor(listed, page.next);
  }
}

async function verdicts(
  state: ServerState,
  rule: unknown,
  events: readonly AuditEvent[],
): Promise<boolean[]> {
  if (rule === undefined) return events.map(() => true);
  const results = await state.rules.evaluate("logic", rule, events.map(toWire), RULE_MS);
  return results.map(({ value, error }) => {
    if (error !== undefined)
      throw new TrailError("rule.failed", `filter failed: ${error}.`, { field: "filter" });
    return value === true;
  });
}
