import { hash } from "node:crypto";
import type { Context } from "hono";
import { TrailError } from "../../base/error.ts";
import { isObject } from "../../base/json.ts";
import { isUuid, uuidv7 } from "../../base/uuid.ts";
import type { AuditEvent } from "../../event/event.ts";
import { LIMITS } from "../../event/limits.ts";
import { type Problem, parseWire } from "../../event/parse.ts";
import { RESERVED_RESOURCE_PREFIX } from "../../event/vocabulary.ts";
import { toEvent, type WireDraft } from "../../event/wire.ts";
import { protectedIn } from "../../protect/cipher.ts";
import { type Access, checkEntitled, checkReach } from "../access.ts";
import { parseJson } from "../body.ts";
import { type Answer, type Asked, type Headed, headerText, socketOf, throughDoor } from "../door.ts";
import { exportCsv, exportJsonl } from "../export.ts";
import { nextLink, toResource } from "../jsonapi.ts";
import { parseListQuery } from "../list-query.ts";
import { BrokenEvent, JSON_API, toResponse } from "../problem.ts";
import type { Route } from "../routing.ts";
import type { ServerState } from "../server-state.ts";

export function eventRoutes(route: Route, state: ServerState): void {
  route("post", "/api/v1/events", (c, access) => throughDoor(c, access, recordOne, state));
  route("get", "/api/v1/events", (c, access) => list(c, access, state));
  route("get", "/api/v1/events/{id}", (c, access) => getOne(c, access, state));
}

/** One event in its envelope; answered when it is committed. */
export async function recordOne(asked: Asked, access: Access, state: ServerState): Promise<Answer> {
  const body = parseJson(await asked.body(LIMITS.eventBytes));
  const draft = readEnvelope(body, asked, access);
  const [outcome] = await state.trail.append([draft]);
  if (outcome === undefined || outcome.status === "rejected") {
    state.metrics.rejected("events", 1);
    const rule = `is refused by the store: ${outcome?.reason ?? "no answer"}`;
    throw new BrokenEvent([{ field: "id", rule }]);
  }
  if (outcome.status === "appended") {
    state.metrics.events("events", 1);
    // What was put under a subject's key is read back as readers see it.
    const kept = isSealed(draft) ? await state.trail.events.get(outcome.id, { tenant: draft.tenant }) : null;
    return answerWith(201, kept ?? toEvent(draft, outcome.seq, outcome.recordedAt));
  }
  const first = await state.trail.forTenant(draft.tenant, access).events.get(outcome.id);
  if (first !== null) return answerWith(200, first);
  throw new BrokenEvent([{ field: "id", rule: "belongs to another event" }]);
}

function answerWith(status: 200 | 201, event: AuditEvent): Answer {
  const body = JSON.stringify({ data: toResource(event) });
  return { status, headers: { "Content-Type": JSON_API }, body };
}

/** `{data: {id?, type: "event", attributes}}` as a draft that the inherited contract accepts. */
function readEnvelope(body: unknown, asked: Asked, access: Access): WireDraft {
  const data = isObject(body) ? body.data : undefined;
  if (!isObject(data))
    throw new BrokenEvent([
      { field: "event", rule: 'must be {"data": {"type": "event", "attributes": {…}}}' },
    ]);
  if (data.type !== undefined && data.type !== null && data.type !== "event") {
    throw new BrokenEvent([{ field: "type", rule: 'must be "event"' }]);
  }
  const attributes = isObject(data.attributes) ? data.attributes : {};
  const defaults = { tenant: access.tenant, environment: environmentOf(asked, access) };
  const { draft, problems = [] } = parseWire({ ...attributes, id: data.id ?? null }, defaults);
  const broken = [...problems, ...lackOfEnvironment(access, defaults.environment, attributes)];
  for (const field of ["resource_type", "resource_id"]) {
    const value = attributes[field];
    if (value === undefined || value === null) broken.push({ field, rule: "is required" });
    else if (value === "") broken.push({ field, rule: "must not be empty" });
  }
  const key = headerText(asked, "idempotency-key");
  if (key !== undefined && key.length > LIMITS.nameChars) {
    broken.push({ field: "idempotency_key", rule: `must be at most ${LIMITS.nameChars} characters` });
  }
  if (draft === undefined || broken.length > 0) throw new BrokenEvent(broken);
  refuseReserved(draft);
  checkReach(access, draft);
  draft.idempotency_key = key ?? draft.idempotency_key ?? derivedKey(draft);
  return draft;
}

function isSealed({ data }: WireDraft): boolean {
  return data !== undefined && protectedIn(data) !== null;
}

/** The environment of events that name none. */
export function environmentOf(asked: Headed, access: Access): string | undefined {
  const [only, ...others] = access.environments ?? [];
  const environment = headerText(asked, "x-smplkit-environment") ?? (others.length === 0 ? only : undefined);
  if (environment === undefined || environment.length <= LIMITS.tenantChars) return environment;
  throw new BrokenEvent([{ field: "environment", rule: `must be at most ${LIMITS.tenantChars} characters` }]);
}

/** A key of several environments says nothing of which one is meant. */
export function lackOfEnvironment(
  { environments }: Access,
  implied: string | undefined,
  event: unknown,
): Problem[] {
  const named = implied ?? (isObject(event) ? event.environment : undefined) ?? undefined;
  if (named !== undefined || environments === null || environments.length < 2) return [];
  return [{ field: "environment", rule: "is required: the key reaches several" }];
}

export function refuseReserved(draft: WireDraft): void {
  if (draft.resource_type?.startsWith(RESERVED_RESOURCE_PREFIX) !== true) return;
  throw new TrailError(
    "event.reserved",
    `Resource types that begin with "${RESERVED_RESOURCE_PREFIX}" are reserved.`,
    {
      field: "resource_type",
      fix: "Use another name.",
    },
  );
}

/**
 * The key of an event whose writer gave none. With a time of its own, the same content is the same
 * event, so a retry is recognized. Without one, two equal events may both be meant, so each is new.
 */
function derivedKey(draft: WireDraft): string {
  if (draft.occurred_at === undefined) return `auto-${uuidv7()}`;
  const {
    tenant,
    event_type,
    resource_type,
    resource_id,
    occurred_at,
    actor_type,
    actor_id,
    actor_label,
    data,
  } = draft;
  const content = [
    tenant,
    event_type,
    resource_type,
    resource_id,
    occurred_at,
    actor_type,
    actor_id,
    actor_label,
    data ?? {},
  ];
  return `auto-${hash("sha256", JSON.stringify(content.map((part) => part ?? null)), "hex").slice(0, 32)}`;
}

async function getOne(c: Context, access: Access, state: ServerState): Promise<Response> {
  const id = c.req.param("id") ?? "";
  const { events } = state.trail.forTenant(access.tenant, access);
  const event = isUuid(id) ? await events.get(id) : null;
  if (event === null) {
    throw new TrailError("event.not_found", "There is no event with this id.", {
      fix: "Ids are UUIDs, as GET /api/v1/events lists them.",
    });
  }
  return toResponse(answerWith(200, event));
}

async function list(c: Context, access: Access, state: ServerState): Promise<Response> {
  const url = new URL(c.req.url);
  const { where, order, direction, limit, cursor, format } = parseListQuery(url.searchParams);
  checkEntitled(access, where);
  const { events } = state.trail.forTenant(access.tenant, access);
  const options = { filter: where, order, direction };
  if (format !== undefined) {
    const write = format === "CSV" ? exportCsv : exportJsonl;
    return write(state, { ...options, events }, { headOnly: c.req.method === "HEAD", socket: socketOf(c) });
  }
  const page = await events.list({
    ...options,
    limit,
    ...(cursor === undefined ? {} : { cursor }),
  });
  const document = {
    data: page.events.map(toResource),
    meta: { page_size: limit, scan: page.scan },
    links: { next: page.next === null ? null : nextLink(url, page.next) },
  };
  return c.body(JSON.stringify(document), 200, { "Content-Type": JSON_API });
}
