import type { Context } from "hono";
import { formatMicros } from "../../../base/clock.ts";
import { TrailError } from "../../../base/error.ts";
import { isObject } from "../../../base/json.ts";
import type { Actor } from "../../../event/event.ts";
import { LIMITS } from "../../../event/limits.ts";
import type { ApiKey, KeyDraft, Role } from "../../../trail/keys.ts";
import { type Access, denied } from "../../access.ts";
import { parseJson } from "../../body.ts";
import { askedBy } from "../../door.ts";
import { BrokenEvent, JSON_API } from "../../problem.ts";
import type { Route } from "../../routing.ts";
import type { ServerState } from "../../server-state.ts";

const HEADERS = { "Content-Type": JSON_API };

/** API keys: made, listed and revoked. A secret is in the answer to its making, and nowhere else. */
export function keyRoutes(route: Route, state: ServerState): void {
  const { keys } = state.gate;

  route("get", "/api/v1/me", (c, access) => c.json({ data: access }));

  route("get", "/api/v1/keys", async (c, access) => {
    const data = (await keys.list()).filter((key) => isIn(access, key)).map(toResource);
    return c.body(JSON.stringify({ data }), 200, HEADERS);
  });

  route("post", "/api/v1/keys", async (c, access) => {
    const draft = await readDraft(c, access);
    const { key, secret } = await keys.create(draft, actorOf(access));
    state.gate.forget();
    const resource = toResource(key);
    const data = { ...resource, attributes: { ...resource.attributes, secret } };
    return c.body(JSON.stringify({ data }), 201, HEADERS);
  });

  route("delete", "/api/v1/keys/{id}", async (c, access) => {
    const id = c.req.param("id") ?? "";
    const key = (await keys.list()).find((known) => known.id === id);
    if (key === undefined || !isIn(access, key) || !(await keys.revoke(id, actorOf(access)))) {
      throw new TrailError("setting.not_found", "There is no key with this id.", { field: "id" });
    }
    state.gate.forget();
    return c.body(null, 204);
  });
}

function actorOf({ keyId }: Access): Actor {
  return keyId === null ? {} : { type: "api_key", id: keyId };
}

/** An admin of one tenant sees and makes its keys, and no others. */
function isIn({ isBound, tenant }: Access, key: ApiKey): boolean {
  return !isBound || key.tenant === tenant;
}

async function readDraft(c: Context, access: Access): Promise<KeyDraft> {
  const body = parseJson(await askedBy(c).body(LIMITS.eventBytes));
  const data = isObject(body) && isObject(body.data) ? body.data.attributes : body;
  if (!isObject(data)) throw new BrokenEvent([{ field: "event", rule: "must have attributes" }]);
  const { name, role, tenant = access.isBound ? access.tenant : null, environments = null } = data;
  const problems = [];
  if (typeof name !== "string") problems.push({ field: "name", rule: "must be a text" });
  if (typeof role !== "string")
    problems.push({ field: "role", rule: "must be writer, reader, auditor or admin" });
  if (tenant !== null && typeof tenant !== "string")
    problems.push({ field: "tenant", rule: "must be a text" });
  const isList = Array.isArray(environments) && environments.every((it) => typeof it === "string");
  if (environments !== null && !isList)
    problems.push({ field: "environments", rule: "must be a list of names" });
  if (problems.length > 0) throw new BrokenEvent(problems);
  if (access.isBound && tenant !== access.tenant)
    throw denied("The key may only make keys of its own tenant.");
  return {
    name: name as string,
    role: role as Role,
    tenant: tenant as string | null,
    environments: environments as string[] | null,
  };
}

function toResource({ id, name, role, tenant, environments, createdAt }: ApiKey) {
  const attributes = { name, role, tenant, environments, created_at: formatMicros(createdAt) };
  return { type: "api_key", id, attributes };
}
