import type { ErrorCode } from "../../base/error-codes.ts";
import type { LeafEntry } from "../../event/leaf.ts";
import type { Query } from "../../query/filter.ts";
import type { RowPage, RowQuery, ViewRow } from "../../view/row-query.ts";
import type { BlobQuery, BlobWrite, LeafQuery, Leaves } from "../leaves.ts";
import type {
  CountQuery,
  EmitterState,
  FacetQuery,
  Facets,
  Page,
  PruneOrder,
  PruneResult,
  Stats,
} from "../store.ts";
import type { SqliteOptions } from "./database.ts";
import type { CountStep } from "./read/facets.ts";
import type { Row } from "./rows.ts";
import type { Folded } from "./view-rows/read-rows.ts";

/** What both workers are given at their start. */
export interface WorkerStart {
  readonly path: string;
  readonly options: SqliteOptions;
}

/** The outcomes of a batch in few objects: copying many small ones between threads is what costs. */
export interface PackedOutcomes {
  /** The ids of what was not rejected, in order, 36 characters each. */
  readonly ids: string;
  readonly seqs: Float64Array;
  readonly times: Float64Array;
  readonly duplicates: readonly number[];
  readonly rejected: ReadonlyArray<readonly [index: number, reason: string]>;
}

export interface PageRows extends Omit<Page, "events"> {
  readonly rows: Row[];
}

/** Each call by name: what goes in, what comes back. */
export interface WriterCalls {
  open: { in: null; out: null };
  append: { in: readonly string[]; out: PackedOutcomes };
  prune: { in: PruneOrder; out: PruneResult };
  /** Folds the tenant's views up to the head that it finds; from the beginning where `anew`. */
  fold: { in: { tenant: string; anew: boolean }; out: null };
  writeBlobs: { in: { tenant: string; writes: readonly BlobWrite[] }; out: boolean };
  close: { in: null; out: null };
}

export interface ReaderCalls {
  get: { in: { tenant: string; id: string }; out: Row | null };
  list: { in: Query; out: PageRows };
  head: { in: string; out: number };
  tenants: { in: null; out: string[] };
  row: {
    in: { tenant: string; view: string; key: string; atLeast: number | undefined };
    out: Folded<ViewRow | null>;
  };
  facets: { in: FacetQuery; out: Facets };
  count: { in: { query: CountQuery; below: number }; out: CountStep };
  rows: { in: { query: RowQuery; atLeast: number | undefined }; out: Folded<RowPage> };
  stats: { in: { tenant: string; since: number | undefined }; out: Stats };
  emitters: { in: string; out: EmitterState[] };
  events: { in: null; out: number };
  leaves: { in: LeafQuery; out: Leaves };
  entries: { in: LeafQuery; out: LeafEntry[] };
  blob: { in: { tenant: string; name: string }; out: Uint8Array | null };
  blobNames: { in: BlobQuery; out: string[] };
  watch: { in: boolean; out: null };
  close: { in: null; out: null };
}

export type Calls<C> = { [K in keyof C]: { in: unknown; out: unknown } } & { close: { in: null; out: null } };

export interface Request<C, K extends keyof C = keyof C> {
  readonly id: number;
  readonly call: K;
  readonly input: C[K] extends { in: infer I } ? I : never;
}

export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly fix: string | undefined;
}

export type Answer =
  | { readonly id: number; readonly output: unknown; readonly error?: never }
  | { readonly id: number; readonly error: WireError };

/** What a worker says without being asked: somebody committed. */
export const COMMITTED = "committed";
