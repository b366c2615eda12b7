import { mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { backoffMs } from "../../../base/backoff.ts";
import { adoptOrphans } from "../../../emit/adopt.ts";
import { listFolders } from "../../../emit/owner.ts";
import type { Sink } from "../../../emit/sink.ts";

/** Touched at each step of a delivery that is under way. */
const MARK = "delivering";
/** A mark that is older was left by a process that died. */
const MARK_MS = 15_000;
/** A hook that has not ended yet keeps its spool for this long, at most. */
const OWNERS_MS = 3_000;
const LOOK_MS = 100;
const RETRY_MS = 200;
const RETRY_MAX_MS = 5_000;

/** Does somebody bring the spool to its trail already? He looks once more after his mark is gone. */
export function isDelivering(spoolDir: string): boolean {
  const mark = statSync(join(spoolDir, MARK), { throwIfNoEntry: false });
  return mark !== undefined && Date.now() - mark.mtimeMs < MARK_MS;
}

/**
 * Brings what processes left in a spool to the trail, and ends when nothing is left or after
 * `patienceMs` of a trail that is away. What it could not bring stays for the next one.
 */
export async function deliverSpool(spoolDir: string, sink: Sink, patienceMs: number): Promise<void> {
  const begun = performance.now();
  const mark = join(spoolDir, MARK);
  mkdirSync(spoolDir, { recursive: true, mode: 0o700 });
  try {
    for (let failures = 0; performance.now() - begun < patienceMs; ) {
      writeFileSync(mark, "", { mode: 0o600 });
      try {
        await adoptOrphans(spoolDir, sink);
        failures = 0;
      } catch {
        // The trail is away: its spool is whole, and is offered again.
        await pause(backoffMs(++failures, RETRY_MS, RETRY_MAX_MS));
        continue;
      }
      const isOver = listFolders(spoolDir).length === 0 || performance.now() - begun > OWNERS_MS;
      if (isOver) break;
      await pause(LOOK_MS);
    }
  } finally {
    rmSync(mark, { force: true });
  }
  // What a hook left while the mark was there, and it trusted it. Without patience: the next hook has it.
  await adoptOrphans(spoolDir, sink).catch(() => undefined);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
