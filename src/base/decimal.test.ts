import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addDecimals } from "./decimal.ts";

describe("sums of decimals", () => {
  it("are exact where floats are not", () => {
    expect(addDecimals("0.1", "0.2")).toBe("0.3");
    expect(addDecimals("0.3", "0.1", -1)).toBe("0.2");
    expect(addDecimals("0", "0.5", -1)).toBe("-0.5");
    expect(addDecimals("9007199254740993", "0.000000000000000001")).toBe(
      "9007199254740993.000000000000000001",
    );
  });

  it("come back to where they began when each part is taken away again, in any order", () => {
    const cost = fc.tuple(fc.nat(), fc.nat({ max: 999_999 })).map(([a, b]) => `${a}.${b}`);
    fc.assert(
      fc.property(fc.array(cost), (costs) => {
        const sum = costs.reduce((total, part) => addDecimals(total, part), "0");
        expect(costs.toReversed().reduce((total, part) => addDecimals(total, part, -1), sum)).toBe("0");
      }),
    );
  });

  it("refuses what is no decimal", () => {
    expect(() => addDecimals("1e5", "0")).toThrow(RangeError);
  });
});
