import { addDecimals } from "../base/decimal.ts";
import type { JsonObject, JsonValue } from "../base/json.ts";
import type { AuditEvent } from "../event/event.ts";
import { isToolCall } from "./calls.ts";
import { costOf } from "./measures.ts";
import { type Entry, onlyIn, type Projection, perEvent, sortable } from "./projection.ts";

/** The types of the events by which `trail.runs` tells of a run. */
export const RUN_EVENTS = { started: "run.started", finished: "run.finished", log: "run.log" } as const;

/** Inputs and outputs up to this many characters of JSON stand in the row; larger ones only in their event. */
const INLINE_CHARS = 2_048;

/**
 * One row per run: what it was told to be, by `run.started` and `run.finished` or by the outermost
 * `agent.run` of a framework, and what was seen of it, counted from all its events. Told again means
 * the last word counts, and each earlier one stays in the log. Key: the run's id.
 *
 * A second start changes who and when, never how it ended; a finish changes how it ended.
 */
export const runs: Projection = {
  name: "runs",
  version: 2,
  environment: "onlyIn",

  changes: perEvent({
    keys: ({ runId }) => (runId === null ? [] : [runId]),

    fold(doc, event, key) {
      const run = doc ?? emptyRun(key, event);
      count(run, event, 1);
      run.onlyIn = onlyIn(doc, event);
      run.lastSeq = event.seq;
      run.lastAt = Math.max(run.lastAt as number, event.occurredAt);
      run.firstAt = Math.min(run.firstAt as number, event.occurredAt);
      run.agent ??= event.agent;
      run.thread ??= event.threadId ?? event.conversationId;
      const turn = turnOf(event);
      if (turn === "start") start(run, event);
      else if (turn === "finish") finish(run, event);
      else if (run.begun !== true) run.startedAt = run.firstAt as number;
      return run;
    },

    // When it was first and last heard of stays known as long as anything of it is there.
    forget(doc, event) {
      count(doc, event, -1);
      if (event.id === doc.startId) doc.begun = false;
      return doc.events === 0 ? null : doc;
    },
  }),

  entries(doc) {
    const sort = sortable(doc.startedAt as number) + sortable(doc.firstSeq as number);
    const entries: Entry[] = [{ group: "all", sort }];
    for (const list of ["skill", "caller", "parent", "agent", "thread"]) {
      if (typeof doc[list] === "string") entries.push({ group: `${list}=${doc[list]}`, sort });
    }
    return entries;
  },
};

function emptyRun(id: string, event: AuditEvent): JsonObject {
  const { seq, occurredAt, environment } = event;
  const zero = { events: 0, calls: 0, failures: 0, denials: 0, seenInput: 0, seenOutput: 0, seenThinking: 0 };
  return {
    id,
    environment,
    begun: false,
    startedAt: occurredAt,
    finishedAt: null,
    status: null,
    agent: null,
    thread: null,
    firstSeq: seq,
    firstAt: occurredAt,
    lastAt: occurredAt,
    ...zero,
    seenCached: 0,
    cost: "0",
  };
}

/** Frameworks nest their runs: the outermost one of a run id begins and ends it. */
function turnOf({ type, category, phase, parentId }: AuditEvent): "start" | "finish" | undefined {
  if (type === RUN_EVENTS.started) return "start";
  if (type === RUN_EVENTS.finished) return "finish";
  if (category !== "run" || parentId !== null) return undefined;
  return phase === "started" ? "start" : phase === "completed" ? "finish" : undefined;
}

function start(run: JsonObject, event: AuditEvent): void {
  const { data } = event;
  const isFirst = run.begun !== true;
  run.begun = true;
  run.startId = event.id;
  run.startedAt = event.occurredAt;
  run.skill = text(data.skill_id);
  run.caller = text(data.caller_id) ?? event.actor.id;
  run.channel = text(data.channel_id);
  run.parent = text(data.parent_run_id);
  run.inputs = inline(data.inputs);
  if (!isFirst || (run.finishedAt !== null && data.finished_at === undefined)) return;
  run.finishedAt = number(data.finished_at);
  end(run, event, text(data.status) ?? "running");
}

function finish(run: JsonObject, event: AuditEvent): void {
  run.finishId = event.id;
  const told = event.type === RUN_EVENTS.finished ? event.recordedAt : event.occurredAt;
  // An import says of a run when it ended, long before it was told.
  run.finishedAt = number(event.data.finished_at) ?? told;
  // What ended without a word of its beginning has its length, so its beginning is known.
  if (run.begun !== true && event.type !== RUN_EVENTS.finished) {
    run.begun = true;
    run.startId = event.id;
    run.startedAt = event.occurredAt - 1_000 * (event.durationMs ?? 0);
  }
  end(run, event, text(event.data.status) ?? event.status ?? "ok");
}

function end(run: JsonObject, event: AuditEvent, status: string): void {
  const { data } = event;
  run.status = status;
  run.output = inline(data.output);
  run.error = event.error;
  run.toolCalls = number(data.tool_calls);
  run.runtimeSeconds =
    number(data.runtime_seconds) ?? (event.durationMs === null ? null : event.durationMs / 1_000);
  run.inputTokens = number(data.total_input_tokens);
  run.outputTokens = number(data.total_output_tokens);
  run.thinkingTokens = number(data.total_thinking_tokens);
}

function count(run: JsonObject, event: AuditEvent, sign: 1 | -1): void {
  const add = (member: string, by: number): void => {
    run[member] = (run[member] as number) + sign * by;
  };
  add("events", 1);
  if (isToolCall(event) && event.startId === null) add("calls", 1);
  if (event.status === "error") add("failures", 1);
  if (event.status === "denied") add("denials", 1);
  if (turnOf(event) !== undefined) return;
  add("seenInput", event.usage?.input ?? 0);
  add("seenOutput", event.usage?.output ?? 0);
  add("seenThinking", event.usage?.thinking ?? 0);
  add("seenCached", event.usage?.cached ?? 0);
  const cost = costOf(event);
  if (cost !== null) run.cost = addDecimals(run.cost as string, cost, sign);
}

function text(value: JsonValue | undefined): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function number(value: JsonValue | undefined): number | null {
  return typeof value === "number" ? value : null;
}

/** `false` says that the value is in the event. */
function inline(value: JsonValue | undefined): JsonValue {
  if (value === undefined) return null;
  return JSON.stringify(value).length <= INLINE_CHARS ? value : false;
}
