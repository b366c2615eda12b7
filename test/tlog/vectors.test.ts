import { describe, expect, it } from "vitest";
import { verifyConsistency, verifyInclusion } from "../../src/tlog/proof.ts";
import { readArchive } from "../vectors.ts";

/** Proofs that others published (transparency-dev/merkle). */
const FILES = readArchive("rfc6962-transparency-dev-merkle-testdata.tar.gz");

interface Vector {
  readonly wantErr: boolean;
  readonly proof: readonly string[] | null;
  readonly leafIdx: number;
  readonly treeSize: number;
  readonly root: string;
  readonly leafHash: string;
  readonly size1: number;
  readonly size2: number;
  readonly root1: string;
  readonly root2: string;
}

/** Its roots are words, not hashes; we take nothing that cannot be a root. */
const NO_HASH = "sizes-are-equal-one-and-proof-is-empty";

const bytes = (base64: string | null): Uint8Array => Buffer.from(base64 ?? "", "base64");

function holds(name: string, vector: Vector): boolean {
  const proof = (vector.proof ?? []).map(bytes);
  if (name.includes("/inclusion/"))
    return verifyInclusion(
      bytes(vector.leafHash),
      vector.leafIdx,
      vector.treeSize,
      proof,
      bytes(vector.root),
    );
  return verifyConsistency(vector.size1, vector.size2, proof, bytes(vector.root1), bytes(vector.root2));
}

describe.runIf(FILES !== null)("published vectors", () => {
  it.each(["/inclusion/", "/consistency/"])("%s", (kind) => {
    let [good, bad] = [0, 0];
    for (const [name, text] of FILES ?? []) {
      if (!name.includes(kind) || !name.endsWith(".json") || name.includes(NO_HASH)) continue;
      const vector = JSON.parse(text) as Vector;
      expect(holds(name, vector), name).toBe(!vector.wantErr);
      if (vector.wantErr) bad++;
      else good++;
    }
    expect(good).toBeGreaterThan(3);
    expect(bad).toBeGreaterThan(30);
  });
});
