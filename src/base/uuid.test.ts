import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { uuidFromBytes, uuidToBytes } from "./uuid.ts";

describe("uuidToBytes", () => {
  it("is the inverse of uuidFromBytes, whatever the letter case", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        const text = uuidFromBytes(bytes);
        expect(Uint8Array.from(uuidToBytes(text))).toEqual(bytes);
        expect(Uint8Array.from(uuidToBytes(text.toUpperCase()))).toEqual(bytes);
      }),
    );
  });
});
