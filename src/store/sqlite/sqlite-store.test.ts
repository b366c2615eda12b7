import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { uuidv7 } from "../../base/uuid.ts";
import { checkFile } from "./check.ts";
import { APPLICATION_ID } from "./migrate.ts";
import { openSqliteStore } from "./sqlite-store.ts";

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "daybook-"));
  path = join(folder, "new", "folder", "daybook.db");
});
afterEach(() => rm(folder, { recursive: true }));

function lines(count: number, more: object = {}): string[] {
  return Array.from({ length: count }, () =>
    JSON.stringify({
      id: uuidv7(),
      tenant: "t",
      environment: "e",
      event_type: "x",
      severity: "INFO",
      ...more,
    }),
  );
}

async function filled(count = 3): Promise<void> {
  const store = await openSqliteStore(path);
  await store.append(lines(count));
  await store.close();
}

describe("the file", () => {
  it("is made with its folders, for its owner alone, and marked as ours", async () => {
    await filled();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, "new")).mode & 0o777).toBe(0o700);
    expect(readFileSync(path).readUInt32BE(68)).toBe(APPLICATION_ID);
    expect(readFileSync(path).readUInt16BE(16)).toBe(8_192);
    expect(existsSync(`${path}-wal`)).toBe(false);
  });

  it("may be there and empty", async () => {
    await filled();
    truncateSync(path, 0);
    await filled();
    expect(await checkFile(path)).toEqual([]);
  });

  it("is refused and left alone when it is no database", async () => {
    path = join(folder, "notes.txt");
    writeFileSync(path, "Dear diary,\n".repeat(100));
    await expect(openSqliteStore(path)).rejects.toMatchObject({ code: "store.foreign_file" });
    expect(readFileSync(path, "utf8")).toBe("Dear diary,\n".repeat(100));
  });

  it("is refused when it is a folder", async () => {
    await expect(openSqliteStore(folder)).rejects.toMatchObject({ code: "store.foreign_file" });
  });

  it("is refused when it is another program's database", async () => {
    path = join(folder, "other.db");
    const other = new DatabaseSync(path);
    other.exec("CREATE TABLE cats (name TEXT)");
    other.close();
    const before = readFileSync(path);
    await expect(openSqliteStore(path)).rejects.toMatchObject({ code: "store.foreign_file" });
    expect(readFileSync(path)).toEqual(before);
  });

  it("is refused when a newer Daybook wrote it", async () => {
    await filled();
    const db = new DatabaseSync(path);
    db.exec("PRAGMA user_version = 999");
    db.close();
    await expect(openSqliteStore(path)).rejects.toMatchObject({
      code: "store.newer_schema",
      message: expect.stringContaining("999"),
      fix: expect.stringContaining("Upgrade"),
    });
  });

  it("is told to be corrupt when it is cut short", async () => {
    await filled(2_000);
    truncateSync(path, 16_384);
    const store = await openSqliteStore(path);
    await expect(store.append(lines(1))).rejects.toMatchObject({ code: "store.corrupt" });
    await expect(store.head("t")).rejects.toMatchObject({ code: "store.corrupt" });
    await store.close();
    expect(await checkFile(path)).not.toEqual([]);
  });
});

describe("a store that cannot be written", () => {
  it("rejects while another one holds the lock, and takes the same lines afterwards", async () => {
    const store = await openSqliteStore(path, { busyTimeoutMs: 30 });
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    const batch = lines(2);
    await expect(store.append(batch)).rejects.toMatchObject({ code: "store.unavailable" });
    expect(await store.head("t")).toBe(0);
    other.exec("ROLLBACK");
    other.close();
    expect(await store.append(batch)).toMatchObject([{ seq: 1 }, { seq: 2 }]);
    await store.close();
  });

  const hasPrlimit = existsSync("/usr/bin/prlimit");
  it.skipIf(!hasPrlimit)("rejects on a full disk, and takes the same lines when there is room", () => {
    const script = `
      import { execFileSync } from "node:child_process";
      const { openSqliteStore } = await import(${JSON.stringify(new URL("./sqlite-store.ts", import.meta.url).href)});
      const limit = (bytes) => execFileSync("/usr/bin/prlimit", ["--pid", String(process.pid), "--fsize=" + bytes + ":unlimited"]);
      process.on("SIGXFSZ", () => undefined);
      const store = await openSqliteStore(${JSON.stringify(path)});
      await store.append([${JSON.stringify(lines(1)[0])}]);
      limit(400_000);
      const batches = ${JSON.stringify(Array.from({ length: 12 }, () => lines(1, { data: { text: "x".repeat(50_000) } })))};
      const said = [];
      for (const batch of batches) said.push(await store.append(batch).then(() => "ok", (error) => error.code));
      limit("unlimited");
      const again = [];
      for (const batch of batches) again.push(...(await store.append(batch)).map(({ status }) => status));
      const head = await store.head("t");
      await store.close();
      console.log(JSON.stringify({ said, again, head }));
    `;
    const output = execFileSync(process.execPath, ["--input-type=module", "-"], {
      encoding: "utf8",
      input: script,
    });
    const { said, again, head } = JSON.parse(output) as { said: string[]; again: string[]; head: number };
    expect(said).toContain("store.unavailable");
    expect(said[0]).toBe("ok");
    expect(again).toEqual(said.map((word) => (word === "ok" ? "duplicate" : "appended")));
    expect(head).toBe(13);
  });
});

describe("checkFile", () => {
  const breaks: Record<string, string> = {
    "a row is gone": "DELETE FROM events WHERE pos % 68719476736 = 500",
    "a value changed": "UPDATE events SET tool = 'other' WHERE pos % 68719476736 = 500",
    "an emitter's number changed": "UPDATE events SET emitter_number = 5000 WHERE pos % 68719476736 = 500",
    "a time runs backwards": "UPDATE events SET created_at = 1 WHERE pos % 68719476736 = 500",
    "the head is wrong": "UPDATE tenants SET head = head - 1",
    "a filter is gone": "DELETE FROM block_blooms",
    "a list of values is cut": "UPDATE blocks SET hashes = substr(hashes, 5)",
    "bounds are gone": "DELETE FROM blocks",
    "counts are wrong": "UPDATE tallies SET counts = '[[],[],[],[],[]]'",
    "ranges are wrong": "UPDATE emitter_ranges SET high = high + 1",
    "a closing is made up": "INSERT INTO closings VALUES ('t', 'e', 1, 5, 5)",
  };
  it.each(Object.entries(breaks))("tells when %s", async (_name, sql) => {
    const store = await openSqliteStore(path);
    let number = 0;
    for (let batch = 0; batch < 3; batch++) {
      const made = lines(500).map((text) =>
        JSON.stringify({
          ...JSON.parse(text),
          tool: "a",
          span_id: `${number}`,
          emitter_id: "e",
          emitter_epoch: 1,
          emitter_number: ++number,
        }),
      );
      await store.append(made);
    }
    await store.close();
    expect(await checkFile(path)).toEqual([]);
    const db = new DatabaseSync(path);
    db.exec(sql);
    db.close();
    expect(await checkFile(path)).not.toEqual([]);
  });
});
