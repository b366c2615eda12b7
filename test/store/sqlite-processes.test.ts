import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkFile } from "../../src/store/sqlite/check.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import type { Outcome, Store } from "../../src/store/store.ts";
import { line, query } from "../conformance/drafts.ts";

const APPENDER = fileURLToPath(new URL("./appender.ts", import.meta.url));

let folder: string;
let path: string;
const children = new Set<ChildProcess>();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "daybook-"));
  path = join(folder, "deep", "daybook.db");
});
afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  children.clear();
  await rm(folder, { recursive: true });
});

interface Appender {
  readonly child: ChildProcess;
  readonly acknowledged: Outcome[];
  /** Resolves when at least this many batches are acknowledged. */
  acknowledgedBatches(count: number): Promise<void>;
  readonly ended: Promise<unknown>;
}

function startAppender(name: string, linesMax: number, batches = 0): Appender {
  const args = [APPENDER, path, name, String(linesMax), String(batches)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  children.add(child);
  const acknowledged: Outcome[] = [];
  let count = 0;
  const waiting: Array<{ count: number; resolve: () => void }> = [];
  const output = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  output.on("line", (text) => {
    // A line that the kill cut short was not acknowledged to anybody.
    if (!text.endsWith("]")) return;
    acknowledged.push(...(JSON.parse(text) as Outcome[]));
    count++;
    for (const one of waiting) if (count >= one.count) one.resolve();
  });
  return {
    child,
    acknowledged,
    acknowledgedBatches: (wanted) => new Promise((resolve) => waiting.push({ count: wanted, resolve })),
    ended: Promise.all([once(child, "exit"), once(output, "close")]),
  };
}

/** Every event of a tenant: id by seq. */
async function readIds(store: Store, tenant: string): Promise<Map<number, string>> {
  const ids = new Map<number, string>();
  for (let after = 0; ; ) {
    const asked = query([], { tenant, direction: "asc", after: { seq: after }, limit: 1_000 });
    const page = await store.list(asked);
    for (const event of page.events) ids.set(event.seq, event.id);
    if (page.end === null) return ids;
    after = page.end.seq;
  }
}

async function expectSound(acknowledged: readonly Outcome[]): Promise<void> {
  const store = await openSqliteStore(path);
  const known = new Map<string, number>();
  for (const tenant of await store.tenants()) {
    const ids = await readIds(store, tenant);
    expect([...ids.keys()]).toEqual(Array.from({ length: await store.head(tenant) }, (_, i) => i + 1));
    for (const [seq, id] of ids) known.set(id, seq);
  }
  expect(acknowledged.length).toBeGreaterThan(0);
  for (const outcome of acknowledged) {
    if (outcome.status === "rejected") throw new Error(outcome.reason);
    expect(known.get(outcome.id)).toBe(outcome.seq);
  }
  await store.append([line()]);
  await store.close();
  expect(await checkFile(path)).toEqual([]);
}

describe("a killed process", () => {
  it("loses nothing that was acknowledged, and leaves a sound file", { timeout: 120_000 }, async () => {
    const acknowledged: Outcome[] = [];
    for (let round = 0; round < 6; round++) {
      const appender = startAppender(`round ${round}`, [1, 40, 700][round % 3] as number);
      await appender.acknowledgedBatches(10 + round * 7);
      appender.child.kill("SIGKILL");
      await appender.ended;
      acknowledged.push(...appender.acknowledged);
      await expectSound(acknowledged);
    }
  });
});

describe("several processes with one file", () => {
  it("open a new one at once, and give every seq once", { timeout: 120_000 }, async () => {
    const appenders = ["a", "b", "c"].map((name) => startAppender(name, 60, 60));
    await Promise.all(appenders.map(({ ended }) => ended));
    expect(appenders.map(({ child }) => child.exitCode)).toEqual([0, 0, 0]);
    const acknowledged = appenders.flatMap((appender) => appender.acknowledged);
    const keys = acknowledged.map((outcome) => JSON.stringify(outcome));
    expect(new Set(keys).size).toBe(keys.length);
    await expectSound(acknowledged);
  });

  it("hear of each other's commits", async () => {
    const store = await openSqliteStore(path);
    const heard = new Promise<void>((resolve) => {
      store.watch(() => resolve());
    });
    const appender = startAppender("other", 1, 3);
    await heard;
    await appender.ended;
    expect(await store.head("default")).toBe(3);
    await store.close();
  });
});

describe("a process that is done", () => {
  it("ends by itself with an open, idle store, and only after what it appends is committed", async () => {
    const script = `
      const { openSqliteStore } = await import(${JSON.stringify(new URL("../../src/store/sqlite/sqlite-store.ts", import.meta.url).href)});
      const store = await openSqliteStore(${JSON.stringify(path)});
      await store.head("default");
      store.append([${JSON.stringify(line())}]);
    `;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: "inherit" });
    children.add(child);
    expect(await once(child, "exit")).toEqual([0, null]);
    const store = await openSqliteStore(path);
    expect(await store.head("default")).toBe(1);
    await store.close();
  });
});
