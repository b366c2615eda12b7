import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatMicros, MAX_MICROS, MIN_MICROS, parseMicros } from "./clock.ts";

describe("parseMicros", () => {
  it("reads back what formatMicros wrote", () => {
    fc.assert(
      fc.property(fc.integer({ min: MIN_MICROS, max: MAX_MICROS }), (micros) => {
        expect(parseMicros(formatMicros(micros))).toBe(micros);
        expect(parseMicros(formatMicros(micros))).toBe(micros);
      }),
    );
  });

  it("says the same of a time in our own form and in another one", () => {
    const digits = fc.array(fc.constantFrom(..."0123456789:x"), { minLength: 6, maxLength: 6 });
    const days = fc.constantFrom("2026-02-28", "2026-02-29", "1684-12-31", "2254-12-31", "2255-01-01");
    const times = fc.constantFrom("00:00:00", "23:59:59", "23:59:60", "24:00:00", "12:60:00", "1x:00:00");
    fc.assert(
      fc.property(days, times, digits, (day, time, fraction) => {
        const own = `${day}T${time}.${fraction.join("")}Z`;
        expect(parseMicros(own)).toBe(parseMicros(own.replace("Z", "+00:00")));
      }),
      { numRuns: 1_000 },
    );
  });
});
