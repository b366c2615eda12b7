import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { openSqliteStore } from "../src/store/sqlite/sqlite-store.ts";
import { loggedLines } from "./events.ts";
import type { Setting } from "./measure.ts";

const MILLION = 1_000_000;
const CHUNKS = 10;
const AHEAD = 4;
const DEFAULT_EVENTS = 200_000;
const QUICK_EVENTS = 20_000;

/** How the filling went, a tenth of the log at a time. */
interface Filling {
  readonly rates: number[];
  readonly residentMiB: number[];
}
const fillings = new Map<number, Filling>();

/** The sizes of logs that rows look into. */
export function logSizes({ quick, large }: Setting): number[] {
  if (large) return [MILLION, 5 * MILLION];
  return [quick ? QUICK_EVENTS : DEFAULT_EVENTS];
}

/** The path of a file with so many events in it, made once a run. */
export async function filledLog(setting: Setting, events: number): Promise<string> {
  const dir = await setting.shared(`log-${events}`, async (fresh) => {
    mkdirSync(fresh);
    setting.say(`  (writing a log of ${events.toLocaleString("en-US")} events)`);
    fillings.set(events, await fill(join(fresh, "log.db"), events));
  });
  return join(dir, "log.db");
}

export async function fillingOf(setting: Setting, events: number): Promise<Filling> {
  await filledLog(setting, events);
  return fillings.get(events) ?? { rates: [], residentMiB: [] };
}

async function fill(path: string, events: number): Promise<Filling> {
  const store = await openSqliteStore(path);
  const filling: Filling = { rates: [], residentMiB: [] };
  const part = events / CHUNKS;
  for (let chunk = 0; chunk < CHUNKS; chunk++) {
    const underWay: Array<Promise<unknown>> = [];
    const begun = performance.now();
    for (const lines of loggedLines(chunk * part, (chunk + 1) * part, events)) {
      underWay.push(store.append(lines));
      if (underWay.length >= AHEAD) await underWay.shift();
    }
    await Promise.all(underWay);
    filling.rates.push((part * 1_000) / (performance.now() - begun));
    filling.residentMiB.push(process.memoryUsage().rss / 2 ** 20);
  }
  await store.close();
  return filling;
}

export function millions(events: number): string {
  return events >= MILLION ? `${events / MILLION} M events` : `${events / 1_000} k events`;
}
