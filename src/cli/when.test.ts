import { expect, it } from "vitest";
import { parseWhen, readableTime } from "./when.ts";

const NOW = Date.UTC(2026, 0, 31, 12) * 1000;

it("reads times and ages", () => {
  expect(readableTime(parseWhen("--since", "2026-01-31T11:30:00+01:00", NOW))).toBe(
    "2026-01-31 10:30:00.000",
  );
  const ages = { "0s": 0, "90s": 90, "15m": 900, "2h": 7_200, "1d": 86_400, "2w": 1_209_600 };
  for (const [age, seconds] of Object.entries(ages))
    expect(NOW - parseWhen("--since", age, NOW)).toBe(seconds * 1_000_000);
});

it.each(["", "soon", "15", "-15m", "15 m", "2026-01-31", "1y", "99999999999s"])("refuses %j", (text) => {
  expect(() => parseWhen("--since", text, NOW)).toThrow("--since must be a time or an age.");
});
