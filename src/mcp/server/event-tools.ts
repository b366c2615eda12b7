import { TrailError } from "../../base/error.ts";
import type { JsonObject } from "../../base/json.ts";
import { isUuid } from "../../base/uuid.ts";
import type { AuditEvent } from "../../event/event.ts";
import type { Condition } from "../../query/filter.ts";
import { FILTER_NAMES, parseFilters } from "../../query/params.ts";
import { BRIEF, fitting, WHOLE } from "./answer.ts";
import type { Argument, Arguments, ArgumentTable } from "./arguments.ts";
import { eventRow } from "./rows.ts";
import type { Readable, Tool } from "./tool.ts";

export const TIME = "RFC 3339, or an age such as 15m, 2h, 7d.";
export const text = (description: string): Argument => ({ type: "string", description });
export const limit = (maximum: number, fallback: number): Argument => ({
  type: "integer",
  description: `How many at most; ${fallback} where nothing is said.`,
  minimum: 1,
  maximum,
  default: fallback,
});

const LIMIT_MAX = 100;
const RELATED_MAX = 20;

/** Arguments that are filters of the same meaning, by the filter's name. */
const FILTERS: Readonly<Record<string, string>> = {
  agent: "agent",
  tool: "tool",
  type: "event_type",
  status: "status",
  category: "category",
  run_id: "run_id",
  thread_id: "thread_id",
  environment: "environment",
};

const SEARCH: ArgumentTable = {
  text: text("A piece of the event's summary or of its resource's id."),
  agent: text("Which agent did it. A comma makes a union, a leading - excludes; so in the next ones."),
  tool: text("Which tool was called."),
  type: text("What happened: tool.execute, approval.decide, llm.complete, agent.run …"),
  status: text("ok, error, denied or pending."),
  category: text("tool_call, llm, approval, run, session, mcp, config, safety …"),
  run_id: text("The run that it belongs to."),
  thread_id: text("The thread that it belongs to."),
  environment: text("production, staging …"),
  since: text(`Occurred at or after: ${TIME}`),
  until: text(`Occurred at or before: ${TIME}`),
  filter: {
    type: "object",
    description: `Further filters, each a string: ${FILTER_NAMES.join(", ")}. Intervals are written [1,9].`,
    additionalProperties: { type: "string" },
  },
  order: { type: "string", description: "newest (default) or oldest first.", enum: ["newest", "oldest"] },
  limit: limit(LIMIT_MAX, 20),
  cursor: text("next_cursor of the answer before, to go on behind it."),
};

export const searchEvents: Tool = {
  name: "search_events",
  title: "Search events",
  description:
    "Events of the audit trail that match everything given: what agents did, with which tool, when, and how it ended. " +
    "Long values are cut; get_event has one event whole.",
  takes: SEARCH,
  async run({ trail, given }) {
    const direction = given.text("order") === "oldest" ? "asc" : "desc";
    const cursor = given.text("cursor");
    const query = {
      filter: conditionsOf(given),
      direction,
      ...(cursor === undefined ? {} : { cursor }),
    } as const;
    const page = await trail.events.list({ ...query, limit: given.count("limit") });
    const rows = page.events.map((event) => eventRow(event, BRIEF));
    const kept = fitting(rows);
    const isCut = kept.length < rows.length;
    // A cursor stands behind a page: behind what is shown there is one of a smaller page.
    const { next } = isCut ? await trail.events.list({ ...query, limit: Math.max(1, kept.length) }) : page;
    return {
      events: kept,
      count: kept.length,
      next_cursor: next,
      ...(isCut
        ? { cut: `${rows.length - kept.length} events did not fit; next_cursor goes on with them.` }
        : {}),
    };
  },
};

function conditionsOf(given: Arguments): Condition[] {
  const pairs: Array<[string, string]> = given.pairs("filter");
  for (const [name, filter] of Object.entries(FILTERS)) {
    const value = given.text(name);
    if (value !== undefined) pairs.push([filter, value]);
  }
  const piece = given.text("text");
  if (piece !== undefined) pairs.push(["text", piece]);
  const [since, until] = [given.time("since"), given.time("until")];
  if (since !== undefined || until !== undefined)
    pairs.push(["occurred_at", `[${since ?? "*"},${until ?? "*"}]`]);
  return parseFilters(pairs);
}

export const getEvent: Tool = {
  name: "get_event",
  title: "Get one event",
  description:
    "One event with all that was recorded of it, and the events it belongs with: the other half of a call, what it is nested under, what is nested under it.",
  takes: { id: text("The event's id, or its seq (its number in the log).") },
  required: ["id"],
  async run({ trail, given }) {
    const id = given.text("id") ?? "";
    const event = await find(trail, id);
    if (event === null) {
      throw new TrailError("event.not_found", `There is no event ${id.slice(0, 100)} that you may see.`, {
        field: "id",
        fix: "search_events shows which there are.",
      });
    }
    const { id: own, startId, parentId } = event;
    const around: Record<string, Promise<AuditEvent[]>> = {
      started_by: one(trail, startId),
      nested_under: one(trail, parentId),
      completed_by: many(trail, { startId: own }),
      has_under_it: many(trail, { parentId: own }),
    };
    const related: JsonObject = {};
    for (const [name, found] of Object.entries(around)) {
      const rows = (await found).map((other) => eventRow(other, BRIEF));
      if (rows.length > 0) related[name] = rows;
    }
    return { event: eventRow(event, WHOLE), related };
  },
};

async function find(trail: Readable, id: string): Promise<AuditEvent | null> {
  if (isUuid(id)) return trail.events.get(id.toLowerCase());
  if (!/^\d{1,15}$/.test(id)) return null;
  const seq = Number(id);
  return (await trail.events.list({ filter: { seq: { min: seq, max: seq } }, limit: 1 })).events[0] ?? null;
}

async function one(trail: Readable, id: string | null): Promise<AuditEvent[]> {
  const event = id === null ? null : await trail.events.get(id);
  return event === null ? [] : [event];
}

async function many(
  trail: Readable,
  filter: { startId: string } | { parentId: string },
): Promise<AuditEvent[]> {
  return (await trail.events.list({ filter, limit: RELATED_MAX, direction: "asc" })).events;
}
