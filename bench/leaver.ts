/** A process with 10 000 events in its queue, which ends when its input or a signal says so. */
import { openTrail } from "../src/index.ts";
import { draftOf } from "./events.ts";

const [db, level, events] = process.argv.slice(2) as [string, "spooled" | "memory" | "none", string];
const WARM_UP = "bench.warm_up";
const NEVER_MS = 600_000;

if (level !== "none") {
  const count = Number(events);
  const trail = openTrail(db, { level, flushIntervalMs: NEVER_MS, bufferEvents: count });
  // Once through to the store, so that its threads are there as they are in life.
  trail.record({ type: WARM_UP });
  await trail.flush();
  for (let i = 0; i < count; i++) trail.record(draftOf(i));
}
process.stdin.once("data", () => process.exit(0));
process.stdout.write("ready\n");
