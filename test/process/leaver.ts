/** A process that records and then leaves in the way that it is told. */
import { openTrail } from "../../src/index.ts";

const [db, level, way] = process.argv.slice(2) as [string, "spooled" | "memory", string];
const trail = openTrail(db, { level, flushIntervalMs: 60_000 });
for (let i = 0; i < 200; i++) trail.record({ type: "left", data: { i } });

switch (way) {
  case "process.exit":
    process.exit(7);
    break;
  case "uncaught":
    setImmediate(() => {
      throw new Error("the agent is broken");
    });
    break;
  case "own handler":
    process.on("SIGTERM", () => process.exit(9));
    setInterval(() => undefined, 1000);
    process.stdout.write("ready\n");
    break;
  case "signal":
    setInterval(() => undefined, 1000);
    process.stdout.write("ready\n");
    break;
  case "using": {
    await using closing = trail;
    closing.record({ type: "left", data: { i: 200 } });
    break;
  }
  default:
    // Falls off its end: nothing is closed, nothing waits.
    break;
}
