import { encodeDraft } from "../../src/event/wire.ts";
import { openTrail } from "../../src/index.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { wireOf } from "../events.ts";
import { compare, inFolder, interleave, type Row } from "../measure.ts";
import { openRaw, rowOf } from "../raw-store.ts";

const BATCH = 1_000;
/** Batches under way at a time: the writer must not wait for the main thread. */
const AHEAD = 4;

/** Whoever reads a row of a view waits until every view holds the whole log. */
const ANY_ROWS = { tenant: "default", view: "runs", group: "all", direction: "asc", limit: 1 } as const;

function fail(problem: Error): void {
  throw problem;
}

/** Drafts are made beforehand for everybody; each contender begins with an empty file. */
export const persist: Row = {
  name: "persist",
  title: "persisted, redacted, sequenced, every view up to date",
  run: ({ rounds, size }) =>
    inFolder(async (dir) => {
      const events = size(100_000);
      let made = 0;
      const path = (): string => `${dir}/${made++}.db`;
      const ofTrail = async (isSealed: boolean): Promise<number> => {
        const open = openTrail(path());
        await open.append([wireOf(0)]);
        const endSealing = isSealed ? await open.log.keepSealed({ onProblem: fail }) : null;
        const batches = batched(events, wireOf);
        const rate = await rateOf(events, async () => {
          await pipelined(batches, (drafts) => open.append(drafts));
          await open.runs.countRunsFiltered({});
          await endSealing?.();
        });
        await open.close();
        return rate;
      };
      const { trail, sealed, store, raw } = await interleave(rounds, {
        trail: () => ofTrail(false),
        sealed: () => ofTrail(true),
        store: async () => {
          const open = await openSqliteStore(path());
          const batches = batched(events, (i) => encodeDraft(wireOf(i)));
          const rate = await rateOf(events, async () => {
            await pipelined(batches, (lines) => open.append(lines));
            await open.rows(ANY_ROWS);
          });
          await open.close();
          return rate;
        },
        raw: async () => {
          const open = openRaw(path());
          const batches = batched(events, (i) => rowOf(wireOf(i), i + 1));
          const rate = await rateOf(events, async () => {
            for (const rows of batches) open.insert(rows);
          });
          open.close();
          return rate;
        },
      });
      const baseline = { what: `raw prepared loop, same table and indexes, ${BATCH} a commit`, rounds: raw };
      return [
        compare(
          "trail.append: redacted, encoded, committed, every view folded to the end",
          "/s",
          trail,
          baseline,
          {
            goal: { of: "ratio", atLeast: 0.45 },
          },
        ),
        compare("the same, and every event hashed and sealed", "/s", sealed, baseline, {
          goal: { of: "ratio", atLeast: 0.45 },
        }),
        compare("store.append: committed, every view folded to the end", "/s", store, baseline),
      ];
    }),
};

function batched<T>(events: number, make: (i: number) => T): T[][] {
  const batches: T[][] = [];
  for (let at = 0; at < events; at += BATCH) {
    batches.push(Array.from({ length: Math.min(BATCH, events - at) }, (_, i) => make(at + i)));
  }
  return batches;
}

async function pipelined<T>(
  batches: readonly T[][],
  append: (batch: T[]) => Promise<unknown>,
): Promise<void> {
  const underWay: Array<Promise<unknown>> = [];
  for (const batch of batches) {
    underWay.push(append(batch));
    if (underWay.length >= AHEAD) await underWay.shift();
  }
  await Promise.all(underWay);
}

async function rateOf(events: number, work: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await work();
  return (events * 1_000) / (performance.now() - begun);
}
