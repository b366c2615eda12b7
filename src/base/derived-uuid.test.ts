import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { apart, derivedUuid } from "./derived-uuid.ts";
import { isUuid } from "./uuid.ts";

describe("derivedUuid", () => {
  it("gives the same id for the same parts and another for others", () => {
    expect(derivedUuid(["otlp", "a", 1])).toBe(derivedUuid(["otlp", "a", 1]));
    expect(derivedUuid(["otlp", "a", 1])).not.toBe(derivedUuid(["otlp", "a", 2]));
    expect(derivedUuid(["ab", "c"])).not.toBe(derivedUuid(["a", "bc"]));
    expect(derivedUuid(["a\0b"])).not.toBe(derivedUuid(["a", "b"]));
  });

  it("is a UUIDv7 of its time where there is one, else a UUIDv8", () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.integer({ min: 0, max: 8e15 }), (parts, micros) => {
        const timed = derivedUuid(parts, micros);
        expect(isUuid(timed)).toBe(true);
        expect(timed).toMatch(/^.{14}7.{4}[89ab]/);
        expect(Number.parseInt(timed.replaceAll("-", "").slice(0, 12), 16)).toBe(Math.floor(micros / 1000));
        expect(derivedUuid(parts)).toMatch(/^.{14}8.{4}[89ab]/);
      }),
    );
  });

  it("has no UUIDv7 for a time before 1970", () => {
    expect(derivedUuid(["a"], -1)).toBe(derivedUuid(["a"]));
  });
});

it("tells texts apart without being a hash that a guess could be held against", () => {
  expect(apart("yes")).not.toBe(apart("now"));
  const seen = new Set(Array.from({ length: 100_000 }, (_, i) => apart(`guess ${i + 100_000}`)));
  expect(seen.size).toBeLessThanOrEqual(65_536);
});
