import type { Readable as Input, Writable } from "node:stream";
import { settlesWithin } from "../../base/deadline.ts";
import type { JsonObject } from "../../base/json.ts";
import { LineReader } from "../line-reader.ts";
import { Protocol } from "./protocol.ts";
import type { Readable } from "./tool.ts";

export interface StdioServer {
  readonly trail: Readable;
  readonly version: string;
  readonly stdin: Input;
  readonly stdout: Writable;
  /** Ends the server. */
  readonly signal: AbortSignal;
}

const LINE_BYTES_MAX = 1_048_576;
/** Requests under way; further ones wait in the pipe. */
const RUNNING_MAX = 8;

/** At the client's end, what is under way is given so long to be answered. */
const LAST_MS = 5_000;

/** Answers requests, one a line, until the client closes its end. */
export async function serveStdio({ trail, version, stdin, stdout, signal }: StdioServer): Promise<void> {
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  const send = (message: JsonObject): void => void stdout.write(`${JSON.stringify(message)}\n`);
  const protocol = new Protocol({ trail, version, send });
  const running = new Set<Promise<void>>();
  const pace = (): void => {
    if (running.size < RUNNING_MAX && !stdout.writableNeedDrain) stdin.resume();
    else stdin.pause();
  };
  const answered = async (message: unknown): Promise<void> => {
    const answer = message === UNREADABLE ? protocol.unreadable() : await protocol.answer(message);
    if (answer !== undefined) send(answer);
  };
  const take = (bytes: Buffer): void => {
    const message = parsed(bytes);
    if (message === NOTHING) return;
    const task = answered(message).finally(() => {
      running.delete(task);
      pace();
    });
    running.add(task);
  };
  const reader = new LineReader(LINE_BYTES_MAX, {
    line: take,
    skipped: () => send(protocol.unreadable()),
  });
  const onData = (bytes: Buffer): void => {
    reader.feed(bytes);
    pace();
  };
  stdin.on("data", onData);
  const isGone = new Promise<void>((resolve) => {
    stdout.once("error", resolve).once("close", resolve);
    signal.addEventListener("abort", () => resolve());
    if (signal.aborted) resolve();
  });
  stdin.once("end", end).once("close", end).once("error", end);
  stdout.on("drain", pace);
  await Promise.race([over, isGone]);
  stdin.off("data", onData);
  await settlesWithin(Promise.race([Promise.all(running), isGone]), LAST_MS);
  protocol.stop();
  stdout.off("drain", pace);
  stdin.destroy();
}

const NOTHING = Symbol("an empty line");
const UNREADABLE = Symbol("no JSON");

function parsed(bytes: Buffer): unknown {
  const text = bytes.toString("utf8").trim();
  if (text === "") return NOTHING;
  try {
    return JSON.parse(text);
  } catch {
    return UNREADABLE;
  }
}
