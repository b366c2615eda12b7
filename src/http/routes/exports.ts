import { createHmac, timingSafeEqual } from "node:crypto";
import type { Context } from "hono";
import { formatMicros, nowMicros } from "../../base/clock.ts";
import { TrailError } from "../../base/error.ts";
import { isObject } from "../../base/json.ts";
import { uuidv7 } from "../../base/uuid.ts";
import { LIMITS } from "../../event/limits.ts";
import { DEFAULT_ENVIRONMENT } from "../../event/vocabulary.ts";
import { mayRead } from "../../trail/access-scope.ts";
import { type Access, denied } from "../access.ts";
import { parseJson } from "../body.ts";
import { askedBy, headerText, socketOf } from "../door.ts";
import { exportCsv, exportJsonl } from "../export.ts";
import { parseListQuery } from "../list-query.ts";
import { BrokenEvent, JSON_API } from "../problem.ts";
import type { Route } from "../routing.ts";
import type { ServerState } from "../server-state.ts";

const LIFETIME_MS = 30_000;
const AUDIENCE = "daybook/export/1";

/** What a link carries: everything that the download needs, and nothing is kept for it. */
interface Ticket {
  readonly audience: string;
  /** Milliseconds since 1970. */
  readonly expires: number;
  readonly tenant: string;
  readonly format: "CSV" | "JSONL";
  /** The parameters of the list. */
  readonly query: string;
}

/** Links to a file of everything that matches, signed, good for half a minute, as often as one likes. */
export function exportRoutes(route: Route, state: ServerState): void {
  route("post", "/api/v1/exports", (c, access) => mint(c, access, state));
  route("get", "/api/v1/exports/{token}", (c) => download(c, state));
}

async function mint(c: Context, access: Access, state: ServerState): Promise<Response> {
  const body = parseJson(await askedBy(c).body(LIMITS.eventBytes));
  const data = isObject(body) ? body.data : undefined;
  const attributes = isObject(data) ? data.attributes : undefined;
  if (!isObject(attributes)) {
    throw new BrokenEvent([
      { field: "event", rule: 'must be {"data": {"type": "export", "attributes": {…}}}' },
    ]);
  }
  const { format, environment, ...filters } = attributes;
  if (format !== "CSV" && format !== "JSONL")
    throw new BrokenEvent([{ field: "format", rule: "must be CSV or JSONL" }]);
  const chosen = environmentOf(c, access, environment);
  const query = new URLSearchParams({ "filter[environment]": literal(chosen) });
  for (const [key, value] of Object.entries(filters)) {
    const isFilter = /^filter\[[^\]]+\]$/.test(key) && key !== "filter[environment]";
    if (key !== "sort" && !isFilter)
      throw new BrokenEvent([{ field: key.slice(0, 100), rule: "is not known" }]);
    if (value !== null) query.append(key, String(value));
  }
  // What is wrong is said now, and not by a link that leads nowhere.
  parseListQuery(query);
  const expires = Date.now() + LIFETIME_MS;
  const ticket: Ticket = {
    audience: AUDIENCE,
    expires,
    tenant: access.tenant,
    format,
    query: query.toString(),
  };
  const token = sign(ticket, state.exportKey);
  const resource = {
    type: "export",
    id: uuidv7(),
    attributes: {
      format,
      environment: chosen,
      ...filters,
      url: `${originOf(c)}/api/v1/exports/${token}`,
      expires_at: formatMicros(expires * 1_000),
      created_at: formatMicros(nowMicros()),
    },
  };
  return c.body(JSON.stringify({ data: resource }), 201, { "Content-Type": JSON_API });
}

/** Exactly one: the body's, the header's, the key's only one, or the default. */
function environmentOf(c: Context, access: Access, given: unknown): string {
  if (given !== undefined && given !== null && (typeof given !== "string" || given === "")) {
    throw new BrokenEvent([{ field: "environment", rule: "must be the name of one environment" }]);
  }
  const [only, ...others] = access.environments ?? [DEFAULT_ENVIRONMENT];
  const said =
    given ?? headerText(c.req, "x-smplkit-environment") ?? (others.length === 0 ? only : undefined);
  if (said === undefined)
    throw new BrokenEvent([{ field: "environment", rule: "is required: the key reaches several" }]);
  if (!mayRead(access, said)) throw denied("The key does not reach this environment.");
  return said;
}

/** As one value of a filter, whatever is in it. */
function literal(value: string): string {
  return value.replaceAll(/[\\,]/g, "\\$&").replace(/^-/, "\\-");
}

/** As the client reached us: the header, which the listener keeps from the URL. */
function originOf(c: Context): string {
  const { incoming } = socketOf(c);
  const host = incoming?.rawHeaders.find((_, i, all) => i % 2 === 1 && all[i - 1]?.toLowerCase() === "host");
  const proto = c.req.header("x-forwarded-proto") === "https" ? "https" : "http";
  return host !== undefined && /^[\w.:[\]-]{1,255}$/.test(host)
    ? `${proto}://${host}`
    : new URL(c.req.url).origin;
}

async function download(c: Context, state: ServerState): Promise<Response> {
  const ticket = verify(c.req.param("token") ?? "", state.exportKey);
  // Signed by another, altered, too old: nobody learns which.
  if (ticket === null) throw new TrailError("route.not_found", "There is nothing at this address.");
  const { where, order, direction } = parseListQuery(new URLSearchParams(ticket.query));
  const write = ticket.format === "CSV" ? exportCsv : exportJsonl;
  const { events } = state.trail.forTenant(ticket.tenant);
  const options = { events, filter: where, order, direction };
  const response = await write(state, options, { headOnly: c.req.method === "HEAD", socket: socketOf(c) });
  const name = ticket.format === "CSV" ? "events.csv" : "events.jsonl";
  response.headers.set("Content-Disposition", `attachment; filename="${name}"`);
  return response;
}

function sign(ticket: Ticket, key: Buffer): string {
  const text = Buffer.from(JSON.stringify(ticket)).toString("base64url");
  return `${text}.${macOf(text, key).toString("base64url")}`;
}

function verify(token: string, key: Buffer): Ticket | null {
  const [text = "", mac = "", ...more] = token.split(".");
  const given = Buffer.from(mac, "base64url");
  const made = macOf(text, key);
  if (more.length > 0 || given.length !== made.length || !timingSafeEqual(given, made)) return null;
  const ticket = JSON.parse(Buffer.from(text, "base64url").toString("utf8")) as Ticket;
  return ticket.audience === AUDIENCE && ticket.expires >= Date.now() ? ticket : null;
}

function macOf(text: string, key: Buffer): Buffer {
  return createHmac("sha256", key).update(AUDIENCE).update("\n").update(text).digest();
}
