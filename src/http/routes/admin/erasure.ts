import { TrailError } from "../../../base/error.ts";
import { isObject } from "../../../base/json.ts";
import { LIMITS } from "../../../event/limits.ts";
import { wholeTenant } from "../../../trail/access-scope.ts";
import { parseJson } from "../../body.ts";
import { askedBy } from "../../door.ts";
import { BrokenEvent } from "../../problem.ts";
import type { Route } from "../../routing.ts";
import type { ServerState } from "../../server-state.ts";

/** Makes unreadable what was recorded about a subject, in every environment of the tenant. */
export function erasureRoutes(route: Route, state: ServerState): void {
  route("post", "/api/v1/erase", async (c, access) => {
    const body = parseJson(await askedBy(c).body(LIMITS.eventBytes));
    if (!isObject(body)) throw new TrailError("request.malformed", "The body must be a JSON object.");
    const { subject, reason = "", dry_run: dryRun = false } = body;
    if (typeof subject !== "string" || subject === "")
      throw new BrokenEvent([{ field: "subject", rule: "must be a text" }]);
    if (typeof reason !== "string") throw new BrokenEvent([{ field: "reason", rule: "must be a text" }]);
    if (typeof dryRun !== "boolean")
      throw new BrokenEvent([{ field: "dry_run", rule: "must be true or false" }]);
    const actor = access.keyId === null ? {} : { type: "api_key", id: access.keyId };
    const erased = await state.trail.erase({ subject, tenant: wholeTenant(access), reason, actor, dryRun });
    const { pseudonym, events, range, receiptId } = erased;
    return c.json({ data: { pseudonym, events, range, receipt_id: receiptId, dry_run: dryRun } });
  });
}
