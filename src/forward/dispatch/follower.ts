import { setTimeout as wait } from "node:timers/promises";
import { backoffMs } from "../../base/backoff.ts";
import { messageOf } from "../../base/error.ts";
import { EVENT_TYPES, SYSTEM_TENANT } from "../../event/vocabulary.ts";
import { isProtected } from "../../protect/cipher.ts";
import type { Condition } from "../../query/filter.ts";
import type { Store } from "../../store/store.ts";
import { cursorKey, deliveryGroup } from "../../view/deliveries.ts";
import { sortable } from "../../view/projection.ts";
import { appendReceipt, type ReceiptOutcome, rangesOf } from "../delivery/receipt.ts";
import type { Configuration, Destination, Judgment, Reach } from "../destination.ts";
import type { Egress } from "../egress/egress.ts";
import type { Forwarder } from "../forwarder.ts";
import type { ForwardGround } from "../ground.ts";
import { destinationOf } from "../registry.ts";
import { Batch } from "./batch.ts";
import { type Planned, planEvents } from "./plan.ts";
import { type Told, toldSent } from "./told.ts";

export interface FollowerGround extends ForwardGround {
  readonly egressWay: Egress;
  readonly timeoutMs: number;
  /** Between tries: doubling from the first to the second. */
  readonly backoff: { readonly baseMs: number; readonly maxMs: number };
  readonly onProblem: (problem: Error) => void;
  /** A receiver said that it wants no more. */
  readonly pause: (forwarder: Forwarder) => Promise<void>;
}

type ToSend = Extract<Planned, { kind: "send" }>;

const PAGE_EVENTS = 200;
/** Where each event is a message of its own, so many have one receipt. */
const ROUND_EVENTS = 20;
/** A cursor that moved past so many events of other environments is written down, so that a start need not look again. */
const QUIET_EVENTS = 5_000;

/**
 * Follows the log for one forwarder: reads behind its cursor, sends, writes the receipt that moves the
 * cursor, and so on. Only the receipt of a round makes it done: a crash before it sends that round
 * again, and no other one. What is in memory is one round.
 */
export class Follower {
  readonly #ground: FollowerGround;
  readonly #stopping = new AbortController();
  #changing = new AbortController();
  #forwarder: Forwarder;
  #cursor: number | null = null;
  #writtenCursor = 0;
  /** Whether failures may be open that a success has to settle. */
  #troubled = true;
  #rung = false;
  #bell = Promise.withResolvers<void>();

  constructor(ground: FollowerGround, forwarder: Forwarder) {
    this.#ground = ground;
    this.#forwarder = forwarder;
  }

  get forwarder(): Forwarder {
    return this.#forwarder;
  }

  /** The forwarder as it is now; a round that waits for its receiver begins again with it. */
  update(forwarder: Forwarder): void {
    this.#forwarder = forwarder;
    this.#changing.abort();
    this.wake();
  }

  /** Something was committed. */
  wake(): void {
    this.#rung = true;
    this.#bell.resolve();
  }

  stop(): void {
    this.#stopping.abort();
    this.wake();
  }

  /** Until it is stopped. Never rejects. */
  async run(): Promise<void> {
    let failures = 0;
    while (!this.#stopping.signal.aborted) {
      if (this.#changing.signal.aborted) this.#changing = new AbortController();
      this.#rung = false;
      try {
        const moved = await this.#round();
        failures = 0;
        if (!moved) await this.#rest();
      } catch (thrown) {
        if (this.#signal().aborted) continue;
        const { id } = this.#forwarder;
        this.#ground.onProblem(new Error(`forwarder ${id}: ${messageOf(thrown)}`, { cause: thrown }));
        await this.#sleep(backoffMs(++failures, this.#ground.backoff.baseMs, 60_000));
      }
    }
  }

  /** One batch, from the log to its receipt; false when there is nothing to do. */
  async #round(): Promise<boolean> {
    const forwarder = this.#forwarder;
    const destination = destinationOf(forwarder.forwarder_type);
    if (forwarder.paused || destination === undefined) return false;
    const store = await this.#ground.open();
    this.#cursor ??= await this.#readCursor(store);
    const batch = await this.#gather(store, this.#cursor, destination);
    if (batch === null) return false;
    try {
      for (const message of messagesOf(batch.planned, destination)) {
        await this.#deliver(store, batch, message, destination);
      }
    } finally {
      // Also when it is broken off: what was taken must not be sent again.
      await this.#write(store, batch);
    }
    return true;
  }

  async #readCursor(store: Store): Promise<number> {
    const { tenant, id, incarnation, start } = this.#forwarder;
    const row = await store.row(SYSTEM_TENANT, "deliveries", cursorKey(tenant, id, incarnation));
    const cursor = row?.doc.cursor;
    this.#writtenCursor = typeof cursor === "number" ? cursor : start;
    return this.#writtenCursor;
  }

  async #gather(store: Store, after: number, destination: Destination): Promise<Batch | null> {
    const { tenant, alert } = this.#forwarder;
    const head = await store.head(tenant);
    if (head <= after) return null;
    const { limits } = destination;
    const wanted = Math.max(limits.events, ROUND_EVENTS);
    const plans: Planned[] = [];
    const where: Condition[] = [{ op: "range", field: "seq", max: head }, ...this.#alertConditions()];
    // An alert has looked at its filter before it fired.
    const forwarder = alert === null ? this.#forwarder : { ...this.#forwarder, filter: null };
    let end = after;
    let bytes = 0;
    let sending = 0;
    while (end < head) {
      const page = await store.list({
        tenant,
        where,
        order: "seq",
        direction: "asc",
        after: { seq: end },
        limit: Math.min(PAGE_EVENTS, wanted),
        scanMax: 20_000,
      });
      for (const one of await planEvents(page.events, forwarder, destination, this.#ground.rules)) {
        const size = one.kind === "send" ? Buffer.byteLength(one.item.text) + limits.overheadBytes : 0;
        const isFull = sending >= wanted || bytes + size > limits.bytes;
        if (isFull && sending > 0) return new Batch(plans, { after, end });
        plans.push(one);
        end = one.event.seq;
        bytes += size;
        sending += one.kind === "send" ? 1 : 0;
      }
      if (page.end === null) end = head;
      else end = Math.max(end, page.end.seq);
      if (plans.length >= QUIET_EVENTS) break;
    }
    return new Batch(plans, { after, end });
  }

  #alertConditions(): Condition[] {
    const { alert, id } = this.#forwarder;
    if (alert === null) return [];
    return [
      { op: "any", field: "event_type", values: [EVENT_TYPES.alertFired] },
      { op: "any", field: "resource_id", values: [id] },
    ];
  }

  /** Until each item was taken or refused for good. Rejects when the forwarder changes or stops meanwhile. */
  async #deliver(
    store: Store,
    batch: Batch,
    items: readonly ToSend[],
    destination: Destination,
  ): Promise<void> {
    const [first] = items;
    if (first === undefined) return;
    const { configuration } = first;
    const forwarder = this.#forwarder;
    const before = await this.#attemptsBefore(store, items);
    let attempt = before + 1;
    let left = items;
    let isReported = before > 0;
    for (let tries = 1; left.length > 0; tries++, attempt++) {
      const sent = await destination.send(
        left.map(({ item }) => item),
        configuration,
        this.#reach(),
      );
      const { judgment } = sent;
      const isPrivate = left.some(({ event }) => isProtected(event));
      if (this.#signal().aborted && judgment.verdict === "retry") this.#signal().throwIfAborted();
      if (judgment.verdict === "refuse" && left.length > 1) {
        const half = Math.ceil(left.length / 2);
        await this.#deliver(store, batch, left.slice(0, half), destination);
        await this.#deliver(store, batch, left.slice(half), destination);
        return;
      }
      const told = (more: Pick<Told, "status" | "dead"> & { error?: string }): Told =>
        toldSent(sent, forwarder, configuration, { ...more, attempt, isPrivate });
      left = settle(batch, left, judgment, told);
      if (left.length === 0) return;
      if (!isReported) {
        isReported = true;
        await this.#write(store, batch);
        await this.#report(
          store,
          left,
          told({ status: "FAILED", dead: false, error: judgment.reason ?? "Not taken." }),
        );
      }
      if (judgment.verdict === "gone") await this.#ground.pause(forwarder);
      const { baseMs, maxMs } = this.#ground.backoff;
      await this.#sleep(judgment.retryAfterMs ?? backoffMs(tries, baseMs, maxMs));
      this.#signal().throwIfAborted();
    }
  }

  /** The highest number of a try that failed before, by this process or another. */
  async #attemptsBefore(store: Store, items: readonly ToSend[]): Promise<number> {
    if (!this.#troubled) return 0;
    const rows = await this.#openFailures(store, items[0]?.event.seq ?? 0, items.at(-1)?.event.seq ?? 0);
    return rows.reduce((most, { attempt }) => Math.max(most, attempt), 0);
  }

  async #openFailures(
    store: Store,
    from: number,
    to: number,
  ): Promise<Array<{ seq: number; attempt: number }>> {
    const { tenant, id } = this.#forwarder;
    const { rows } = await store.rows({
      tenant: SYSTEM_TENANT,
      view: "deliveries",
      group: deliveryGroup("failure", tenant, id),
      from: sortable(from),
      to: sortable(to),
      direction: "asc",
      limit: QUIET_EVENTS * 2,
    });
    return rows.map(({ doc }) => ({ seq: doc.seq as number, attempt: doc.attempt as number }));
  }

  /** A failure that will be tried again: told once, and the cursor stays. */
  async #report(store: Store, items: readonly ToSend[], told: Told): Promise<void> {
    this.#troubled = true;
    const byEnvironment = Map.groupBy(items, ({ event }) => event.environment);
    const outcomes = [...byEnvironment].map(
      ([environment, some]): ReceiptOutcome => ({
        ...told,
        environment,
        ranges: rangesOf(some.map(({ event }) => event.seq)),
      }),
    );
    await this.#append(store, { cursor: null, outcomes, settled: [] });
  }

  /** The receipt of what is known so far, which moves the cursor. */
  async #write(store: Store, batch: Batch): Promise<void> {
    const cursor = batch.cursor();
    if (cursor <= (this.#cursor ?? 0)) return;
    const outcomes = batch.take(cursor);
    if (outcomes.length > 0 || cursor - this.#writtenCursor >= QUIET_EVENTS) {
      const settled = this.#troubled ? await this.#settledBy(store, outcomes) : [];
      if (outcomes.some(({ status }) => status === "FAILED")) this.#troubled = true;
      await this.#append(store, { cursor, outcomes, settled });
      this.#writtenCursor = cursor;
    }
    this.#cursor = cursor;
  }

  async #settledBy(store: Store, outcomes: readonly ReceiptOutcome[]): Promise<number[]> {
    const taken = outcomes.filter(({ status }) => status === "SUCCEEDED").flatMap(({ ranges }) => ranges);
    const [low, high] = [Math.min(...taken.flat()), Math.max(...taken.flat())];
    if (taken.length === 0) return [];
    const open = await this.#openFailures(store, low, high);
    const settled = open.filter(({ seq }) => taken.some(([from, to]) => from <= seq && seq <= to));
    if (open.length === 0) this.#troubled = false;
    return settled.map(({ seq }) => seq);
  }

  async #append(
    store: Store,
    told: { cursor: number | null; outcomes: readonly ReceiptOutcome[]; settled: readonly number[] },
  ): Promise<void> {
    const { tenant, id, incarnation, version } = this.#forwarder;
    await appendReceipt(store, { tenant, forwarder: id, incarnation, version, ...told });
  }

  #reach(): Reach {
    const { egressWay, timeoutMs, fileRoot } = this.#ground;
    return { egress: egressWay, timeoutMs, fileRoot, signal: this.#signal() };
  }

  #signal(): AbortSignal {
    return AbortSignal.any([this.#stopping.signal, this.#changing.signal]);
  }

  /** Until something was committed or changed, and then a moment more, so that messages fill. */
  async #rest(): Promise<void> {
    if (!this.#rung) await this.#bell.promise;
    this.#bell = Promise.withResolvers<void>();
    if (this.#signal().aborted) return;
    await this.#sleep(destinationOf(this.#forwarder.forwarder_type)?.limits.lingerMs ?? 0);
  }

  async #sleep(ms: number): Promise<void> {
    try {
      await wait(ms, undefined, { signal: this.#signal() });
    } catch (thrown) {
      if (!this.#signal().aborted) throw thrown;
    }
  }
}

/** Tells the batch what the receiver made of the items; returns those to send again. */
function settle(
  batch: Batch,
  items: readonly ToSend[],
  { verdict, refused, again, reason }: Judgment,
  told: (more: Pick<Told, "status" | "dead"> & { error?: string }) => Told,
): ToSend[] {
  if (verdict === "retry" || verdict === "hold" || verdict === "gone") return [...items];
  const taken = told({ status: "SUCCEEDED", dead: false });
  const left: ToSend[] = [];
  for (const [at, one] of items.entries()) {
    const why = verdict === "refuse" ? (reason ?? "Refused.") : refused?.get(at);
    if (why !== undefined) batch.tell(one.event.seq, told({ status: "FAILED", dead: true, error: why }));
    else if (again?.has(at) === true) left.push(one);
    else batch.tell(one.event.seq, taken);
  }
  return left;
}

/** Items in messages that the destination takes: one configuration each, within its counts and bytes. */
function* messagesOf(planned: readonly Planned[], { limits }: Destination): Generator<ToSend[]> {
  const byConfiguration = Map.groupBy(
    planned.filter((one) => one.kind === "send"),
    ({ configuration }) => keyOf(configuration),
  );
  for (const items of byConfiguration.values()) {
    let message: ToSend[] = [];
    let bytes = 0;
    for (const one of items) {
      const size = Buffer.byteLength(one.item.text) + limits.overheadBytes;
      if (message.length > 0 && (message.length >= limits.events || bytes + size > limits.bytes)) {
        yield message;
        message = [];
        bytes = 0;
      }
      message.push(one);
      bytes += size;
    }
    if (message.length > 0) yield message;
  }
}

const keys = new WeakMap<Configuration, string>();

/** Environments with the same configuration share messages. */
function keyOf(configuration: Configuration): string {
  const key = keys.get(configuration) ?? JSON.stringify(configuration);
  keys.set(configuration, key);
  return key;
}
