/**
 * A process that appends until it is killed. Arguments: the file, its name, how many lines a batch
 * has at most, how many batches (0: without end). Tells each acknowledged batch as one line of JSON.
 */
import { once } from "node:events";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { closingLine, line } from "../conformance/drafts.ts";

const [path = "", name = "", linesMax = "1", batches = "0"] = process.argv.slice(2);
const emitter = { id: name, epoch: process.pid };
const store = await openSqliteStore(path);
let number = 0;

async function appendBatch(batch: number): Promise<void> {
  const lines = Array.from({ length: 1 + ((batch * 37) % Number(linesMax)) }, (_, i) => {
    number++;
    return line({
      tenant: i % 10 === 9 ? "other" : "default",
      tool: `tool ${number % 13}`,
      span_id: `${process.pid}-${number}`,
      duration_ms: number,
      ...(i % 10 === 9
        ? {}
        : { emitter_id: emitter.id, emitter_epoch: emitter.epoch, emitter_number: number }),
    });
  });
  if (batch % 50 === 49) lines.push(closingLine("default", { ...emitter, epoch: number }, batch));
  const outcomes = await store.append(lines);
  if (!process.stdout.write(`${JSON.stringify(outcomes)}\n`)) await once(process.stdout, "drain");
}

// Several are always under way, so that a kill meets a transaction.
const count = Number(batches);
for (let batch = 0; count === 0 || batch < count; batch += 3) {
  await Promise.all([appendBatch(batch), appendBatch(batch + 1), appendBatch(batch + 2)]);
}
await store.close();
