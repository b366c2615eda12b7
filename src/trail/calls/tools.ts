import { messageOf } from "../../base/error.ts";
import type { JsonValue } from "../../base/json.ts";
import { isUuid, uuidv7 } from "../../base/uuid.ts";
import type { AuditEvent, EventDraft, Usage } from "../../event/event.ts";
import { surroundings, within } from "../../event/surroundings.ts";
import type { Status } from "../../event/vocabulary.ts";
import type { Store } from "../../store/store.ts";
import type { Scope } from "../trail.ts";
import {
  type CallPage,
  type CallQuery,
  type OpenCall,
  type OpenQuery,
  openCalls,
  queryCalls,
  type ToolCall,
} from "./call.ts";
import { type DefinedTools, type Definitions, defineTools } from "./definitions.ts";
import { type ReconcileQuery, type Reconciliation, reconcile } from "./reconciliation.ts";
import { findRepeats, fingerprintIn, type Repeats, type RepeatsQuery } from "./repeats.ts";

/** A call that begins: who calls which tool, with what, on whose behalf. Only `tool` is required. */
export interface CallDraft extends Omit<EventDraft, "type" | "phase" | "status" | "startId" | "data"> {
  tool: string;
  /** The arguments, redacted before they are kept. */
  args?: unknown;
  /** Default `tool.execute`. */
  type?: string;
  /** The approval under which it is executed; `trail.approvals.start` says whether it keeps to it. */
  approvalId?: string;
}

/** How a call ended. `result: undefined` is no result; `null` is the result null. */
export interface CallEnd {
  result?: unknown;
  error?: unknown;
  /** Default: `error` where there is an error, else `ok`. */
  status?: Status;
  /** Whole milliseconds. Default: the time since `start()` in this process, else nothing. */
  durationMs?: number;
  summary?: string;
  usage?: Usage;
  costUsd?: string;
}

/**
 * What became of a completion. `recorded`: it is in the trail, under `id`. `already_completed`: the
 * call has its completion, and nothing was recorded. `unknown`: there is no such start, and nothing
 * was recorded. `nothing`: no id was given, as by a caller whose start failed.
 */
export interface Completion {
  readonly outcome: "recorded" | "already_completed" | "unknown" | "nothing";
  readonly id: string | null;
}

export interface Tools {
  /** Records that a call begins, and returns its id at once. Never throws. */
  start(call: CallDraft): string;
  /**
   * Records how the call ended, once. For a call that this process started, it is recorded before
   * the function returns; for another one the trail is asked first. Never rejects for a bad id.
   */
  complete(id: string | null | undefined, end?: CallEnd): Promise<Completion>;
  /** `complete` with an error; `status: "denied"` says that it was not allowed. */
  fail(id: string | null | undefined, error: unknown, end?: CallEnd): Promise<Completion>;
  /**
   * The function with its calls recorded: start, result or failure, duration. What it calls within
   * is nested under it. The trail never changes what it returns or throws.
   */
  wrap<A extends unknown[], R>(
    tool: string,
    work: (...args: A) => R,
    call?: Omit<CallDraft, "tool" | "args">,
  ): (...args: A) => R;
  /** Calls, newest first, each with its two halves. */
  query(query?: CallQuery): Promise<CallPage>;
  /** One call by the id of its start, or null. */
  get(id: string, scope?: Scope): Promise<ToolCall | null>;
  /** Calls that began and never ended, oldest first, with their age. */
  open(query?: OpenQuery): Promise<OpenCall[]>;
  /** Calls as several observers saw them (hooks, OpenTelemetry, adapters, the MCP proxy, transcripts), and the coverage. */
  reconcile(query?: ReconcileQuery): Promise<Reconciliation>;
  /** Whether this exact call, the same tool with the same arguments, has run before. */
  repeats(query: RepeatsQuery): Promise<Repeats>;
  /** What stands for a call under the tenant's key: equal for equal calls, and nothing can be guessed from it. */
  fingerprint(tool: string | null, args: JsonValue, scope?: Scope): Promise<string>;
  /** Says which tools there are; what is new, and what changed since it was last said, becomes an event. */
  define(defined: DefinedTools): Promise<Definitions>;
}

/** Starts that are remembered for their completion; beyond them the trail is asked. */
const STARTS_MAX = 10_000;

interface Started {
  readonly draft: CallDraft;
  readonly at: number;
}

interface Ground {
  record(draft: EventDraft): string;
  flush(): Promise<unknown>;
  open(): Promise<Store>;
  readonly tenant: string;
}

/** Tool calls over a trail. */
export function createTools(ground: Ground): Tools {
  const recorder = new CallRecorder(ground);
  const complete: Tools["complete"] = (id, end = {}) => recorder.complete(id, end);
  return {
    start: (call) => recorder.start(call),
    complete,
    fail: (id, error, end = {}) => complete(id, { ...end, error: error ?? "failed" }),
    wrap: (tool, work, call = {}) => wrap(recorder, tool, work, call),
    query: async (query = {}) => queryCalls(await ground.open(), ground.tenant, query),
    async get(id, scope = {}) {
      const page = await queryCalls(await ground.open(), ground.tenant, { ...scope, id });
      return page.calls[0] ?? null;
    },
    open: async (query = {}) => openCalls(await ground.open(), ground.tenant, query),
    reconcile: async (query = {}) => reconcile(await ground.open(), ground.tenant, query),
    repeats: async (query) => findRepeats(await ground.open(), ground.tenant, query),
    fingerprint: async (tool, args, scope = {}) =>
      fingerprintIn(await ground.open(), scope.tenant ?? ground.tenant, tool, args),
    define: (defined) => defineTools(ground, defined),
  };
}

class CallRecorder {
  readonly #ground: Ground;
  readonly #started = new Map<string, Started>();
  readonly #ended = new Set<string>();

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  start(call: CallDraft): string {
    const draft = { ...surroundings(), ...call };
    const id = draft.id && isUuid(draft.id) ? draft.id.toLowerCase() : uuidv7();
    remember(this.#started, id, { draft, at: performance.now() });
    const { args, approvalId, type = "tool.execute", ...fields } = draft;
    this.#ground.record({
      category: "tool_call",
      ...fields,
      id,
      type,
      phase: "started",
      status: "pending",
      data: {
        ...(approvalId === undefined ? {} : { approval_id: approvalId }),
        ...(args === undefined ? {} : { arguments: args }),
      },
    });
    return id;
  }

  async complete(given: string | null | undefined, end: CallEnd): Promise<Completion> {
    if (given === null || given === undefined || given === "") return { outcome: "nothing", id: null };
    const id = given.toLowerCase();
    if (this.#ended.has(id)) return { outcome: "already_completed", id: null };
    const begun = this.#started.get(id);
    if (begun !== undefined) {
      this.#started.delete(id);
      return this.#finish(id, begun, end);
    }
    await this.#ground.flush();
    const store = await this.#ground.open();
    const tenant = surroundings().tenant ?? this.#ground.tenant;
    const event = isUuid(id) ? await store.get(tenant, id) : null;
    if (event === null || event.phase !== "started") return { outcome: "unknown", id: null };
    const row = await store.row(tenant, "calls", id);
    if (row?.doc.half !== "open" || this.#ended.has(id)) return { outcome: "already_completed", id: null };
    return this.#finish(id, { draft: draftOf(event) }, end);
  }

  #finish(id: string, { draft, at }: Partial<Started>, end: CallEnd): Completion {
    const { error, result, status = error === undefined ? "ok" : "error", ...rest } = end;
    const {
      args: _,
      id: __,
      occurredAt: ___,
      idempotencyKey: ____,
      approvalId: _____,
      ...fields
    } = draft ?? { tool: "" };
    remember(this.#ended, id, id);
    const recorded = this.#ground.record({
      category: "tool_call",
      ...fields,
      ...(at === undefined ? {} : { durationMs: Math.round(performance.now() - at) }),
      ...rest,
      type: draft?.type ?? "tool.execute",
      phase: "completed",
      status,
      startId: id,
      ...(error === undefined ? {} : { error: messageOf(error) }),
      data: result === undefined ? {} : { result },
    });
    return { outcome: "recorded", id: recorded };
  }
}

function wrap<A extends unknown[], R>(
  recorder: CallRecorder,
  tool: string,
  work: (...args: A) => R,
  call: Omit<CallDraft, "tool" | "args">,
): (...args: A) => R {
  // What the tool gave must reach its caller, whatever becomes of the record; `health()` has the counts.
  const end = (id: string, how: CallEnd): void => {
    recorder.complete(id, how).catch(() => undefined);
  };
  return (...args) => {
    const id = recorder.start({ ...call, tool, args: args.length === 1 ? args[0] : args });
    let result: R;
    try {
      result = within({ parentId: id }, () => work(...args));
    } catch (thrown) {
      end(id, { error: thrown });
      throw thrown;
    }
    if (!isThenable(result)) {
      end(id, { result });
      return result;
    }
    return result.then(
      (value: unknown) => {
        end(id, { result: value });
        return value;
      },
      (thrown: unknown) => {
        end(id, { error: thrown });
        throw thrown;
      },
    ) as R;
  };
}

/** Forgets the oldest where there are too many. */
function remember<T>(known: Map<string, T> | Set<string>, id: string, value: T): void {
  if (known instanceof Set) known.add(id);
  else known.set(id, value);
  const [oldest] = known.keys();
  if (known.size > STARTS_MAX && oldest !== undefined) known.delete(oldest);
}

/** What a completion repeats of its start, so that each half can be found by itself. */
function draftOf(event: AuditEvent): CallDraft {
  const { tenant, environment, type, actor, agent, origin, source, app, destination, resource } = event;
  const { conversationId, threadId, runId, parentId, traceId, spanId, callId, category } = event;
  const who = { tenant, environment, category, actor, agent, origin, source, app, destination, resource };
  const where = { conversationId, threadId, runId, parentId, traceId, spanId, callId };
  return { ...who, ...where, type, tool: event.tool ?? "" };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
