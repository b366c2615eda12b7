/**
 * A process that records until it is killed. It writes each id to a witness file after `record()`
 * returned it, so the file holds nothing but ids that the trail promised to keep.
 */
import { openSync, writeSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { openTrail } from "../../src/index.ts";

const [db, witnessPath] = process.argv.slice(2) as [string, string];
// Nobody who is killed would leave what the next one starts quicker by.
flushCompileCache();
const witness = openSync(witnessPath, "a");
const trail = openTrail(db, { flushIntervalMs: 1 });

function burst(): void {
  const events = 1 + Math.floor(Math.random() * 40);
  for (let i = 0; i < events; i++) {
    const id = trail.record({
      type: "tool.execute",
      tool: "fs.read",
      data: { arguments: { i }, text: "x".repeat(300) },
    });
    writeSync(witness, `${id}\n`);
  }
  setImmediate(burst);
}

burst();
process.stdout.write("ready\n");
