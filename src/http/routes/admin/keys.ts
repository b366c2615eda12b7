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

  route("get", "/api/v1/me", (c, { tenant, environments, role, keyId }) =>
    c.json({ data: { tenant, environments, role, key_id: keyId } }),
  );

  route("get", "/api/v1/keys", async (c, access) => {
    const data = (await keys.list()).filter((key) => isIn(access, key)).map(toResource);
    return c.body(JSON.stringify({ data }), 200, HEADERS);
  });

  route("post", "/api/v1/keys", async (c, access) => {
    const draft = await readDraft(c, access);
    const { key, secret } = await keys.create(draft, actorOf(access));
    await state.gate.reload();
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
    await state.gate.reload();
    return c.body(null, 204);
  });
}

function actorOf({ keyId }: Access): Actor {
  return keyId === null ? {} : { type: "api_key", id: keyId };
}

/** An admin of one tenant, or of some environments, sees and makes the keys of these, and no others. */
function isIn(
  { isBound, tenant, environments: own }: Access,
  key: Pick<ApiKey, "tenant" | "environments">,
): boolean {
  if (isBound && key.tenant !== tenant) return false;
  return own === null || key.environments?.every((it) => own.includes(it)) === true;
}

async function readDraft(c: Context, access: Access): Promise<KeyDraft> {
  const body = parseJson(await askedBy(c).body(LIMITS.eventBytes));
  const data = isObject(body) && isObject(body.data) ? body.data.attributes : body;
  if (!isObject(data)) throw new BrokenEvent([{ field: "event", rule: "must have attributes" }]);
  const {
    name,
    role,
    tenant = access.isBound ? access.tenant : null,
    environments = access.environments,
  } = data;
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
  const draft = { tenant: tenant as string | null, environments: environments as string[] | null };
  if (!isIn(access, draft)) throw denied("The key may only make keys that reach no further than itself.");
  return {
    name: name as string,
    role: role as Role,
    ...draft,
  };
}

function toResource({ id, name, role, tenant, environments, createdAt }: ApiKey) {
  const attributes = { name, role, tenant, environments, created_at: formatMicros(createdAt) };
  return { type: "api_key", id, attributes };
}
