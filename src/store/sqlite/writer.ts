/** The thread that writes: commits together whatever came while the last commit ran. */
import type { DatabaseSync } from "node:sqlite";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import type { PruneOrder } from "../store.ts";
import { Appender } from "./append.ts";
import { writeBlobs } from "./blobs.ts";
import { openForWriting } from "./database.ts";
import type { Answer, Request, WorkerStart, WriterCalls } from "./protocol.ts";
import { pruneSome } from "./prune.ts";
import { storeError } from "./trouble.ts";
import { Projector, STEP_EVENTS } from "./view-rows/projector.ts";

const LINES_MAX = 4_096;
const CHARS_MAX = 8 * 1_048_576;
const IDLE_MS = 1_000;
/** Views follow the log this much later at most, so that one step folds many small commits. */
const FOLD_AFTER_MS = 250;

const port = parentPort as MessagePort;
const { path, options } = workerData as WorkerStart;

interface Append {
  readonly id: number;
  readonly lines: readonly string[];
}

const queue: Append[] = [];
/** Tenants whose views are behind, and the calls that wait for them. */
const folding = new Map<string, number[]>();
let projector: Projector | undefined;
let foldTimer: NodeJS.Timeout | undefined;
let db: DatabaseSync | undefined;
let appender: Appender | undefined;
let draining = false;
let idleTimer: NodeJS.Timeout | undefined;

port.on("message", (message: Request<WriterCalls>) => {
  switch (message.call) {
    case "append":
      queue.push({ id: message.id, lines: message.input as readonly string[] });
      scheduleDrain();
      break;
    case "open":
      answer(message.id, open);
      break;
    case "prune":
      prune(message.id, message.input as PruneOrder);
      break;
    case "writeBlobs":
      keepBlobs(message.id, message.input as WriterCalls["writeBlobs"]["in"]);
      break;
    case "fold":
      startFolding(message.id, message.input as WriterCalls["fold"]["in"]);
      break;
    case "close":
      while (queue.length > 0) commitGroup();
      answer(message.id, close);
      port.close();
      break;
  }
});

/** The messages that arrived meanwhile are delivered before an immediate runs. */
function scheduleDrain(): void {
  if (draining) return;
  draining = true;
  setImmediate(() => {
    draining = false;
    commitGroup();
    foldStep();
    if (queue.length > 0 || folding.size > 0) scheduleDrain();
  });
}

function prune(id: number, order: PruneOrder): void {
  try {
    const log = open();
    const output = views().inTransaction(() => pruneSome(log.db, views(), order));
    log.forget();
    send({ id, output });
  } catch (thrown) {
    fail(id, thrown);
  }
}

function keepBlobs(id: number, { tenant, writes }: WriterCalls["writeBlobs"]["in"]): void {
  try {
    const { db: connection } = open();
    send({ id, output: views().inTransaction(() => writeBlobs(connection, tenant, writes)) });
  } catch (thrown) {
    fail(id, thrown);
  }
}

function startFolding(id: number, { tenant, anew }: WriterCalls["fold"]["in"]): void {
  try {
    if (anew) views().startOver(tenant);
    folding.set(tenant, [...(folding.get(tenant) ?? []), id]);
    scheduleDrain();
  } catch (thrown) {
    fail(id, thrown);
  }
}

/** One step for one tenant, so that commits come in between. */
function foldStep(): void {
  const [first] = folding;
  if (first === undefined) return;
  const [tenant, waiting] = first;
  folding.delete(tenant);
  try {
    if (views().step(tenant)) for (const id of waiting) send({ id, output: null });
    else folding.set(tenant, waiting);
  } catch (thrown) {
    for (const id of waiting) fail(id, thrown);
  }
}

function foldSoon({ grown, fresh }: Appender): void {
  if (grown.size === 0) return;
  const fold = (): void => {
    clearTimeout(foldTimer);
    foldTimer = undefined;
    for (const tenant of grown) if (!folding.has(tenant)) folding.set(tenant, []);
    grown.clear();
    scheduleDrain();
  };
  if (fresh.count >= STEP_EVENTS) fold();
  else foldTimer ??= setTimeout(fold, FOLD_AFTER_MS);
}

function views(): Projector {
  const log = open();
  projector ??= new Projector(log.db, () => {
    log.noticeOthers();
    return log.fresh;
  });
  return projector;
}

function commitGroup(): void {
  const group = takeGroup();
  if (group.length === 0) return;
  try {
    const log = open();
    const outcomes = log.commit(group.map((append) => append.lines));
    for (const [i, append] of group.entries()) send({ id: append.id, output: outcomes[i] });
    foldSoon(log);
  } catch (thrown) {
    for (const append of group) fail(append.id, thrown);
  }
  clearTimeout(idleTimer);
  idleTimer = setTimeout(rest, IDLE_MS);
}

function takeGroup(): Append[] {
  let lines = 0;
  let chars = 0;
  let count = 0;
  for (const append of queue) {
    lines += append.lines.length;
    for (const line of append.lines) chars += line.length;
    if (count > 0 && (lines > LINES_MAX || chars > CHARS_MAX)) break;
    count++;
  }
  return queue.splice(0, count);
}

function open(): Appender {
  if (appender === undefined) {
    db ??= openForWriting(path, options);
    appender = new Appender(db);
  }
  return appender;
}

/** When nothing came for a while: moves the log of changes into the file, and gives memory back. */
function rest(): void {
  try {
    db?.exec("PRAGMA wal_checkpoint(PASSIVE)");
    db?.exec("PRAGMA shrink_memory");
  } catch (thrown) {
    // The next commit meets the same trouble and tells who asked for it.
    process.emitWarning(storeError(path, thrown).message);
  }
}

function close(): void {
  clearTimeout(idleTimer);
  clearTimeout(foldTimer);
  for (const waiting of folding.values())
    for (const id of waiting) fail(id, new Error("the store is closing"));
  folding.clear();
  db?.close();
}

function answer(id: number, work: () => unknown): void {
  try {
    work();
    send({ id, output: null });
  } catch (thrown) {
    fail(id, thrown);
  }
}

function fail(id: number, thrown: unknown): void {
  const { code, message, fix } = storeError(path, thrown);
  send({ id, error: { code, message, fix } });
}

function send(message: Answer): void {
  port.postMessage(message);
}
