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
  /** How this program was started: Node, and the file. */
  readonly program: readonly [string, string];
  /** Starts this program once more, by itself: it outlives this process, and nobody waits for it. */
  startAlone(args: readonly string[], env: Readonly<Record<string, string>>): void;
  /** Calls the listener with each signal that is not the kernel's own business; returns what ends that. */
  onSignal(listener: (signal: NodeJS.Signals) => void): () => void;
  /** Ends the process at once. */
  exit(status: number): void;
  /** Ends the process by the signal, so that whoever waits for it sees that. */
  die(signal: NodeJS.Signals): void;
}

const STOP_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const PASSED_SIGNALS = [...STOP_SIGNALS, "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const;

export function processIo(): Io {
  const program = [process.execPath, process.argv[1] ?? ""] as const;
  return {
    program,
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
      const [node, file] = program;
      const child = spawn(node, [file, ...args], {
        detached: true,
        stdio: "ignore",
        env: { ...process.env, ...env },
      });
      // What could not be started is tried again by the next one.
      child.on("error", () => undefined);
      child.unref();
    },
    onSignal(listener) {
      for (const signal of PASSED_SIGNALS) process.on(signal, listener);
      return () => {
        for (const signal of PASSED_SIGNALS) process.off(signal, listener);
      };
    },
    exit: (status) => process.exit(status),
    die: (signal) => void process.kill(process.pid, signal),
  };
}
