/** The thread that writes: commits together whatever came while the last commit ran. */
import type { DatabaseSync } from "node:sqlite";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { Appender } from "./append.ts";
import { openForWriting } from "./database.ts";
import type { Answer, Request, WorkerStart, WriterCalls } from "./protocol.ts";
import { storeError } from "./trouble.ts";

const LINES_MAX = 4_096;
const CHARS_MAX = 8 * 1_048_576;
const IDLE_MS = 1_000;

const port = parentPort as MessagePort;
const { path, options } = workerData as WorkerStart;

interface Append {
  readonly id: number;
  readonly lines: readonly string[];
}

const queue: Append[] = [];
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
    if (queue.length > 0) scheduleDrain();
  });
}

function commitGroup(): void {
  const group = takeGroup();
  if (group.length === 0) return;
  try {
    const outcomes = open().commit(group.map((append) => append.lines));
    for (const [i, append] of group.entries()) send({ id: append.id, output: outcomes[i] });
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
