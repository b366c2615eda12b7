import { closeSync, openSync, writeSync } from "node:fs";
import { openTrail } from "../../src/index.ts";
import { draftOf, lineOfBytes } from "../events.ts";
import { compare, inFolder, interleave, nextTurn, percentileOf, type Row } from "../measure.ts";

/** Events between two turns of the event loop, in which the store takes its batches. */
const BURST = 50;
const LINE_BYTES = 1_024;

/** Each call by itself, while the store is fed from the spool on the other thread. */
export const recordSpooled: Row = {
  name: "record-spooled",
  title: "record() that survives SIGKILL",
  run: ({ rounds, size }) =>
    inFolder(async (dir) => {
      const events = size(20_000);
      const trail = openTrail(`${dir}/spooled.db`, { level: "spooled" });
      const file = openSync(`${dir}/bare`, "a");
      const bytes = Buffer.from(`${lineOfBytes(1, LINE_BYTES - 1)}\n`);
      const high = { ours: [] as number[], bare: [] as number[] };
      const medians = await interleave(rounds, {
        ours: async (round) => {
          const times = await timed(events, (i) => trail.record(draftOf(i)));
          await trail.flush({ timeoutMs: 60_000 });
          if (round >= 0) high.ours.push(percentileOf(times, 99));
          return percentileOf(times, 50);
        },
        bare: async (round) => {
          const times = await timed(events, () => writeSync(file, bytes));
          if (round >= 0) high.bare.push(percentileOf(times, 99));
          return percentileOf(times, 50);
        },
      });
      closeSync(file);
      await trail.close();
      const bare = `writeSync of ${LINE_BYTES} bytes to an open file`;
      return [
        compare(
          "record(), spooled, p50",
          "µs",
          medians.ours,
          { what: `${bare}, p50`, rounds: medians.bare },
          { goal: { of: "figure", atMost: 10 } },
        ),
        compare(
          "record(), spooled, p99",
          "µs",
          high.ours,
          { what: `${bare}, p99`, rounds: high.bare },
          { goal: { of: "figure", atMost: 100 } },
        ),
      ];
    }),
};

async function timed(events: number, step: (i: number) => unknown): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < events; i++) {
    if (i % BURST === 0) await nextTurn();
    const begun = performance.now();
    step(i);
    times.push((performance.now() - begun) * 1_000);
  }
  return times;
}
