import { randomBytes } from "node:crypto";
import { TrailError } from "../../base/error.ts";
import { SALT_KEY_BYTES } from "../../event/leaf.ts";
import type { BlobWrite } from "../../store/leaves.ts";
import type { Store } from "../../store/store.ts";
import { parseCheckpoint, type SignedCheckpoint } from "../../tlog/checkpoint.ts";
import { EMPTY_ROOT, HASH_BYTES, leafHash, sameBytes } from "../../tlog/hash.ts";
import { type GrownTile, growTiles, hashesAt, TILE_WIDTH, widthAt } from "../../tlog/tile.ts";
import { MissingTile, type TileSource, TileTree } from "../../tlog/tile-tree.ts";
import { judgeSignature, type LogKeys, originOf, publicKeys, signCheckpoint } from "./keys.ts";

/** Names of a tenant's bytes beside its log. */
export const BLOB = {
  checkpoint: "log/checkpoint",
  saltKey: "log/salt-key",
  /** Public keys, so that a copy of the store can be read without the key file. */
  keys: "log/keys",
  tile: (level: number, index: number): string => `log/tile/${level}/${index}`,
  history: (size: number): string => `log/history/${String(size).padStart(16, "0")}`,
} as const;

const LEAVES_MAX = 8_192;
const TRIES = 20;
/** Of the checkpoints of one minute, the last one is kept. */
const HISTORY_SECONDS = 60;

/** An event that was pruned before it was ever sealed leaves its number, and nothing more. */
export function goneLeaf(seq: number): Uint8Array {
  return leafHash(Buffer.from(JSON.stringify(["daybook/gone/v1", seq])));
}

export function tileSource(store: Store, tenant: string): TileSource {
  return (level, index) => store.blob(tenant, BLOB.tile(level, index));
}

export async function readCheckpoint(
  store: Store,
  tenant: string,
): Promise<{ text: string; signed: SignedCheckpoint } | null> {
  const bytes = await store.blob(tenant, BLOB.checkpoint);
  if (bytes === null) return null;
  const text = Buffer.from(bytes).toString("utf8");
  const signed = parseCheckpoint(text);
  if (signed === null) throw damaged("The checkpoint in the store is no checkpoint.");
  return { text, signed };
}

/** The tenant's salt key; made where there is none. */
export async function makeSaltKey(store: Store, tenant: string): Promise<Uint8Array> {
  const known = await store.blob(tenant, BLOB.saltKey);
  if (known !== null) return known;
  await store.writeBlobs(tenant, [{ name: BLOB.saltKey, bytes: randomBytes(SALT_KEY_BYTES), expect: null }]);
  return (await store.blob(tenant, BLOB.saltKey)) ?? makeSaltKey(store, tenant);
}

/**
 * Seals what the tenant's log holds up to now: hashes the events behind the last checkpoint into
 * tiles, signs a new one, and writes both in one transaction. Its only cursor is the checkpoint's
 * size, so it can die anywhere, and several may try at once: one of them wins, the others look again.
 * Rejects with `log.damaged` rather than sign a log that does not follow from what was signed before.
 */
export async function sealTenant(
  store: Store,
  tenant: string,
  keys: LogKeys,
): Promise<SignedCheckpoint | null> {
  for (let tries = 0; tries < TRIES; ) {
    const head = await store.head(tenant);
    const before = await readCheckpoint(store, tenant);
    const size = before?.signed.size ?? 0;
    const file = keys.make();
    const origin = before?.signed.origin ?? originOf(file.log, tenant);
    const seen = keys.seen(origin);
    if (before === null && (seen ?? keys.seen(originOf(file.log, tenant))) !== null)
      throw damaged("The log was sealed before, and its checkpoint is gone.");
    if (before !== null && seen !== null && seen.size > size)
      throw damaged(
        `The store's checkpoint covers ${size} events; one that covers ${seen.size} was signed here.`,
      );
    if (head < size) throw damaged(`The log has ${head} events; the checkpoint covers ${size}.`);
    const judged = before === null ? null : judgeSignature(before.signed, file);
    if (before !== null && judged === null) {
      throw new TrailError("log.key_unknown", "No key in the key file signed the log's checkpoint.", {
        fix: "Put the log's key file back beside the store.",
      });
    }
    const isSettled = judged?.state === "active" || judged?.state === "overlap";
    if (head === size && (before === null || isSettled)) return before?.signed ?? null;
    const next = await extend(store, tenant, { before, size, origin, head, isFirst: before === null }, keys);
    if (next === null) tries++;
    else if (next.size >= head) return next;
  }
  throw new TrailError(
    "store.unavailable",
    "The log could not be sealed: another process seals it all the time.",
  );
}

interface Extension {
  readonly before: { readonly text: string; readonly signed: SignedCheckpoint } | null;
  readonly size: number;
  readonly origin: string;
  readonly head: number;
  readonly isFirst: boolean;
}

/** One step; null when another process was first. */
async function extend(
  store: Store,
  tenant: string,
  from: Extension,
  keys: LogKeys,
): Promise<SignedCheckpoint | null> {
  const { before, size, origin, head } = from;
  const upTo = Math.min(head, size + LEAVES_MAX);
  const saltKey = await makeSaltKey(store, tenant);
  const old = tileSource(store, tenant);
  const root = before?.signed.root ?? EMPTY_ROOT;
  if (!sameBytes(await rootOf(size, old), root))
    throw damaged("The tiles of the log do not lead to its checkpoint.");
  const leaves = await leavesOf(store, tenant, saltKey, size, upTo);
  const edges = await edgesOf(old, size);
  const grown = growTiles(size, leaves, (level) => edges.get(level) ?? new Uint8Array());
  const fresh = new Map(grown.map((tile) => [BLOB.tile(tile.level, tile.index), tile.hashes]));
  const tree = new TileTree(
    upTo,
    async (level, index) => fresh.get(BLOB.tile(level, index)) ?? old(level, index),
  );
  const file = keys.make();
  const now = new Date();
  const text = signCheckpoint({ origin, size: upTo, root: await tree.root() }, file, now);
  const signed = parseCheckpoint(text) as SignedCheckpoint;
  const isWritten = await store.writeBlobs(tenant, [
    {
      name: BLOB.checkpoint,
      bytes: Buffer.from(text),
      expect: before === null ? null : Buffer.from(before.text),
    },
    { name: BLOB.keys, bytes: Buffer.from(JSON.stringify(publicKeys(file, origin))) },
    ...grown.map(toWrite),
    ...historyOf(before, file, now),
  ]);
  if (!isWritten) return null;
  keys.remember(origin, text);
  return signed;
}

function toWrite({ level, index, hashes }: GrownTile): BlobWrite {
  return { name: BLOB.tile(level, index), bytes: hashes };
}

/** The checkpoint that is replaced, where it is the last one of its minute. */
function historyOf(
  before: Extension["before"],
  file: Parameters<typeof judgeSignature>[1],
  now: Date,
): BlobWrite[] {
  if (before === null) return [];
  const seconds = judgeSignature(before.signed, file)?.seconds ?? 0;
  const minute = (at: number): number => Math.floor(at / HISTORY_SECONDS);
  if (minute(seconds) === minute(now.getTime() / 1000)) return [];
  return [{ name: BLOB.history(before.signed.size), bytes: Buffer.from(before.text) }];
}

async function rootOf(size: number, source: TileSource): Promise<Uint8Array> {
  try {
    return await new TileTree(size, source).root();
  } catch (thrown) {
    if (thrown instanceof MissingTile) throw damaged(`The log's ${thrown.message}.`);
    throw thrown;
  }
}

/** The partial tiles at the right edge. */
async function edgesOf(source: TileSource, size: number): Promise<Map<number, Uint8Array>> {
  const edges = new Map<number, Uint8Array>();
  for (let level = 0; hashesAt(level, size) > 0; level++) {
    const index = Math.floor(hashesAt(level, size) / TILE_WIDTH);
    const width = widthAt(level, index, size);
    const tile = width === 0 ? null : await source(level, index);
    if (tile !== null) edges.set(level, tile.subarray(0, width * HASH_BYTES));
  }
  return edges;
}

/** Leaf hashes of the seqs behind `size` up to `upTo`, with a leaf of its own for what is gone. */
async function leavesOf(
  store: Store,
  tenant: string,
  saltKey: Uint8Array,
  size: number,
  upTo: number,
): Promise<Uint8Array> {
  const all = new Uint8Array((upTo - size) * HASH_BYTES);
  const { seqs, hashes } = await store.leaves({ tenant, after: size, limit: upTo - size, saltKey });
  let next = 0;
  for (let seq = size + 1; seq <= upTo; seq++) {
    const isThere = seqs[next] === seq;
    const hash = isThere ? hashes.subarray(next * HASH_BYTES, (next + 1) * HASH_BYTES) : goneLeaf(seq);
    if (isThere) next++;
    all.set(hash, (seq - size - 1) * HASH_BYTES);
  }
  return all;
}

function damaged(what: string): TrailError {
  return new TrailError("log.damaged", what, {
    fix: "daybook verify says what happened; nothing more is sealed until it is mended.",
  });
}
