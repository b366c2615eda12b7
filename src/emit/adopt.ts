import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { claimOrphans, disown } from "./owner.ts";
import { isSegmentName, readLines } from "./segment.ts";
import type { Sink } from "./sink.ts";

const BATCH_BYTES = 1024 * 1024;

export interface Adopted {
  /** Events that were not in the store yet. */
  delivered: number;
  /** Lines that the store refused, or that a dying process left half written. */
  lost: number;
}

/**
 * Delivers the spools of emitters that died. What had reached the store before is offered again
 * and known by its id, so nothing is doubled. A spool is deleted when all of it is in the store;
 * rejects when the store is away, and then another call goes on.
 */
export async function adoptOrphans(spoolDir: string, sink: Sink): Promise<Adopted> {
  const total: Adopted = { delivered: 0, lost: 0 };
  const claimed = claimOrphans(spoolDir);
  try {
    for (const dir of claimed) {
      for (const name of readdirSync(dir).filter(isSegmentName).sort()) {
        await deliverSegment(join(dir, name), sink, total);
        rmSync(join(dir, name));
      }
      rmSync(dir, { recursive: true, force: true });
    }
  } finally {
    // What could not be delivered is an orphan again, for the next call or the next process.
    for (const dir of claimed) disown(dir);
  }
  return total;
}

async function deliverSegment(path: string, sink: Sink, total: Adopted): Promise<void> {
  const size = statSync(path).size;
  let at = 0;
  while (at < size) {
    const { lines, bytes } = await readLines(path, at, size, BATCH_BYTES);
    if (lines.length === 0) {
      total.lost++;
      return;
    }
    const outcomes = await sink.append(lines);
    for (const outcome of outcomes) {
      if (outcome.status === "appended") total.delivered++;
      else if (outcome.status === "rejected") total.lost++;
    }
    at += bytes;
  }
}
