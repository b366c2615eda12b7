import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EMPTY_ROOT, HASH_BYTES, leafHash, nodeHash } from "./hash.ts";
import { verifyConsistency, verifyInclusion } from "./proof.ts";
import { growTiles, hashesAt, TILE_WIDTH, widthAt } from "./tile.ts";
import { MissingTile, type TileSource, TileTree } from "./tile-tree.ts";
import { CompactTree } from "./tree.ts";

const leafOf = (n: number): Uint8Array => leafHash(Buffer.from(`leaf ${n}`));
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** RFC 9162 §2.1.1, written down as it stands there. */
function rootOf(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return EMPTY_ROOT;
  if (leaves.length === 1) return leaves[0] as Uint8Array;
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return nodeHash(rootOf(leaves.slice(0, k)), rootOf(leaves.slice(k)));
}

/** Tiles of a tree that grew by these many leaves at a time. */
function grow(steps: readonly number[]): {
  size: number;
  source: TileSource;
  tiles: Map<string, Uint8Array>;
} {
  const tiles = new Map<string, Uint8Array>();
  let size = 0;
  for (const step of steps) {
    const leaves = Buffer.concat(Array.from({ length: step }, (_, i) => leafOf(size + i)));
    const edge = (level: number): Uint8Array => {
      const index = Math.floor(hashesAt(level, size) / TILE_WIDTH);
      const width = widthAt(level, index, size);
      return (tiles.get(`${level}/${index}`) ?? new Uint8Array()).subarray(0, width * HASH_BYTES);
    };
    for (const { level, index, hashes } of growTiles(size, leaves, edge))
      tiles.set(`${level}/${index}`, hashes);
    size += step;
  }
  return { size, tiles, source: async (level, index) => tiles.get(`${level}/${index}`) ?? null };
}

describe("hashes", () => {
  it("are those of RFC 6962", () => {
    expect(hex(EMPTY_ROOT)).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect(hex(leafHash(new Uint8Array()))).toBe(
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    );
    expect(hex(leafHash(Buffer.from("L123456")))).toBe(
      "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56",
    );
    expect(hex(nodeHash(Buffer.from("N123"), Buffer.from("N456")))).not.toBe(
      hex(leafHash(Buffer.from("N123N456"))),
    );
  });
});

describe("CompactTree", () => {
  it("has the root of the definition at every size, also when it goes on from its roots", () => {
    const leaves = Array.from({ length: 70 }, (_, n) => leafOf(n));
    let tree = new CompactTree();
    for (let size = 0; size <= leaves.length; size++) {
      expect(hex(tree.root())).toBe(hex(rootOf(leaves.slice(0, size))));
      if (size % 7 === 0) tree = CompactTree.from(size, tree.roots);
      if (size < leaves.length) tree.append(leaves[size] as Uint8Array);
    }
  });
});

describe("TileTree", () => {
  it("has the root of the definition whatever the steps in which it grew", async () => {
    const steps = fc.array(fc.integer({ min: 1, max: 600 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(steps, async (grown) => {
        const { size, source, tiles } = grow(grown);
        const once = grow([size]);
        expect(new Map([...tiles].sort())).toEqual(new Map([...once.tiles].sort()));
        const leaves = Array.from({ length: size }, (_, n) => leafOf(n));
        expect(hex(await new TileTree(size, source).root())).toBe(hex(rootOf(leaves)));
      }),
      { numRuns: 20 },
    );
  });

  it("proves every leaf, and every smaller tree, of trees around the width of a tile", async () => {
    const { source } = grow([70_000]);
    const rootAt = (size: number): Promise<Uint8Array> => new TileTree(size, source).root();
    const sizes = fc.constantFrom(1, 2, 3, 7, 255, 256, 257, 511, 513, 65_535, 65_536, 65_537, 70_000);
    await fc.assert(
      fc.asyncProperty(sizes, fc.nat(), fc.nat(), async (size, at, from) => {
        const tree = new TileTree(size, source);
        const root = await tree.root();
        const index = at % size;
        const path = await tree.inclusion(index);
        expect(verifyInclusion(leafOf(index), index, size, path, root)).toBe(true);
        expect(verifyInclusion(leafOf(index + 1), index, size, path, root)).toBe(false);
        expect(verifyInclusion(leafOf(index), (index + 1) % size, size, path, root)).toBe(size === 1);
        const first = from % (size + 1);
        const proof = await tree.consistency(first);
        expect(verifyConsistency(first, size, proof, await rootAt(first), root)).toBe(true);
        if (first > 0 && first < size) {
          expect(verifyConsistency(first, size, proof, leafOf(0), root)).toBe(first === 1);
          expect(verifyConsistency(first, size, proof.slice(1), await rootAt(first), root)).toBe(false);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("says which tile is missing", async () => {
    const { tiles } = grow([600]);
    tiles.delete("0/1");
    const tree = new TileTree(600, async (level, index) => tiles.get(`${level}/${index}`) ?? null);
    await expect(tree.inclusion(300)).rejects.toThrow(MissingTile);
    await expect(tree.inclusion(300)).rejects.toThrow("tile 1 of level 0");
  });

  it("refuses what lies outside", async () => {
    const tree = new TileTree(3, grow([3]).source);
    await expect(tree.inclusion(3)).rejects.toThrow(RangeError);
    await expect(tree.consistency(4)).rejects.toThrow(RangeError);
  });
});
