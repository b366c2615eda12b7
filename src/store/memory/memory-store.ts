import { type Micros, nowMicros } from "../../base/clock.ts";
import { TrailError } from "../../base/error.ts";
import type { AuditEvent } from "../../event/event.ts";
import { columnsOf, type LeafEntry } from "../../event/leaf.ts";
import { EVENT_TYPES, SYSTEM_TENANT } from "../../event/vocabulary.ts";
import { toEvent } from "../../event/wire.ts";
import type { Query } from "../../query/filter.ts";
import { fieldOf, matches } from "../../query/matches.ts";
import type { RowPage, RowQuery, ViewRow } from "../../view/row-query.ts";
import { type Closing, readClosing, toEmitterState, toRanges } from "../emissions.ts";
import { FacetCounter } from "../facet-counter.ts";
import {
  type BlobQuery,
  type BlobWrite,
  type LeafQuery,
  type Leaves,
  type StoredEvent,
  toEntries,
  toLeaves,
} from "../leaves.ts";
import { readLine } from "../line.ts";
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
import { MemoryBlobs } from "./memory-blobs.ts";
import { MemoryRows } from "./memory-rows.ts";

const MICROS_PER_HOUR = 3_600_000_000;

/** The log in memory: for `:memory:`, for tests, and as the oracle that other stores are held against. */
export function openMemoryStore(): Store {
  return new MemoryStore();
}

interface Numbered {
  readonly id: string;
  readonly epoch: number;
  readonly numbers: number[];
  readonly firstAt: Micros;
  lastAt: Micros;
}

class MemoryStore implements Store {
  readonly #logs = new Map<string, AuditEvent[]>();
  readonly #heads = new Map<string, number>();
  /** Numbers of emitters whose events are pruned. */
  readonly #gone = new Map<string, AuditEvent[]>();
  readonly #byId = new Map<string, AuditEvent>();
  readonly #byKey = new Map<string, AuditEvent>();
  readonly #closings = new Map<string, Closing & { at: Micros }>();
  readonly #rows = new Map<string, MemoryRows>();
  readonly #blobs = new MemoryBlobs();
  readonly #listeners = new Set<() => void>();
  #closed = false;

  async append(lines: readonly string[]): Promise<Outcome[]> {
    this.#assertOpen();
    const now = nowMicros();
    const outcomes = lines.map((line) => this.#appendLine(line, now));
    if (outcomes.some((outcome) => outcome.status === "appended")) {
      for (const listener of this.#listeners) queueMicrotask(listener);
    }
    return outcomes;
  }

  #appendLine(line: string, now: Micros): Outcome {
    const read = readLine(line);
    if (read.draft === undefined) return { status: "rejected", reason: read.reason };
    const { draft } = read;
    const key =
      draft.idempotency_key === undefined
        ? undefined
        : JSON.stringify([draft.tenant, draft.environment, draft.idempotency_key]);
    const known = this.#byId.get(draft.id) ?? (key === undefined ? undefined : this.#byKey.get(key));
    if (known !== undefined) {
      if (known.tenant !== draft.tenant)
        return { status: "rejected", reason: "the id belongs to another tenant" };
      return { status: "duplicate", id: known.id, seq: known.seq, recordedAt: known.recordedAt };
    }
    const log = this.#logs.get(draft.tenant) ?? [];
    this.#logs.set(draft.tenant, log);
    const last = log.at(-1);
    const recordedAt = last === undefined ? now : Math.max(now, last.recordedAt);
    const seq = (this.#heads.get(draft.tenant) ?? 0) + 1;
    this.#heads.set(draft.tenant, seq);
    const event = toEvent(draft, seq, recordedAt);
    log.push(event);
    this.#byId.set(event.id, event);
    if (key !== undefined) this.#byKey.set(key, event);
    if (event.tenant === SYSTEM_TENANT && event.type === EVENT_TYPES.emitterClosed) this.#noteClosing(event);
    return { status: "appended", id: event.id, seq: event.seq, recordedAt };
  }

  #noteClosing(event: AuditEvent): void {
    const closing = readClosing(event.data);
    if (closing === null) return;
    const key = JSON.stringify([closing.tenant, closing.id, closing.epoch]);
    if (!this.#closings.has(key)) this.#closings.set(key, { ...closing, at: event.recordedAt });
  }

  async get(tenant: string, id: string): Promise<AuditEvent | null> {
    this.#assertOpen();
    const event = this.#byId.get(id.toLowerCase());
    return event !== undefined && event.tenant === tenant ? event : null;
  }

  async list(query: Query): Promise<Page> {
    this.#assertOpen();
    const sign = query.direction === "asc" ? 1 : -1;
    const ordered = [...(this.#logs.get(query.tenant) ?? [])].sort((a, b) => sign * compare(a, b, query));
    const events: AuditEvent[] = [];
    let scanned = 0;
    let last: AuditEvent | undefined;
    for (const event of ordered) {
      if (query.after !== undefined && sign * compareTo(event, query) <= 0) continue;
      if (scanned >= query.scanMax) {
        return {
          events,
          scan: { scanned, matched: events.length, exhausted: events.length < query.limit },
          end: endAt(last),
        };
      }
      scanned++;
      if (matches(event, query.where)) {
        if (events.length === query.limit) {
          return {
            events,
            scan: { scanned, matched: events.length, exhausted: false },
            end: endAt(events.at(-1)),
          };
        }
        events.push(event);
      }
      last = event;
    }
    return { events, scan: { scanned, matched: events.length, exhausted: false }, end: null };
  }

  async head(tenant: string): Promise<number> {
    this.#assertOpen();
    return this.#heads.get(tenant) ?? 0;
  }

  async tenants(): Promise<string[]> {
    this.#assertOpen();
    return [...this.#logs.keys()].sort();
  }

  async stats(tenant: string, since?: Micros): Promise<Stats> {
    this.#assertOpen();
    const log = this.#logs.get(tenant) ?? [];
    const hourAgo = nowMicros() - MICROS_PER_HOUR;
    const counted = since === undefined ? log : log.filter((event) => event.recordedAt >= since);
    const by = (value: (event: AuditEvent) => string | null): Record<string, number> => {
      const counts = new Map<string, number>();
      for (const event of counted) {
        const key = value(event);
        if (key !== null) counts.set(key, (counts.get(key) ?? 0) + 1);
      }
      return Object.fromEntries(counts);
    };
    return {
      total: counted.length,
      head: this.#heads.get(tenant) ?? 0,
      eventsLastHour: log.filter((event) => event.recordedAt >= hourAgo).length,
      byCategory: by((event) => event.category),
      byStatus: by((event) => event.status),
      byType: by((event) => event.type),
      byAgent: by((event) => event.agent),
      byTool: by((event) => event.tool),
    };
  }

  async emitters(tenant: string): Promise<EmitterState[]> {
    this.#assertOpen();
    const known = new Map<string, Numbered>();
    const gone = this.#gone.get(tenant) ?? [];
    for (const { emitter, recordedAt } of [...gone, ...(this.#logs.get(tenant) ?? [])]) {
      if (emitter === null) continue;
      const { id, epoch } = emitter;
      const key = JSON.stringify([tenant, id, epoch]);
      const state = known.get(key) ?? { id, epoch, numbers: [], firstAt: recordedAt, lastAt: recordedAt };
      state.numbers.push(emitter.number);
      state.lastAt = recordedAt;
      known.set(key, state);
    }
    for (const [key, { tenant: named, id, epoch, sent, at }] of this.#closings) {
      if (named !== tenant || known.has(key) || sent === 0) continue;
      known.set(key, { id, epoch, numbers: [], firstAt: at, lastAt: at });
    }
    return [...known]
      .sort(([, a], [, b]) => a.firstAt - b.firstAt)
      .map(([key, { numbers, ...emitter }]) =>
        toEmitterState(emitter, toRanges(numbers), this.#closings.get(key)?.sent ?? null),
      );
  }

  async facets(query: FacetQuery): Promise<Facets> {
    this.#assertOpen();
    const { tenant, where, fields, scanMax } = query;
    const log = (this.#logs.get(tenant) ?? []).toReversed();
    const counter = new FacetCounter(query);
    for (const event of log.slice(0, scanMax)) {
      if (!matches(event, where)) continue;
      counter.add(
        event.occurredAt,
        fields.map((field) => fieldOf(event, field)),
      );
    }
    return counter.facets(Math.min(log.length, scanMax), log.length > scanMax);
  }

  async count({ tenant, where, fields }: CountQuery): Promise<Counts> {
    this.#assertOpen();
    const found = (this.#logs.get(tenant) ?? []).filter((event) => matches(event, where));
    const counts = fields.map((field) => {
      const values = new Map<string, number>();
      for (const event of found) {
        const value = fieldOf(event, field);
        if (value !== null) values.set(value, (values.get(value) ?? 0) + 1);
      }
      return [field, Object.fromEntries(values)] as const;
    });
    return { matched: found.length, fields: Object.fromEntries(counts) };
  }

  async prune({ tenant, where, except, after = 0, limit, dryRun = false }: PruneOrder): Promise<PruneResult> {
    this.#assertOpen();
    const log = this.#logs.get(tenant) ?? [];
    const found = log.filter((event) => event.seq > after && matches(event, where));
    const some = found.slice(0, limit);
    const doomed = some.filter((event) => !except.some((exception) => matches(event, exception)));
    if (!dryRun) this.#remove(tenant, log, doomed);
    const [first, last] = [doomed[0], doomed.at(-1)];
    return {
      removed: doomed.length,
      kept: some.length - doomed.length,
      range: first === undefined || last === undefined ? null : [first.seq, last.seq],
      end: found.length > some.length ? (some.at(-1)?.seq ?? null) : null,
    };
  }

  #remove(tenant: string, log: readonly AuditEvent[], doomed: readonly AuditEvent[]): void {
    const gone = new Set(doomed);
    this.#rowsOf(tenant).forget(doomed);
    this.#logs.set(
      tenant,
      log.filter((event) => !gone.has(event)),
    );
    this.#gone.set(tenant, [...(this.#gone.get(tenant) ?? []), ...doomed]);
    for (const event of doomed) {
      this.#byId.delete(event.id);
      for (const [key, known] of this.#byKey) if (known === event) this.#byKey.delete(key);
    }
  }

  async row(tenant: string, view: string, key: string): Promise<ViewRow | null> {
    this.#assertOpen();
    return this.#rowsOf(tenant).row(this.#logs.get(tenant) ?? [], view, key);
  }

  async rows(query: RowQuery): Promise<RowPage> {
    this.#assertOpen();
    return this.#rowsOf(query.tenant).rows(this.#logs.get(query.tenant) ?? [], query);
  }

  async rebuild(tenant: string): Promise<void> {
    this.#assertOpen();
    this.#rowsOf(tenant).rebuild();
  }

  #rowsOf(tenant: string): MemoryRows {
    const rows = this.#rows.get(tenant) ?? new MemoryRows();
    this.#rows.set(tenant, rows);
    return rows;
  }

  async leaves(query: LeafQuery): Promise<Leaves> {
    return toLeaves(this.#stored(query), query.saltKey);
  }

  async entries(query: LeafQuery): Promise<LeafEntry[]> {
    return toEntries(this.#stored(query), query.saltKey);
  }

  #stored({ tenant, after, limit }: LeafQuery): StoredEvent[] {
    this.#assertOpen();
    const events = (this.#logs.get(tenant) ?? []).filter(({ seq }) => seq > after).slice(0, limit);
    return events.map((event) => ({ seq: event.seq, read: columnsOf(event) }));
  }

  async blob(tenant: string, name: string): Promise<Uint8Array | null> {
    this.#assertOpen();
    return this.#blobs.read(tenant, name);
  }

  async blobNames(query: BlobQuery): Promise<string[]> {
    this.#assertOpen();
    return this.#blobs.names(query);
  }

  async writeBlobs(tenant: string, writes: readonly BlobWrite[]): Promise<boolean> {
    this.#assertOpen();
    return this.#blobs.write(tenant, writes);
  }

  watch(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async describe(): Promise<StoreDescription> {
    this.#assertOpen();
    return { kind: "memory", location: ":memory:", schemaVersion: 1, bytes: null, events: this.#byId.size };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#listeners.clear();
  }

  #assertOpen(): void {
    if (this.#closed) throw new TrailError("store.closed", "The store is closed. Open the trail again.");
  }
}

function compare(a: AuditEvent, b: AuditEvent, query: Query): number {
  return query.order === "occurred_at" && a.occurredAt !== b.occurredAt
    ? a.occurredAt - b.occurredAt
    : a.seq - b.seq;
}

function compareTo(event: AuditEvent, query: Query): number {
  const after = query.after;
  if (after === undefined) return 1;
  if (
    query.order === "occurred_at" &&
    after.occurredAt !== undefined &&
    event.occurredAt !== after.occurredAt
  ) {
    return event.occurredAt - after.occurredAt;
  }
  return event.seq - after.seq;
}

function endAt(event: AuditEvent | undefined): Page["end"] {
  return event === undefined ? null : { seq: event.seq, occurredAt: event.occurredAt };
}
