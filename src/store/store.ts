import type { Micros } from "../base/clock.ts";
import type { AuditEvent } from "../event/event.ts";
import type { LeafEntry } from "../event/leaf.ts";
import type { Condition, EqualField, Query } from "../query/filter.ts";
import type { RowPage, RowQuery, ViewRow } from "../view/row-query.ts";
import type { BlobQuery, BlobWrite, LeafQuery, Leaves } from "./leaves.ts";

/**
 * The port behind which every kind of storage sits: SQLite in a worker thread, memory, a remote
 * Daybook, later PostgreSQL and ClickHouse. It is asynchronous and takes batches, and it knows
 * drafts only as lines (`encodeDraft`), which spools, threads and HTTP pass on untouched. The suite
 * in `test/conformance` says the rest; any store must pass it.
 *
 * Contract of `append`
 * - Resolves after the batch is durably committed, and only then; rejects with `store.unavailable`
 *   (or a sharper store error) when it is not known to be. A caller that got a rejection may offer
 *   the same lines again: nothing is doubled.
 * - The lines that are new get `seq` head + 1, head + 2 … of their tenant, in the order of the
 *   lines, in one commit. No number is skipped or reused, also after a crash, also with several
 *   processes that write to one store.
 * - A line is known if its `id`, or its idempotency key within tenant and environment, is already
 *   in the log (or earlier in the batch): it is a duplicate, and the outcome names the first one.
 *   Ids are unique across tenants of a store; a known id in another tenant is `rejected`.
 * - A line that cannot be read, or whose row the store refuses, is `rejected`; the rest is kept.
 * - An `emitter.closed` line of the system tenant tells how many events an emitter sent (see
 *   `SYSTEM_TENANT`); `emitters` shows it under the tenant that it names.
 * - `recordedAt` never runs backwards along `seq` within a tenant.
 * - Two calls from one caller commit in the order of the calls.
 *
 * Contract of the views
 * - `PROJECTIONS` of `src/view` says what rows there are. Whatever was committed before a call of
 *   `row` or `rows` is folded in, whether by this process or another.
 * - Rows, their entries and the cursor of their view change in one transaction. Folding may lag
 *   behind `append`, and never makes it wait for more than 100 ms.
 */
export interface Store {
  append(lines: readonly string[]): Promise<Outcome[]>;

  /** The event with this id within the tenant, or null. */
  get(tenant: string, id: string): Promise<AuditEvent | null>;

  /**
   * Events in the query's order, bounded by `limit` and `scanMax`. What is committed before the
   * call is visible to it.
   */
  list(query: Query): Promise<Page>;

  /** The seq of the tenant's newest event; 0 for a tenant without events. */
  head(tenant: string): Promise<number>;

  /** Every tenant that has events, by name. */
  tenants(): Promise<string[]>;

  /** Counts over the tenant's events, exact at one moment of the log. */
  stats(tenant: string, since?: Micros): Promise<Stats>;

  /** Every emitter that numbered events of this tenant, oldest first. */
  emitters(tenant: string): Promise<EmitterState[]>;

  /** The view's row with this key, or null. */
  row(tenant: string, view: string, key: string): Promise<ViewRow | null>;

  /** Rows of a view in one of its orders, with their count where it is asked for: one moment for both. */
  rows(query: RowQuery): Promise<RowPage>;

  /** Throws the rows of all views of the tenant away and folds them from the log again. */
  rebuild(tenant: string): Promise<void>;

  /**
   * Counts the values of fields over the events that match, newest first, looking at `scanMax` rows
   * at most.
   */
  facets(query: FacetQuery): Promise<Facets>;

  /**
   * Counts the events that match, and their values in fields, exactly, over the whole log up to its
   * head at the call. Takes as long as it takes, in steps between which others are served.
   */
  count(query: CountQuery): Promise<Counts>;

  /**
   * Takes events that match out of the log for good, oldest `seq` first, at most `limit` of them in
   * one transaction; their `seq` stays used, their emitters' numbers stay known. Views forget them
   * in the same transaction. The caller writes the receipt. With `dryRun` it only counts.
   */
  prune(order: PruneOrder): Promise<PruneResult>;

  /**
   * The leaves that `src/event/leaf.ts` makes of the stored bytes, never of a parsed and rewritten
   * event: the text of `data` stays as the store wrote it first. Made where the rows are read.
   */
  leaves(query: LeafQuery): Promise<Leaves>;

  /** The same as entries, with what opens their commitments. */
  entries(query: LeafQuery): Promise<LeafEntry[]>;

  /** Named bytes of the tenant, beside its log: tiles, checkpoints, keys. Null where there are none. */
  blob(tenant: string, name: string): Promise<Uint8Array | null>;

  /** Names in order. */
  blobNames(query: BlobQuery): Promise<string[]>;

  /** Writes all, durably, in one transaction, or, when one is not as expected, nothing: then false. */
  writeBlobs(tenant: string, writes: readonly BlobWrite[]): Promise<boolean>;

  /**
   * Calls the listener, soon and at least once, after every commit that added events, by whatever
   * process; one call may stand for several commits. Returns the function that ends it.
   */
  watch(listener: () => void): () => void;

  /** Facts about the store, for `doctor`, `/readyz` and `/metrics`. Rejects when it cannot serve. */
  describe(): Promise<StoreDescription>;

  /** Finishes what was accepted and lets go of files and threads; the second call does nothing. */
  close(): Promise<void>;
}

export type Outcome =
  | {
      readonly status: "appended" | "duplicate";
      readonly id: string;
      readonly seq: number;
      readonly recordedAt: Micros;
    }
  | { readonly status: "rejected"; readonly reason: string };

export interface Page {
  readonly events: AuditEvent[];
  readonly scan: {
    /** Rows looked at. */
    readonly scanned: number;
    readonly matched: number;
    /** True when `scanMax` ended the search before the page was full: go on behind `end`. */
    readonly exhausted: boolean;
  };
  /**
   * Go on behind this position; null when nothing more matches. A store whose page is full looks
   * for one match more (within `scanMax`) to know.
   */
  readonly end: { readonly seq: number; readonly occurredAt: Micros } | null;
}

export interface CountQuery {
  readonly tenant: string;
  readonly where: readonly Condition[];
  readonly fields: readonly EqualField[];
}

export interface Counts {
  readonly matched: number;
  /** By field and value; an event without the field is in none of them. */
  readonly fields: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export interface FacetQuery {
  readonly tenant: string;
  readonly where: readonly Condition[];
  readonly fields: readonly EqualField[];
  /** Values at most for each field: the most frequent, ties by value. */
  readonly top: number;
  readonly scanMax: number;
}

export interface Facets {
  readonly scanned: number;
  readonly matched: number;
  /** True when `scanMax` ended the search: older events were not counted. */
  readonly exhausted: boolean;
  readonly fields: Readonly<Record<string, readonly FacetValue[]>>;
}

export interface FacetValue {
  readonly value: string;
  readonly count: number;
  /** The bounds of `occurredAt` among the events that were counted. */
  readonly firstAt: Micros;
  readonly lastAt: Micros;
}

export interface PruneOrder {
  readonly tenant: string;
  readonly where: readonly Condition[];
  /** An event that meets all conditions of one of these stays: legal holds, what is younger elsewhere. */
  readonly except: ReadonlyArray<readonly Condition[]>;
  /** Start behind this seq; default 0. */
  readonly after?: number;
  /** Events to remove, at most. */
  readonly limit: number;
  readonly dryRun?: boolean;
}

export interface PruneResult {
  readonly removed: number;
  /** Matched, but an exception keeps them. */
  readonly kept: number;
  /** The lowest and highest seq removed; null where nothing was. */
  readonly range: readonly [number, number] | null;
  /** Go on behind this seq; null when the log was searched to its head. */
  readonly end: number | null;
}

export interface Stats {
  readonly total: number;
  /** The seq up to which was counted. */
  readonly head: number;
  readonly eventsLastHour: number;
  readonly byCategory: Record<string, number>;
  readonly byStatus: Record<string, number>;
  readonly byType: Record<string, number>;
  readonly byAgent: Record<string, number>;
  readonly byTool: Record<string, number>;
}

/**
 * What the log knows of one emitter in one tenant and epoch. `sent` is what the emitter said when
 * it closed, or null. It is complete when it has closed and every number up to `sent` is there; an
 * open one may still be whole so far.
 */
export interface EmitterState {
  readonly id: string;
  readonly epoch: number;
  readonly received: number;
  readonly highest: number;
  readonly sent: number | null;
  /** Closed intervals of numbers that are not there: [[88, 90]]. Up to `sent` when known, else up to `highest`. */
  readonly missing: ReadonlyArray<readonly [number, number]>;
  readonly firstAt: Micros;
  readonly lastAt: Micros;
}

export interface StoreDescription {
  readonly kind: string;
  /** Where it is, without secrets. */
  readonly location: string;
  readonly schemaVersion: number;
  readonly bytes: number | null;
  readonly events: number;
}
