import { readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { daybook, emptyFolder, jsonLines } from "./daybook.ts";

it("daybook bench says what the machine can do, and leaves nothing behind", async () => {
  const folder = emptyFolder();
  const { status, stdout, stderr } = await daybook(folder, ["bench", "--events", "2000", "--json"], {
    env: { TMPDIR: folder },
  });
  expect([status, stderr]).toEqual([0, ""]);
  const found = jsonLines(stdout);
  expect(found.map(({ unit }) => unit)).toEqual([
    "µs",
    "µs",
    "events/s",
    "ms",
    "events/s",
    "events/s",
    "bytes/event",
  ]);
  for (const { figure } of found) expect(figure).toBeGreaterThan(0);
  expect(readdirSync(folder)).toEqual([]);
  expect((await daybook(folder, ["bench", "--events", "2000"])).stdout).toContain("events/s");
});
