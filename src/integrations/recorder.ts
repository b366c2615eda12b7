import { uuidv7 } from "../base/uuid.ts";
import type { EventDraft } from "../event/event.ts";
import { type Surroundings, surroundings, within } from "../event/surroundings.ts";
import { EVENT_TYPES } from "../event/vocabulary.ts";
import { oneLine } from "../ingest/values.ts";
import type { Trail } from "../trail/trail.ts";
import { BoundedMap } from "./bounded-map.ts";
import { type CallStart, callDraft, errorText, SUMMARY_CHARS } from "./drafts.ts";

/** What an adapter needs of a trail: `trail.forTenant(…)` will do as well. */
export type Target = Pick<Trail, "record">;

/** What is to stand in every event of an adapter where the framework says nothing else. */
export type AdapterOptions = Pick<
  EventDraft,
  "tenant" | "environment" | "agent" | "app" | "actor" | "subject" | "conversationId" | "threadId"
>;

/** Where an event belongs: the run, the event above it, the thread, the agent. */
export type Place = Partial<EventDraft>;

/** Something that began and has not ended. */
export interface Open {
  readonly id: string;
  readonly draft: EventDraft;
  /** By the process's own clock, so that a duration survives a change of the time of day. */
  readonly atMs: number;
}

export interface Run extends Open {
  /** For what happens inside it. */
  readonly inside: Place;
}

/** How something ended. Without an error and a status it went well. */
export interface End {
  readonly result?: unknown;
  readonly error?: unknown;
  readonly status?: "ok" | "error" | "denied" | undefined;
  readonly durationMs?: number | undefined;
  readonly data?: object;
}

export interface RunStart {
  /** Default `agent.run`. */
  readonly type?: "agent.run" | "workflow.run";
  /** Default: as the trail and its surroundings say. */
  readonly agent?: string | undefined;
  /** The framework's own name of this run; default: an id of ours. */
  readonly runId?: string | undefined;
  readonly place?: Place;
  readonly data?: object;
}

const SEVERITIES = { ok: "INFO", error: "ERROR", denied: "WARN" } as const;
/** Different troubles that one adapter tells of; the same one is told once. */
const TROUBLES_MAX = 100;

/**
 * What all adapters share: events in the same words as those that come by OTLP and hooks, so that one call
 * seen by two doors can be joined by its call id. Nothing here throws into the agent, and nothing waits.
 */
export class Recorder {
  readonly #trail: Target;
  /** What its owner said. */
  readonly #said: AdapterOptions;
  readonly #always: Place;
  readonly #troubles = new Set<string>();
  readonly #places = new BoundedMap<string, Place>();

  /** `origin` is the framework, by the name that its OTLP has here; `source` the observer, which others may be beside. */
  constructor(
    trail: Target,
    { source, origin }: { source: string; origin: string },
    options: AdapterOptions = {},
  ) {
    this.#trail = trail;
    this.#said = options;
    this.#always = { ...options, source, origin };
  }

  /**
   * Runs what reads a framework's payload. What goes wrong in it (a shape that nobody has seen, a trail that
   * was asked to fail closed) becomes an event of its own, and never the agent's trouble.
   */
  guard<T>(place: string, work: () => T): T | undefined {
    try {
      return work();
    } catch (thrown) {
      this.#tellTrouble(place, thrown);
      return undefined;
    }
  }

  /**
   * Records what one of the mappers of `src/ingest` made of a payload. Both halves of a pair get the
   * surroundings of the first: an answer comes from wherever answers come from. `knowsAgent` says that the
   * agent's name as it is said here is better than the payload's.
   */
  relay(drafts: readonly EventDraft[], { knowsAgent = false } = {}): void {
    // Most messages of a protocol tell of nothing.
    if (drafts.length === 0) return;
    const around = known(surroundings());
    for (const draft of drafts) {
      const { startId } = draft;
      const at = (startId ? this.#places.take(startId) : undefined) ?? around;
      if (draft.phase === "started" && draft.id) this.#places.set(draft.id, at);
      const agent = at.agent ?? this.#said.agent;
      const told: EventDraft = { type: draft.type };
      for (const place of [this.#said, at, draft]) lay(place, told);
      if (knowsAgent && agent) told.agent = agent;
      const isBelow = draft.phase === "started" && draft.category === "run" && !told.parentId;
      if (isBelow && around.runId && around.runId !== draft.runId)
        told.data = { ...draft.data, parent_run_id: around.runId };
      this.#trail.record(told);
    }
  }

  tell(draft: EventDraft, place: Place = {}): string {
    return this.#trail.record({ ...this.#always, ...known(surroundings()), ...place, ...draft });
  }

  /** The started half; `end` completes it. */
  start(given: EventDraft, place: Place = {}): Open {
    const draft = {
      ...this.#always,
      ...known(surroundings()),
      ...place,
      ...given,
      id: given.id ?? uuidv7(),
    };
    this.#trail.record({ ...draft, phase: "started", status: "pending" });
    return { id: draft.id, draft, atMs: performance.now() };
  }

  end({ id, draft, atMs }: Open, end: End = {}, more: Place = {}): void {
    const { error, status = error === undefined ? "ok" : "error" } = end;
    const { occurredAt: _, idempotencyKey: __, id: ___, ...fields } = draft;
    const text = error === undefined ? undefined : errorText(error);
    this.#trail.record({
      ...fields,
      ...more,
      phase: "completed",
      startId: id,
      status,
      severity: SEVERITIES[status],
      durationMs: end.durationMs ?? Math.round(performance.now() - atMs),
      error: text ?? null,
      summary: oneLine(
        text === undefined
          ? (more.summary ?? fields.summary ?? fields.type)
          : `${draft.tool ?? draft.agent ?? draft.type}: ${text}`,
        SUMMARY_CHARS,
      ),
      data: { ...end.data, ...(end.result === undefined ? {} : { result: end.result }) },
    });
  }

  startCall(call: CallStart, place: Place = {}, id?: string): Open {
    return this.start(callDraft(call, id), place);
  }

  endCall(open: Open, end: End): void {
    this.end(open, end, { summary: `${open.draft.tool} ran` });
  }

  /** A call of which only the whole is known: both its halves at once. */
  tellCall(
    call: CallStart,
    end: End,
    place: Place = {},
    ids: { started?: string; completed?: string } = {},
  ): void {
    const open = this.startCall(call, place, ids.started);
    this.end(open, { durationMs: 0, ...end }, { summary: `${call.tool} ran`, id: ids.completed ?? null });
  }

  /**
   * A run begins. Inside a tool call it is nested under that call and part of its run; inside a run of
   * `trail.runs` it is a run of its own below it, since that one has its own end.
   */
  startRun({ type = "agent.run", agent, runId, place = {}, data = {} }: RunStart): Run {
    const around = surroundings();
    const isNested = around.parentId !== undefined && around.runId !== undefined;
    const isBelow = around.parentId === undefined && around.runId !== undefined;
    const who = agent ?? this.#always.agent ?? around.agent ?? undefined;
    const at: Place = {
      ...(who === undefined ? {} : { agent: who }),
      ...place,
      runId: isNested ? around.runId : (runId ?? uuidv7()),
    };
    const told = isBelow ? { ...data, parent_run_id: around.runId } : data;
    return this.startRunIn({ type, agent: who, place: at, data: told });
  }

  /** A run exactly where the framework says that it is. */
  startRunIn({ type = "agent.run", agent, place = {}, data = {} }: Omit<RunStart, "runId">): Run {
    const at = agent === undefined ? place : { ...place, agent };
    const summary = oneLine(`${agent ?? "agent"} starts`, SUMMARY_CHARS);
    const open = this.start({ type, category: "run", summary, data }, at);
    return { ...open, inside: { ...at, parentId: open.id } };
  }

  endRun(run: Open, end: End): void {
    this.end(run, end, { summary: `${run.draft.agent ?? "agent"} ended` });
  }

  /** Runs the agent's own code so that what it records is nested under the call. */
  within<T>(open: Open, work: () => T): T {
    return within(this.insideOf(open), work);
  }

  insideOf({ id, draft: { runId, threadId, agent } }: Open): Surroundings {
    const place = {
      ...(runId ? { runId } : {}),
      ...(threadId ? { threadId } : {}),
      ...(agent ? { agent } : {}),
    };
    return { ...place, parentId: id };
  }

  #tellTrouble(place: string, thrown: unknown): void {
    const message = errorText(thrown);
    const trouble = `${place}: ${message}`;
    if (this.#troubles.size >= TROUBLES_MAX || this.#troubles.has(trouble)) return;
    this.#troubles.add(trouble);
    try {
      this.#trail.record({
        ...this.#always,
        type: EVENT_TYPES.adapterFailed,
        status: "error",
        severity: "WARN",
        summary: oneLine(trouble, SUMMARY_CHARS),
        error: message,
        data: { place },
      });
    } catch (again) {
      // A trail that fails closed has told its owner by throwing; the agent must not hear of it here.
      this.#troubles.add(errorText(again));
    }
  }
}

/** Only what is said, so that nothing that is not overwrites something that is. */
function known(around: Surroundings): Place {
  const place: Place = {};
  lay(around, place);
  return place;
}

/** Member by member: a draft has thirty, and this is done for each event. */
function lay(from: Place | Surroundings, onto: Place): void {
  const said = from as Record<string, unknown>;
  const place = onto as Record<string, unknown>;
  for (const name in said) {
    const value = said[name];
    if (value !== undefined && value !== null) place[name] = value;
  }
}
