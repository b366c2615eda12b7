import type { Socket } from "node:net";
import type pg from "pg";
import { CHANNEL } from "./append.ts";
import type { Database } from "./database.ts";

const RETRY_MS = 500;

/** Listening keeps no process alive. The driver has the socket, and does not say so in its types. */
function socketOf(client: pg.Client): Socket | undefined {
  const { connection } = client as unknown as { connection?: { stream?: Socket } };
  return connection?.stream;
}

/** Wakes listeners at each commit of any process, over one connection that is opened when somebody listens. */
export class Watch {
  readonly #database: Database;
  readonly #listeners = new Set<() => void>();
  #client: pg.Client | undefined;
  #connecting = false;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(database: Database) {
    this.#database = database;
  }

  add(listener: () => void): () => void {
    this.#listeners.add(listener);
    void this.#connect();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) void this.#disconnect();
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#listeners.clear();
    await this.#disconnect();
  }

  async #connect(): Promise<void> {
    if (this.#client !== undefined || this.#connecting || this.#closed) return;
    this.#connecting = true;
    try {
      await this.#database.open();
      const client = await this.#database.listener();
      client.on("notification", () => this.#wake());
      client.on("error", () => this.#lost(client));
      client.on("end", () => this.#lost(client));
      await client.query(`LISTEN ${CHANNEL}`);
      socketOf(client)?.unref();
      this.#client = client;
      // What was committed before we listened, or while the line was dead.
      this.#wake();
    } catch {
      this.#again();
    } finally {
      this.#connecting = false;
    }
    if (this.#listeners.size === 0) await this.#disconnect();
  }

  #wake(): void {
    for (const listener of this.#listeners) queueMicrotask(listener);
  }

  #lost(client: pg.Client): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    this.#again();
  }

  #again(): void {
    if (this.#closed || this.#listeners.size === 0) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#connect(), RETRY_MS).unref();
  }

  async #disconnect(): Promise<void> {
    clearTimeout(this.#retry);
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => undefined);
  }
}
