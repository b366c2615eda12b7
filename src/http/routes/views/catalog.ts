import type { Context } from "hono";
import { formatMicros, nowMicros } from "../../../base/clock.ts";
import type { Sighting } from "../../../trail/catalog.ts";
import type { Access } from "../../access.ts";
import { invalid, Params, pagination } from "../../params.ts";
import { JSON_API } from "../../problem.ts";
import type { Route } from "../../routing.ts";
import type { ServerState } from "../../server-state.ts";

const HEADERS = { "Content-Type": JSON_API };
const USAGE_KEY = "audit.included_events_per_month";

/** What was ever seen, from side tables, and how much was recorded this month. */
export function catalogRoutes(route: Route, state: ServerState): void {
  const catalogOf = (access: Access) => state.trail.forTenant(access.tenant, access).catalog;

  route("get", "/api/v1/resource_types", (c, access) =>
    list(c, access, "resource_type", (query) => catalogOf(access).resourceTypes(query)),
  );
  route("get", "/api/v1/event_types", (c, access) =>
    list(c, access, "event_type", (query) => catalogOf(access).eventTypes(query)),
  );
  route("get", "/api/v1/categories", (c, access) =>
    list(c, access, "category", (query) => catalogOf(access).categories(query)),
  );
  route("get", "/api/v1/tools", (c, access) =>
    list(c, access, "tool", (query) => catalogOf(access).tools(query)),
  );
  route("get", "/api/v1/agents", (c, access) =>
    list(c, access, "agent", (query) => catalogOf(access).agents(query)),
  );
  route("get", "/api/v1/usage", (c, access) => usage(c, access, state));
}

interface CatalogQuery {
  environments?: string[];
  direction: "asc" | "desc";
  resourceType?: string;
}

async function list(
  c: Context,
  access: Access,
  kind: "resource_type" | "event_type" | "category" | "tool" | "agent",
  read: (query: CatalogQuery) => Promise<Sighting[]>,
): Promise<Response> {
  const params = new Params(new URL(c.req.url).searchParams);
  const page = params.offsetPage();
  const sort = params.oneOf("sort", ["key", "-key"], "key");
  const named = params.list("filter[environment]");
  const resourceType = kind === "event_type" ? params.text("filter[resource_type]") : undefined;
  params.end();
  const own = access.environments;
  const reached =
    own === null ? named : named.length === 0 ? [...own] : named.filter((it) => own.includes(it));
  const sightings = await read({
    direction: sort === "key" ? "asc" : "desc",
    ...(reached.length === 0 && own === null ? {} : { environments: reached }),
    ...(resourceType === undefined ? {} : { resourceType }),
  });
  const from = (page.number - 1) * page.size;
  const data = sightings.slice(from, from + page.size).map(({ value, firstAt }) => ({
    id: value,
    type: kind,
    attributes: { [kind]: value, created_at: formatMicros(firstAt) },
  }));
  return c.body(JSON.stringify({ data, meta: pagination(page, sightings.length) }), 200, HEADERS);
}

/** Events recorded since the month began (UTC). Nothing limits them. */
async function usage(c: Context, access: Access, state: ServerState): Promise<Response> {
  const params = new Params(new URL(c.req.url).searchParams);
  const period = params.text("filter[period]");
  if (period !== "current") throw invalid("filter[period]", "is required, and must be current.");
  const page = params.offsetPage();
  params.end();
  const now = new Date(nowMicros() / 1_000);
  const since = Date.UTC(now.getUTCFullYear(), now.getUTCMonth()) * 1_000;
  const { events } = state.trail.forTenant(access.tenant, access);
  const value = (await events.stats({ since })).total;
  const attributes = { limit_key: USAGE_KEY, period: "current", value };
  const data = page.number === 1 ? [{ id: USAGE_KEY, type: "usage", attributes }] : [];
  return c.body(JSON.stringify({ data, meta: pagination(page, 1) }), 200, HEADERS);
}
