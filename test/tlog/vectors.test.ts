import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { verifyConsistency, verifyInclusion } from "../../src/tlog/proof.ts";
import { ROOT } from "../tidy/sources.ts";

/**
 * Proofs that others published (transparency-dev/merkle). They are no part of this repository: the
 * archive is looked for in DAYBOOK_VECTORS, or in a folder beside the checkout.
 */
const FOLDER = process.env.DAYBOOK_VECTORS ?? join(ROOT, "../shared/vectors");
const ARCHIVE = join(FOLDER, "rfc6962-transparency-dev-merkle-testdata.tar.gz");

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

/** The files of a tar archive: headers of 512 bytes, with the size in octal at 124. */
function* readTar(archive: Buffer): Generator<[name: string, text: string]> {
  for (let at = 0; at + 512 <= archive.length && archive[at] !== 0; ) {
    const name = archive.toString("latin1", at, at + 100).split("\0")[0] ?? "";
    const size = Number.parseInt(archive.toString("latin1", at + 124, at + 136), 8);
    if (archive[at + 156] === 0x30) yield [name, archive.toString("utf8", at + 512, at + 512 + size)];
    at += 512 + Math.ceil(size / 512) * 512;
  }
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

describe.runIf(existsSync(ARCHIVE))("published vectors", () => {
  it.each(["/inclusion/", "/consistency/"])("%s", (kind) => {
    let [good, bad] = [0, 0];
    for (const [name, text] of readTar(gunzipSync(readFileSync(ARCHIVE)))) {
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
