/** The thread that reads, over a connection that cannot write. Each call sees one moment of the log. */
import type { DatabaseSync } from "node:sqlite";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { isUuid, uuidToBytes } from "../../base/uuid.ts";
import type { Query } from "../../query/filter.ts";
import { toEntries, toLeaves } from "../leaves.ts";
import { listBlobs, readBlob } from "./blobs.ts";
import { openForReading } from "./database.ts";
import { openBlockOf } from "./position.ts";
import { COMMITTED, type ReaderCalls, type Request, type WorkerStart } from "./protocol.ts";
import { countFacets, countStep } from "./read/facets.ts";
import { listRows } from "./read/list.ts";
import { findTenant, Snapshot } from "./read/snapshot.ts";
import { readStats } from "./read/stats.ts";
import { readStored } from "./read/stored.ts";
import { EVENT_COLUMNS, type Row } from "./rows.ts";
import { storeError } from "./trouble.ts";
import { noRows, readRow, readRows, whenFolded } from "./view-rows/read-rows.ts";
import { readEmitters } from "./views/emitters.ts";
import { summarizeRows } from "./views/summary.ts";

const COUNT_EVENTS = `SELECT (SELECT coalesce(sum(head), 0) FROM tenants)
  - (SELECT coalesce(sum(events), 0) FROM pruned_blocks)`;
const POLL_MS = 100;
const IDLE_MS = 1_000;

const port = parentPort as MessagePort;
const { path, options } = workerData as WorkerStart;

let snapshot: Snapshot | undefined;
let pollTimer: NodeJS.Timeout | undefined;
let idleTimer: NodeJS.Timeout | undefined;

type Handlers = { [K in keyof ReaderCalls]: (input: ReaderCalls[K]["in"]) => ReaderCalls[K]["out"] };

const handlers: Handlers = {
  get: ({ tenant, id }) => inSnapshot((view) => getRow(view, tenant, id)),
  list: (query: Query) => inSnapshot((view) => listRows(view, query)),
  head: (tenant) => inSnapshot((view) => findTenant(view, tenant)?.head ?? 0),
  tenants: () =>
    inSnapshot((view) =>
      view
        .all("SELECT name FROM tenants WHERE head > 0")
        .map(([name]) => name as string)
        .sort(),
    ),
  count: ({ query, below }) => inSnapshot((view) => countStep(view, query, below)),
  facets: (query) => inSnapshot((view) => countFacets(view, query)),
  row: ({ key, ...place }) =>
    inSnapshot((view) => whenFolded(view, place, null, (no) => readRow(view, no, place.view, key))),
  rows: ({ query, atLeast }) =>
    inSnapshot((view) =>
      whenFolded(view, { ...query, atLeast }, noRows(query), (no) => readRows(view, no, query)),
    ),
  stats: ({ tenant, since }) => inSnapshot((view) => readStats(view, tenant, since)),
  emitters: (name) =>
    inSnapshot((view) => {
      const tenant = findTenant(view, name) ?? { no: 0, head: 0 };
      const fresh = summarizeRows(view.db, openBlockOf(tenant.no, tenant.head)).marks;
      return readEmitters(view.db, tenant.no, name, fresh);
    }),
  events: () => inSnapshot((view) => view.all(COUNT_EVENTS)[0]?.[0] as number),
  leaves: (query) => inSnapshot((view) => toLeaves(readStored(view, query), query.saltKey)),
  entries: (query) => inSnapshot((view) => toEntries(readStored(view, query), query.saltKey)),
  blob: ({ tenant, name }) => inSnapshot((view) => readBlob(view.db, tenant, name)),
  blobNames: (query) => inSnapshot((view) => listBlobs(view.db, query)),
  watch: (on) => {
    clearInterval(pollTimer);
    pollTimer = on ? setInterval(pollCommits, POLL_MS) : undefined;
    seenVersion = undefined;
    if (on) pollCommits();
    return null;
  },
  close: () => {
    clearInterval(pollTimer);
    clearTimeout(idleTimer);
    snapshot?.db.close();
    return null;
  },
};

port.on("message", ({ id, call, input }: Request<ReaderCalls>) => {
  try {
    const output = (handlers[call] as (input: unknown) => unknown)(input);
    port.postMessage({ id, output });
  } catch (thrown) {
    const { code, message, fix } = storeError(path, thrown);
    port.postMessage({ id, error: { code, message, fix } });
  }
  if (call === "close") port.close();
});

function opened(): Snapshot {
  snapshot ??= new Snapshot(openForReading(path, options));
  return snapshot;
}

function inSnapshot<T>(read: (view: Snapshot) => T): T {
  const view = opened();
  view.db.exec("BEGIN");
  try {
    return read(view);
  } finally {
    view.db.exec("COMMIT");
    clearTimeout(idleTimer);
    idleTimer = setTimeout(rest, IDLE_MS, view.db);
  }
}

function rest(db: DatabaseSync): void {
  db.exec("PRAGMA shrink_memory");
}

function getRow(view: Snapshot, name: string, id: string): Row | null {
  const tenant = findTenant(view, name);
  if (tenant === undefined || !isUuid(id)) return null;
  const sql = `SELECT ${EVENT_COLUMNS} FROM events WHERE id = ? AND tenant_no = ?`;
  return view.all(sql, uuidToBytes(id), tenant.no)[0] ?? null;
}

let seenVersion: unknown;

/** Some connection, of this or another process, committed since the last look. */
function pollCommits(): void {
  try {
    const version = opened().all("PRAGMA data_version")[0]?.[0];
    if (seenVersion !== undefined && version !== seenVersion) port.postMessage(COMMITTED);
    seenVersion = version;
  } catch (thrown) {
    // A reader that cannot look rings anyway: who hears it reads, and meets the trouble there.
    seenVersion = undefined;
    port.postMessage(COMMITTED);
    process.emitWarning(storeError(path, thrown).message);
  }
}
