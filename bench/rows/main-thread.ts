import { openTrail } from "../../src/index.ts";
import { draftOf, wireOf } from "../events.ts";
import { compare, inFolder, interleave, nextTurn, type Row } from "../measure.ts";
import { openRaw, rowOf } from "../raw-store.ts";

const BURST = 100;
const COMMIT_ROWS = 256;

/**
 * Processor time of the main thread per event that is in the file at the end: recording, handing
 * over, and hearing back. The baseline's waiting for the disk is not counted against it.
 */
export const mainThread: Row = {
  name: "main-thread",
  title: "main thread busy per persisted event",
  run: ({ rounds, size }) =>
    inFolder(async (dir) => {
      const events = size(20_000);
      let made = 0;
      const recorded = (level: "memory" | "spooled") => async (): Promise<number> => {
        const trail = openTrail(`${dir}/${level}-${made++}.db`, { level, bufferEvents: events + 1 });
        trail.record(draftOf(0));
        await trail.flush();
        const figure = await busyPer(events, async () => {
          for (let i = 0; i < events; i++) {
            trail.record(draftOf(i));
            if (i % BURST === 0) await nextTurn();
          }
          await trail.flush({ timeoutMs: 60_000 });
        });
        const { persisted } = trail.health();
        await trail.close();
        if (persisted !== events + 1) throw new Error(`${persisted} of ${events + 1} events were persisted`);
        return figure;
      };
      const { memory, spooled, raw } = await interleave(rounds, {
        memory: recorded("memory"),
        spooled: recorded("spooled"),
        raw: async () => {
          const store = openRaw(`${dir}/raw-${made++}.db`);
          const figure = await busyPer(events, async () => {
            for (let at = 0; at < events; at += COMMIT_ROWS) {
              const rows = [];
              for (let i = at; i < Math.min(events, at + COMMIT_ROWS); i++)
                rows.push(rowOf(wireOf(i), i + 1));
              store.insert(rows);
              await nextTurn();
            }
          });
          store.close();
          return figure;
        },
      });
      const baseline = { what: `inserting on the main thread, ${COMMIT_ROWS} a transaction`, rounds: raw };
      const goal = { of: "ratio", atMost: 0.3 } as const;
      return [
        compare("main thread, level memory", "µs", memory, baseline, { goal }),
        compare("main thread, level spooled", "µs", spooled, baseline, { goal }),
      ];
    }),
};

async function busyPer(events: number, work: () => Promise<void>): Promise<number> {
  const before = process.threadCpuUsage();
  await work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / events;
}
