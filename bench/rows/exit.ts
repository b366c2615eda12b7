import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { compare, type Figure, inFolder, interleave, plain, type Row } from "../measure.ts";

const EVENTS = 10_000;
/** The one event that was delivered before; its line may still be there. */
const WARM_UP = "bench.warm_up";
const LEVELS = ["spooled", "memory"] as const;
const WAYS = ["process.exit", "SIGTERM"] as const;

type Level = (typeof LEVELS)[number];
type Way = (typeof WAYS)[number];

/** From the word to end until the process is gone, and what of its queue is on the disk then. */
export const exit: Row = {
  name: "exit",
  title: `process exit to safety, ${EVENTS.toLocaleString("en-US")} events queued`,
  run: ({ rounds }) =>
    inFolder(async (dir) => {
      let made = 0;
      const figures: Figure[] = [];
      for (const level of LEVELS) {
        for (const way of WAYS) {
          const kept: number[] = [];
          const times = await interleave(rounds, {
            async ours(round) {
              const db = join(dir, `${made++}.db`);
              const ms = await leave(db, level, way);
              if (round >= 0) kept.push(linesIn(`${db}.spool`));
              return ms;
            },
            bare: () => leave(join(dir, "none.db"), "none", way),
          });
          figures.push(
            compare(
              `${way}, level ${level}: until the process is gone`,
              "ms",
              times.ours,
              { what: "a process without a trail", rounds: times.bare },
              {
                goal: { of: "figure", atMost: 50 },
              },
            ),
            plain(`${way}, level ${level}: events on the disk afterwards`, "events", kept, {
              goal: { of: "figure", atLeast: EVENTS },
            }),
          );
        }
      }
      return figures;
    }),
};

async function leave(db: string, level: Level | "none", way: Way): Promise<number> {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, "../leaver.ts"), db, level, String(EVENTS)],
    {
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  await once(child.stdout, "data");
  const gone = once(child, "exit");
  const begun = performance.now();
  if (way === "SIGTERM") child.kill("SIGTERM");
  else child.stdin.write("go\n");
  await gone;
  return performance.now() - begun;
}

/** The events of the queue that are in segment files. */
function linesIn(dir: string): number {
  let lines = 0;
  for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name === "owner.json") continue;
    const text = readFileSync(join(entry.parentPath, entry.name), "utf8");
    lines += text.split("\n").filter((line) => line !== "" && !line.includes(WARM_UP)).length;
  }
  return lines;
}
