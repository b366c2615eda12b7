import type { DatabaseSync, StatementSync } from "node:sqlite";
import { type Micros, nowMicros } from "../../base/clock.ts";
import { messageOf } from "../../base/error.ts";
import { uuidFromBytes, uuidToBytes } from "../../base/uuid.ts";
import { EVENT_TYPES, SYSTEM_TENANT } from "../../event/vocabulary.ts";
import type { WireDraft } from "../../event/wire.ts";
import { readClosing } from "../emissions.ts";
import { toRow } from "../event-row.ts";
import { readLine } from "../line.ts";
import { blockEvents, blockOf, openBlockOf, posOf, seqOf, TENANT_NO_MAX } from "./position.ts";
import type { PackedOutcomes } from "./protocol.ts";
import { INSERT_EVENT } from "./rows.ts";
import { isRowFault } from "./trouble.ts";
import { FreshEvents } from "./view-rows/fresh-events.ts";
import { sealBlock } from "./views/seal.ts";
import { Summary, summarizeRows } from "./views/summary.ts";

interface Tenant {
  readonly no: number;
  readonly name: string;
  head: number;
  lastAt: Micros;
}

interface Added {
  readonly draft: WireDraft;
  readonly seq: number;
  readonly recordedAt: Micros;
  readonly chars: number;
}

/** Open blocks that are summarized as they grow; a tenant beyond them pays with a read of its block. */
const SUMMARIES_MAX = 32;
const TENANTS_MAX = 10_000;

/** The one who gives seqs: turns batches of lines into one transaction. */
export class Appender {
  readonly db: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #findById: StatementSync;
  readonly #findByKey: StatementSync;
  readonly #findTenant: StatementSync;
  readonly #saveTenant: StatementSync;
  readonly #dataVersion: StatementSync;
  /** Valid while `data_version` stands still: until another process commits. */
  readonly #tenants = new Map<string, Tenant>();
  readonly #summaries = new Map<number, Summary>();
  /** Tenants with rows in the running transaction. */
  readonly #changed = new Set<Tenant>();
  /** Tenants with events that nobody folded into views yet; the writer empties it. */
  readonly grown = new Set<string>();
  readonly fresh = new FreshEvents();
  /** Rows of the running transaction. */
  #added: Added[] = [];
  #seenVersion: unknown;

  constructor(db: DatabaseSync) {
    this.db = db;
    this.#insert = db.prepare(INSERT_EVENT);
    this.#findById = db.prepare("SELECT id, pos, tenant_no, created_at FROM events WHERE id = ?");
    this.#findByKey = db.prepare(`SELECT id, pos, tenant_no, created_at FROM events
      WHERE tenant_no = ? AND environment = ? AND idempotency_key = ?`);
    this.#findTenant = db.prepare("SELECT no, head, last_at FROM tenants WHERE name = ?");
    this.#saveTenant = db.prepare(`INSERT INTO tenants (no, name, head, last_at) VALUES (?, ?, ?, ?)
      ON CONFLICT (no) DO UPDATE SET head = excluded.head, last_at = excluded.last_at`);
    this.#dataVersion = db.prepare("PRAGMA data_version");
  }

  /** Commits the batches together, in order. Throws when nothing of it was committed. */
  commit(batches: ReadonlyArray<readonly string[]>): PackedOutcomes[] {
    this.db.exec("BEGIN IMMEDIATE");
    try {
      this.noticeOthers();
      const now = nowMicros();
      const outcomes = batches.map((lines) => this.#appendBatch(lines, now));
      for (const tenant of this.#changed) {
        this.#saveTenant.run(tenant.no, tenant.name, tenant.head, tenant.lastAt);
        this.grown.add(tenant.name);
      }
      this.#changed.clear();
      this.db.exec("COMMIT");
      for (const { draft, seq, recordedAt, chars } of this.#added)
        this.fresh.add(draft, seq, recordedAt, chars);
      this.#added = [];
      this.#trim();
      return outcomes;
    } catch (thrown) {
      this.forget();
      if (this.db.isTransaction) this.db.exec("ROLLBACK");
      throw thrown;
    }
  }

  #appendBatch(lines: readonly string[], now: Micros): PackedOutcomes {
    const ids: string[] = [];
    const seqs = new Float64Array(lines.length);
    const times = new Float64Array(lines.length);
    const duplicates: number[] = [];
    const rejected: Array<[number, string]> = [];
    for (const [i, line] of lines.entries()) {
      const outcome = this.#appendLine(line, now);
      if (typeof outcome === "string") {
        rejected.push([i, outcome]);
        continue;
      }
      if (outcome.known) duplicates.push(i);
      ids.push(outcome.id);
      seqs[i] = outcome.seq;
      times[i] = outcome.recordedAt;
    }
    return { ids: ids.join(""), seqs, times, duplicates, rejected };
  }

  /** Where the line is now, or the reason why it is refused. */
  #appendLine(
    line: string,
    now: Micros,
  ): { id: string; seq: number; recordedAt: Micros; known: boolean } | string {
    const read = readLine(line);
    if (read.draft === undefined) return read.reason;
    const { draft } = read;
    const tenant = this.#tenant(draft.tenant);
    if (tenant === undefined) return "the store holds as many tenants as it can";
    const seq = tenant.head + 1;
    const pos = posOf(tenant.no, seq);
    const recordedAt = Math.max(now, tenant.lastAt);
    const occurredAt = read.occurredAt ?? recordedAt;
    let isNew: boolean;
    try {
      isNew = this.#insert.run(...toRow(draft, pos, tenant.no, occurredAt, recordedAt)).changes === 1;
    } catch (thrown) {
      if (!isRowFault(thrown)) throw thrown;
      return messageOf(thrown);
    }
    if (!isNew) return this.#findKnown(draft, tenant);
    tenant.head = seq;
    tenant.lastAt = recordedAt;
    this.#changed.add(tenant);
    this.#added.push({ draft, seq, recordedAt, chars: line.length });
    this.#summarize(draft, tenant, occurredAt);
    if (draft.tenant === SYSTEM_TENANT && draft.event_type === EVENT_TYPES.emitterClosed) {
      this.#noteClosing(draft, recordedAt);
    }
    return { id: draft.id, seq, recordedAt, known: false };
  }

  #findKnown(
    draft: WireDraft,
    tenant: Tenant,
  ): { id: string; seq: number; recordedAt: Micros; known: true } | string {
    const row =
      this.#findById.get(uuidToBytes(draft.id)) ??
      this.#findByKey.get(tenant.no, draft.environment, draft.idempotency_key ?? null);
    // Neither id nor key is known, so it was `pos`: our head is behind the file.
    if (row === undefined) throw new Error(`position ${tenant.head + 1} is taken`);
    if (row.tenant_no !== tenant.no) return "the id belongs to another tenant";
    return {
      id: uuidFromBytes(row.id as Uint8Array),
      seq: seqOf(row.pos as number),
      recordedAt: row.created_at as number,
      known: true,
    };
  }

  #summarize(draft: WireDraft, tenant: Tenant, occurredAt: Micros): void {
    const pos = posOf(tenant.no, tenant.head);
    const block = blockOf(pos);
    const startsBlock = tenant.head === 1 || blockOf(pos - 1) !== block;
    let summary = this.#summaries.get(tenant.no);
    if (startsBlock) {
      summary = new Summary();
      this.#summaries.delete(tenant.no);
      this.#summaries.set(tenant.no, summary);
    }
    summary?.add(draft, tenant.head, occurredAt, tenant.lastAt);
    if (openBlockOf(tenant.no, tenant.head) === block) return;
    const whole = summary?.events === blockEvents(block) ? summary : summarizeRows(this.db, block);
    sealBlock(this.db, tenant.no, block, whole);
    this.#summaries.delete(tenant.no);
  }

  #noteClosing(draft: WireDraft, recordedAt: Micros): void {
    const closing = readClosing(draft.data);
    if (closing === null) return;
    this.db
      .prepare("INSERT OR IGNORE INTO closings VALUES (?, ?, ?, ?, ?)")
      .run(closing.tenant, closing.id, closing.epoch, closing.sent, recordedAt);
  }

  #tenant(name: string): Tenant | undefined {
    const cached = this.#tenants.get(name);
    if (cached !== undefined) return cached;
    const row = this.#findTenant.get(name);
    const tenant: Tenant =
      row === undefined
        ? { no: this.#nextTenantNo(), name, head: 0, lastAt: 0 }
        : { no: row.no as number, name, head: row.head as number, lastAt: row.last_at as number };
    if (tenant.no > TENANT_NO_MAX) return undefined;
    this.#tenants.set(name, tenant);
    return tenant;
  }

  #nextTenantNo(): number {
    let no = (this.db.prepare("SELECT coalesce(max(no), 0) AS no FROM tenants").get()?.no as number) + 1;
    // Some may have a number already and no row yet.
    for (const tenant of this.#tenants.values()) no = Math.max(no, tenant.no + 1);
    return no;
  }

  /** Within a transaction: forgets what it knows of the file when another process has committed. */
  noticeOthers(): void {
    const version = this.#dataVersion.get()?.data_version;
    if (version !== this.#seenVersion) this.forget();
    this.#seenVersion = version;
  }

  /** Looks at the file again before the next commit: rows of it changed by another hand. */
  forget(): void {
    this.#tenants.clear();
    this.#summaries.clear();
    this.#changed.clear();
    this.#added = [];
    this.fresh.clear();
  }

  #trim(): void {
    if (this.#tenants.size > TENANTS_MAX) this.#tenants.clear();
    while (this.#summaries.size > SUMMARIES_MAX) {
      const [oldest] = this.#summaries.keys();
      if (oldest === undefined) return;
      this.#summaries.delete(oldest);
    }
  }
}
