import { formatMicros, type Micros, nowMicros } from "../../base/clock.ts";
import { TrailError } from "../../base/error.ts";
import type { AuditEvent, EventDraft } from "../../event/event.ts";
import type { Condition } from "../../query/filter.ts";
import { microsOf, type Time } from "../../query/time.ts";
import { RUN_EVENTS } from "../../view/runs.ts";
import { type Completeness, judgeCompleteness } from "../completeness.ts";
import type { Retention } from "../retention.ts";
import { finishDraft, logDraft, startDraft } from "./drafts.ts";
import { beginRun, type RunHandle } from "./handle.ts";
import { type RunGround, RunReader } from "./reader.ts";
import type { Run, RunDraft, RunEnd, RunFilter, RunLog, RunTree } from "./run.ts";

/**
 * The run history, over immutable events: a start, a finish or a log that is told again is a new
 * event, the last word counts in what is read, and `history` keeps each earlier one. Every list is
 * newest start first, ties by `seq`. `limit` of 0 or less is no limit. A run of which only events
 * with its id are known, and no start, is none here; `Runs.seen` lists it.
 */
export interface Runs {
  /** Opens the store, and makes what is missing there. */
  initialize(): Promise<void>;
  /**
   * Starts a run, as given. Told again, it changes skill, caller, channel, parent, inputs and time of
   * start, and keeps how the run ended.
   */
  startRun(run: RunDraft): Promise<void>;
  /** Ends a run, now. Told again, the last word counts. Rejects with `run.not_found`. */
  finishRun(id: string, end: RunEnd): Promise<void>;
  /** Adds a log; one with a known sequence takes its place in what is read. */
  appendLog(log: RunLog): Promise<void>;
  /** Rejects with `run.not_found`. */
  getRun(id: string): Promise<Run>;
  /** Ascending by sequence; empty for an unknown run. */
  listLogsByRun(id: string): Promise<RunLog[]>;
  listRunsBySkill(skillId: string, limit: number): Promise<Run[]>;
  listRunsBySkillPaginated(
    skillId: string,
    offset: number,
    limit: number,
    includeDryRun: boolean,
  ): Promise<Run[]>;
  countRunsBySkill(skillId: string, includeDryRun: boolean): Promise<number>;
  /** Without dry runs. */
  listRunsByCaller(callerId: string, limit: number): Promise<Run[]>;
  listRunsFiltered(filter: RunFilter, offset: number, limit: number): Promise<Run[]>;
  countRunsFiltered(filter: RunFilter): Promise<number>;
  /** Takes finished runs that ended before the time, and their logs, out of the log; leaves a receipt. */
  purgeOlderThan(time: Time): Promise<number>;
  /** Direct children, dry runs included, no limit. */
  listChildrenByParent(id: string): Promise<Run[]>;
  /** The run, then its parents up to the root, at most 1000; ends where a parent is unknown or comes again. */
  walkParentChain(id: string): Promise<Run[]>;
  /** Finished before the time, dry runs included. `asc` begins with the oldest start. */
  listFinishedRunsBefore(cutoff: Time, limit: number, direction?: "desc" | "asc"): Promise<Run[]>;
  /** The newest start of each skill; `error` and `timeout` do not count unless `includeFailed`. */
  lastRunBySkills(skillIds: readonly string[], includeFailed: boolean): Promise<Map<string, Micros>>;

  /** Starts a run without waiting, and gives what is needed to log and end it. */
  begin(run: Omit<RunDraft, "id"> & { id?: string }): RunHandle;
  /** One page and the number of all that match, at one moment. Also runs of which no start is known. */
  list(filter?: RunFilter & { offset?: number; limit?: number }): Promise<{ runs: Run[]; total: number }>;
  /** The run, or what is known of it without a start, or null. */
  find(id: string): Promise<Run | null>;
  /** The run and everything below it, with what the tree cost: each token counted once. */
  tree(id: string): Promise<RunTree>;
  /** Whether everything that was recorded of the run is there: "412 of 412", or what never arrived. */
  completeness(id: string): Promise<Completeness>;
  /** Every start, finish and log of the run as it was told, oldest first. */
  history(id: string): Promise<AuditEvent[]>;
  /** Runs that began, did not end, and have been silent for so long (default 15 minutes). */
  listLost(options?: { silentForMs?: number }): Promise<Run[]>;
  /** Ends the lost ones with status `error`, and returns them. */
  closeLost(options?: { silentForMs?: number }): Promise<Run[]>;
}

const PURGE_RUNS = 100;
const SILENT_FOR_MS = 900_000;

export interface RunsGround extends RunGround {
  record(draft: EventDraft): string;
  recordDurably(draft: EventDraft): Promise<unknown>;
}

export function createRuns(ground: RunsGround, retention: Pick<Retention, "pruneWhere">): Runs {
  const reader = new RunReader(ground);
  return {
    ...toldRuns(ground, reader),
    ...listedRuns(reader),
    ...seenRuns(ground, reader),
    ...purgedRuns(reader, retention),
  };
}

/** Only runs of which the start is known: what the run history of old knows. */
const KNOWN: RunFilter = { begunOnly: true };

function toldRuns(ground: RunsGround, reader: RunReader) {
  const getRun = async (id: string): Promise<Run> => {
    const run = await reader.find(id);
    if (run === null || !run.begun) throw notFound();
    return run;
  };
  return {
    async initialize() {
      await ground.open();
    },
    async startRun(run: RunDraft) {
      await ground.recordDurably(startDraft(run, ground.tenant));
    },
    async finishRun(id: string, end: RunEnd) {
      await ground.flush();
      await getRun(id);
      await ground.recordDurably(finishDraft(id, end, ground.tenant));
    },
    async appendLog(log: RunLog) {
      await ground.recordDurably(logDraft(log, ground.tenant));
    },
    getRun,
    listLogsByRun: (id: string) => reader.logs(id),
  };
}

function listedRuns(reader: RunReader) {
  const all = { limit: 0 };
  const count = async (filter: RunFilter) =>
    (await reader.page({ ...filter, ...KNOWN }, { offset: 0, limit: 1 })).total;
  return {
    listRunsBySkill: (skillId: string, limit: number) => reader.list({ skillId, ...KNOWN }, { limit }),
    listRunsBySkillPaginated: (skillId: string, offset: number, limit: number, includeDryRun: boolean) =>
      reader.list({ skillId, includeDryRun, ...KNOWN }, { offset, limit }),
    countRunsBySkill: (skillId: string, includeDryRun: boolean) => count({ skillId, includeDryRun }),
    listRunsByCaller: (callerId: string, limit: number) => reader.list({ callerId, ...KNOWN }, { limit }),
    listRunsFiltered: (filter: RunFilter, offset: number, limit: number) =>
      reader.list({ ...filter, ...KNOWN }, { offset, limit }),
    countRunsFiltered: count,
    listChildrenByParent: (id: string) =>
      reader.list({ ...KNOWN, parentRunId: id, includeDryRun: true }, all),
    walkParentChain: (id: string) => reader.chain(id),
    listFinishedRunsBefore: (cutoff: Time, limit: number, direction: "desc" | "asc" = "desc") => {
      const finishedBefore = microsOf(cutoff, "cutoff");
      return reader.list({ ...KNOWN, includeDryRun: true, finishedBefore }, { limit, direction });
    },

    async lastRunBySkills(skillIds: readonly string[], includeFailed: boolean) {
      const last = new Map<string, Micros>();
      const notStatus = includeFailed ? [] : ["error", "timeout"];
      for (const skillId of new Set(skillIds)) {
        const [run] = await reader.list({ ...KNOWN, skillId, includeDryRun: true, notStatus }, { limit: 1 });
        if (run !== undefined) last.set(skillId, run.startedAt);
      }
      return last;
    },
  };
}

function seenRuns(ground: RunsGround, reader: RunReader) {
  const listLost: Runs["listLost"] = ({ silentForMs = SILENT_FOR_MS } = {}) => {
    const silentSince = nowMicros() - silentForMs * 1_000;
    return reader.list({ ...KNOWN, includeDryRun: true, status: "running", silentSince }, { limit: 0 });
  };
  return {
    begin: (run: Omit<RunDraft, "id"> & { id?: string }) => beginRun(ground, run),
    list: ({ offset = 0, limit = 50, ...filter }: RunFilter & { offset?: number; limit?: number } = {}) =>
      reader.page(filter, { offset, limit }),
    find: (id: string) => reader.find(id),
    tree: (id: string) => reader.tree(id),
    history: (id: string) => reader.history(id),
    completeness: (id: string) =>
      judgeCompleteness(ground.open, ground.tenant, [{ op: "any", field: "run_id", values: [id] }]),
    listLost,
    async closeLost(options?: { silentForMs?: number }) {
      const lost = await listLost(options);
      for (const { id, lastEventAt } of lost) {
        const error = `The run ended without a word; its last event is of ${formatMicros(lastEventAt)}.`;
        await ground.recordDurably(finishDraft(id, { status: "error", error }, ground.tenant));
      }
      return lost;
    },
  };
}

/** Starts, ends and logs go; what else happened in a run has its own retention. */
function purgedRuns(reader: RunReader, retention: Pick<Retention, "pruneWhere">) {
  return {
    async purgeOlderThan(time: Time) {
      const cutoff = microsOf(time, "time");
      const old = await reader.list({ ...KNOWN, includeDryRun: true, finishedBefore: cutoff }, { limit: 0 });
      for (let at = 0; at < old.length; at += PURGE_RUNS) {
        const values = old.slice(at, at + PURGE_RUNS).map(({ id }) => id);
        const where: Condition[] = [
          { op: "any", field: "run_id", values },
          { op: "any", field: "event_type", values: Object.values(RUN_EVENTS) },
        ];
        await retention.pruneWhere(where, { before: cutoff, policy: "runs that ended before" });
      }
      return old.length;
    },
  };
}

function notFound(): TrailError {
  return new TrailError("run.not_found", "skill run not found", {
    field: "run_id",
    fix: "Start the run first; ids are exact.",
  });
}
