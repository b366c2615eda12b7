import { EMPTY_ROOT, nodeHash } from "./hash.ts";

/**
 * A Merkle tree that keeps only the roots of its complete subtrees (RFC 9162 §2.1.2), one for each
 * set bit of its size: enough to append and to tell the root.
 */
export class CompactTree {
  #size = 0;
  /** Roots of complete subtrees, the largest first. */
  readonly #roots: Uint8Array[] = [];

  get size(): number {
    return this.#size;
  }

  /** Appends a leaf, given as its hash. */
  append(leaf: Uint8Array): void {
    let root = leaf;
    // Each trailing one of the size is a subtree as large as what comes to stand beside it.
    for (let rest = this.#size; rest % 2 === 1; rest = Math.floor(rest / 2)) {
      root = nodeHash(this.#roots.pop() as Uint8Array, root);
    }
    this.#roots.push(root);
    this.#size++;
  }

  /** Continues from the roots of the complete subtrees of a tree of this size, the largest first. */
  static from(size: number, roots: readonly Uint8Array[]): CompactTree {
    const tree = new CompactTree();
    tree.#size = size;
    tree.#roots.push(...roots);
    return tree;
  }

  get roots(): readonly Uint8Array[] {
    return this.#roots;
  }

  root(): Uint8Array {
    return this.#roots.length === 0 ? EMPTY_ROOT : foldRoots(this.#roots);
  }
}

/** The root over neighboring complete subtrees, the largest first. */
export function foldRoots(roots: readonly Uint8Array[]): Uint8Array {
  return roots.reduceRight((right, left) => nodeHash(left, right));
}
