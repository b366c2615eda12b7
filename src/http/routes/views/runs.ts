import type { Context } from "hono";
import { formatMicros, type Micros } from "../../../base/clock.ts";
import { TrailError } from "../../../base/error.ts";
import type { Run, RunFilter, RunNode } from "../../../trail/runs/run.ts";
import type { Access } from "../../access.ts";
import { toResource } from "../../jsonapi.ts";
import { Params, pagination } from "../../params.ts";
import { JSON_API } from "../../problem.ts";
import type { Route } from "../../routing.ts";
import type { ServerState } from "../../server-state.ts";
import { completenessBody } from "./completeness.ts";

const HEADERS = { "Content-Type": JSON_API };

/** Runs: a list, one, and what is in it, above it and below it. */
export function runRoutes(route: Route, state: ServerState): void {
  const runsOf = (access: Access) => state.trail.forTenant(access.tenant, access).runs;

  route("get", "/api/v1/runs", (c, access) => list(c, access, state));

  route("get", "/api/v1/runs/{id}", async (c, access) =>
    answer(c, { data: runResource(await find(c, access, state)) }),
  );

  route("get", "/api/v1/runs/{id}/logs", async (c, access) => {
    const { id } = await find(c, access, state);
    const logs = await runsOf(access).listLogsByRun(id);
    const data = logs.map(({ sequence, eventType, payload, createdAt }) => ({
      type: "run_log",
      id: `${id}/${sequence}`,
      attributes: {
        run_id: id,
        sequence,
        event_type: eventType,
        payload,
        created_at: formatMicros(createdAt as Micros),
      },
    }));
    return answer(c, { data });
  });

  route("get", "/api/v1/runs/{id}/history", async (c, access) => {
    const { id } = await find(c, access, state);
    const events = await runsOf(access).history(id);
    return answer(c, { data: events.map(toResource) });
  });

  route("get", "/api/v1/runs/{id}/completeness", async (c, access) => {
    const { id } = await find(c, access, state);
    return answer(c, completenessBody("run", id, await runsOf(access).completeness(id)));
  });

  route("get", "/api/v1/runs/{id}/children", async (c, access) => {
    const { id } = await find(c, access, state);
    const children = await runsOf(access).list({ parentRunId: id, includeDryRun: true, limit: 1_000 });
    return answer(c, { data: children.runs.map(runResource), meta: { total: children.total } });
  });

  route("get", "/api/v1/runs/{id}/ancestors", async (c, access) => {
    const { id } = await find(c, access, state);
    const chain = await runsOf(access).walkParentChain(id);
    return answer(c, { data: chain.slice(1).map(runResource) });
  });

  route("get", "/api/v1/runs/{id}/tree", async (c, access) => {
    const { id } = await find(c, access, state);
    const { root, totals, isCut } = await runsOf(access).tree(id);
    const data = {
      ...treeResource(root),
      totals: {
        runs: totals.runs,
        tool_calls: totals.toolCalls,
        failures: totals.failures,
        total_input_tokens: totals.inputTokens,
        total_output_tokens: totals.outputTokens,
        total_thinking_tokens: totals.thinkingTokens,
        total_cached_tokens: totals.cachedTokens,
        cost_usd: totals.costUsd,
      },
    };
    return answer(c, { data, meta: { cut: isCut } });
  });
}

async function list(c: Context, access: Access, state: ServerState): Promise<Response> {
  const params = new Params(new URL(c.req.url).searchParams);
  const page = params.offsetPage();
  const text = (name: string) => params.text(`filter[${name}]`) ?? "";
  const filter: RunFilter = {
    status: text("status"),
    skillId: text("skill_id"),
    callerId: text("caller_id"),
    channelId: text("channel_id"),
    parentRunId: text("parent_run_id"),
    agent: text("agent"),
    threadId: text("thread_id"),
    environment: text("environment"),
    includeDryRun: params.flag("include_dry_run"),
    topLevelOnly: params.flag("top_level"),
    ...bounds(params),
  };
  params.end();
  const { runs } = state.trail.forTenant(access.tenant, access);
  const found = await runs.list({ ...filter, offset: (page.number - 1) * page.size, limit: page.size });
  return answer(c, { data: found.runs.map(runResource), meta: pagination(page, found.total) });
}

function bounds(params: Params): Pick<RunFilter, "since" | "until"> {
  const since = params.time("since");
  const until = params.time("until");
  return { ...(since === undefined ? {} : { since }), ...(until === undefined ? {} : { until }) };
}

async function find(c: Context, access: Access, state: ServerState): Promise<Run> {
  const id = c.req.param("id") ?? "";
  const run = await state.trail.forTenant(access.tenant, access).runs.find(id);
  if (run !== null) return run;
  throw new TrailError("run.not_found", "There is no run with this id.", { field: "run_id" });
}

interface TreeResource extends ReturnType<typeof runResource> {
  children: TreeResource[];
}

/** Iterative: a chain of runs may be as long as the tree is large. */
function treeResource(root: RunNode): TreeResource {
  const top: TreeResource = { ...runResource(root.run), children: [] };
  const stack: Array<[RunNode, TreeResource]> = [[root, top]];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const [node, resource] = next;
    for (const child of node.children) {
      const below: TreeResource = { ...runResource(child.run), children: [] };
      resource.children.push(below);
      stack.push([child, below]);
    }
  }
  return top;
}

function runResource(run: Run) {
  return {
    type: "run",
    id: run.id,
    attributes: {
      environment: run.environment,
      agent: run.agent,
      thread_id: run.threadId,
      skill_id: run.skillId,
      caller_id: run.callerId,
      channel_id: run.channelId,
      parent_run_id: run.parentRunId,
      inputs: run.inputs,
      started_at: formatMicros(run.startedAt),
      finished_at: run.finishedAt === null ? null : formatMicros(run.finishedAt),
      status: run.status,
      output: run.output,
      error: run.error,
      tool_calls_count: run.toolCallsCount,
      runtime_seconds: run.runtimeSeconds,
      total_input_tokens: run.totalInputTokens,
      total_output_tokens: run.totalOutputTokens,
      total_thinking_tokens: run.totalThinkingTokens,
      total_cached_tokens: run.totalCachedTokens,
      cost_usd: run.costUsd,
      begun: run.begun,
      events: run.events,
      failures: run.failures,
      denials: run.denials,
      first_seq: run.firstSeq,
      last_seq: run.lastSeq,
      last_event_at: formatMicros(run.lastEventAt),
    },
  };
}

function answer(c: Context, body: unknown): Response {
  return c.body(JSON.stringify(body), 200, HEADERS);
}
