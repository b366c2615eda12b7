import { gzipSync } from "node:zlib";
import type { Micros } from "../../base/clock.ts";
import { TrailError } from "../../base/error.ts";
import type { AuditEvent } from "../../event/event.ts";
import type { LeafEntry } from "../../event/leaf.ts";
import type { Query } from "../../query/filter.ts";
import type { RowPage, RowQuery, ViewRow } from "../../view/row-query.ts";
import type { Leaves } from "../leaves.ts";
import { problemOf, unreachable } from "../problem.ts";
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
import { Watch } from "./watch.ts";

export interface RemoteOptions {
  /** Sent as `Authorization: Bearer`. */
  readonly apiKey?: string | undefined;
  /** How long one request may take; default 30 s. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 30_000;
const GZIP_BYTES_MIN = 1_024;

/**
 * A trail that another Daybook serves. Appends go through its bulk door, in order, one request at a
 * time; reads are its own answers. Every trouble is a `TrailError` that says what the server said; what
 * it asks to wait (`Retry-After`) is in `retryAfterMs`.
 */
export function openRemoteStore(url: string, options: RemoteOptions = {}): Store {
  return new RemoteStore(url.replace(/\/+$/, ""), options);
}

class RemoteStore implements Store {
  readonly #url: string;
  readonly #headers: Record<string, string>;
  readonly #timeoutMs: number;
  readonly #watch: Watch;
  readonly #closed = new AbortController();
  #appending: Promise<unknown> = Promise.resolve();

  constructor(url: string, { apiKey, timeoutMs = TIMEOUT_MS }: RemoteOptions) {
    this.#url = url;
    this.#headers = apiKey === undefined ? {} : { Authorization: `Bearer ${apiKey}` };
    this.#timeoutMs = timeoutMs;
    this.#watch = new Watch(`${url}/api/v1/store/watch`, this.#headers, this.#closed.signal);
  }

  async append(lines: readonly string[]): Promise<Outcome[]> {
    this.#assertOpen();
    if (lines.length === 0) return [];
    // One after the other: two at once could arrive in either order.
    const appended = this.#appending.then(
      () => this.#bulk(lines),
      () => this.#bulk(lines),
    );
    this.#appending = appended;
    return appended;
  }

  async #bulk(lines: readonly string[]): Promise<Outcome[]> {
    const text = lines.join("\n");
    const isLarge = text.length > GZIP_BYTES_MIN;
    const { outcomes } = await this.#post<{ outcomes: Outcome[] }>(
      "/api/v1/events/bulk",
      isLarge ? new Uint8Array(gzipSync(text)) : text,
      {
        "Content-Type": "application/x-ndjson",
        "X-Daybook-Outcomes": "1",
        ...(isLarge ? { "Content-Encoding": "gzip" } : {}),
      },
    );
    if (Array.isArray(outcomes) && outcomes.length === lines.length) return outcomes;
    throw new TrailError("store.unavailable", `What answers at ${this.#url} is no Daybook of this version.`, {
      fix: "Check the address, and upgrade the server.",
    });
  }

  get(tenant: string, id: string): Promise<AuditEvent | null> {
    return this.#call("get", { tenant, id });
  }

  list(query: Query): Promise<Page> {
    return this.#call("list", query);
  }

  head(tenant: string): Promise<number> {
    return this.#call("head", { tenant });
  }

  tenants(): Promise<string[]> {
    return this.#call("tenants", {});
  }

  stats(tenant: string, since?: Micros): Promise<Stats> {
    return this.#call("stats", since === undefined ? { tenant } : { tenant, since });
  }

  emitters(tenant: string): Promise<EmitterState[]> {
    return this.#call("emitters", { tenant });
  }

  row(tenant: string, view: string, key: string): Promise<ViewRow | null> {
    return this.#call("row", { tenant, view, key });
  }

  rows(query: RowQuery): Promise<RowPage> {
    return this.#call("rows", query);
  }

  async rebuild(tenant: string): Promise<void> {
    await this.#call("rebuild", { tenant });
  }

  facets(query: FacetQuery): Promise<Facets> {
    return this.#call("facets", query);
  }

  count(query: CountQuery): Promise<Counts> {
    return this.#call("count", query);
  }

  prune(order: PruneOrder): Promise<PruneResult> {
    return this.#call("prune", order);
  }

  leaves(): Promise<Leaves> {
    return Promise.reject(this.#atTheServer());
  }

  entries(): Promise<LeafEntry[]> {
    return Promise.reject(this.#atTheServer());
  }

  blob(): Promise<Uint8Array | null> {
    return Promise.reject(this.#atTheServer());
  }

  blobNames(): Promise<string[]> {
    return Promise.reject(this.#atTheServer());
  }

  writeBlobs(): Promise<boolean> {
    return Promise.reject(this.#atTheServer());
  }

  watch(listener: () => void): () => void {
    return this.#watch.add(listener);
  }

  async describe(): Promise<StoreDescription> {
    const described = await this.#call<StoreDescription>("describe", {});
    return { ...described, kind: `remote ${described.kind}`, location: this.#url };
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#appending.catch(() => undefined);
  }

  #atTheServer(): TrailError {
    return new TrailError(
      "store.unsupported",
      "Seals and keys are with the server, and not sent over HTTP.",
      {
        fix: "Verify and seal there, or read /api/v1/log.",
      },
    );
  }

  async #call<T>(name: string, input: object): Promise<T> {
    this.#assertOpen();
    const type = { "Content-Type": "application/json" };
    const { output } = await this.#post<{ output: T }>(`/api/v1/store/${name}`, JSON.stringify(input), type);
    return output;
  }

  #assertOpen(): void {
    if (!this.#closed.signal.aborted) return;
    throw new TrailError("store.closed", "The trail is closed. Open it again.");
  }

  async #post<T>(path: string, body: string | Uint8Array<ArrayBuffer>, headers: object): Promise<T> {
    let response: Response;
    let text: string;
    try {
      response = await fetch(this.#url + path, {
        method: "POST",
        body,
        headers: { ...this.#headers, ...headers },
        signal: AbortSignal.timeout(this.#timeoutMs),
        redirect: "error",
      });
      text = await response.text();
    } catch (cause) {
      throw unreachable(this.#url, cause);
    }
    if (!response.ok) throw problemOf(response, text, this.#url);
    try {
      return JSON.parse(text) as T;
    } catch (cause) {
      throw unreachable(this.#url, cause);
    }
  }
}
