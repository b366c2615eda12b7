import { completeRoot, HASH_BYTES, hashAt } from "./hash.ts";

/**
 * Tiles as in C2SP tlog-tiles: a tile of level L holds up to 256 hashes that lie one behind the
 * other; those of level 0 are leaf hashes, those above are the roots of complete tiles below.
 */
export const TILE_HEIGHT = 8;
export const TILE_WIDTH = 2 ** TILE_HEIGHT;
export const TILE_BYTES = TILE_WIDTH * HASH_BYTES;
const LEVELS_MAX = 6;

export interface TilePath {
  /** `entries`, or a level of hashes. */
  readonly level: number | "entries";
  readonly index: number;
  /** Hashes in it: 256, or fewer in a partial tile. */
  readonly width: number;
}

/** `tile/<L>/<N>[.p/<W>]`, N in groups of three digits, all but the last behind an `x`. */
export function tilePath({ level, index, width }: TilePath): string {
  const partial = width === TILE_WIDTH ? "" : `.p/${width}`;
  return `tile/${level}/${indexPath(index)}${partial}`;
}

function indexPath(index: number): string {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, "0").match(/\d{3}/g) ?? [];
  return groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join("/");
}

const PATH = /^tile\/(entries|\d{1,2})\/((?:x\d{3}\/){0,4}\d{3})(?:\.p\/(\d{1,3}))?$/;

/** The inverse of `tilePath`; null for what it never writes. */
export function parseTilePath(path: string): TilePath | null {
  const match = PATH.exec(path);
  if (match === null) return null;
  const [, levelText = "", indexText = "", widthText] = match;
  const level = levelText === "entries" ? "entries" : Number(levelText);
  const index = Number(indexText.replaceAll(/[x/]/g, ""));
  const tile: TilePath = { level, index, width: widthText === undefined ? TILE_WIDTH : Number(widthText) };
  if (level !== "entries" && level > LEVELS_MAX) return null;
  return tile.width > 0 && tilePath(tile) === path ? tile : null;
}

/** How many hashes the tree of this size has at a level of tiles. */
export function hashesAt(level: number, size: number): number {
  return Math.floor(size / TILE_WIDTH ** level);
}

/** The width of a tile in the tree of this size; 0 where the tree has no such tile. */
export function widthAt(level: number, index: number, size: number): number {
  return Math.max(0, Math.min(TILE_WIDTH, hashesAt(level, size) - index * TILE_WIDTH));
}

/** A tile that grew or is new. */
export interface GrownTile {
  readonly level: number;
  readonly index: number;
  readonly hashes: Uint8Array;
}

/**
 * The tiles that change when leaves are appended to the tree of `size` leaves. `edge` gives the
 * partial tile at the right edge of a level, as the tree has it now.
 */
export function growTiles(
  size: number,
  leaves: Uint8Array,
  edge: (level: number) => Uint8Array,
): GrownTile[] {
  const grown: GrownTile[] = [];
  let fresh = leaves;
  for (let level = 0; fresh.length > 0; level++) {
    const before = hashesAt(level, size);
    const partial = edge(level);
    const all = new Uint8Array(partial.length + fresh.length);
    all.set(partial);
    all.set(fresh, partial.length);
    let index = Math.floor(before / TILE_WIDTH);
    const roots: Uint8Array[] = [];
    for (let at = 0; at < all.length; at += TILE_BYTES, index++) {
      const hashes = all.slice(at, at + TILE_BYTES);
      grown.push({ level, index, hashes });
      if (hashes.length === TILE_BYTES) roots.push(completeRoot(hashes));
    }
    fresh = new Uint8Array(roots.length * HASH_BYTES);
    for (const [i, root] of roots.entries()) fresh.set(root, i * HASH_BYTES);
  }
  return grown;
}

/** The root of the complete subtree of `2^height` hashes at the `index`-th such place in a tile. */
export function rootInTile(tile: Uint8Array, height: number, index: number): Uint8Array {
  const bytes = 2 ** height * HASH_BYTES;
  return height === 0 ? hashAt(tile, index) : completeRoot(tile.subarray(index * bytes, (index + 1) * bytes));
}
