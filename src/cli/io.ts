import { spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";

/** What the command line knows of the world: the real one in `main`, another one in tests. */
export interface Io {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: Writable;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Calls the listener for each Ctrl-C or request to end; returns the function that ends it. */
  onStop(listener: () => void): () => void;
  /** Starts this program once more, by itself: it outlives this process, and nobody waits for it. */
  startAlone(args: readonly string[], env: Readonly<Record<string, string>>): void;
  /** Ends the process at once. */
  exit(status: number): void;
}

const STOP_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export function processIo(): Io {
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    onStop(listener) {
      for (const signal of STOP_SIGNALS) process.on(signal, listener);
      return () => {
        for (const signal of STOP_SIGNALS) process.off(signal, listener);
      };
    },
    startAlone(args, env) {
      const child = spawn(process.execPath, [process.argv[1] ?? "", ...args], {
        detached: true,
        stdio: "ignore",
        env: { ...process.env, ...env },
      });
      // What could not be started is tried again by the next one.
      child.on("error", () => undefined);
      child.unref();
    },
    exit: (status) => process.exit(status),
  };
}
