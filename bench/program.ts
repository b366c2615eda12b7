import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { until } from "./measure.ts";

export const ROOT = join(import.meta.dirname, "..");
const run = promisify(execFile);

/** Runs one of this folder's programs to its end; what it printed, as JSON. */
export async function output<T>(file: string, ...args: string[]): Promise<T> {
  const { stdout } = await run(process.execPath, [join(import.meta.dirname, file), ...args]);
  return JSON.parse(stdout) as T;
}

/** Builds dist/ where it is old. False when that failed: `bin/daybook` then runs what there is. */
export async function build(): Promise<boolean> {
  try {
    await run(process.execPath, [join(ROOT, "scripts/build.mjs")]);
    return true;
  } catch {
    return false;
  }
}

/** What `bin/daybook` runs. */
export const runsBuild = (): boolean => existsSync(join(ROOT, "dist/cli/main.js"));

export interface Serving {
  readonly url: URL;
  readonly child: ChildProcess;
  /** From the start of the process to the first answer of /readyz. */
  readonly readyMs: number;
  stop(): Promise<void>;
}

/** The real server, as its users start it, in the folder. */
export async function serve(dir: string, db: string): Promise<Serving> {
  const begun = performance.now();
  const args = [join(ROOT, "bin/daybook"), "serve", "--port", "0", "--json", "--db", db];
  const child = spawn(process.execPath, args, {
    cwd: dir,
    env: { PATH: process.env.PATH, HOME: dir },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  try {
    await until("the server's address", () => said.includes("\n") || child.exitCode !== null);
    const url = new URL((JSON.parse(said) as { url: string }).url);
    await until("a ready server", async () => (await fetch(new URL("/readyz", url))).ok);
    const readyMs = performance.now() - begun;
    return {
      url,
      child,
      readyMs,
      async stop() {
        child.kill("SIGTERM");
        await ended;
      },
    };
  } catch (thrown) {
    child.kill("SIGKILL");
    throw thrown;
  }
}

/** Resident memory of a process in MiB; NaN where there is no /proc. */
export function residentMiB(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "latin1");
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1_024;
  } catch {
    return Number.NaN;
  }
}
