import type { Micros } from "../../base/clock.ts";
import { TrailError } from "../../base/error.ts";
import { isUuid } from "../../base/uuid.ts";
import type { AuditEvent } from "../../event/event.ts";
import type { LeafEntry } from "../../event/leaf.ts";
import type { Query } from "../../query/filter.ts";
import type { RowPage, RowQuery, ViewRow } from "../../view/row-query.ts";
import type { Row } from "../event-row.ts";
import {
  type BlobQuery,
  type BlobWrite,
  type LeafQuery,
  type Leaves,
  toEntries,
  toLeaves,
} from "../leaves.ts";
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
import { appendLines } from "./append.ts";
import { readBlob, readBlobNames, writeBlobs } from "./blobs.ts";
import { type Client, Database } from "./database.ts";
import { readEmitters } from "./emitters.ts";
import { countEvents, countFacets, EVENT_COLUMNS, eventOf, listEvents } from "./list.ts";
import { foldSome, startOver } from "./projector.ts";
import { pruneSome } from "./prune.ts";
import { SCHEMA_VERSION } from "./schema.ts";
import { readHead, readStats } from "./stats.ts";
import { readStored } from "./stored.ts";
import { isFolded, readRow, readRows } from "./view-rows.ts";
import { Watch } from "./watch.ts";

/** Views are folded this long after a commit, so that one fold serves several. */
const FOLD_MS = 250;
/** Batches that wait for the same commit. */
const BATCHES_MAX = 64;

/**
 * A trail in PostgreSQL 14 or later: `postgres://role:password@host/database?schema=daybook`. Makes its
 * schema at the first use. Every transaction is bound to one tenant by row-level security; any number of
 * processes may write. Its role must own the schema and be no superuser, whom row security does not bind.
 */
export async function openPostgresStore(address: string): Promise<Store> {
  const database = new Database(address);
  try {
    await database.open();
  } catch (thrown) {
    await database.close();
    throw thrown;
  }
  return new PostgresStore(database);
}

interface Waiting {
  readonly lines: readonly string[];
  readonly resolve: (outcomes: Outcome[]) => void;
  readonly reject: (reason: unknown) => void;
}

class PostgresStore implements Store {
  readonly #database: Database;
  readonly #watch: Watch;
  readonly #waiting: Waiting[] = [];
  readonly #grown = new Set<string>();
  #committing: Promise<void> | undefined;
  #folding: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;

  constructor(database: Database) {
    this.#database = database;
    this.#watch = new Watch(database);
  }

  async append(lines: readonly string[]): Promise<Outcome[]> {
    this.#assertOpen();
    if (lines.length === 0) return [];
    return new Promise((resolve, reject) => {
      this.#waiting.push({ lines, resolve, reject });
      this.#committing ??= this.#commitAll().finally(() => {
        this.#committing = undefined;
      });
    });
  }

  /** Commits together what came while the last commit ran, in order. */
  async #commitAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batches = this.#waiting.splice(0, BATCHES_MAX);
      try {
        const lines = batches.flatMap((batch) => batch.lines);
        const outcomes = await this.#database.write("", (client) => appendLines(client, lines));
        let at = 0;
        for (const batch of batches) {
          batch.resolve(outcomes.slice(at, at + batch.lines.length));
          at += batch.lines.length;
        }
        this.#noticeGrowth(lines);
      } catch (thrown) {
        for (const batch of batches) batch.reject(thrown);
      }
    }
  }

  #noticeGrowth(lines: readonly string[]): void {
    for (const line of lines) {
      const tenant = /"tenant":"([^"\\]+)"/.exec(line)?.[1];
      if (tenant !== undefined) this.#grown.add(tenant);
    }
    this.#folding ??= setTimeout(() => {
      this.#folding = undefined;
      const tenants = [...this.#grown];
      this.#grown.clear();
      // Who reads folds what is missing, and says what is wrong.
      for (const tenant of tenants) void this.#fold(tenant).catch(() => undefined);
    }, FOLD_MS).unref();
  }

  async get(tenant: string, id: string): Promise<AuditEvent | null> {
    this.#assertOpen();
    if (!isUuid(id)) return null;
    return this.#read(tenant, async (client) => {
      const { rows } = await client.query<Row>({
        text: `SELECT ${EVENT_COLUMNS} FROM events WHERE tenant = $1 AND id = $2`,
        values: [tenant, id],
        rowMode: "array",
      });
      return rows[0] === undefined ? null : eventOf(rows[0], tenant);
    });
  }

  async list(query: Query): Promise<Page> {
    return this.#read(query.tenant, (client) => listEvents(client, query));
  }

  async head(tenant: string): Promise<number> {
    return this.#read(tenant, (client) => readHead(client, tenant));
  }

  async tenants(): Promise<string[]> {
    return this.#read("", async (client) => {
      const { rows } = await client.query("SELECT name FROM tenants WHERE head > 0 ORDER BY name");
      return rows.map(({ name }) => name);
    });
  }

  async stats(tenant: string, since?: Micros): Promise<Stats> {
    return this.#read(tenant, (client) => readStats(client, tenant, since));
  }

  async emitters(tenant: string): Promise<EmitterState[]> {
    return this.#read(tenant, (client) => readEmitters(client, tenant));
  }

  async row(tenant: string, view: string, key: string): Promise<ViewRow | null> {
    return this.#whenFolded(tenant, view, (client) => readRow(client, tenant, view, key));
  }

  async rows(query: RowQuery): Promise<RowPage> {
    return this.#whenFolded(query.tenant, query.view, (client) => readRows(client, query));
  }

  async rebuild(tenant: string): Promise<void> {
    this.#assertOpen();
    await this.#database.write(tenant, (client) => startOver(client, tenant));
    await this.#fold(tenant);
  }

  async facets(query: FacetQuery): Promise<Facets> {
    return this.#read(query.tenant, (client) => countFacets(client, query));
  }

  async count(query: CountQuery): Promise<Counts> {
    return this.#read(query.tenant, (client) => countEvents(client, query));
  }

  async prune(order: PruneOrder): Promise<PruneResult> {
    this.#assertOpen();
    const work = (client: Client): Promise<PruneResult> => pruneSome(client, order);
    return order.dryRun === true
      ? this.#database.read(order.tenant, work)
      : this.#database.write(order.tenant, work);
  }

  async leaves(query: LeafQuery): Promise<Leaves> {
    return this.#read(query.tenant, async (client) =>
      toLeaves(await readStored(client, query), query.saltKey),
    );
  }

  async entries(query: LeafQuery): Promise<LeafEntry[]> {
    return this.#read(query.tenant, async (client) =>
      toEntries(await readStored(client, query), query.saltKey),
    );
  }

  async blob(tenant: string, name: string): Promise<Uint8Array | null> {
    return this.#read(tenant, (client) => readBlob(client, tenant, name));
  }

  async blobNames(query: BlobQuery): Promise<string[]> {
    return this.#read(query.tenant, (client) => readBlobNames(client, query));
  }

  async writeBlobs(tenant: string, writes: readonly BlobWrite[]): Promise<boolean> {
    this.#assertOpen();
    return this.#database.write(tenant, (client) => writeBlobs(client, tenant, writes));
  }

  watch(listener: () => void): () => void {
    this.#assertOpen();
    return this.#watch.add(listener);
  }

  async describe(): Promise<StoreDescription> {
    return this.#read("", async (client) => {
      const { rows } = await client.query(
        `SELECT coalesce(sum(events), 0)::bigint AS events,
          (SELECT sum(pg_total_relation_size(c.oid))::bigint FROM pg_class c
            WHERE c.relnamespace = $1::regnamespace AND c.relkind = 'r') AS bytes FROM tenants`,
        [this.#database.schema],
      );
      return {
        kind: "postgres",
        location: this.#database.location,
        schemaVersion: SCHEMA_VERSION,
        bytes: rows[0]?.bytes,
        events: rows[0]?.events,
      };
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#committing;
    clearTimeout(this.#folding);
    await this.#watch.close();
    await this.#database.close();
  }

  async #read<T>(tenant: string, work: (client: Client) => Promise<T>): Promise<T> {
    this.#assertOpen();
    return this.#database.read(tenant, work);
  }

  /** Reads rows of a view at a moment at which they hold what was committed before the call. */
  async #whenFolded<T>(tenant: string, view: string, work: (client: Client) => Promise<T>): Promise<T> {
    let atLeast: number | undefined;
    for (;;) {
      const answer = await this.#read(tenant, async (client) => {
        const { isFolded: isReady, head } = await isFolded(client, tenant, view, atLeast);
        atLeast = head;
        return isReady ? { value: await work(client) } : undefined;
      });
      if (answer !== undefined) return answer.value;
      await this.#fold(tenant);
    }
  }

  async #fold(tenant: string): Promise<void> {
    while (!(await this.#database.write(tenant, (client) => foldSome(client, tenant)))) this.#assertOpen();
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) {
      throw new TrailError("store.closed", "The store is closed. Open the trail again.");
    }
  }
}
