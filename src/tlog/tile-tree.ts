import { EMPTY_ROOT, HASH_BYTES, nodeHash } from "./hash.ts";
import { rootInTile, TILE_HEIGHT, TILE_WIDTH, widthAt } from "./tile.ts";

/** Where tiles come from: at least the hashes that a tree of the asked size has; null where it is lost. */
export type TileSource = (level: number, index: number) => Promise<Uint8Array | null>;

/** Raised when a tile that the tree must have is not there, or is too short. */
export class MissingTile extends Error {
  readonly level: number;
  readonly index: number;

  constructor(level: number, index: number) {
    super(`tile ${index} of level ${level} is missing or too short`);
    this.level = level;
    this.index = index;
  }
}

const split = (count: number): number => 2 ** Math.ceil(Math.log2(count) - 1);

/**
 * A tree of fixed size over its tiles: root and proofs by the recursions of RFC 9162 §2.1.1,
 * §2.1.3.1 and §2.1.4.1. Each tile is read once.
 */
export class TileTree {
  readonly size: number;
  readonly #source: TileSource;
  readonly #tiles = new Map<string, Promise<Uint8Array>>();

  constructor(size: number, source: TileSource) {
    this.size = size;
    this.#source = source;
  }

  async root(): Promise<Uint8Array> {
    return this.size === 0 ? EMPTY_ROOT : this.#range(0, this.size);
  }

  leaf(index: number): Promise<Uint8Array> {
    return this.#node(0, index);
  }

  /** The path from the leaf to the root, nearest first. */
  async inclusion(index: number): Promise<Uint8Array[]> {
    if (!(index >= 0 && index < this.size))
      throw new RangeError(`no leaf ${index} in a tree of ${this.size}`);
    const path: Uint8Array[] = [];
    let [low, high] = [0, this.size];
    while (high - low > 1) {
      const middle = low + split(high - low);
      if (index < middle) {
        path.push(await this.#range(middle, high));
        high = middle;
      } else {
        path.push(await this.#range(low, middle));
        low = middle;
      }
    }
    return path.reverse();
  }

  /** Shows that this tree begins with the tree of `first` leaves. */
  async consistency(first: number): Promise<Uint8Array[]> {
    if (!(first >= 0 && first <= this.size))
      throw new RangeError(`${first} is beyond the tree of ${this.size}`);
    if (first === 0 || first === this.size) return [];
    const path: Uint8Array[] = [];
    let [low, high] = [0, this.size];
    while (high !== first) {
      const middle = low + split(high - low);
      if (first <= middle) {
        path.push(await this.#range(middle, high));
        high = middle;
      } else {
        path.push(await this.#range(low, middle));
        low = middle;
      }
    }
    if (low > 0) path.push(await this.#range(low, high));
    return path.reverse();
  }

  /** Roots of the complete subtrees, the largest first: what a compact tree goes on from. */
  async edges(): Promise<Uint8Array[]> {
    const roots: Uint8Array[] = [];
    for (let low = 0; low < this.size; ) {
      const count = 2 ** Math.floor(Math.log2(this.size - low));
      roots.push(await this.#range(low, low + count));
      low += count;
    }
    return roots;
  }

  async #range(low: number, high: number): Promise<Uint8Array> {
    const count = high - low;
    const height = Math.log2(count);
    if (Number.isInteger(height)) return this.#node(height, low / count);
    const middle = low + split(count);
    const left = await this.#range(low, middle);
    return nodeHash(left, await this.#range(middle, high));
  }

  /** The root of the complete subtree of `2^height` leaves. */
  async #node(height: number, index: number): Promise<Uint8Array> {
    const level = Math.floor(height / TILE_HEIGHT);
    const within = height % TILE_HEIGHT;
    const perTile = TILE_WIDTH / 2 ** within;
    const tile = await this.#tile(level, Math.floor(index / perTile));
    return rootInTile(tile, within, index % perTile);
  }

  #tile(level: number, index: number): Promise<Uint8Array> {
    const key = `${level}/${index}`;
    let tile = this.#tiles.get(key);
    if (tile === undefined) {
      tile = this.#read(level, index);
      this.#tiles.set(key, tile);
    }
    return tile;
  }

  async #read(level: number, index: number): Promise<Uint8Array> {
    const tile = await this.#source(level, index);
    const bytes = widthAt(level, index, this.size) * HASH_BYTES;
    if (tile === null || tile.length < bytes) throw new MissingTile(level, index);
    return tile.subarray(0, bytes);
  }
}
