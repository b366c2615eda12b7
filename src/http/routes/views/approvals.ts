import type { Context } from "hono";
import { formatMicros, type Micros } from "../../../base/clock.ts";
import { TrailError } from "../../../base/error.ts";
import { isObject } from "../../../base/json.ts";
import { LIMITS } from "../../../event/limits.ts";
import type { Approval, ApprovalRequest, Decision } from "../../../trail/approvals/approvals.ts";
import type { Access } from "../../access.ts";
import { parseJson } from "../../body.ts";
import { askedBy } from "../../door.ts";
import { Params, pagination } from "../../params.ts";
import { BrokenEvent, JSON_API } from "../../problem.ts";
import type { Route } from "../../routing.ts";
import type { ServerState } from "../../server-state.ts";

const HEADERS = { "Content-Type": JSON_API };
const STATES = ["", "pending", "approved", "denied"] as const;

/** Approvals: what waits, what was decided, asking, and deciding. */
export function approvalRoutes(route: Route, state: ServerState): void {
  const of = (access: Access) => state.trail.forTenant(access.tenant, access).approvals;

  route("get", "/api/v1/approvals", async (c, access) => {
    const params = new Params(new URL(c.req.url).searchParams);
    const page = params.offsetPage();
    const asked = params.oneOf("filter[state]", STATES, "");
    const violated = params.flag("filter[violated]");
    params.end();
    const found = await of(access).list({
      ...(asked === "" ? {} : { state: asked }),
      violated,
      limit: page.size,
      offset: (page.number - 1) * page.size,
    });
    const data = found.approvals.map(toResource);
    return c.body(JSON.stringify({ data, meta: pagination(page, found.total) }), 200, HEADERS);
  });

  route("post", "/api/v1/approvals", async (c, access) => {
    const { tool, arguments: args, reason, expires_in_ms: expiresInMs, ...rest } = await readBody(c);
    if (typeof tool !== "string" || tool === "")
      throw new BrokenEvent([{ field: "tool", rule: "must be a text" }]);
    if (expiresInMs !== undefined && !(typeof expiresInMs === "number" && expiresInMs > 0))
      throw new BrokenEvent([{ field: "expires_in_ms", rule: "must be a number of milliseconds" }]);
    const request: ApprovalRequest = { tool, args, ...named(rest) };
    if (typeof reason === "string") request.reason = reason;
    if (expiresInMs !== undefined) request.expiresInMs = expiresInMs;
    const id = of(access).request(request);
    await state.trail.flush();
    return c.body(JSON.stringify({ data: toResource(await find(access, state, id)) }), 201, HEADERS);
  });

  route("get", "/api/v1/approvals/{id}", async (c, access) => {
    const approval = await find(access, state, c.req.param("id") ?? "");
    return c.body(JSON.stringify({ data: toResource(approval) }), 200, HEADERS);
  });

  route("post", "/api/v1/approvals/{id}/decision", async (c, access) => {
    const body = await readBody(c);
    const approval = await of(access).decide(c.req.param("id") ?? "", decisionOf(body, access));
    return c.body(JSON.stringify({ data: toResource(approval) }), 200, HEADERS);
  });
}

async function find(access: Access, state: ServerState, id: string): Promise<Approval> {
  const approval = await state.trail.forTenant(access.tenant, access).approvals.get(id);
  if (approval !== null) return approval;
  throw new TrailError("approval.not_found", "There is no approval with this id.", { field: "id" });
}

/** Where the call belongs, by the wire names of an event. */
function named(rest: Record<string, unknown>): Partial<ApprovalRequest> {
  const text = (name: string): string | undefined => {
    const value = rest[name];
    if (value === undefined || value === null) return undefined;
    if (typeof value !== "string") throw new BrokenEvent([{ field: name, rule: "must be a text" }]);
    return value;
  };
  const fields = {
    environment: text("environment"),
    agent: text("agent"),
    runId: text("run_id"),
    threadId: text("thread_id"),
    conversationId: text("conversation_id"),
    callId: text("call_id"),
    summary: text("description"),
  };
  const actor = { type: text("actor_type"), id: text("actor_id") };
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return {
    ...Object.fromEntries(given),
    ...(actor.id === undefined
      ? {}
      : { actor: { id: actor.id, ...(actor.type === undefined ? {} : { type: actor.type }) } }),
  };
}

function decisionOf(body: Record<string, unknown>, { keyId }: Access): Decision {
  const { decision, reason = "", actor_id: actorId, actor_type: actorType, signature } = body;
  if (decision !== "approved" && decision !== "denied")
    throw new BrokenEvent([{ field: "decision", rule: "must be approved or denied" }]);
  if (typeof reason !== "string") throw new BrokenEvent([{ field: "reason", rule: "must be a text" }]);
  const by =
    typeof actorId === "string" && actorId !== ""
      ? { type: typeof actorType === "string" ? actorType : "user", id: actorId }
      : keyId === null
        ? { type: "user", id: "local" }
        : { type: "api_key", id: keyId };
  if (signature !== undefined && !isObject(signature))
    throw new BrokenEvent([{ field: "signature", rule: "must be an object with key and value" }]);
  return {
    decision,
    by,
    reason,
    ...(body.arguments === undefined ? {} : { args: body.arguments }),
    ...(signature === undefined
      ? {}
      : { signature: { key: String(signature.key), value: String(signature.value) } }),
  };
}

async function readBody(c: Context): Promise<Record<string, unknown>> {
  const body = parseJson(await askedBy(c).body(LIMITS.eventBytes));
  if (!isObject(body)) throw new TrailError("request.malformed", "The body must be a JSON object.");
  return body;
}

function toResource(approval: Approval) {
  const time = (at: Micros | null): string | null => (at === null ? null : formatMicros(at));
  return {
    type: "approval",
    id: approval.id,
    attributes: {
      state: approval.state,
      environment: approval.environment,
      tool: approval.tool,
      arguments: approval.args,
      agent: approval.agent,
      run_id: approval.runId,
      conversation_id: approval.conversationId,
      call_id: approval.callId,
      asked_at: formatMicros(approval.askedAt),
      asked_by: approval.askedBy,
      request_id: approval.requestId,
      expires_at: time(approval.expiresAt),
      decided_at: time(approval.decidedAt),
      decided_by: approval.decidedBy,
      decision_id: approval.decisionId,
      reason: approval.reason,
      signature: approval.signature,
      contested: approval.contested,
      executions: approval.executions,
      violations: approval.violations,
    },
  };
}
