import { expect, it } from "vitest";
import { BoundedMap } from "./bounded-map.ts";

it("forgets its oldest where there are too many, and gives what it takes away", () => {
  const map = new BoundedMap<number, string>();
  for (let i = 0; i < 10_001; i++) map.set(i, `at ${i}`);
  expect([map.size, map.has(0), map.has(1)]).toEqual([10_000, false, true]);
  expect(map.take(1)).toBe("at 1");
  expect(map.take(1)).toBeUndefined();
  expect(map.size).toBe(9_999);
});
