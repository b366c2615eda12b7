import type { Context } from "hono";
import { formatMicros } from "../../../base/clock.ts";
import { TrailError } from "../../../base/error.ts";
import { isObject } from "../../../base/json.ts";
import { LIMITS } from "../../../event/limits.ts";
import type { Forwarder } from "../../../forward/forwarder.ts";
import type { ForwardScope } from "../../../forward/forwarders.ts";
import type { Access } from "../../access.ts";
import { parseJson } from "../../body.ts";
import { askedBy } from "../../door.ts";
import { Params, pagination } from "../../params.ts";
import { JSON_API } from "../../problem.ts";
import type { Route } from "../../routing.ts";
import type { ServerState } from "../../server-state.ts";

const SORTS = ["created_at", "-created_at", "updated_at", "-updated_at"] as const;
const HEADERS = { "Content-Type": JSON_API };

/** The forwarder resource of the inherited contract, and its pause. */
export function forwarderRoutes(route: Route, state: ServerState): void {
  const { forwarders } = state.trail;
  const one = (c: Context, forwarder: Forwarder, status: 200 | 201 = 200): Response =>
    c.body(JSON.stringify({ data: toResource(forwarder) }), status, HEADERS);

  route("post", "/api/v1/forwarders", async (c, access) => {
    const { id, attributes } = await readEnvelope(c);
    const draft = { ...attributes, id: typeof id === "string" ? id : "" };
    return one(c, await forwarders.create(draft, scopeOf(access)), 201);
  });

  route("get", "/api/v1/forwarders", async (c, access) => {
    const params = new Params(new URL(c.req.url).searchParams);
    const type = params.text("filter[forwarder_type]");
    const sort = params.oneOf("sort", SORTS, "-created_at");
    const page = params.offsetPage();
    params.end();
    const { forwarders: found, total } = await forwarders.list({
      ...scopeOf(access),
      ...(type === undefined ? {} : { type }),
      sort,
      offset: (page.number - 1) * page.size,
      limit: page.size,
    });
    const document = { data: found.map(toResource), meta: pagination(page, total) };
    return c.body(JSON.stringify(document), 200, HEADERS);
  });

  route("get", "/api/v1/forwarders/{id}", async (c, access) =>
    one(c, await forwarders.get(idOf(c), scopeOf(access))),
  );

  route("put", "/api/v1/forwarders/{id}", async (c, access) => {
    const { attributes } = await readEnvelope(c);
    return one(c, await forwarders.update(idOf(c), attributes, scopeOf(access)));
  });

  route("delete", "/api/v1/forwarders/{id}", async (c, access) => {
    if (await forwarders.delete(idOf(c), scopeOf(access))) return c.body(null, 204);
    throw new TrailError("forwarder.not_found", "There is no forwarder with this id.");
  });

  route("post", "/api/v1/forwarders/{id}/actions/pause", async (c, access) =>
    one(c, await forwarders.pause(idOf(c), scopeOf(access))),
  );
  route("post", "/api/v1/forwarders/{id}/actions/resume", async (c, access) =>
    one(c, await forwarders.resume(idOf(c), scopeOf(access))),
  );
}

export function idOf(c: Context): string {
  return c.req.param("id") ?? "";
}

/** Whose forwarders, who acts, and how far the key reaches. */
export function scopeOf({ tenant, keyId, environments }: Access): ForwardScope {
  return { tenant, environments, actor: keyId === null ? {} : { type: "api_key", id: keyId } };
}

export async function readEnvelope(
  c: Context,
): Promise<{ id: unknown; attributes: Record<string, unknown> }> {
  const body = parseJson(await askedBy(c).body(LIMITS.eventBytes));
  const data = isObject(body) ? body.data : undefined;
  if (isObject(data) && isObject(data.attributes) && (data.type === undefined || data.type === "forwarder")) {
    return { id: data.id, attributes: data.attributes };
  }
  throw new TrailError(
    "forwarder.invalid",
    'The body must be {"data": {"id": "…", "type": "forwarder", "attributes": {…}}}.',
  );
}

function toResource(forwarder: Forwarder) {
  const {
    id,
    tenant: _,
    createdAt,
    updatedAt,
    incarnation: __,
    start: ___,
    format,
    alert,
    ...attributes
  } = forwarder;
  const { options, ...configuration } = attributes.configuration;
  return {
    type: "forwarder",
    id,
    attributes: {
      ...attributes,
      // Ours only: shown where they were set, so that clients of the inherited contract see what they know.
      ...(format === null ? {} : { format }),
      ...(alert === null ? {} : { alert }),
      configuration: { ...configuration, ...(Object.keys(options).length === 0 ? {} : { options }) },
      created_at: formatMicros(createdAt),
      updated_at: formatMicros(updatedAt),
      deleted_at: null,
    },
  };
}
