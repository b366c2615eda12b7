import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openTrail } from "../../src/index.ts";

let dir: string;
let db: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "daybook-exit-"));
  db = join(dir, "exit.db");
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function leave(
  level: string,
  way: string,
  signal?: NodeJS.Signals,
): Promise<number | NodeJS.Signals | null> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "leaver.ts"), db, level, way]);
  if (signal !== undefined) child.stdout.once("data", () => child.kill(signal));
  return new Promise((resolve) => child.once("exit", (code, killed) => resolve(code ?? killed)));
}

async function kept(): Promise<number> {
  await using trail = openTrail(db);
  let events = 0;
  for await (const event of trail.events.export({ filter: { type: "left" } })) {
    expect(event.data.i).toBe(events++);
  }
  return events;
}

describe.each(["spooled", "memory"])("a process with a %s trail", (level) => {
  it.each([
    ["falls off its end", "end", undefined, 0, 200],
    ["calls process.exit", "process.exit", undefined, 7, 200],
    ["dies of its own error", "uncaught", undefined, 1, 200],
    ["ends a using block", "using", undefined, 0, 201],
    ["gets SIGTERM", "signal", "SIGTERM", "SIGTERM", 200],
    ["gets SIGINT", "signal", "SIGINT", "SIGINT", 200],
    ["gets SIGTERM and has its own handler", "own handler", "SIGTERM", 9, 200],
  ] as const)(
    "that %s keeps what it recorded, and ends as it would have",
    async (_name, way, signal, status, events) => {
      expect(await leave(level, way, signal)).toBe(status);
      expect(await kept()).toBe(events);
    },
  );
});
