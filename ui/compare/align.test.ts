import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { align } from "./align.ts";

const same = (item: string): string => item;

describe("aligning", () => {
  it("puts what both have beside each other, and what one has alone, in the order of both", () => {
    expect(align([..."abcxd"], [..."aycd"], same)).toEqual([
      ["a", "a"],
      ["b", null],
      [null, "y"],
      ["c", "c"],
      ["x", null],
      ["d", "d"],
    ]);
    expect(align([], ["a"], same)).toEqual([[null, "a"]]);
  });

  it("loses nothing, changes no order, and pairs only equals", () => {
    const texts = fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 40 });
    fc.assert(
      fc.property(texts, texts, (a, b) => {
        const rows = align(a, b, same);
        expect(rows.flatMap(([left]) => left ?? [])).toEqual(a);
        expect(rows.flatMap(([, right]) => right ?? [])).toEqual(b);
        for (const [left, right] of rows) {
          expect(left === null && right === null).toBe(false);
          if (left !== null && right !== null) expect(left).toBe(right);
        }
      }),
    );
  });

  it("does so too where both are too long to look for the best", () => {
    const a = Array.from({ length: 3_000 }, (_, i) => `a${i % 7}`);
    const b = Array.from({ length: 3_000 }, (_, i) => `a${(i * 3) % 11}`);
    const rows = align(a, b, same);
    expect(rows.flatMap(([left]) => left ?? [])).toEqual(a);
    expect(rows.flatMap(([, right]) => right ?? [])).toEqual(b);
    expect(rows.filter(([left, right]) => left !== null && right !== null).length).toBeGreaterThan(500);
  });
});
