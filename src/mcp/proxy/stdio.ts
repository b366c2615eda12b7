import { type ChildProcess, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import type { McpMapper } from "../../ingest/mcp/mapper.ts";
import type { McpRecorder } from "./recorder.ts";
import { lineTap, type Tap } from "./tap.ts";

export interface StdioProxy {
  readonly command: string;
  readonly args: readonly string[];
  readonly stdin: Readable;
  readonly stdout: Writable;
  /** Calls the listener with each signal that asks this process to do something; returns what ends that. */
  onSignal(listener: (signal: NodeJS.Signals) => void): () => void;
  readonly recorder: McpRecorder;
  readonly mapper: McpMapper;
  /** Names this connection among others. */
  readonly session: string;
}

/** How the server ended: its exit status, or the signal that ended it, or why it did not start. */
export type Ended =
  | { readonly how: "exit"; readonly status: number }
  | { readonly how: "signal"; readonly signal: NodeJS.Signals }
  | { readonly how: "not started"; readonly code: string; readonly message: string };

/** What a server wrote before it ended is in the pipe; whoever inherited the pipe may hold it for ever. */
const QUIET_MS = 500;

/**
 * Runs an MCP server and stands between it and the client: each side receives the bytes that the other
 * one sent, in the pieces in which they came, at the pace at which it takes them. Standard error is the
 * server's own. Resolves when the server has ended and what it wrote has been passed on.
 */
export async function runStdioProxy(proxy: StdioProxy): Promise<Ended> {
  const { command, args, stdin, stdout, recorder, mapper, session } = proxy;
  const connection = mapper.connect({ session });
  const child = spawn(command, [...args], { stdio: ["pipe", "pipe", "inherit"] });
  const unlisten = proxy.onSignal((signal) => void child.kill(signal));
  try {
    pass(stdin, child.stdin, lineTap(recorder, connection, "client"), () => child.stdin.end());
    pass(child.stdout, stdout, lineTap(recorder, connection, "server"), () => undefined);
    const ended = await endOf(child, child.stdout);
    recorder.later(0, () =>
      recorder.tell(connection.end({ ...describe(ended, command), data: dataOf(ended), isLast: true })),
    );
    await written(stdout);
    return ended;
  } finally {
    unlisten();
    // The client may keep its end open, and so may what the server left running; nothing more is read.
    stdin.destroy();
    child.stdout.destroy();
  }
}

/** From one stream to the other, byte for byte: no faster than it takes them, and an end for an end. */
function pass(source: Readable, sink: Writable, tap: Tap, end: () => void): void {
  source.on("data", (bytes: Buffer) => {
    if (!sink.write(bytes)) source.pause();
    tap.chunk(bytes);
  });
  sink.on("drain", () => source.resume());
  source.once("end", () => {
    tap.end();
    end();
  });
  source.once("error", end);
  // Nobody reads any more: whoever writes shall learn of it, as it would without us.
  sink.on("error", () => source.destroy());
  sink.once("close", () => source.destroy());
}

function endOf(child: ChildProcess, output: Readable): Promise<Ended> {
  const { promise, resolve } = Promise.withResolvers<Ended>();
  child.once("error", (error: NodeJS.ErrnoException) => {
    if (child.pid === undefined)
      resolve({ how: "not started", code: error.code ?? "", message: error.message });
  });
  const ended = (status: number | null, signal: NodeJS.Signals | null): Ended =>
    signal === null ? { how: "exit", status: status ?? 0 } : { how: "signal", signal };
  child.once("exit", (status, signal) => {
    const timer = setTimeout(() => {
      // Held back by a client that reads slowly, there may be more.
      if (output.isPaused()) timer.refresh();
      else resolve(ended(status, signal));
    }, QUIET_MS);
    output.on("data", () => timer.refresh());
    output.once("close", () => clearTimeout(timer));
  });
  child.once("close", (status, signal) => resolve(ended(status, signal)));
  return promise;
}

/** Everything was taken, or nobody takes it any more. */
function written(sink: Writable): Promise<void> {
  if (sink.destroyed || sink.errored) return Promise.resolve();
  return new Promise((resolve) => {
    sink.once("error", resolve).once("close", resolve);
    sink.write("", () => resolve());
  });
}

function describe(ended: Ended, command: string): { reason: string; status: "ok" | "error" } {
  switch (ended.how) {
    case "exit": {
      const { status } = ended;
      return { reason: `the server ended with exit status ${status}`, status: status === 0 ? "ok" : "error" };
    }
    case "signal":
      return { reason: `the server was ended by ${ended.signal}`, status: "error" };
    case "not started":
      return { reason: `the server ${command} did not start: ${ended.message}`, status: "error" };
  }
}

function dataOf(ended: Ended): Record<string, string | number> {
  switch (ended.how) {
    case "exit":
      return { exit_status: ended.status };
    case "signal":
      return { signal: ended.signal };
    case "not started":
      return { code: ended.code };
  }
}
