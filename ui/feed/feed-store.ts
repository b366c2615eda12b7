import { ApiError, fetchHead, fetchNext, fetchPage, type Scan, type WireEvent } from "../api/events.ts";
import { readStream } from "../api/stream.ts";

export type LiveState = "connecting" | "live" | "paused" | "reconnecting";

export interface FeedState {
  /** Newest first. */
  events: readonly WireEvent[];
  /** Arrived while the list stood still. */
  waiting: number;
  live: LiveState;
  loading: boolean;
  loadingOlder: boolean;
  error: { message: string; status: number } | null;
  /** The last bounded scan that ended before its page was full. */
  scan: Scan | null;
  hasOlder: boolean;
  /** Seqs that came in the last moments, for the eye. */
  fresh: ReadonlySet<number>;
}

const PAGE = 100;
const HELD_MAX = 1_000;
const ROWS_MAX = 20_000;
const RECONNECT_MS = 1_000;

const EMPTY: FeedState = {
  events: [],
  waiting: 0,
  live: "connecting",
  loading: true,
  loadingOlder: false,
  error: null,
  scan: null,
  hasOlder: false,
  fresh: new Set(),
};

/**
 * The list and its tail, outside of the view. The tail begins behind the newest event that the list
 * has, and what is already there is known by its seq, so nothing is missed or shown twice. While
 * the list stands still, what arrives is held; past a bound only counted, and read again at the end.
 */
export class FeedStore {
  #state: FeedState = EMPTY;
  readonly #filters: URLSearchParams;
  readonly #listeners = new Set<() => void>();
  #held: WireEvent[] = [];
  #arrived: WireEvent[] = [];
  #still = { byUser: false, byScroll: false };
  #lastSeq = 0;
  #next: string | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #frame: number | null = null;
  #abort = new AbortController();

  constructor(filters: URLSearchParams) {
    this.#filters = filters;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly getState = (): FeedState => this.#state;

  get isStill(): boolean {
    return this.#still.byUser || this.#still.byScroll;
  }

  get isPausedByUser(): boolean {
    return this.#still.byUser;
  }

  async start(): Promise<void> {
    this.#abort.abort();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#held = [];
    this.#set({ loading: true, error: null, waiting: 0, fresh: new Set() });
    try {
      const head = await fetchHead(signal);
      const page = await fetchPage(this.#filters, PAGE, signal);
      this.#next = page.next;
      this.#lastSeq = Math.max(head, page.events[0]?.seq ?? 0);
      this.#set({
        events: page.events,
        loading: false,
        hasOlder: page.next !== null,
        scan: page.scan.exhausted ? page.scan : null,
      });
      this.#connect();
    } catch (thrown) {
      if (signal.aborted) return;
      this.#fail(thrown);
    }
  }

  stop(): void {
    this.#abort.abort();
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#frame !== null) cancelAnimationFrame(this.#frame);
    this.#frame = null;
  }

  async loadOlder(): Promise<void> {
    if (this.#next === null || this.#state.loadingOlder) return;
    this.#set({ loadingOlder: true });
    const { signal } = this.#abort;
    try {
      const page = await fetchNext(this.#next, signal);
      this.#next = page.next;
      this.#set({
        events: [...this.#state.events, ...page.events],
        loadingOlder: false,
        hasOlder: page.next !== null,
        scan: page.scan.exhausted ? page.scan : null,
      });
    } catch (thrown) {
      if (signal.aborted) return;
      this.#set({ loadingOlder: false });
      this.#fail(thrown);
    }
  }

  pause(byUser: boolean): void {
    if (byUser) this.#still.byUser = true;
    else this.#still.byScroll = true;
    this.#showLive();
  }

  /** Shows what was held. Where more came than could be held, the list is read anew. */
  resume(byUser: boolean): void {
    if (byUser) this.#still = { byUser: false, byScroll: false };
    else this.#still.byScroll = false;
    if (!this.isStill) {
      if (this.#state.waiting > this.#held.length) void this.start();
      else this.#show(this.#held.splice(0));
    }
    this.#showLive();
  }

  #connect(): void {
    const { signal } = this.#abort;
    const again = (): void => {
      if (signal.aborted) return;
      this.#set({ live: "reconnecting" });
      this.#timer = setTimeout(() => this.#connect(), RECONNECT_MS);
    };
    const heard = {
      onOpen: () => this.#set({ live: this.isStill ? "paused" : "live", error: null }),
      onEvent: (event: WireEvent) => this.#take(event),
    };
    readStream(this.#filters, this.#lastSeq, heard, signal).then(again, again);
  }

  #take(event: WireEvent): void {
    if (event.seq <= this.#lastSeq) return;
    this.#lastSeq = event.seq;
    if (this.isStill) {
      if (this.#held.length < HELD_MAX) this.#held.unshift(event);
      this.#set({ waiting: this.#state.waiting + 1 });
      return;
    }
    this.#arrived.unshift(event);
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = null;
      this.#show(this.#arrived.splice(0));
    });
  }

  #show(arrived: readonly WireEvent[]): void {
    const events = [...arrived, ...this.#state.events];
    if (events.length > ROWS_MAX) {
      events.length = ROWS_MAX;
      const params = new URLSearchParams(this.#filters);
      params.append("filter[seq]", `[1,${events[ROWS_MAX - 1]?.seq ?? 1})`);
      this.#next = `/api/v1/events?${params}&sort=-seq&page[size]=${PAGE}`;
    }
    this.#set({
      events,
      waiting: 0,
      fresh: new Set(arrived.map((event) => event.seq)),
      hasOlder: this.#next !== null,
    });
  }

  #showLive(): void {
    if (this.#state.live === "live" || this.#state.live === "paused")
      this.#set({ live: this.isStill ? "paused" : "live" });
    else this.#set({});
  }

  #fail(thrown: unknown): void {
    const status = thrown instanceof ApiError ? thrown.status : -1;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    this.#set({ loading: false, live: "reconnecting", error: { message, status } });
  }

  #set(change: Partial<FeedState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}
