import type { Micros } from "../base/clock.ts";
import type { Flushed, Health } from "../emit/health.ts";
import type { AuditEvent, EventDraft } from "../event/event.ts";
import type { WireDraft } from "../event/wire.ts";
import type { Forwarders } from "../forward/forwarders.ts";
import type { EventFilter } from "../query/event-filter.ts";
import type { Condition, EqualField, Order } from "../query/filter.ts";
import type { Counts, EmitterState, Outcome, Page, Stats, Store, StoreDescription } from "../store/store.ts";
import type { AccessScope } from "./access-scope.ts";
import type { Approvals } from "./approvals/approvals.ts";
import type { Tools } from "./calls/tools.ts";
import type { Catalog } from "./catalog.ts";
import type { Erased, EraseOptions } from "./erasure/erase.ts";
import type { Insights } from "./insights/insights.ts";
import type { Pruned, PruneOptions, Retention } from "./retention.ts";
import type { Runs } from "./runs/runs.ts";
import type { EvidenceOptions } from "./seal/evidence.ts";
import type { EventProof, Log, Sealed } from "./seal/log.ts";
import type { StoreVerdict, VerifyOptions } from "./seal/verify.ts";
import type { Settings } from "./settings.ts";
import type { Threads } from "./threads/threads.ts";

/** Where an event is in the log. */
export interface Receipt {
  readonly id: string;
  readonly seq: number;
  readonly recordedAt: Micros;
}

/**
 * The one object that an agent, a server and a test hold. Recording is immediate and cannot fail;
 * reading is asynchronous and says what went wrong with a `TrailError`.
 */
export interface Trail extends AsyncDisposable {
  /**
   * Takes an event and returns its id at once. Never waits; throws only `event.invalid` for a
   * draft without a type or in the reserved tenant `daybook`, or, in a trail that was asked to fail closed, when the event cannot be
   * kept.
   */
  record(draft: EventDraft): string;

  /** Resolves when the event is committed; rejects when that is not known within the time. */
  recordDurably(draft: EventDraft, options?: { timeoutMs?: number }): Promise<Receipt>;

  /**
   * The server's door: redacts the drafts, in place, and commits them, in order, in one commit with whatever
   * else is waiting. Rejects with a store error when they are not known to be committed.
   */
  append(drafts: readonly WireDraft[]): Promise<Outcome[]>;

  /** Waits until everything recorded so far is in the store, at most `timeoutMs` (5000). */
  flush(options?: { timeoutMs?: number }): Promise<Flushed>;

  /** Flushes, says how many events were sent, and lets go of everything. Further calls do nothing. */
  close(options?: { timeoutMs?: number }): Promise<Flushed>;

  health(): Health;

  readonly events: EventReader;

  /** Tool calls: recording both halves, and reading them joined. */
  readonly tools: Tools;

  /** What somebody must allow before it is done, each bound to exact arguments. */
  readonly approvals: Approvals;

  /** The run history. */
  readonly runs: Runs;

  /** Conversations. */
  readonly threads: Threads;

  /** Figures, failures, facets, and what touched what. */
  readonly insights: Insights;

  /** How long events are kept, and what is held. */
  readonly retention: Retention;

  /** Removes events that occurred before a time, and leaves a receipt. Holds are kept. */
  prune(options: PruneOptions): Promise<Pruned>;

  /** Destroys the key of a subject, so that what was recorded about them cannot be read any more. Leaves a receipt. */
  erase(options: EraseOptions): Promise<Erased>;

  /** Rules that send events elsewhere, and what came of it. */
  readonly forwarders: Forwarders;

  /** What administrators have set. Not for agents. */
  readonly settings: Settings;

  /** What was ever seen: types of resources and events, categories. */
  readonly catalog: Catalog;

  /**
   * The same trail for another tenant: what it reads and records is that tenant's. With `reach`, as the
   * holder of a key has it: nothing of another tenant or environment is found, counted or written.
   */
  forTenant(tenant: string, reach?: Omit<AccessScope, "tenant">): TenantTrail;

  /** Throws away what is folded from the tenant's log, and folds it anew. Nothing is lost: views hold no facts. */
  rebuild(options?: Scope): Promise<void>;

  /** Per emitter of the tenant: what arrived, what it said it sent, what is missing. */
  emitters(options?: Scope): Promise<EmitterState[]>;

  /** The Merkle log over the tenant's events: checkpoints, tiles, proofs, keys. */
  readonly log: Log;

  /** Seals what is committed by now, of one tenant or of all, here and at once. */
  seal(options?: Scope): Promise<Sealed[]>;

  /** What proves the event, named by its id or its seq. Rejects with `log.not_sealed`. */
  proof(event: string | number, options?: Scope): Promise<EventProof>;

  /** The lines of an evidence bundle: events with their proofs, for `checkEvidence` and the verifiers in every bundle. */
  evidence(options: EvidenceOptions): AsyncIterable<string>;

  /** Holds the log against what was signed: a verdict on five claims. Changes nothing. */
  verify(options?: VerifyOptions): Promise<StoreVerdict>;

  /** The store itself, for a server that another Daybook opens by its address. */
  store(): Promise<Store>;

  /** Facts about the store; rejects when it cannot serve. */
  describe(): Promise<StoreDescription>;
}

/** The parts of a trail that belong to one tenant. */
export type TenantTrail = Pick<
  Trail,
  | "record"
  | "retention"
  | "prune"
  | "events"
  | "tools"
  | "approvals"
  | "runs"
  | "threads"
  | "insights"
  | "catalog"
  | "settings"
  | "forwarders"
  | "rebuild"
  | "emitters"
> & { readonly tenant: string };

export interface Scope {
  /** Default: the trail's own tenant. */
  tenant?: string;
}

export interface ListOptions extends Scope {
  /** What must hold; as an object, or as conditions that were parsed already. */
  filter?: EventFilter | readonly Condition[];
  /** `seq` (default) is the log's order; `occurred_at` is what the emitters said. */
  order?: Order;
  /** `desc` (default) is newest first. */
  direction?: "asc" | "desc";
  /** 1 to 1000, default 50. */
  limit?: number;
  /** The `next` of the page before. */
  cursor?: string;
  /** Rows to look at, at most; default 20 000. */
  scanMax?: number;
}

export interface EventPage {
  readonly events: AuditEvent[];
  /** The cursor of the next page; null on the last. */
  readonly next: string | null;
  readonly scan: Page["scan"];
}

export interface FollowOptions extends Scope {
  filter?: EventFilter | readonly Condition[];
  /** Events behind this seq; default: what comes from now on. 0 is the whole log. */
  after?: number;
  /** Ends the iteration quietly. */
  signal?: AbortSignal;
}

export interface EventReader {
  /** The event, or null. */
  get(id: string, options?: Scope): Promise<AuditEvent | null>;
  list(options?: ListOptions): Promise<EventPage>;
  /** `list` with a substring of the summary or the resource id. */
  search(text: string, options?: ListOptions): Promise<EventPage>;
  /** How many events match, and how many of them have which value in which field: exactly. */
  count(
    options?: Scope & { filter?: ListOptions["filter"]; fields?: readonly EqualField[] },
  ): Promise<Counts>;
  /** Counts; `since` bounds the time of recording. */
  stats(options?: Scope & { since?: Date | string | Micros }): Promise<Stats>;
  /** The seq of the newest event, 0 for none. */
  head(options?: Scope): Promise<number>;
  /** Every event behind `after`, oldest first, then each new one as it is committed. Misses nothing. */
  follow(options?: FollowOptions): AsyncIterableIterator<AuditEvent>;
  /** Every event that matches, oldest first, up to the log's head at the call. */
  export(options?: Omit<FollowOptions, "after"> & { after?: number }): AsyncIterableIterator<AuditEvent>;
}
