import { type ChildProcessByStdio, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterEach } from "vitest";

export const PROGRAM = fileURLToPath(new URL("../../bin/daybook", import.meta.url));
const POLL_MS = 20;
const DEADLINE_MS = 15_000;

export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly ended: Promise<Ended>;
  /** What it has said so far. */
  readonly said: { stdout: string; stderr: string };
}

/** The real program under this Node, in the folder `cwd`. */
export function start(cwd: string, args: readonly string[], env: Record<string, string> = {}): Running {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    cwd,
    env: { PATH: process.env.PATH, HOME: cwd, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  children.add(child);
  const said = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said.stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said.stderr += text;
  });
  // A program that does not read its input may be gone before all of it is written.
  child.stdin.on("error", () => undefined);
  const ended = new Promise<Ended>((resolve) => {
    child.on("close", (status, signal) => {
      children.delete(child);
      resolve({ status, signal, ...said });
    });
  });
  return { child, ended, said };
}

/** Runs the program to its end with `input` on standard input. */
export function daybook(
  cwd: string,
  args: readonly string[],
  { input = "", env = {} }: { input?: string | Buffer; env?: Record<string, string> } = {},
): Promise<Ended> {
  const { child, ended } = start(cwd, args, env);
  child.stdin.end(input);
  return ended;
}

/** Waits for a condition; throws what `describe` says when it does not come true. */
export async function until(isTrue: () => boolean | Promise<boolean>, describe: () => string): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`Did not happen: ${describe()}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

export function jsonLines(text: string): Array<Record<string, unknown>> {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

const folders: string[] = [];
const children = new Set<ChildProcessByStdio<Writable, Readable, Readable>>();

/** An empty folder that is removed after the test. */
export function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "daybook-cli-"));
  folders.push(folder);
  return folder;
}

/** A file that Daybook must not take for its own. */
export function foreignFile(folder: string): string {
  const path = join(folder, "letter.txt");
  writeFileSync(path, "Dear Ada, this is no database.\n".repeat(100));
  return path;
}

afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});
