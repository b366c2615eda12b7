import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openTrail } from "../../src/index.ts";

/** Starts a TypeScript program under this Node and resolves when it has printed its first line. */
export async function start(script: string, args: string[]): Promise<{ child: ChildProcess; line: string }> {
  const child = spawn(process.execPath, [script, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let text = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    text += chunk.toString();
    const end = text.indexOf("\n");
    if (end >= 0) resolve(text.slice(0, end));
  });
  child.once("exit", (code, signal) => reject(new Error(`${script} ended early: ${code ?? signal}`)));
  return { child, line: await promise };
}

export function kill(child: ChildProcess): Promise<void> {
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGKILL");
  return gone;
}

export function randomDelay(maxMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.random() * maxMs));
}

/** One line per promised id. */
export function readWitness(path: string): string[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").split("\n");
  return lines.slice(0, -1);
}

/** Kills recorders at random moments, one after another over one store; each adopts what the last one left. */
export async function recorderRounds(
  dir: string,
  rounds: number,
): Promise<{ db: string; promised: string[] }> {
  const db = join(dir, "crash.db");
  const witness = join(dir, "witness");
  for (let round = 0; round < rounds; round++) {
    const { child } = await start(join(import.meta.dirname, "recorder.ts"), [db, witness]);
    await randomDelay(60);
    await kill(child);
  }
  return { db, promised: readWitness(witness) };
}

export interface Findings {
  missing: string[];
  doubled: number;
  gaps: number;
  head: number;
  events: number;
  emitterGaps: number;
}

/** Opens the store, which adopts what is left, and holds it against what was promised. */
export async function examine(db: string, promised: readonly string[]): Promise<Findings> {
  await using trail = openTrail(db);
  const seen = new Set<string>();
  let events = 0;
  let gaps = 0;
  let last = 0;
  for await (const event of trail.events.export()) {
    events++;
    seen.add(event.id);
    if (event.seq !== last + 1) gaps++;
    last = event.seq;
  }
  const emitters = await trail.emitters();
  return {
    missing: promised.filter((id) => !seen.has(id)),
    doubled: events - seen.size,
    gaps,
    head: await trail.events.head(),
    events,
    emitterGaps: emitters.reduce((sum, emitter) => sum + emitter.missing.length, 0),
  };
}
