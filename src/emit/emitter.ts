import { existsSync } from "node:fs";
import { join } from "node:path";
import { backoffMs } from "../base/backoff.ts";
import { settlesWithin } from "../base/deadline.ts";
import { isTrailError, messageOf, TrailError } from "../base/error.ts";
import { uuidv7 } from "../base/uuid.ts";
import { acceptDraft, type DraftDefaults } from "../event/accept.ts";
import type { EventDraft } from "../event/event.ts";
import { DEFAULT_ENVIRONMENT, EVENT_TYPES, SYSTEM_TENANT } from "../event/vocabulary.ts";
import { encodeDraft, type WireDraft } from "../event/wire.ts";
import type { Redactor } from "../redact/redactor.ts";
import { adoptOrphans } from "./adopt.ts";
import type { Batch, BufferLimits, DraftBuffer } from "./buffer.ts";
import { atExit } from "./exit.ts";
import type { Flushed, Health, LossReason } from "./health.ts";
import { Losses } from "./losses.ts";
import { MemoryBuffer } from "./memory-buffer.ts";
import { disown, HEARTBEAT_MS, heartbeat, own } from "./owner.ts";
import type { Sink, SinkOutcome } from "./sink.ts";
import { SpoolBuffer } from "./spool-buffer.ts";

export interface EmitterOptions {
  sink: Sink;
  redactor: Redactor;
  defaults: DraftDefaults;
  /** A name that stays the same from start to start; a fresh UUID where none is given. */
  id?: string | undefined;
  /** `spooled`: in a segment file before `record` returns. `memory`: there only when the process ends. */
  level: "spooled" | "memory";
  /** Where segment files live; null where there is no disk to use. */
  spoolDir: string | null;
  limits: BufferLimits;
  flushIntervalMs: number;
  failClosed: boolean;
  /** Told of trouble, for a log line. What it throws is ignored. */
  onProblem: ((problem: Error) => void) | undefined;
}

const RETRY_BASE_MS = 100;
const RETRY_MAX_MS = 10_000;
const SPOOL_RETRY_MS = 1_000;
const ADOPT_EVERY_MS = 30_000;
/** A process that ends gives its last drafts this long to reach a disk; Node itself takes some more to end. */
const EXIT_BUDGET_MS = 40;
/** What memory holds when the spool cannot be written. */
const FALLBACK: BufferLimits = { maxEvents: 10_000, maxBytes: 16 * 1024 * 1024, overflow: "drop-newest" };

interface Waiter {
  target: number;
  resolve(): void;
}

/**
 * The recording half of a trail. `record` accepts, redacts, numbers and buffers; a loop delivers
 * what is buffered to the sink, in order, one batch at a time, for as long as it takes. Nothing in
 * here waits on the caller's thread, and nothing that fails in here reaches the caller.
 *
 * A spooled emitter writes each draft to its segment file first. When the disk refuses, memory takes
 * over until it is drained, so that the order stays, and then the disk is tried again.
 */
export class Emitter {
  readonly id: string;
  readonly epoch: number;
  readonly #options: EmitterOptions;
  readonly #losses = new Losses();
  readonly #numbers = new Map<string, number>();
  readonly #memory: MemoryBuffer;
  readonly #spools: boolean;
  #spool: SpoolBuffer | null = null;
  readonly #ownDir: string | null;
  #spoolFailedAt: number | null = null;

  #recorded = 0;
  #accepted = 0;
  #settled = 0;
  #persisted = 0;
  #adopted = 0;
  #pendingSince: number | null = null;
  #lastError: string | null = null;
  #failures = 0;
  /** What the store asked to wait before the next try. */
  #waitMs = 0;

  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> | null = null;
  #upkeep: NodeJS.Timeout | null = null;
  #leaveExit: (() => void) | null = null;
  #adopting: Promise<void> | null = null;
  readonly #waiters: Waiter[] = [];
  #closing: Promise<Flushed> | null = null;
  #closed = false;

  constructor(options: EmitterOptions) {
    this.#options = options;
    this.id = options.id ?? uuidv7();
    this.epoch = Date.now();
    const onLoss = (reason: LossReason, events: number): void => this.#lose(reason, events, true);
    this.#spools = options.level === "spooled" && options.spoolDir !== null;
    this.#memory = new MemoryBuffer(this.#spools ? FALLBACK : options.limits, onLoss);
    this.#ownDir = options.spoolDir === null ? null : join(options.spoolDir, uuidv7());
  }

  record(draft: EventDraft): string {
    const accepted = this.accept(draft);
    this.#recorded++;
    if (this.#closed) {
      this.#lose("closed", 1, false);
      if (this.#options.failClosed)
        throw new TrailError("emitter.closed", "The trail is closed; open it again to record.");
      return accepted.id;
    }
    try {
      this.#number(accepted);
      const taken = this.#push(accepted);
      if (taken) this.#noteAccepted();
      else this.#refuse("buffer_full", null);
    } catch (thrown) {
      if (isTrailError(thrown)) throw thrown;
      this.#refuse("internal", thrown);
    }
    return accepted.id;
  }

  /** The draft as it is stored: complete, fitted, redacted, not yet numbered. */
  accept(draft: EventDraft): WireDraft {
    return this.#options.redactor.redact(acceptDraft(draft, this.#options.defaults));
  }

  #number(draft: WireDraft): void {
    const number = (this.#numbers.get(draft.tenant) ?? 0) + 1;
    this.#numbers.set(draft.tenant, number);
    draft.emitter_id = this.id;
    draft.emitter_epoch = this.epoch;
    draft.emitter_number = number;
  }

  #push(draft: WireDraft): boolean {
    this.#leaveExit ??= atExit({ onIdle: () => this.#wake(0), onExit: () => this.#makeSafe() });
    if (!this.#spools || this.#ownDir === null || !this.#spoolIsUsable()) return this.#memory.push(draft);
    try {
      this.#spool ??= this.#openSpool(this.#ownDir);
      return this.#spool.push(draft);
    } catch (thrown) {
      this.#spoolFailedAt = Date.now();
      this.#problem(
        new TrailError("store.unavailable", `The spool cannot be written: ${messageOf(thrown)}`, {
          cause: thrown,
        }),
      );
      if (this.#options.failClosed) throw thrown;
      return this.#memory.push(draft);
    }
  }

  #spoolIsUsable(): boolean {
    if (this.#spoolFailedAt === null) return true;
    if (this.#memory.events > 0 || Date.now() - this.#spoolFailedAt < SPOOL_RETRY_MS) return false;
    this.#spoolFailedAt = null;
    return true;
  }

  #openSpool(dir: string): SpoolBuffer {
    const spool = new SpoolBuffer(dir, this.#options.limits, (reason, events) =>
      this.#lose(reason, events, true),
    );
    own(dir);
    this.#upkeep ??= this.#startUpkeep();
    return spool;
  }

  #startUpkeep(): NodeJS.Timeout {
    const timer = setInterval(() => {
      try {
        if (this.#ownDir !== null && this.#spool !== null) heartbeat(this.#ownDir);
      } catch (thrown) {
        this.#problem(thrown);
      }
    }, HEARTBEAT_MS);
    timer.unref();
    return timer;
  }

  #noteAccepted(): void {
    this.#accepted++;
    this.#pendingSince ??= Date.now();
    if (this.#timer !== null || this.#running !== null) return;
    this.#wake(this.#options.flushIntervalMs);
  }

  #refuse(reason: LossReason, cause: unknown): void {
    this.#lose(reason, 1, false);
    if (cause !== null) this.#problem(cause);
    if (this.#options.failClosed) {
      throw new TrailError("emitter.full", `The event could not be kept: ${reason}.`, {
        fix: "Wait until the store answers again, or allow the trail a larger buffer.",
        cause,
      });
    }
  }

  #lose(reason: LossReason, events: number, wasAccepted: boolean): void {
    this.#losses.note(reason, events);
    this.#warn(reason, events);
    if (wasAccepted) this.#settle(events);
    if (!this.#closed) this.#wake(this.#options.flushIntervalMs);
  }

  #settle(events: number): void {
    this.#settled = Math.min(this.#settled + events, this.#accepted);
    if (this.#settled >= this.#accepted) this.#pendingSince = null;
    for (let i = this.#waiters.length - 1; i >= 0; i--) {
      const waiter = this.#waiters[i] as Waiter;
      if (this.#settled < waiter.target) continue;
      this.#waiters.splice(i, 1);
      waiter.resolve();
    }
  }

  /** Runs the delivery loop in `delayMs`, at once for 0; a running loop takes what is new by itself. */
  #wake(delayMs: number): void {
    if (this.#running !== null) return;
    if (this.#timer !== null) {
      if (delayMs > 0) return;
      clearTimeout(this.#timer);
      this.#timer = null;
    }
    if (delayMs === 0) {
      this.#run();
      return;
    }
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#run();
    }, delayMs);
    this.#timer.unref();
  }

  #run(): void {
    this.#running ??= this.#deliver().finally(() => {
      this.#running = null;
      if (this.#failures > 0 && !this.#closed)
        this.#wake(Math.max(this.#waitMs, backoffMs(this.#failures, RETRY_BASE_MS, RETRY_MAX_MS)));
      else if (this.#hasWork && !this.#closed) this.#wake(this.#options.flushIntervalMs);
    });
  }

  get #hasWork(): boolean {
    return this.#settled < this.#accepted || this.#losses.untold;
  }

  async #deliver(): Promise<void> {
    try {
      for (;;) {
        const source: DraftBuffer =
          this.#spool !== null && this.#spool.events > 0 ? this.#spool : this.#memory;
        const batch = await source.take();
        if (batch === null) break;
        this.#noteOutcomes(await this.#options.sink.append(batch.lines), batch);
        source.settle();
        this.#noteSuccess();
      }
      await this.#tellLosses();
      this.#noteSuccess();
    } catch (thrown) {
      this.#failures++;
      this.#waitMs = isTrailError(thrown) ? (thrown.retryAfterMs ?? 0) : 0;
      this.#lastError = messageOf(thrown);
      this.#interrupted(thrown);
    }
  }

  #noteOutcomes(outcomes: readonly SinkOutcome[], batch: Batch): void {
    let rejected = 0;
    for (const outcome of outcomes) {
      if (outcome.status !== "rejected") continue;
      rejected++;
      this.#problem(new TrailError("event.invalid", `The store refused an event: ${outcome.reason}`));
    }
    this.#persisted += batch.lines.length - rejected;
    this.#losses.note("rejected_by_store", rejected);
    this.#settle(batch.lines.length);
  }

  #noteSuccess(): void {
    this.#failures = 0;
    this.#lastError = null;
    if (this.#settled < this.#accepted) this.#pendingSince = Date.now();
  }

  async #tellLosses(): Promise<void> {
    if (!this.#losses.untold) return;
    const drafts = this.#losses.tell({ id: this.id, epoch: this.epoch }, this.#options.defaults);
    await this.#options.sink.append(drafts.map(encodeDraft));
    this.#losses.told(drafts);
  }

  /** Adopts what dead emitters left, now and every half a minute; resolves after the first round. */
  adopt(): Promise<void> {
    const { spoolDir, sink } = this.#options;
    if (spoolDir === null || this.#closed) return Promise.resolve();
    this.#adopting ??= this.#adoptOnce(spoolDir, sink).finally(() => {
      this.#adopting = null;
      if (this.#closed) return;
      setTimeout(() => void this.adopt(), ADOPT_EVERY_MS).unref();
    });
    return this.#adopting;
  }

  async #adoptOnce(spoolDir: string, sink: Sink): Promise<void> {
    if (!existsSync(spoolDir)) return;
    try {
      const { delivered, lost } = await adoptOrphans(spoolDir, sink);
      this.#adopted += delivered;
      if (lost > 0) this.#lose("unreadable_spool", lost, false);
    } catch (thrown) {
      this.#interrupted(thrown);
    }
  }

  /** What our own close cut short is no trouble: who closed was told what is pending, and the spool has it. */
  #interrupted(thrown: unknown): void {
    if (!this.#closed) this.#problem(thrown);
  }

  async flush(timeoutMs: number): Promise<Flushed> {
    const target = this.#accepted;
    if (this.#hasWork && !this.#closed) this.#wake(0);
    if (this.#settled < target && !this.#closed) await this.#settledUpTo(target, timeoutMs);
    return this.#flushed(target);
  }

  async #settledUpTo(target: number, timeoutMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter: Waiter = { target, resolve };
    this.#waiters.push(waiter);
    if (await settlesWithin(promise, timeoutMs)) return;
    const at = this.#waiters.indexOf(waiter);
    if (at >= 0) this.#waiters.splice(at, 1);
  }

  #flushed(target: number): Flushed {
    return {
      complete: this.#settled >= target,
      persisted: this.#persisted,
      dropped: this.#losses.total,
      pending: this.#accepted - this.#settled,
    };
  }

  /**
   * Says how many events were sent, delivers what it can in the time, and lets go. What is left
   * stays in the spool for the next start; from memory it goes there too, where there is a disk.
   */
  close(timeoutMs: number): Promise<Flushed> {
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  async #close(timeoutMs: number): Promise<Flushed> {
    const until = performance.now() + timeoutMs;
    for (const closing of this.#closingDrafts()) if (this.#push(closing)) this.#accepted++;
    await this.flush(timeoutMs);
    this.#closed = true;
    const busy = Promise.all([this.#running, this.#adopting]);
    await settlesWithin(busy, Math.max(0, until - performance.now()));
    this.#makeSafe();
    this.#leaveExit?.();
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#upkeep !== null) clearInterval(this.#upkeep);
    this.#spool?.close();
    if (this.#ownDir !== null) disown(this.#ownDir);
    for (const waiter of this.#waiters.splice(0)) waiter.resolve();
    return this.#flushed(this.#accepted);
  }

  #closingDrafts(): WireDraft[] {
    return [...this.#numbers].map(([tenant, sent]) => ({
      ...acceptDraft({ type: EVENT_TYPES.emitterClosed, category: "session", source: "daybook" }, {}),
      tenant: SYSTEM_TENANT,
      environment: this.#options.defaults.environment ?? DEFAULT_ENVIRONMENT,
      data: { tenant, emitter_id: this.id, emitter_epoch: this.epoch, sent },
    }));
  }

  /** Puts what is only in memory into a segment file, synchronously, as far as the time allows. */
  #makeSafe(): void {
    if (this.#ownDir === null || this.#memory.events === 0) return;
    const until = performance.now() + EXIT_BUDGET_MS;
    try {
      this.#spool ??= this.#openSpool(this.#ownDir);
      for (let batch = this.#memory.takeNow(); batch !== null; batch = this.#memory.takeNow()) {
        this.#spool.pushLines(batch.lines);
        this.#memory.settle();
        if (performance.now() > until) return;
      }
    } catch (thrown) {
      this.#problem(thrown);
    }
  }

  health(): Health {
    const spooled = this.#spools && this.#spoolFailedAt === null;
    return {
      level: spooled ? "spooled" : "memory",
      recorded: this.#recorded,
      queued: this.#accepted - this.#settled,
      queuedBytes: this.#memory.bytes + (this.#spool?.bytes ?? 0),
      persisted: this.#persisted,
      adopted: this.#adopted,
      dropped: this.#losses.total,
      droppedBy: { ...this.#losses.by },
      spilled: this.#spool?.events ?? 0,
      lagMs: this.#pendingSince === null ? 0 : Math.max(0, Date.now() - this.#pendingSince),
      lastError: this.#lastError,
    };
  }

  /** One for each drop; what else is lost has a cause, which is said where it is known. */
  #warn(reason: LossReason, events: number): void {
    if (this.#options.onProblem === undefined) return;
    if (reason === "closed")
      this.#problem(new TrailError("emitter.closed", "The trail is closed: an event is lost."));
    if (reason !== "buffer_full") return;
    const count = events === 1 ? "an event is" : `${events} events are`;
    this.#problem(new TrailError("emitter.full", `The buffer is full: ${count} lost.`));
  }

  /** Tells of trouble that must not reach the caller. */
  problem(thrown: unknown): void {
    this.#problem(thrown);
  }

  #problem(thrown: unknown): void {
    const { onProblem } = this.#options;
    if (onProblem === undefined) return;
    try {
      onProblem(thrown instanceof Error ? thrown : new Error(messageOf(thrown)));
    } catch (ignored) {
      this.#lastError ??= messageOf(ignored);
    }
  }
}
