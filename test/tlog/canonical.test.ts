import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson } from "../../src/base/canonical.ts";
import type { JsonValue } from "../../src/base/json.ts";
import { readArchive } from "../vectors.ts";

const published = readArchive("rfc8785-jcs-testdata.tar.gz");
const names = published === null ? [] : [...published.keys()].filter((name) => name.includes("/input/"));

describe("canonical JSON", () => {
  // Written down from RFC 8785, sections 3.2.2 and 3.2.3.
  it.each([
    [
      '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"literals":[null,true,false]}',
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27]}',
    ],
    ['{"\\u20ac":1,"\\r":2,"1":3,"\\ud83d\\ude00":4,"\\ufb33":5}', '{"\\r":2,"1":3,"€":1,"😀":4,"\ufb33":5}'],
    ['{"b":{"d":1,"c":[]},"a":"\\u000f\\n\\"\\\\/"}', '{"a":"\\u000f\\n\\"\\\\/","b":{"c":[],"d":1}}'],
  ])("of %s", (text, expected) => {
    expect(canonicalJson(JSON.parse(text))).toBe(expected);
  });

  it.skipIf(names.length === 0).each(names)("as published: %s", (name) => {
    const expected = published?.get(name.replace("/input/", "/output/"))?.trimEnd();
    expect(expected).not.toBe(undefined);
    expect(canonicalJson(JSON.parse(published?.get(name) ?? ""))).toBe(expected);
  });

  it("is the same for equal values, and says the same value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value as JsonValue);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonicalJson(JSON.parse(text))).toBe(text);
      }),
    );
  });

  it("refuses what nests too deep", () => {
    const deep = JSON.parse("[".repeat(300) + "]".repeat(300)) as JsonValue;
    expect(() => canonicalJson(deep)).toThrow(RangeError);
  });
});
