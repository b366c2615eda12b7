import type { Context } from "hono";
import { formatMicros } from "../../../base/clock.ts";
import { TrailError } from "../../../base/error.ts";
import { isObject } from "../../../base/json.ts";
import { LIMITS } from "../../../event/limits.ts";
import type { ThreadEvent } from "../../../thread/thread-event.ts";
import { ThreadGraph } from "../../../thread/thread-graph.ts";
import type { ThreadInfo } from "../../../trail/threads/threads.ts";
import type { Access } from "../../access.ts";
import { parseJson } from "../../body.ts";
import { askedBy } from "../../door.ts";
import { Params, pagination } from "../../params.ts";
import { BrokenEvent, JSON_API } from "../../problem.ts";
import type { Route } from "../../routing.ts";
import type { ServerState } from "../../server-state.ts";
import { completenessBody } from "./completeness.ts";

const HEADERS = { "Content-Type": JSON_API };
const CURSOR_MAX = Number.MAX_SAFE_INTEGER;

/** Conversations: a list, one with its events and messages, and adding to it. */
export function threadRoutes(route: Route, state: ServerState): void {
  const threadsOf = (access: Access) => state.trail.forTenant(access.tenant, access).threads;

  route("get", "/api/v1/threads", async (c, access) => {
    const params = new Params(new URL(c.req.url).searchParams);
    const page = params.offsetPage();
    params.end();
    const found = await threadsOf(access).list({ limit: page.size, offset: (page.number - 1) * page.size });
    const data = found.threads.map(toResource);
    return c.body(JSON.stringify({ data, meta: pagination(page, found.total) }), 200, HEADERS);
  });

  route("get", "/api/v1/threads/{id}", async (c, access) => {
    const params = new Params(new URL(c.req.url).searchParams);
    const after = params.count("after", { min: 0, max: CURSOR_MAX, fallback: 0 });
    params.end();
    const info = await find(c, access, state);
    const loaded = await threadsOf(access).loadSince(info.id, after);
    const graph = new ThreadGraph(
      info.id,
      loaded.map(({ event }) => event),
    );
    const resource = toResource(info);
    const events = loaded.map(({ ordinal, event, seq, id }) => ({ ordinal, seq, id, event }));
    const attributes = { ...resource.attributes, events, messages: graph.currentBranchMessages() };
    return c.body(JSON.stringify({ data: { ...resource, attributes } }), 200, HEADERS);
  });

  route("get", "/api/v1/threads/{id}/completeness", async (c, access) => {
    const { id } = await find(c, access, state);
    const found = await threadsOf(access).completeness(id);
    return c.body(JSON.stringify(completenessBody("thread", id, found)), 200, HEADERS);
  });

  route("post", "/api/v1/threads/{id}/events", async (c, access) => {
    const body = parseJson(await askedBy(c).body(LIMITS.bodyBytes));
    const events = Array.isArray(body) ? body : isObject(body) ? body.events : undefined;
    if (!Array.isArray(events))
      throw new BrokenEvent([{ field: "events", rule: "must be a list of thread events" }]);
    const head = await threadsOf(access).append(c.req.param("id") ?? "", events as ThreadEvent[]);
    return c.json({ head }, 201);
  });
}

async function find(c: Context, access: Access, state: ServerState): Promise<ThreadInfo> {
  const info = await state.trail.forTenant(access.tenant, access).threads.find(c.req.param("id") ?? "");
  if (info !== null) return info;
  throw new TrailError("thread.not_found", "There is no thread with this id.", { field: "thread_id" });
}

function toResource({ id, environment, agent, head, watermark, firstAt, lastAt }: ThreadInfo) {
  const times = { first_at: formatMicros(firstAt), last_at: formatMicros(lastAt) };
  return { type: "thread", id, attributes: { environment, agent, head, watermark, ...times } };
}
