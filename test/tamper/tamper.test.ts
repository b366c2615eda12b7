import { rmSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { uuidToBytes, uuidv7 } from "../../src/base/uuid.ts";
import { BLOB } from "../../src/trail/seal/sealer.ts";
import {
  type Ground,
  judgeTampered,
  layGround,
  posOf,
  readBlob,
  rewrite,
  SEALED,
  writeBlob,
} from "./ground.ts";

let ground: Ground;
beforeAll(async () => {
  ground = await layGround();
});
afterAll(() => rmSync(ground.folder, { recursive: true }));

/** One way to tamper: its name, what is done in the file, and the words by which it must be found. */
type Kind = readonly [name: string, tamper: (db: DatabaseSync) => unknown, kind: string];

const set =
  (column: string, value: string | number | null, seq = 300) =>
  (db: DatabaseSync) =>
    db.prepare(`UPDATE events SET ${column} = ? WHERE pos = ?`).run(value, posOf(db, seq));

const cut = (from: number, to: number) => (db: DatabaseSync) =>
  db.prepare("DELETE FROM events WHERE pos BETWEEN ? AND ?").run(posOf(db, from), posOf(db, to));

/** A cut that also mends what the store counts of itself. */
const cutWell = (from: number, to: number) => (db: DatabaseSync) => {
  cut(from, to)(db);
  db.prepare("UPDATE tenants SET head = ? WHERE name = 'default'").run(from - 1);
};

const swap = (a: number, b: number) => (db: DatabaseSync) => {
  const move = db.prepare("UPDATE events SET pos = ? WHERE pos = ?");
  const parked = posOf(db, 2 ** 30);
  move.run(parked, posOf(db, a));
  move.run(posOf(db, a), posOf(db, b));
  move.run(posOf(db, b), parked);
};

/** A copy of an event under another id at another place. */
const insertAt = (seq: number) => (db: DatabaseSync) => {
  const row = db.prepare("SELECT * FROM events WHERE pos = ?").get(posOf(db, 10)) as Record<
    string,
    string | number
  >;
  const forged = { ...row, pos: posOf(db, seq), id: uuidToBytes(uuidv7()), emitter_id: null };
  const names = Object.keys(forged);
  db.prepare(`INSERT INTO events (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})`).run(
    ...Object.values(forged),
  );
};

const flip = (name: string, at: number) => (db: DatabaseSync) => {
  const bytes = Uint8Array.from(readBlob(db, name));
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeBlob(db, name, bytes);
};

const drop = (like: string) => (db: DatabaseSync) =>
  db.prepare("DELETE FROM blobs WHERE tenant = 'default' AND name LIKE ?").run(like);

const editNote = (edit: (note: string) => string) => (db: DatabaseSync) =>
  writeBlob(db, BLOB.checkpoint, Buffer.from(edit(Buffer.from(readBlob(db, BLOB.checkpoint)).toString())));

const after =
  (...steps: Array<(db: DatabaseSync) => unknown>) =>
  async (db: DatabaseSync) => {
    for (const step of steps) await step(db);
  };

const KINDS: readonly Kind[] = [
  ["the summary of an event is edited", set("description", "payment 0"), "event.changed"],
  ["an amount in the payload is edited", set("data", '{"amount":1}'), "event.changed"],
  ["the payload is emptied", set("data", "{}"), "event.changed"],
  ["white space in the payload is changed", set("data", '{"amount": 299}'), "event.changed"],
  ["the payload's number is written another way", set("data", '{"amount":299.0}'), "event.changed"],
  ["a failure is made a success", set("status", "ok", 51), "event.changed"],
  ["an error is added", set("error", "boom"), "event.changed"],
  ["the actor is exchanged", set("actor_id", "u2"), "event.changed"],
  ["the actor's name is exchanged", set("actor_label", "Bob"), "event.changed"],
  ["the tool is exchanged", set("tool", "refund"), "event.changed"],
  ["the agent is taken away", set("agent", null), "event.changed"],
  ["an event is moved to another run", set("run_id", "run 7"), "event.changed"],
  ["an event is moved to another environment", set("environment", "staging"), "event.changed"],
  ["an event happened at another time", set("occurred_at", 1_600_000_000_000_000), "event.changed"],
  [
    "an event was recorded a microsecond later",
    (db) => db.prepare("UPDATE events SET created_at = created_at + 1 WHERE pos = ?").run(posOf(db, 300)),
    "event.changed",
  ],
  ["an event is hidden from forwarders", set("do_not_forward", 1), "event.changed"],
  ["an event is given to another emitter", set("emitter_id", "third"), "event.changed"],
  ["an event's number is changed", set("emitter_number", 9_999), "event.changed"],
  [
    "an event gets another id",
    (db) => db.prepare("UPDATE events SET id = ? WHERE pos = ?").run(uuidToBytes(uuidv7()), posOf(db, 300)),
    "event.changed",
  ],
  [
    "a whole range is edited",
    (db) =>
      db
        .prepare("UPDATE events SET agent = 'other' WHERE pos BETWEEN ? AND ?")
        .run(posOf(db, 100), posOf(db, 200)),
    "event.changed",
  ],
  [
    "text becomes bytes",
    (db) =>
      db.prepare("UPDATE events SET tool = ? WHERE pos = ?").run(Buffer.from("transfer"), posOf(db, 300)),
    "event.changed",
  ],
  ["the first event is edited", set("description", "x", 1), "event.changed"],
  ["the last event is edited", set("description", "x", SEALED), "event.changed"],
  ["an event is deleted", cut(300, 300), "event.deleted"],
  ["the first event is deleted", cut(1, 1), "event.deleted"],
  [
    "a whole run is deleted",
    (db) => db.prepare("DELETE FROM events WHERE run_id = 'run 1'").run(),
    "event.deleted",
  ],
  [
    "an event is deleted, and retention's count is forged",
    (db) => {
      cut(20, 20)(db);
      db.prepare("INSERT INTO pruned_blocks SELECT ?, 1").run(Math.floor(posOf(db, 20) / 1024));
    },
    "event.deleted",
  ],
  ["the tail is cut", cut(550, SEALED), "tail.cut"],
  ["the last event is cut", cut(SEALED, SEALED), "tail.cut"],
  ["the tail is cut and the head set back", cutWell(550, SEALED), "tail.cut"],
  ["everything is deleted", cutWell(1, SEALED), "tail.cut"],
  ["two events change places", swap(100, 101), "event.changed"],
  ["events of two tiles change places", swap(10, 500), "event.changed"],
  ["an event is put behind the head", insertAt(SEALED + 7), "event.inserted"],
  [
    "an event is replaced by a copy of another",
    (db) => {
      cut(200, 200)(db);
      insertAt(200)(db);
    },
    "event.changed",
  ],
  ["one hash of the log is altered", flip(BLOB.tile(0, 0), 40), "tile.changed"],
  ["a hash above is altered", flip(BLOB.tile(1, 0), 40), "tile.changed"],
  ["a tile is lost", drop("log/tile/0/1"), "tile.changed"],
  [
    "a tile is cut",
    (db) => writeBlob(db, BLOB.tile(0, 2), readBlob(db, BLOB.tile(0, 2)).subarray(0, 64)),
    "tile.changed",
  ],
  [
    "an event and its hash are altered together",
    async (db) => {
      set("tool", "refund")(db);
      await rewrite(db);
    },
    "checkpoint.signature",
  ],
  [
    "the log is rewritten from its genesis under another key",
    after(
      (db) => db.exec("UPDATE events SET agent = 'other' WHERE agent IS NOT NULL"),
      (db) => rewrite(db, { withKeys: true }),
    ),
    "checkpoint.signature",
  ],
  [
    "the tail is cut and the log rewritten",
    after(cutWell(550, SEALED), (db) => rewrite(db, { withKeys: true })),
    "checkpoint.rolled_back",
  ],
  ["the checkpoint is deleted", drop("log/checkpoint"), "checkpoint.missing"],
  ["everything that was sealed is deleted", drop("log/%"), "checkpoint.missing"],
  ["the checkpoint becomes nonsense", editNote(() => "nonsense"), "checkpoint.malformed"],
  [
    "the checkpoint's size is edited",
    editNote((note) => note.replace(`\n${SEALED}\n`, "\n599\n")),
    "checkpoint.signature",
  ],
  [
    "the checkpoint's root is edited",
    editNote((note) => note.replace(/\n[A-Za-z0-9+/]{4}/, "\nAAAA")),
    "checkpoint.signature",
  ],
  [
    "the checkpoint's signature is edited",
    editNote((note) => note.replace(/(— \S+ \S{20})..../, "$1AAAA")),
    "checkpoint.signature",
  ],
  [
    "the signed time is taken off the checkpoint",
    editNote((note) =>
      note
        .split("\n")
        .filter((_, i) => i !== 5)
        .join("\n"),
    ),
    "time.missing",
  ],
  [
    "the name of the log is exchanged",
    editNote((note) => note.replace("daybook.local", "daybook.other")),
    "checkpoint.signature",
  ],
  ["the salt key is exchanged", (db) => writeBlob(db, BLOB.saltKey, new Uint8Array(32)), "salt.changed"],
  ["the salt key is lost", drop("log/salt-key"), "salt.lost"],
  [
    "the format is downgraded: data as an older schema had it",
    (db) => db.exec("UPDATE events SET usage = '' WHERE usage IS NULL"),
    "salt.changed",
  ],
  [
    "an emitter's word on what it sent is deleted",
    (db) => db.exec("DELETE FROM events WHERE event_type = 'emitter.closed'"),
    "tail.cut",
  ],
];

describe("tampering in the database file", () => {
  it("has at least forty kinds", () => {
    expect(new Set(KINDS.map(([name]) => name)).size).toBeGreaterThanOrEqual(40);
  });

  it("is not seen where there is none", async () => {
    const { holds, kinds, structure, verdict } = await judgeTampered(ground, () => undefined);
    expect({ holds, kinds, structure }).toEqual({ holds: true, kinds: [], structure: [] });
    expect(verdict.claims.map(({ standing }) => standing)).toEqual([
      "conditional",
      "conditional",
      "conditional",
      "conditional",
      "conditional",
    ]);
  });

  it.each(KINDS)("%s", async (_, tamper, kind) => {
    const { holds, kinds } = await judgeTampered(ground, tamper);
    expect(kinds).toContain(kind);
    expect(holds).toBe(false);
  });
});

describe("tampering that needs more than the file to be seen", () => {
  it("the file is set back to an older state: the memory beside the key sees it", async () => {
    const { holds, kinds } = await judgeTampered(ground, () => undefined, { swap: true });
    expect(kinds).toContain("checkpoint.rolled_back");
    expect(holds).toBe(false);
  });

  it("the file is set back and the key file is not there: only a kept checkpoint sees it", async () => {
    const alone = await judgeTampered(ground, () => undefined, { swap: true, withoutKeys: true });
    expect(alone.holds).toBe(true);
    const tail = alone.verdict.claims.find(({ claim }) => claim === "tail");
    expect(tail).toMatchObject({ standing: "conditional" });
    expect(tail?.conditions.join(" ")).toContain("no checkpoint from outside");
    const kept = await judgeTampered(ground, () => undefined, {
      swap: true,
      withoutKeys: true,
      checkpoints: ground.kept,
    });
    expect([kept.holds, kept.kinds]).toEqual([false, ["checkpoint.rolled_back"]]);
  });

  it("the log is rewritten from its genesis, with its keys: only a kept checkpoint, or the key as it was told, sees it", async () => {
    const tamper = async (db: DatabaseSync): Promise<void> => {
      db.exec("UPDATE events SET tool = 'refund' WHERE tool = 'transfer'");
      await rewrite(db, { withKeys: true });
    };
    const alone = await judgeTampered(ground, tamper, { withoutKeys: true });
    expect(alone.kinds).toEqual([]);
    expect(alone.verdict.claims[0]?.conditions.join(" ")).toContain("compare it with what you were told");
    const kept = await judgeTampered(ground, tamper, { withoutKeys: true, checkpoints: ground.kept });
    expect(kept.holds).toBe(false);
    expect(kept.kinds).toContain("history.changed");
  });
});
