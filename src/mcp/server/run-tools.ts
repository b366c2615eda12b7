import { TrailError } from "../../base/error.ts";
import type { JsonObject } from "../../base/json.ts";
import { completenessText } from "../../trail/completeness.ts";
import type { RunNode } from "../../trail/runs/run.ts";
import { BRIEF, fitting, WHOLE } from "./answer.ts";
import { limit, TIME, text } from "./event-tools.ts";
import { eventRow, runRow } from "./rows.ts";
import type { Tool } from "./tool.ts";

const NODES_MAX = 50;
const EVENTS_MAX = 100;

export const listRuns: Tool = {
  name: "list_runs",
  title: "List runs",
  description:
    "Runs of agents, newest first: when, by whom, how they ended, what they cost, how much failed in them.",
  takes: {
    status: text("running, ok, error, timeout, budget_exceeded or dry_run."),
    agent: text("Which agent."),
    since: text(`Started at or after: ${TIME}`),
    until: text(`Started at or before: ${TIME}`),
    lost: {
      type: "boolean",
      description: "Only those that began, did not end, and have been silent for 15 minutes.",
    },
    limit: limit(100, 20),
    offset: { type: "integer", description: "How many to leave out.", minimum: 0, maximum: 1_000_000 },
  },
  async run({ trail, given }) {
    const [size, offset] = [given.count("limit"), given.count("offset")];
    if (given.isOn("lost")) {
      const lost = await trail.runs.listLost();
      const rows = lost.slice(offset, offset + size).map((run) => runRow(run, BRIEF));
      return page(rows, lost.length, offset);
    }
    const [status, agent] = [given.text("status"), given.text("agent")];
    const [since, until] = [given.time("since"), given.time("until")];
    const { runs, total } = await trail.runs.list({
      ...(status === undefined ? {} : { status }),
      ...(agent === undefined ? {} : { agent }),
      ...(since === undefined ? {} : { since }),
      ...(until === undefined ? {} : { until }),
      offset,
      limit: size,
    });
    return page(
      runs.map((run) => runRow(run, BRIEF)),
      total,
      offset,
    );
  },
};

function page(rows: readonly JsonObject[], total: number, offset: number): JsonObject {
  const runs = fitting(rows);
  const next = offset + runs.length;
  return {
    runs,
    total,
    next_offset: next < total ? next : null,
    ...(runs.length < rows.length ? { cut: "Not all fitted; next_offset goes on with them." } : {}),
  };
}

export const getRun: Tool = {
  name: "get_run",
  title: "Get one run",
  description:
    "One run: what it was given, how it ended, the runs below it, its first events, and whether all that was recorded of it has arrived.",
  takes: { id: text("The run's id."), events: limit(EVENTS_MAX, 50) },
  required: ["id"],
  async run({ trail, given }) {
    const id = given.text("id") ?? "";
    const run = await trail.runs.find(id);
    if (run === null) {
      throw new TrailError("run.not_found", `There is no run ${id.slice(0, 100)} that you may see.`, {
        field: "id",
        fix: "list_runs shows which there are.",
      });
    }
    const { root, totals } = await trail.runs.tree(id);
    const whole = await trail.runs.completeness(id);
    const size = given.count("events");
    const found = await trail.events.list({ filter: { runId: id }, direction: "asc", limit: size });
    const below = belowOf(root);
    const said = {
      run: runRow(run, WHOLE),
      with_runs_below: {
        runs: totals.runs,
        tool_calls: totals.toolCalls,
        failures: totals.failures,
        tokens: totals.inputTokens + totals.outputTokens,
        cost_usd: totals.costUsd,
      },
      complete: completenessText(whole),
      runs_below: below.slice(0, NODES_MAX),
      ...(below.length > NODES_MAX ? { runs_below_not_shown: below.length - NODES_MAX } : {}),
    };
    const events = fitting([said, ...found.events.map((event) => eventRow(event, BRIEF))]).slice(1);
    const isAll = events.length === found.events.length && found.next === null;
    return {
      ...said,
      events,
      ...(isAll ? {} : { cut: "There are more events; search_events with run_id has all." }),
    };
  },
};

/** Each run below, with its depth; iterative, since a chain of runs may be long. */
function belowOf(root: RunNode): JsonObject[] {
  const rows: JsonObject[] = [];
  const stack = root.children.toReversed().map((node) => ({ node, depth: 1 }));
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { node, depth } = next;
    const { id, status, skill, agent, failures } = runRow(node.run, BRIEF);
    rows.push({
      depth,
      id: id ?? null,
      status: status ?? null,
      skill: skill ?? null,
      agent: agent ?? null,
      failures: failures ?? 0,
    });
    for (const child of node.children.toReversed()) stack.push({ node: child, depth: depth + 1 });
  }
  return rows;
}
