import type { AuditEvent } from "../event/event.ts";
import { LIMITS } from "../event/limits.ts";
import type { Condition } from "../query/filter.ts";
import type { Store } from "../store/store.ts";

const PAGE_EVENTS = 500;
const HOLD_MS = 3_600_000;

interface Reading {
  tenant: string;
  where: readonly Condition[];
  signal?: AbortSignal;
}

/**
 * The log behind `after`, oldest first, up to its head at the call. Each round reads a bounded
 * piece and goes on behind the last row looked at, so that a rare match costs no second look.
 */
export async function* readLog(
  open: () => Promise<Store>,
  reading: Reading & { after: number },
): AsyncGenerator<AuditEvent, void, undefined> {
  const store = await open();
  yield* readUpTo(store, reading, await store.head(reading.tenant));
}

/**
 * The log behind `after`, then each event as it is committed, in three steps without a seam: the
 * watch begins, the log is read to its head, and from then on every wake reads from where the last
 * one ended. What is read is always the log, never a message, so nothing can be missed or doubled.
 */
export async function* followLog(
  open: () => Promise<Store>,
  reading: Reading & { after?: number },
): AsyncGenerator<AuditEvent, void, undefined> {
  const { signal, tenant } = reading;
  const store = await open();
  const bell = new Bell(signal);
  const unwatch = store.watch(() => bell.ring());
  try {
    let at = reading.after ?? (await store.head(tenant));
    while (!bell.ended) {
      const heard = bell.next();
      const head = await store.head(tenant);
      if (head > at) {
        yield* readUpTo(store, { ...reading, after: at }, head);
        at = head;
      } else {
        await holdingTheProcess(heard);
      }
    }
  } finally {
    unwatch();
    bell.end();
  }
}

async function* readUpTo(
  store: Store,
  reading: Reading & { after: number },
  head: number,
): AsyncGenerator<AuditEvent, void, undefined> {
  const { tenant, signal } = reading;
  const aborted = (): boolean => signal?.aborted === true;
  const where: Condition[] = [...reading.where, { op: "range", field: "seq", max: head }];
  let after = reading.after;
  while (after < head && !aborted()) {
    const page = await store.list({
      tenant,
      where,
      order: "seq",
      direction: "asc",
      after: { seq: after },
      limit: PAGE_EVENTS,
      scanMax: LIMITS.scanRows,
    });
    for (const event of page.events) {
      if (aborted()) return;
      yield event;
    }
    if (page.end === null) return;
    after = page.end.seq;
  }
}

/** A promise alone does not keep a program running, and one that waits for the next event should. */
async function holdingTheProcess(heard: Promise<void>): Promise<void> {
  const hold = setInterval(() => undefined, HOLD_MS);
  try {
    await heard;
  } finally {
    clearInterval(hold);
  }
}

/** Wakes one waiter for any number of rings, and for the end. */
class Bell {
  #ringing = Promise.withResolvers<void>();
  ended = false;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = (): void => this.end();

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
    if (signal?.aborted === true) this.end();
    signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** The next ring after this call. */
  next(): Promise<void> {
    return this.#ringing.promise;
  }

  ring(): void {
    this.#ringing.resolve();
    if (!this.ended) this.#ringing = Promise.withResolvers<void>();
  }

  end(): void {
    this.ended = true;
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#ringing.resolve();
  }
}
