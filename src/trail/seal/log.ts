import { TrailError } from "../../base/error.ts";
import { isUuid } from "../../base/uuid.ts";
import type { LeafEntry } from "../../event/leaf.ts";
import type { Vault } from "../../protect/vault.ts";
import type { Store } from "../../store/store.ts";
import type { SignedCheckpoint } from "../../tlog/checkpoint.ts";
import { HASH_BYTES } from "../../tlog/hash.ts";
import { encodeProofFile } from "../../tlog/proof-file.ts";
import { parseTilePath, TILE_WIDTH, widthAt } from "../../tlog/tile.ts";
import { TileTree } from "../../tlog/tile-tree.ts";
import type { Scope } from "../trail.ts";
import { readWitnesses, withCosignatures } from "../witness/follower.ts";
import { createWitnessing, type Witnessing } from "../witness/witnessing.ts";
import { keepSealed } from "./follower.ts";
import { revoke, rotate } from "./key-file.ts";
import { type LogKeys, type PublicKey, publicKeys } from "./keys.ts";
import { openedWith } from "./opened.ts";
import { BLOB, readCheckpoint, sealTenant, tileSource } from "./sealer.ts";

/** What proves one event, with nothing else than the log's public key. */
export interface EventProof {
  /** The leaf's place in the tree: `seq` less one. */
  readonly index: number;
  /** Leaves of the tree that the checkpoint signs. */
  readonly size: number;
  /** The inclusion path, in base64, nearest first (RFC 9162 §2.1.3). */
  readonly hashes: readonly string[];
  /** The signed note. */
  readonly checkpoint: string;
  /** The leaf's bytes as text, and what opens its commitment; null where the event itself is gone. */
  readonly leaf: {
    readonly entry: string;
    readonly payload: string;
    readonly salt: string;
    /** Opens the payload, where it is under a subject's key that is there; in base64. */
    readonly key?: string;
  } | null;
  /** All of it as one `.tlog-proof` file (C2SP tlog-proof), the leaf in its `extra` line. */
  readonly file: string;
}

export interface Sealed {
  readonly tenant: string;
  readonly origin: string;
  readonly size: number;
  /** In base64. */
  readonly root: string;
}

/** The Merkle log of a tenant: what the routes under `/api/v1/log` serve. */
export interface Log extends Witnessing {
  /** The newest checkpoint as a signed note, with the cosignatures of its witnesses, or null where nothing is sealed. */
  checkpoint(options?: Scope): Promise<string | null>;
  /** A tile by its path in C2SP tlog-tiles, `tile/0/x001/234.p/5` or `tile/entries/000`; null where there is none. */
  tile(path: string, options?: Scope): Promise<Uint8Array | null>;
  /** The inclusion path of a leaf, in base64. Rejects with `log.not_sealed`. */
  inclusion(index: number, size?: number, options?: Scope): Promise<{ size: number; hashes: string[] }>;
  /** Shows that the tree of `second` leaves begins with that of `first`; `second` is the newest by default. */
  consistency(first: number, second?: number, options?: Scope): Promise<{ second: number; hashes: string[] }>;
  keys(options?: Scope): Promise<PublicKey[]>;
  /** Every tenant that has a log. */
  tenants(): Promise<string[]>;
  /** A new signing key; the one before signs beside it for a week. */
  rotateKey(): void;
  /** Nothing that this key signed counts any more: its public half in base64. */
  revokeKey(publicKey: string): void;
  /** Seals continuously until the function that it returns is called. For a server; agents do not need it. */
  keepSealed(options: {
    intervalMs?: number;
    onProblem: (problem: Error) => void;
  }): Promise<() => Promise<void>>;
}

export interface LogGround {
  readonly open: () => Promise<Store>;
  readonly tenant: string;
  readonly keys: LogKeys;
  /** Keys that open what is under a subject's key. */
  readonly vault: Vault;
}

const base64 = (hashes: readonly Uint8Array[]): string[] =>
  hashes.map((hash) => Buffer.from(hash).toString("base64"));

export function createLog({ open, tenant: own, keys }: LogGround): Log {
  const of = ({ tenant }: Scope = {}): string => tenant ?? own;
  return {
    ...createWitnessing({ open, tenant: own, keys }),
    async checkpoint(scope) {
      const store = await open();
      const found = await readCheckpoint(store, of(scope));
      return found === null ? null : withCosignatures(found.text, await readWitnesses(store, of(scope)));
    },
    async tile(path, scope) {
      return readTile(await open(), of(scope), path);
    },
    async inclusion(index, size, scope) {
      const tree = await treeOf(await open(), of(scope), size);
      if (!(Number.isSafeInteger(index) && index >= 0 && index < tree.size)) throw notSealed(`leaf ${index}`);
      return { size: tree.size, hashes: base64(await tree.inclusion(index)) };
    },
    async consistency(first, second, scope) {
      const tree = await treeOf(await open(), of(scope), second);
      if (!(Number.isSafeInteger(first) && first >= 0 && first <= tree.size))
        throw notSealed(`a tree of ${first}`);
      return { second: tree.size, hashes: base64(await tree.consistency(first)) };
    },
    async keys(scope) {
      const checkpoint = await readCheckpoint(await open(), of(scope));
      const file = keys.read();
      return checkpoint === null || file === null ? [] : publicKeys(file, checkpoint.signed.origin);
    },
    tenants: async () => (await open()).tenants(),
    rotateKey: () => void keys.change(rotate),
    revokeKey: (publicKey) => void keys.change((file, now) => revoke(file, publicKey, now)),
    async keepSealed(options) {
      return keepSealed(await open(), keys, options);
    },
  };
}

/** Seals the tenant named, or all of them. */
export async function sealNow({ open, keys }: LogGround, scope: Scope = {}): Promise<Sealed[]> {
  const store = await open();
  const tenants = scope.tenant === undefined ? await store.tenants() : [scope.tenant];
  const sealed: Sealed[] = [];
  for (const tenant of tenants) {
    const checkpoint = await sealTenant(store, tenant, keys);
    if (checkpoint !== null) sealed.push(describe(tenant, checkpoint));
  }
  return sealed;
}

function describe(tenant: string, { origin, size, root }: SignedCheckpoint): Sealed {
  return { tenant, origin, size, root: Buffer.from(root).toString("base64") };
}

/** `at` is an event's id, or its seq; by seq also what is gone has its proof. */
export async function proveEvent(
  ground: LogGround,
  at: string | number,
  scope: Scope = {},
): Promise<EventProof> {
  const store = await ground.open();
  const tenant = scope.tenant ?? ground.tenant;
  const seq = typeof at === "number" ? at : await seqOf(store, tenant, at);
  const checkpoint = await readCheckpoint(store, tenant);
  if (checkpoint === null || !(Number.isSafeInteger(seq) && seq >= 1 && seq <= checkpoint.signed.size))
    throw notSealed(`the event ${at}`);
  const index = seq - 1;
  const tree = new TileTree(checkpoint.signed.size, tileSource(store, tenant));
  const hashes = await tree.inclusion(index);
  const leaf = leafOf(await entryAt(store, tenant, seq), ground.vault, tenant);
  const extra = leaf === null ? {} : { extra: Buffer.from(JSON.stringify(leaf)) };
  return {
    index,
    size: checkpoint.signed.size,
    hashes: base64(hashes),
    checkpoint: checkpoint.text,
    leaf,
    file: encodeProofFile({ index, hashes, checkpoint: checkpoint.text, ...extra }),
  };
}

async function seqOf(store: Store, tenant: string, id: string): Promise<number> {
  const event = isUuid(id) ? await store.get(tenant, id) : null;
  if (event !== null) return event.seq;
  throw new TrailError("event.not_found", "There is no event with this id.", {
    field: "id",
    fix: "An event that was pruned is found by its seq.",
  });
}

async function entryAt(store: Store, tenant: string, seq: number): Promise<LeafEntry | null> {
  const saltKey = await store.blob(tenant, BLOB.saltKey);
  if (saltKey === null) return null;
  const [entry] = await store.entries({ tenant, after: seq - 1, limit: 1, saltKey });
  return entry?.seq === seq ? entry : null;
}

function leafOf(entry: LeafEntry | null, vault: Vault, tenant: string): EventProof["leaf"] {
  if (entry === null) return null;
  const salt = Buffer.from(entry.salt).toString("hex");
  const key = openedWith(vault, tenant, entry)?.key;
  return { entry: entry.entry, payload: entry.payload, salt, ...(key === undefined ? {} : { key }) };
}

async function treeOf(store: Store, tenant: string, size?: number): Promise<TileTree> {
  const checkpoint = await readCheckpoint(store, tenant);
  const sealed = checkpoint?.signed.size ?? 0;
  const asked = size ?? sealed;
  if (!(Number.isSafeInteger(asked) && asked >= 0 && asked <= sealed)) throw notSealed(`a tree of ${asked}`);
  return new TileTree(asked, tileSource(store, tenant));
}

async function readTile(store: Store, tenant: string, path: string): Promise<Uint8Array | null> {
  const tile = parseTilePath(path);
  const size = (await readCheckpoint(store, tenant))?.signed.size ?? 0;
  if (tile === null) return null;
  const { level, index, width } = tile;
  if (width > widthAt(level === "entries" ? 0 : level, index, size)) return null;
  if (level === "entries") return readBundle(store, tenant, index, width);
  const bytes = await store.blob(tenant, BLOB.tile(level, index));
  return bytes === null || bytes.length < width * HASH_BYTES ? null : bytes.subarray(0, width * HASH_BYTES);
}

/** Entries behind their length in two bytes; null where an event of it is gone, as the format allows. */
async function readBundle(
  store: Store,
  tenant: string,
  index: number,
  width: number,
): Promise<Uint8Array | null> {
  const saltKey = await store.blob(tenant, BLOB.saltKey);
  if (saltKey === null) return null;
  const after = index * TILE_WIDTH;
  const entries = await store.entries({ tenant, after, limit: width, saltKey });
  if (entries.length !== width || entries.at(-1)?.seq !== after + width) return null;
  const parts: Uint8Array[] = [];
  for (const { entry } of entries) {
    const bytes = Buffer.from(entry);
    if (bytes.length > 0xffff) return null;
    parts.push(Uint8Array.of(bytes.length >> 8, bytes.length & 0xff), bytes);
  }
  return Uint8Array.from(Buffer.concat(parts));
}

function notSealed(what: string): TrailError {
  return new TrailError("log.not_sealed", `No checkpoint covers ${what} yet.`, {
    fix: "A server seals within two seconds; else run daybook seal.",
  });
}
