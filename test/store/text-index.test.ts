import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkFile } from "../../src/store/sqlite/check.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import type { Store } from "../../src/store/store.ts";
import { line, query } from "../conformance/drafts.ts";

/** Two segments of 64 blocks, the second one not complete, and an open block. */
const EVENTS = 70_000;
const WORDS = ["paid", "refused", "Rechnung", "δοκιμή", "retry of", "🦊 fox"];
const summaryOf = (n: number): string =>
  `${WORDS[n % WORDS.length]} order-${String(n * 7919).padStart(9, "0")}`;

let folder: string;
let path: string;
let store: Store;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "daybook-"));
  path = join(folder, "daybook.db");
  store = await openSqliteStore(path, { durability: "normal" });
  for (let n = 0; n < EVENTS; n += 5_000) {
    const batch = Array.from({ length: 5_000 }, (_, i) =>
      line({
        description: summaryOf(n + i),
        ...((n + i) % 1_000 === 0 ? { resource_id: `Crate-${n + i}!` } : {}),
      }),
    );
    await store.append(batch);
  }
}, 60_000);
afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

const find = (text: string, over: object = {}) =>
  store.list(query([{ op: "contains", text }], { limit: 1_000, scanMax: 1_000_000, ...over }));

describe("the index of texts", () => {
  it("finds what is there, wherever it is, looking at few rows", async () => {
    for (const n of [0, 1, 63, 64, 1_022, 1_023, 1_024, 33_333, 65_534, 65_535, 65_536, 69_631, 69_999]) {
      const { events, scan, end } = await find(`ORDER-${String(n * 7919).padStart(9, "0")}`);
      expect(events.map(({ seq }) => seq)).toEqual([n + 1]);
      expect(end).toBeNull();
      expect(scan.scanned).toBeLessThan(3_000);
    }
  });

  it("says of what is not there that it is not, having looked at few rows", async () => {
    for (const text of ["order-999999999", "no such thing", "δοκιμές", "🦊 wolf", "crate-17!"]) {
      const { events, scan, end } = await find(text);
      expect([events, end]).toEqual([[], null]);
      expect(scan).toMatchObject({ exhausted: false });
      expect(scan.scanned).toBeLessThan(5_000);
    }
  });

  it("finds in resource ids, in both orders and directions, and together with other conditions", async () => {
    const { events } = await find("crate-33000!");
    expect(events.map(({ seq }) => seq)).toEqual([33_001]);
    const byTime = await find("crate-", { order: "occurred_at", direction: "asc", limit: 5 });
    expect(byTime.events.map(({ resource }) => resource.id)).toEqual([
      "Crate-0!",
      "Crate-1000!",
      "Crate-2000!",
      "Crate-3000!",
      "Crate-4000!",
    ]);
    const both = await store.list(
      query(
        [
          { op: "contains", text: "crate-5" },
          { op: "contains", text: "000!" },
        ],
        { limit: 100, scanMax: 1_000_000 },
      ),
    );
    expect(both.events).toHaveLength(11);
  });

  it("counts the same by facets as by lists, for texts too short to be ruled out as well", async () => {
    for (const text of ["x", "de", "refused order-0000", "fox order-1"]) {
      const where = [{ op: "contains" as const, text }];
      const { matched } = await store.count({ tenant: "default", where, fields: [] });
      const expected = Array.from({ length: EVENTS }, (_, n) => summaryOf(n)).filter((it) =>
        it.includes(text),
      );
      expect([text, matched]).toEqual([text, expected.length]);
    }
  });

  it("is held against the rows by the check of the file", async () => {
    expect(await checkFile(path)).toEqual([]);
    const copy = join(folder, "copy.db");
    const db = new DatabaseSync(path);
    db.exec(`VACUUM INTO '${copy}'`);
    db.close();
    const spoiled = new DatabaseSync(copy);
    spoiled.exec("UPDATE text_slices SET bits = zeroblob(length(bits)) WHERE key % 7 = 0");
    spoiled.exec("DELETE FROM text_blocks");
    spoiled.close();
    const findings = await checkFile(copy);
    expect(findings).toHaveLength(68);
    expect(findings[0]).toBe("tenant default: block 0 has texts that a search would not find");
  });

  it("searches blocks from before there was an index whole", async () => {
    const copy = join(folder, "older.db");
    const db = new DatabaseSync(path);
    db.exec(`VACUUM INTO '${copy}'`);
    db.close();
    const older = new DatabaseSync(copy);
    older.exec("DROP TABLE text_slices; DROP TABLE text_blocks; PRAGMA user_version = 4");
    older.close();
    const upgraded = await openSqliteStore(copy);
    const { events, scan } = await upgraded.list(
      query([{ op: "contains", text: "crate-69000!" }], { limit: 2, scanMax: 2_000 }),
    );
    expect(events.map(({ seq }) => seq)).toEqual([69_001]);
    expect(scan.exhausted).toBe(true);
    await upgraded.close();
  });
});
