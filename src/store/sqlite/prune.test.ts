import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, it } from "vitest";
import { uuidv7 } from "../../base/uuid.ts";
import { encodeDraft } from "../../event/wire.ts";
import type { Store } from "../store.ts";
import { checkFile } from "./check.ts";
import { openSqliteStore } from "./sqlite-store.ts";

let folder: string;
let path: string;
let store: Store;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "daybook-"));
  path = join(folder, "daybook.db");
  store = await openSqliteStore(path);
  const lines = Array.from({ length: 36_000 }, (_, n) =>
    encodeDraft({
      id: uuidv7(),
      tenant: "default",
      environment: "production",
      event_type: "tool.execute",
      severity: "INFO",
      agent: `agent ${n % 5}`,
      emitter_id: "e",
      emitter_epoch: 1,
      emitter_number: n + 1,
    }),
  );
  for (let at = 0; at < lines.length; at += 4_000) await store.append(lines.slice(at, at + 4_000));
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

it("leaves a sound file, through blocks, sums of blocks and the open block", async () => {
  const where = [{ op: "any" as const, field: "agent" as const, values: ["agent 1", "agent 2"] }];
  let after: number | null = 0;
  let removed = 0;
  while (after !== null) {
    const result = await store.prune({ tenant: "default", where, except: [], limit: 100_000, after });
    removed += result.removed;
    after = result.end;
  }
  expect(removed).toBe(14_400);
  expect(await checkFile(path)).toEqual([]);
  expect((await store.stats("default")).byAgent).toEqual({
    "agent 0": 7_200,
    "agent 3": 7_200,
    "agent 4": 7_200,
  });
});

it("is told apart from a hole that nobody owns to", async () => {
  await store.prune({ tenant: "default", where: [], except: [], limit: 10 });
  expect(await checkFile(path)).toEqual([]);
  const db = new DatabaseSync(path, { timeout: 5_000 });
  db.exec("DELETE FROM events WHERE pos % 68719476736 = 20000");
  db.close();
  const findings = await checkFile(path);
  expect(findings.join("\n")).toContain("there are 35989 events and 10 pruned");
});
