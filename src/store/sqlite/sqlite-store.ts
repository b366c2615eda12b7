import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { Micros } from "../../base/clock.ts";
import { TrailError } from "../../base/error.ts";
import type { AuditEvent } from "../../event/event.ts";
import type { LeafEntry } from "../../event/leaf.ts";
import type { Query } from "../../query/filter.ts";
import type { RowPage, RowQuery, ViewRow } from "../../view/row-query.ts";
import type { BlobQuery, BlobWrite, LeafQuery, Leaves } from "../leaves.ts";
import type {
  CountQuery,
  Counts,
  EmitterState,
  FacetQuery,
  Facets,
  Outcome,
  Page,
  PruneOrder,
  PruneResult,
  Stats,
  Store,
  StoreDescription,
} from "../store.ts";
import { WorkerChannel } from "./channel.ts";
import { isCurrent, type SqliteOptions } from "./database.ts";
import { SCHEMA_VERSION } from "./migrate.ts";
import type { PackedOutcomes, ReaderCalls, WriterCalls } from "./protocol.ts";
import type { CountStep } from "./read/facets.ts";
import { toEvent } from "./rows.ts";
import type { Folded } from "./view-rows/read-rows.ts";

export type { SqliteOptions } from "./database.ts";

const ID_CHARS = 36;

/**
 * The log in one SQLite file, made where there is none. A thread writes and another one reads; each
 * starts when it is first needed. Rejects with `store.foreign_file`, `store.newer_schema`,
 * `store.corrupt` or `store.unavailable`.
 */
export async function openSqliteStore(path: string, options: SqliteOptions = {}): Promise<Store> {
  const store = new SqliteStore(resolve(path), options);
  await store.open();
  return store;
}

class SqliteStore implements Store {
  readonly #path: string;
  readonly #writer: WorkerChannel<WriterCalls>;
  readonly #reader: WorkerChannel<ReaderCalls>;
  readonly #listeners = new Set<() => void>();
  #closing: Promise<void> | undefined;

  constructor(path: string, options: SqliteOptions) {
    this.#path = path;
    const start = { path, options };
    this.#writer = new WorkerChannel("writer", start, () => this.#ring());
    this.#reader = new WorkerChannel("reader", start, () => this.#ring());
  }

  async open(): Promise<void> {
    if (isCurrent(this.#path)) return;
    try {
      await this.#writer.call("open", null);
    } catch (thrown) {
      await this.#writer.close();
      throw thrown;
    }
  }

  async append(lines: readonly string[]): Promise<Outcome[]> {
    this.#assertOpen();
    if (lines.length === 0) return [];
    const packed = await this.#writer.call("append", lines);
    if (packed.duplicates.length + packed.rejected.length < lines.length) this.#ring();
    return unpack(packed);
  }

  async get(tenant: string, id: string): Promise<AuditEvent | null> {
    this.#assertOpen();
    const row = await this.#reader.call("get", { tenant, id });
    return row === null ? null : toEvent(row, tenant);
  }

  async list(query: Query): Promise<Page> {
    this.#assertOpen();
    const { rows, scan, end } = await this.#reader.call("list", query);
    return { events: rows.map((row) => toEvent(row, query.tenant)), scan, end };
  }

  async head(tenant: string): Promise<number> {
    this.#assertOpen();
    return this.#reader.call("head", tenant);
  }

  async tenants(): Promise<string[]> {
    this.#assertOpen();
    return this.#reader.call("tenants", null);
  }

  async stats(tenant: string, since?: Micros): Promise<Stats> {
    this.#assertOpen();
    return this.#reader.call("stats", { tenant, since });
  }

  async emitters(tenant: string): Promise<EmitterState[]> {
    this.#assertOpen();
    return this.#reader.call("emitters", tenant);
  }

  async facets(query: FacetQuery): Promise<Facets> {
    this.#assertOpen();
    return this.#reader.call("facets", query);
  }

  async count(query: CountQuery): Promise<Counts> {
    this.#assertOpen();
    const counts = query.fields.map(() => new Map<string, number>());
    let matched = 0;
    let below: number | null = (await this.head(query.tenant)) + 1;
    while (below !== null) {
      const step: CountStep = await this.#reader.call("count", { query, below });
      matched += step.matched;
      for (const [i, values] of step.fields.entries()) {
        const known = counts[i];
        for (const [value, count] of values) known?.set(value, (known.get(value) ?? 0) + count);
      }
      below = step.below;
    }
    const fields = query.fields.map((field, i) => [field, Object.fromEntries(counts[i] ?? [])] as const);
    return { matched, fields: Object.fromEntries(fields) };
  }

  async prune(order: PruneOrder): Promise<PruneResult> {
    this.#assertOpen();
    return this.#writer.call("prune", order);
  }

  async leaves(query: LeafQuery): Promise<Leaves> {
    this.#assertOpen();
    return this.#reader.call("leaves", query);
  }

  async entries(query: LeafQuery): Promise<LeafEntry[]> {
    this.#assertOpen();
    return this.#reader.call("entries", query);
  }

  async blob(tenant: string, name: string): Promise<Uint8Array | null> {
    this.#assertOpen();
    return this.#reader.call("blob", { tenant, name });
  }

  async blobNames(query: BlobQuery): Promise<string[]> {
    this.#assertOpen();
    return this.#reader.call("blobNames", query);
  }

  async writeBlobs(tenant: string, writes: readonly BlobWrite[]): Promise<boolean> {
    this.#assertOpen();
    return this.#writer.call("writeBlobs", { tenant, writes });
  }

  row(tenant: string, view: string, key: string): Promise<ViewRow | null> {
    return this.#whenFolded(tenant, (atLeast) => this.#reader.call("row", { tenant, view, key, atLeast }));
  }

  rows(query: RowQuery): Promise<RowPage> {
    return this.#whenFolded(query.tenant, (atLeast) => this.#reader.call("rows", { query, atLeast }));
  }

  async rebuild(tenant: string): Promise<void> {
    this.#assertOpen();
    await this.#writer.call("fold", { tenant, anew: true });
  }

  /** Asks again once the writer has folded what was committed before the first question. */
  async #whenFolded<T>(tenant: string, ask: (atLeast?: number) => Promise<Folded<T>>): Promise<T> {
    this.#assertOpen();
    let folded = await ask();
    while (folded.behind !== undefined) {
      await this.#writer.call("fold", { tenant, anew: false });
      folded = await ask(folded.behind);
    }
    return folded.answer;
  }

  watch(listener: () => void): () => void {
    if (this.#closing !== undefined) return () => undefined;
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#watchFile(true);
    return () => {
      if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.#watchFile(false);
    };
  }

  async describe(): Promise<StoreDescription> {
    this.#assertOpen();
    const events = await this.#reader.call("events", null);
    return {
      kind: "sqlite",
      location: this.#path,
      schemaVersion: SCHEMA_VERSION,
      bytes: (await sizeOf(this.#path)) + (await sizeOf(`${this.#path}-wal`)),
      events,
    };
  }

  close(): Promise<void> {
    this.#listeners.clear();
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** The writer last: the last connection moves the log of changes into the file. */
  async #close(): Promise<void> {
    await this.#reader.close();
    await this.#writer.close();
  }

  #watchFile(on: boolean): void {
    if (this.#closing !== undefined) return;
    // Without the reader the own commits still ring; whoever hears one reads, and meets the trouble.
    this.#reader.call("watch", on).catch(() => this.#ring());
  }

  #ring(): void {
    for (const listener of this.#listeners) queueMicrotask(listener);
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) {
      throw new TrailError("store.closed", "The store is closed. Open the trail again.");
    }
  }
}

function unpack({ ids, seqs, times, duplicates, rejected }: PackedOutcomes): Outcome[] {
  const duplicate = new Set(duplicates);
  const reasons = new Map(rejected);
  const outcomes: Outcome[] = [];
  let at = 0;
  for (let i = 0; i < seqs.length; i++) {
    const reason = reasons.get(i);
    if (reason !== undefined) {
      outcomes.push({ status: "rejected", reason });
      continue;
    }
    outcomes.push({
      status: duplicate.has(i) ? "duplicate" : "appended",
      id: ids.slice(at, at + ID_CHARS),
      seq: seqs[i] as number,
      recordedAt: times[i] as number,
    });
    at += ID_CHARS;
  }
  return outcomes;
}

async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined);
  return found?.size ?? 0;
}
