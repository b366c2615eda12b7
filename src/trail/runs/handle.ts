import { uuidv7 } from "../../base/uuid.ts";
import type { EventDraft } from "../../event/event.ts";
import { surroundings, within } from "../../event/surroundings.ts";
import { finishDraft, logDraft, startDraft } from "./drafts.ts";
import type { RunDraft, RunEnd } from "./run.ts";

/** A run that goes on: logs are numbered, counted and timed here, and nothing waits but the end. */
export interface RunHandle {
  readonly id: string;
  /** Adds the next log and returns its sequence, from 1. Never throws. */
  log(eventType: string, payload?: Record<string, unknown>): number;
  /** Runs `work` so that what it records belongs to this run: tool calls, runs below it. */
  within<T>(work: () => T): T;
  /** Begins a run below this one. */
  begin(run?: Omit<RunDraft, "id" | "parentRunId"> & { id?: string }): RunHandle;
  /**
   * Ends the run; resolves when that is committed. Default status `ok`; duration and tool calls
   * (the logs of type `tool_call`) are counted here where they are not given.
   */
  finish(end?: Partial<RunEnd>): Promise<void>;
}

interface Ground {
  record(draft: EventDraft): string;
  recordDurably(draft: EventDraft): Promise<unknown>;
  readonly tenant: string;
}

/** The text of one step is cut to this many characters. */
const STEP_CHARS = 2_000;

export function beginRun(ground: Ground, given: Omit<RunDraft, "id"> & { id?: string }): RunHandle {
  const around = surroundings();
  const id = given.id ?? uuidv7();
  const parentRunId = given.parentRunId ?? around.runId;
  const tenant = around.tenant ?? ground.tenant;
  const startedAt = performance.now();
  let sequence = 0;
  let toolCalls = 0;
  ground.record(startDraft({ ...given, id, ...(parentRunId === undefined ? {} : { parentRunId }) }, tenant));

  const run: RunHandle = {
    id,

    log(eventType, payload = {}) {
      sequence++;
      if (eventType === "tool_call") toolCalls++;
      ground.record(logDraft({ runId: id, sequence, eventType, payload: cutText(payload) }, tenant));
      return sequence;
    },

    within: (work) => within({ runId: id, parentId: undefined, agent: given.agent ?? around.agent }, work),
    begin: (child = {}) => beginRun(ground, { ...child, parentRunId: id }),

    async finish(end = {}) {
      const runtimeSeconds = Math.round(performance.now() - startedAt) / 1_000;
      const counted = toolCalls === 0 ? {} : { toolCalls };
      await ground.recordDurably(
        finishDraft(id, { status: "ok", runtimeSeconds, ...counted, ...end }, tenant),
      );
    },
  };
  return run;
}

function cutText(payload: Record<string, unknown>): Record<string, unknown> {
  const { text } = payload;
  if (typeof text !== "string" || text.length <= STEP_CHARS) return payload;
  return { ...payload, text: `${text.slice(0, STEP_CHARS - 1).toWellFormed()}…` };
}
