import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeValues, hashValue, mayHold, SIEVE_SQL, sieveParams } from "./block-values.ts";

const db = new DatabaseSync(":memory:");
db.exec("CREATE TABLE block_values (hashes BLOB)");
const insert = db.prepare("INSERT INTO block_values VALUES (?)");
const sift = db.prepare(`SELECT count(*) AS n FROM block_values WHERE ${SIEVE_SQL}`);

function isSifted(bytes: Uint8Array, hash: number): boolean {
  db.exec("DELETE FROM block_values");
  insert.run(bytes);
  return sift.get(...sieveParams(hash))?.n === 1;
}

describe("a block's set of values", () => {
  it("never denies what it holds, in JavaScript and in SQL, at any size", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 1_024, size: "max" }), (values) => {
        const bytes = encodeValues(values, values.length);
        for (const value of values.slice(0, 20)) {
          expect(mayHold(bytes, [hashValue(value)])).toBe(true);
          expect(isSifted(bytes, hashValue(value))).toBe(true);
        }
      }),
      { numRuns: 50 },
    );
  });

  it.each([1, 127, 128, 256, 257, 512, 513, 1_024])("of %i values denies almost everything else", (count) => {
    const values = Array.from({ length: count }, (_, i) => `value ${i}`);
    const bytes = encodeValues(values, count);
    let wrong = 0;
    let sifted = 0;
    for (let i = 0; i < 5_000; i++) {
      const hash = hashValue(`other ${i}`);
      if (mayHold(bytes, [hash])) {
        wrong++;
        expect(isSifted(bytes, hash)).toBe(true);
      }
      if (i < 500 && isSifted(bytes, hash)) sifted++;
    }
    expect(wrong).toBeLessThan(15);
    expect(sifted).toBeLessThan(75);
  });
});
