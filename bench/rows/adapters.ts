import { openTrail } from "../../src/index.ts";
import type { Target } from "../../src/integrations/recorder.ts";
import { aiSdk, langChain, mcp, type Work } from "../agents.ts";
import { compare, inFolder, interleave, type Row } from "../measure.ts";

/**
 * Processor time of the agent's thread for one round of work, with the adapter and without: the model is a
 * stand-in that answers at once, so this is the framework's own work. The trail is a file, spooled.
 */
export const adapters: Row = {
  name: "adapters",
  title: "an adapter on the agent's thread, beside the framework alone",
  run: ({ rounds, size }) =>
    inFolder(async (dir) => {
      const figures = [];
      const rows: Array<[what: string, make: (trail?: Target) => Work | Promise<Work>, times: number]> = [
        ["AI SDK 7: two model calls, one tool call", aiSdk, size(500)],
        ["LangChain: two model calls, one tool call", langChain, size(200)],
        ["MCP SDK 1: one call of a tool", mcp, size(2_000)],
      ];
      for (const [what, make, times] of rows) {
        const trail = openTrail(`${dir}/${figures.length}.db`);
        const [alone, recorded] = [await make(), await make(trail)];
        const { ours, theirs } = await interleave(rounds, {
          ours: async () => {
            const figure = await busyPer(times, recorded);
            await trail.flush({ timeoutMs: 60_000 });
            return figure;
          },
          theirs: () => busyPer(times, alone),
        });
        const { recorded: events, dropped } = trail.health();
        const perRound = Math.round(events / (times * (rounds + 1)));
        await trail.close();
        const note = `${perRound} events each${dropped === 0 ? "" : `; ${dropped} were dropped`}`;
        figures.push(compare(what, "µs", ours, { what: "the framework alone", rounds: theirs }, { note }));
      }
      return figures;
    }),
};

async function busyPer(times: number, work: Work): Promise<number> {
  const before = process.threadCpuUsage();
  for (let i = 0; i < times; i++) await work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / times;
}
