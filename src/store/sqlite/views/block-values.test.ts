import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  encodeIndex,
  hashValue,
  LIST_SQL,
  listParam,
  mayHold,
  mayList,
  SIEVE_SQL,
  sieveParams,
} from "./block-values.ts";

const db = new DatabaseSync(":memory:");
db.exec("CREATE TABLE one (hashes BLOB, bits BLOB)");
const insert = db.prepare("INSERT INTO one VALUES (?, ?)");
const isListed = db.prepare(`SELECT count(*) AS n FROM one WHERE ${LIST_SQL}`);
const isSifted = db.prepare(`SELECT count(*) AS n FROM one WHERE ${SIEVE_SQL}`);

/** What JavaScript and SQL say of a value in the index of a block with these values. */
function makeIndex(values: readonly string[]) {
  const hashes = Uint32Array.from(new Set(values.map((value) => hashValue("span_id", value)))).sort();
  const index = encodeIndex([["span_id", hashes]]);
  const bits = index.blooms[0]?.[1];
  db.exec("DELETE FROM one");
  insert.run(index.hashes, bits ?? null);
  return (hash: number): { script: boolean; sql: boolean } =>
    bits === undefined
      ? { script: mayList(index.hashes, new Set([hash])), sql: isListed.get(listParam(hash))?.n === 1 }
      : { script: mayHold(bits, [hash]), sql: isSifted.get(...sieveParams(hash))?.n === 1 };
}

describe("the index of a block", () => {
  it("never denies what it holds, in JavaScript and in SQL, at any size", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 1_024, size: "max" }), (values) => {
        const ask = makeIndex(values);
        for (const value of values.slice(0, 20)) {
          expect(ask(hashValue("span_id", value))).toEqual({ script: true, sql: true });
        }
      }),
      { numRuns: 50 },
    );
  });

  it.each([1, 63, 64, 65, 128, 129, 512, 513, 1_024])(
    "of %i values denies almost everything else",
    (count) => {
      const ask = makeIndex(Array.from({ length: count }, (_, i) => `value ${i}`));
      const answers = Array.from({ length: 2_000 }, (_, i) => ask(hashValue("span_id", `other ${i}`)));
      expect(answers.filter(({ script }) => script).length).toBeLessThan(10);
      expect(answers.filter(({ sql }) => sql).length).toBeLessThan(250);
      expect(answers.every(({ script, sql }) => sql || !script)).toBe(true);
    },
  );

  it("tells the same value of two fields apart", () => {
    expect(hashValue("tool", "x")).not.toBe(hashValue("agent", "x"));
  });
});
