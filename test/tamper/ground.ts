import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openTrail } from "../../src/index.ts";
import { checkFile } from "../../src/store/sqlite/check.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { sha256 } from "../../src/tlog/hash.ts";
import { signingKey } from "../../src/tlog/note.ts";
import { growTiles } from "../../src/tlog/tile.ts";
import { CompactTree } from "../../src/tlog/tree.ts";
import { newKeyFile } from "../../src/trail/seal/key-file.ts";
import { publicKeys, signCheckpoint } from "../../src/trail/seal/keys.ts";
import { BLOB } from "../../src/trail/seal/sealer.ts";
import type { StoreVerdict, VerifyOptions } from "../../src/trail/seal/verify.ts";

export const SEALED = 600;
const TENANT = "default";

/** A sealed trail of 600 events in three runs by two emitters, with an older state of it beside. */
export interface Ground {
  readonly folder: string;
  readonly path: string;
  /** The same trail when it had 400 events. */
  readonly older: string;
  /** Its checkpoint then, and now, as a witness would have kept them. */
  readonly kept: readonly string[];
}

export async function layGround(): Promise<Ground> {
  const folder = mkdtempSync(join(tmpdir(), "daybook-tamper-"));
  const path = join(folder, "daybook.db");
  const older = join(folder, "older.db");
  const kept: string[] = [];
  for (const [count, emitter] of [
    [400, "first"],
    [200, "second"],
  ] as const) {
    const trail = openTrail(path, { emitterId: emitter });
    for (let n = 0; n < count; n++) {
      trail.record({
        type: n % 9 === 0 ? "llm.request" : "tool.execute",
        runId: `run ${n % 3}`,
        agent: "agent",
        tool: "transfer",
        status: n % 50 === 0 ? "error" : "ok",
        summary: `payment ${n}`,
        actor: { type: "user", id: "u1", label: "Ada" },
        data: { amount: n },
      });
    }
    await trail.flush();
    await trail.seal();
    kept.push((await trail.log.checkpoint()) ?? "");
    await trail.close();
    if (emitter === "first") copyFileSync(path, older);
  }
  const trail = openTrail(path);
  await trail.seal();
  await trail.close();
  return { folder, path, older, kept };
}

export interface Found {
  readonly holds: boolean;
  readonly kinds: readonly string[];
  readonly structure: readonly string[];
  readonly verdict: StoreVerdict;
}

/** Tampers with a copy and judges it, as `daybook verify` does. */
export async function judgeTampered(
  ground: Ground,
  tamper: (db: DatabaseSync, ground: Ground) => unknown,
  options: VerifyOptions & { withoutKeys?: boolean; swap?: boolean } = {},
): Promise<Found> {
  const folder = mkdtempSync(join(tmpdir(), "daybook-tampered-"));
  const path = join(folder, "daybook.db");
  try {
    copyFileSync(options.swap === true ? ground.older : ground.path, path);
    if (options.withoutKeys !== true) {
      for (const ending of [".keys", ".keys.seen"]) copyFileSync(ground.path + ending, path + ending);
    }
    const db = new DatabaseSync(path);
    await tamper(db, ground);
    db.close();
    if (existsSync(`${path}-wal`)) rmSync(`${path}-wal`);
    const structure = await checkFile(path);
    const { withoutKeys: _, swap: __, ...asked } = options;
    const trail = openTrail(path);
    try {
      const verdicts = [await trail.verify(asked), await trail.verify({ tenant: "daybook" })];
      const problems = verdicts.flatMap(({ claims }) => claims.flatMap((claim) => claim.problems));
      const kinds = [...new Set(problems.map(({ kind }) => kind))];
      const holds = structure.length === 0 && verdicts.every((verdict) => verdict.holds);
      return { holds, kinds, structure, verdict: verdicts[0] as StoreVerdict };
    } finally {
      await trail.close();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The position of an event of the tenant `default`. */
export function posOf(db: DatabaseSync, seq: number): number {
  const no = db.prepare("SELECT no FROM tenants WHERE name = ?").get(TENANT)?.no as number;
  return no * 2 ** 36 + seq;
}

export function readBlob(db: DatabaseSync, name: string): Uint8Array {
  const row = db.prepare("SELECT bytes FROM blobs WHERE tenant = ? AND name = ?").get(TENANT, name);
  return (row?.bytes as Uint8Array | undefined) ?? new Uint8Array();
}

export function writeBlob(db: DatabaseSync, name: string, bytes: Uint8Array): void {
  db.prepare("UPDATE blobs SET bytes = ? WHERE tenant = ? AND name = ?").run(bytes, TENANT, name);
}

/**
 * What the cleverest of those without the key does: hashes whatever events now stand in the file
 * into new tiles, and signs a new checkpoint with a key of his own.
 */
export async function rewrite(
  db: DatabaseSync,
  { withKeys = false, origin }: { withKeys?: boolean; origin?: string } = {},
): Promise<void> {
  const path = db.location() as string;
  const saltKey = readBlob(db, BLOB.saltKey);
  const before = Buffer.from(readBlob(db, BLOB.checkpoint)).toString().split("\n");
  const store = await openSqliteStore(path);
  const { hashes } = await store.leaves({ tenant: TENANT, after: 0, limit: 100_000, saltKey });
  await store.close();
  const tree = new CompactTree();
  for (let at = 0; at < hashes.length; at += 32) tree.append(hashes.slice(at, at + 32));
  for (const { level, index, hashes: tile } of growTiles(0, hashes, () => new Uint8Array())) {
    writeBlob(db, BLOB.tile(level, index), tile);
  }
  const seed = sha256(Buffer.from("the attacker's key"));
  const made = newKeyFile(new Date());
  const [key] = made.keys;
  const publicKey = Buffer.from(signingKey(seed).publicKey).toString("base64");
  const file = {
    ...made,
    keys:
      key === undefined ? [] : [{ ...key, seed: Buffer.from(seed).toString("base64"), public: publicKey }],
  };
  const name = origin ?? before[0] ?? "";
  const note = signCheckpoint({ origin: name, size: tree.size, root: tree.root() }, file, new Date());
  writeBlob(db, BLOB.checkpoint, Buffer.from(note));
  if (withKeys) writeBlob(db, BLOB.keys, Buffer.from(JSON.stringify(publicKeys(file, name))));
}
