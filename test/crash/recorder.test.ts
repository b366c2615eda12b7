import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { checkFile } from "../../src/store/sqlite/check.ts";
import { examine, recorderRounds } from "./rounds.ts";

/** 1 000 by hand: `DAYBOOK_CRASH_ROUNDS=1000 npx vitest run test/crash`. */
const ROUNDS = Number(process.env.DAYBOOK_CRASH_ROUNDS ?? 140);

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "daybook-crash-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

it(`keeps once, without a gap, all that record() returned, through ${ROUNDS} kills`, {
  timeout: ROUNDS * 5000,
}, async () => {
  const { db, promised } = await recorderRounds(dir, ROUNDS);
  expect(promised.length).toBeGreaterThan(ROUNDS);
  const found = await examine(db, promised);
  expect(found.missing).toEqual([]);
  expect(found).toMatchObject({ doubled: 0, gaps: 0, emitterGaps: 0, head: found.events });
  expect(await checkFile(db)).toEqual([]);
  expect(readdirSync(`${db}.spool`)).toEqual([]);
});
