import { describe, expect, it } from "vitest";
import { boundsOf, fromInput, isAll, rangeLabel, readRange, toInput, toInterval } from "./range.ts";

describe("a time range", () => {
  it("is read from an address, and what makes no sense is left out", () => {
    expect(readRange({ range: "1h", from: "2026-01-01" })).toEqual({ range: "1h" });
    expect(readRange({ range: "constructor" })).toEqual({});
    expect(readRange({ from: "2026-01-02T00:00:00+02:00", to: "2026-01-03" })).toEqual({
      from: "2026-01-01T22:00:00.000Z",
      to: "2026-01-03T00:00:00.000Z",
    });
    expect(readRange({ from: "tomorrow", to: 5 })).toEqual({});
    expect(readRange({ from: "2026-01-03", to: "2026-01-02" })).toEqual({ from: "2026-01-03T00:00:00.000Z" });
    expect(isAll(readRange({}))).toBe(true);
  });

  it("becomes a filter, counted back from now where it is relative", () => {
    const now = Date.parse("2026-01-01T12:00:00Z");
    expect(toInterval(boundsOf({ range: "1h" }, now))).toBe("[2026-01-01T11:00:00.000Z,*)");
    expect(toInterval(boundsOf({ to: "2026-01-01T00:00:00.000Z" }, now))).toBe(
      "[*,2026-01-01T00:00:00.000Z)",
    );
    expect(toInterval(boundsOf({}, now))).toBeNull();
  });

  it("goes through a field of date and time in both zones", () => {
    const at = "2026-07-01T10:20:30.000Z";
    for (const zone of ["utc", "local"] as const) expect(fromInput(toInput(at, zone), zone)).toBe(at);
    expect(toInput(at, "utc")).toBe("2026-07-01T10:20:30");
    expect(fromInput("", "utc")).toBeUndefined();
    expect(rangeLabel({ from: at }, "utc")).toBe("Since 2026-07-01 10:20:30");
    expect(rangeLabel({ range: "7d" })).toBe("Last 7 days");
  });
});
