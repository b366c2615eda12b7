import type { Context } from "hono";
import { formatMicros } from "../../../base/clock.ts";
import { LIMITS } from "../../../event/limits.ts";
import { parseFilters } from "../../../query/params.ts";
import type { ToolCall } from "../../../trail/calls/call.ts";
import { SHOWN } from "../../../trail/calls/reconciliation.ts";
import type { Access } from "../../access.ts";
import { nextLink } from "../../jsonapi.ts";
import { Params } from "../../params.ts";
import { JSON_API } from "../../problem.ts";
import type { Route } from "../../routing.ts";
import type { ServerState } from "../../server-state.ts";

const DEFAULT_SIZE = 100;

/** Tool calls, each of its two halves; `open=true` lists those that never ended. */
export function callRoutes(route: Route, state: ServerState): void {
  route("get", "/api/v1/tool_calls", (c, access) => list(c, access, state));
  route("get", "/api/v1/reconciliation", (c, access) => reconciliation(c, access, state));
}

async function list(c: Context, access: Access, state: ServerState): Promise<Response> {
  const url = new URL(c.req.url);
  const params = new Params(url.searchParams);
  const limit = params.count("page[size]", { min: 1, max: LIMITS.pageSize, fallback: DEFAULT_SIZE });
  const cursor = params.text("page[after]");
  const filter = parseFilters(params.filters());
  const isOpen = params.flag("open");
  const olderThanMs = params.count("older_than_ms", { min: 0, max: 1e15, fallback: 0 });
  params.end();
  const { tools } = state.trail.forTenant(access.tenant, access);
  if (isOpen) {
    const open = await tools.open({ filter, olderThanMs, limit });
    return c.body(JSON.stringify({ data: open.map(openResource), links: { next: null } }), 200, HEADERS);
  }
  const page = await tools.query({ filter, limit, ...(cursor === undefined ? {} : { cursor }) });
  const body = {
    data: page.calls.map(toResource),
    meta: { page_size: limit },
    links: { next: page.next === null ? null : nextLink(url, page.next) },
  };
  return c.body(JSON.stringify(body), 200, HEADERS);
}

/** Calls as several observers saw them, and how many were seen from more than one side. */
async function reconciliation(c: Context, access: Access, state: ServerState): Promise<Response> {
  const url = new URL(c.req.url);
  const params = new Params(url.searchParams);
  const limit = params.count("page[size]", { min: 0, max: LIMITS.pageSize, fallback: DEFAULT_SIZE });
  const cursor = params.text("page[after]");
  const show = params.oneOf("show", SHOWN, "all");
  const only = params.text("only");
  const since = params.time("since");
  const until = params.time("until");
  params.end();
  const { tools } = state.trail.forTenant(access.tenant, access);
  const found = await tools.reconcile({
    limit,
    show,
    ...(cursor === undefined ? {} : { cursor }),
    ...(only === undefined ? {} : { only }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  });
  const data = found.calls.map(({ callId, startedAt, conversationId, sides, ...call }) => ({
    call_id: callId,
    ...call,
    conversation_id: conversationId,
    started_at: formatMicros(startedAt),
    sides: sides.map(({ observer, id, endId, status, durationMs }) => ({
      observer,
      id,
      completed_id: endId,
      status,
      duration_ms: durationMs,
    })),
  }));
  return c.json({
    coverage: found.coverage,
    data,
    links: { next: found.next === null ? null : nextLink(url, found.next) },
  });
}

const HEADERS = { "Content-Type": JSON_API };

function openResource({ call, ageMs }: { call: ToolCall; ageMs: number }) {
  const { attributes, ...resource } = toResource(call);
  return { ...resource, attributes: { ...attributes, age_ms: ageMs } };
}

function toResource(call: ToolCall) {
  const { started, completed } = call;
  return {
    type: "tool_call",
    id: call.id,
    attributes: {
      tool: call.tool,
      status: call.status,
      open: call.isOpen,
      started_at: formatMicros(call.startedAt),
      completed_at: call.completedAt === null ? null : formatMicros(call.completedAt),
      duration_ms: call.durationMs,
      args: call.args,
      // No result and the result null are two things.
      ...(call.result === undefined ? {} : { result: call.result }),
      error: call.error,
      event_type: started.type,
      environment: started.environment,
      actor_type: started.actor.type,
      actor_id: started.actor.id,
      actor_label: started.actor.label,
      agent: started.agent,
      origin: started.origin,
      source: started.source,
      app: started.app,
      destination: started.destination,
      resource_type: started.resource.type,
      resource_id: started.resource.id,
      conversation_id: started.conversationId,
      thread_id: started.threadId,
      run_id: started.runId,
      parent_id: started.parentId,
      call_id: started.callId ?? completed?.callId ?? null,
      trace_id: started.traceId,
      seq: started.seq,
      completed_id: completed?.id ?? null,
      completed_seq: completed?.seq ?? null,
    },
  };
}
