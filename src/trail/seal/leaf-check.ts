import type { Store } from "../../store/store.ts";
import { completeRoot, EMPTY_ROOT, HASH_BYTES, hashAt, sameBytes } from "../../tlog/hash.ts";
import { TILE_BYTES, TILE_WIDTH } from "../../tlog/tile.ts";
import { CompactTree, foldRoots } from "../../tlog/tree.ts";
import { BLOB, goneLeaf } from "./sealer.ts";

/** What holding the events against the hashes of the log came to. */
export interface LeafFindings {
  /** Events that are there, and that a checkpoint covers. */
  readonly checked: number;
  /** Sealed events that are not what their hash says. */
  readonly changed: readonly number[];
  /** Sealed events that are not there. */
  readonly gone: readonly number[];
  /** Events behind the sealed ones, up to the head. */
  readonly unsealed: number;
  /** Events that stand where none may be: beyond the head, or where the log says that there was none. */
  readonly stray: readonly number[];
  /** Tiles, as `level/index`, that are missing or do not follow from those below. */
  readonly tiles: readonly string[];
  /** The roots that the stored hashes, and the events themselves, lead to. */
  readonly hashRoot: Uint8Array;
  readonly eventRoot: Uint8Array;
}

export interface LeafCheck {
  readonly tenant: string;
  readonly size: number;
  readonly head: number;
  readonly saltKey: Uint8Array;
  /** Begin behind so many leaves, a multiple of 256 that an earlier check came to. */
  readonly from: number;
  readonly onProgress: (done: number) => void;
  readonly signal: AbortSignal | undefined;
}

const BATCH = 32 * TILE_WIDTH;
const NUMBERS_MAX = 10_000;

/** Reads the whole log once, in its order, and hashes everything again. */
export async function checkLeaves(store: Store, check: LeafCheck): Promise<LeafFindings> {
  const { size, head, from, saltKey, tenant } = check;
  const reading = new Reading(store, check);
  await reading.begin();
  for (let at = from; at < size; at += BATCH) {
    check.signal?.throwIfAborted();
    const upTo = Math.min(size, at + BATCH);
    const { seqs, hashes } = await store.leaves({ tenant, after: at, limit: upTo - at, saltKey });
    await reading.batch(at, upTo, seqs, hashes);
    check.onProgress(upTo);
  }
  const rest = await store.leaves({ tenant, after: size, limit: NUMBERS_MAX, saltKey });
  const stray = [...rest.seqs].filter((seq) => seq > head);
  return {
    ...(await reading.end()),
    unsealed: Math.max(0, head - size),
    stray: [...reading.stray, ...stray],
  };
}

/** A tree over roots of complete tiles, and over the leaves behind them. */
class Sum {
  readonly #tiles = new CompactTree();
  readonly #rest = new CompactTree();

  tile(root: Uint8Array): void {
    this.#tiles.append(Uint8Array.from(root));
  }

  leaf(hash: Uint8Array): void {
    this.#rest.append(Uint8Array.from(hash));
  }

  root(): Uint8Array {
    const roots = [...this.#tiles.roots, ...this.#rest.roots];
    return roots.length === 0 ? EMPTY_ROOT : foldRoots(roots);
  }
}

class Reading {
  readonly changed: number[] = [];
  readonly gone: number[] = [];
  readonly stray: number[] = [];
  readonly #store: Store;
  readonly #check: LeafCheck;
  readonly #tiles: string[] = [];
  readonly #fromHashes = new Sum();
  readonly #fromEvents = new Sum();
  /** Roots of complete tiles of level 0. */
  readonly #roots: Uint8Array[] = [];
  #checked: number;

  constructor(store: Store, check: LeafCheck) {
    this.#store = store;
    this.#check = check;
    this.#checked = check.from;
  }

  /** What an earlier check has read is taken over as roots; they must still lead to the signed root. */
  async begin(): Promise<void> {
    for (let index = 0; index < this.#check.from / TILE_WIDTH; index++) {
      const above = await this.#tile(1, Math.floor(index / TILE_WIDTH));
      const root = Uint8Array.from(hashAt(above, index % TILE_WIDTH));
      this.#roots.push(root);
      this.#fromHashes.tile(root);
      this.#fromEvents.tile(root);
    }
  }

  async batch(at: number, upTo: number, seqs: Float64Array, hashes: Uint8Array): Promise<void> {
    let next = 0;
    for (let low = at; low < upTo; low += TILE_WIDTH) {
      const width = Math.min(TILE_WIDTH, upTo - low);
      const tile = await this.#tile(0, low / TILE_WIDTH);
      if (tile.length < width * HASH_BYTES) this.#tiles.push(`0/${low / TILE_WIDTH}`);
      // Zeros stand for hashes that are lost; nothing is hashed to them.
      const stored = new Uint8Array(width * HASH_BYTES);
      stored.set(tile.subarray(0, stored.length));
      const events = stored.slice();
      for (let i = 0; i < width; i++) {
        const seq = low + i + 1;
        if (seqs[next] !== seq) {
          this.#absent(seq, hashAt(stored, i));
          continue;
        }
        const leaf = hashAt(hashes, next++);
        this.#present(seq, leaf, hashAt(stored, i));
        events.set(leaf, i * HASH_BYTES);
      }
      this.#push(stored, events);
    }
  }

  #present(seq: number, leaf: Uint8Array, stored: Uint8Array): void {
    this.#checked++;
    if (Buffer.compare(leaf, stored) === 0) return;
    const list = sameBytes(stored, goneLeaf(seq)) ? this.stray : this.changed;
    if (list.length < NUMBERS_MAX) list.push(seq);
  }

  #absent(seq: number, stored: Uint8Array): void {
    if (!sameBytes(stored, goneLeaf(seq)) && this.gone.length < NUMBERS_MAX) this.gone.push(seq);
  }

  #push(stored: Uint8Array, events: Uint8Array): void {
    if (stored.length === TILE_BYTES) {
      const root = completeRoot(stored);
      this.#roots.push(root);
      this.#fromHashes.tile(root);
      this.#fromEvents.tile(Buffer.compare(stored, events) === 0 ? root : completeRoot(events));
      return;
    }
    for (let at = 0; at < stored.length; at += HASH_BYTES) {
      this.#fromHashes.leaf(stored.subarray(at, at + HASH_BYTES));
      this.#fromEvents.leaf(events.subarray(at, at + HASH_BYTES));
    }
  }

  async end(): Promise<Omit<LeafFindings, "unsealed" | "stray">> {
    let level = 1;
    for (let hashes = this.#roots; hashes.length > 0; level++) hashes = await this.#checkLevel(level, hashes);
    return {
      checked: this.#checked,
      changed: this.changed,
      gone: this.gone,
      tiles: this.#tiles,
      hashRoot: this.#fromHashes.root(),
      eventRoot: this.#fromEvents.root(),
    };
  }

  /** Holds a level of tiles against the roots of the level below; returns the roots of its complete tiles. */
  async #checkLevel(level: number, hashes: readonly Uint8Array[]): Promise<Uint8Array[]> {
    const above: Uint8Array[] = [];
    for (let at = 0; at < hashes.length; at += TILE_WIDTH) {
      const expected = Buffer.concat(hashes.slice(at, at + TILE_WIDTH));
      const stored = await this.#tile(level, at / TILE_WIDTH);
      if (Buffer.compare(stored.subarray(0, expected.length), expected) !== 0) {
        this.#tiles.push(`${level}/${at / TILE_WIDTH}`);
      }
      if (expected.length === TILE_BYTES) above.push(completeRoot(expected));
    }
    return above;
  }

  async #tile(level: number, index: number): Promise<Uint8Array> {
    return (await this.#store.blob(this.#check.tenant, BLOB.tile(level, index))) ?? new Uint8Array();
  }
}
