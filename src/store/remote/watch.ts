import { backoffMs } from "../../base/backoff.ts";

const RETRY_BASE_MS = 200;
const RETRY_MAX_MS = 5_000;
/** The server says something every 15 s; a connection that is silent for longer is dead. */
const SILENT_MS = 45_000;

/**
 * One connection on which the server says that something was committed, as long as anybody listens.
 * Each connection that is made tells once too: something may have been missed before.
 */
export class Watch {
  readonly #url: string;
  readonly #headers: Record<string, string>;
  readonly #listeners = new Set<() => void>();
  readonly #closed: AbortSignal;
  #connection: AbortController | undefined;

  constructor(url: string, headers: Record<string, string>, closed: AbortSignal) {
    this.#url = url;
    this.#headers = headers;
    this.#closed = closed;
    closed.addEventListener("abort", () => this.#connection?.abort());
  }

  add(listener: () => void): () => void {
    this.#listeners.add(listener);
    if (this.#connection === undefined && !this.#closed.aborted) {
      this.#connection = new AbortController();
      void this.#follow(this.#connection.signal);
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#connection?.abort();
      this.#connection = undefined;
    };
  }

  async #follow(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted && !this.#closed.aborted) {
      const wasConnected = await this.#listen(signal);
      failures = wasConnected ? 1 : failures + 1;
      // Who listens reads, and meets the trouble there.
      this.#ring();
      await pause(backoffMs(failures, RETRY_BASE_MS, RETRY_MAX_MS), signal);
    }
  }

  /** Until the connection ends; true where there was one. */
  async #listen(signal: AbortSignal): Promise<boolean> {
    const silence = new AbortController();
    let timer = setTimeout(() => silence.abort(), SILENT_MS);
    timer.unref();
    let wasConnected = false;
    try {
      const response = await fetch(this.#url, {
        headers: this.#headers,
        signal: AbortSignal.any([signal, silence.signal]),
      });
      if (!response.ok || response.body === null) return false;
      wasConnected = true;
      this.#ring();
      const decoder = new TextDecoder();
      for await (const chunk of response.body) {
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), SILENT_MS);
        timer.unref();
        if (decoder.decode(chunk, { stream: true }).includes("data:")) this.#ring();
      }
    } catch (thrown) {
      // Broken off, refused or ended: the next try says.
      if (!(thrown instanceof Error)) throw thrown;
    } finally {
      clearTimeout(timer);
    }
    return wasConnected;
  }

  #ring(): void {
    for (const listener of this.#listeners) queueMicrotask(listener);
  }
}

/** Does not hold the process. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    timer.unref();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
