import type { Context } from "hono";
import { LIMITS } from "../../../event/limits.ts";
import { fromHook } from "../../../ingest/hooks/hook.ts";
import { type Access, writerScope } from "../../access.ts";
import { parseJson } from "../../body.ts";
import { askedBy } from "../../door.ts";
import type { Route } from "../../routing.ts";
import type { ServerState } from "../../server-state.ts";

/**
 * What coding agents post while they wait for the answer. The events go to the spool, one write
 * call, and the store takes them later, so a store that is slow or away never holds an agent up.
 */
export function hookRoutes(route: Route, state: ServerState): void {
  route("post", "/api/v1/hooks/{agent}", (c, access) => receive(c, access, state));
  route("post", "/hooks/{agent}", (c, access) => receive(c, access, state));
}

async function receive(c: Context, access: Access, state: ServerState): Promise<Response> {
  const scope = writerScope(access);
  const payload = parseJson(await askedBy(c).body(LIMITS.bodyBytes));
  const ingested = fromHook(c.req.param("agent") ?? "", payload, scope);
  for (const draft of ingested.drafts) state.trail.record({ ...draft, ...scope });
  state.metrics.events("hook", ingested.drafts.length);
  state.metrics.rejected("hook", ingested.rejected.length);
  for (const [reason, count] of Object.entries(ingested.dropped)) state.metrics.dropped(reason, count);
  return c.json({});
}
