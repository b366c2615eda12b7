import type { Context } from "hono";
import { formatMicros } from "../../../base/clock.ts";
import { TrailError } from "../../../base/error.ts";
import { isObject } from "../../../base/json.ts";
import { LIMITS } from "../../../event/limits.ts";
import type { EventFilter } from "../../../query/event-filter.ts";
import type { Hold, Preset, Pruned, RetentionPolicy } from "../../../trail/retention.ts";
import type { Access } from "../../access.ts";
import { parseJson } from "../../body.ts";
import { askedBy } from "../../door.ts";
import { BrokenEvent } from "../../problem.ts";
import type { Route } from "../../routing.ts";
import type { ServerState } from "../../server-state.ts";

/** How long events are kept, and what is held. */
export function retentionRoutes(route: Route, state: ServerState): void {
  const of = (access: Access) => state.trail.forTenant(access.tenant, access).retention;

  route("get", "/api/v1/retention", async (c, access) => c.json({ data: await of(access).policy() }));

  route("put", "/api/v1/retention", async (c, access) => {
    const { days = 0, categories = {}, preset = null } = await readBody(c);
    if (!isObject(categories)) throw new BrokenEvent([{ field: "categories", rule: "must be an object" }]);
    const policy = { days, categories, preset } as unknown as RetentionPolicy & { preset: Preset | null };
    return c.json({ data: await of(access).setPolicy(policy, actorOf(access)) });
  });

  route("post", "/api/v1/prune", async (c, access) => {
    const { before, category, environment, dry_run: dryRun = false } = await readBody(c);
    if (typeof before !== "string") throw new BrokenEvent([{ field: "before", rule: "must be RFC 3339" }]);
    if (typeof dryRun !== "boolean")
      throw new BrokenEvent([{ field: "dry_run", rule: "must be true or false" }]);
    const pruned = await of(access).prune({
      before,
      dryRun,
      actor: actorOf(access),
      ...(typeof category === "string" ? { category } : {}),
      ...(typeof environment === "string" ? { environment } : {}),
    });
    return c.json({ data: toPruned(pruned, dryRun) });
  });

  route("get", "/api/v1/holds", async (c, access) =>
    c.json({ data: (await of(access).holds()).map(toHold) }),
  );

  route("post", "/api/v1/holds", async (c, access) => {
    const { id, reason, filter = {} } = await readBody(c);
    if (typeof id !== "string" || id === "") throw new BrokenEvent([{ field: "id", rule: "must be a text" }]);
    if (!isObject(filter)) throw new BrokenEvent([{ field: "filter", rule: "must be an object" }]);
    const hold = { id, reason: String(reason ?? ""), filter: filter as EventFilter };
    return c.json({ data: toHold(await of(access).hold(hold, actorOf(access))) }, 201);
  });

  route("delete", "/api/v1/holds/{id}", async (c, access) => {
    if (await of(access).release(c.req.param("id") ?? "", actorOf(access))) return c.body(null, 204);
    throw new TrailError("setting.not_found", "There is no hold with this id.", { field: "id" });
  });
}

async function readBody(c: Context): Promise<Record<string, unknown>> {
  const body = parseJson(await askedBy(c).body(LIMITS.eventBytes));
  if (!isObject(body)) throw new TrailError("request.malformed", "The body must be a JSON object.");
  return body;
}

function actorOf({ keyId }: Access) {
  return keyId === null ? {} : { type: "api_key", id: keyId };
}

function toHold({ createdAt, ...hold }: Hold) {
  return { ...hold, created_at: formatMicros(createdAt) };
}

function toPruned({ removed, held, range, cutoff, receiptId }: Pruned, dryRun: boolean) {
  return { removed, held, range, cutoff: formatMicros(cutoff), receipt_id: receiptId, dry_run: dryRun };
}
