import { hash } from "node:crypto";
import { openTrail } from "../../src/index.ts";
import { openForReading } from "../../src/store/sqlite/database.ts";
import { filledLog, fillingOf, logSizes, millions } from "../log.ts";
import { compare, type Figure, percentileOf, plain, type Row } from "../measure.ts";

const PROOFS = 200;

/** The Merkle log: what sealing, verifying and proving cost. */
export const proofs: Row = {
  name: "proofs",
  title: "the Merkle log: sealing, verifying, proving",
  async run(setting) {
    const figures: Figure[] = [];
    for (const events of logSizes(setting)) {
      const path = await filledLog(setting, events);
      const { rates } = await fillingOf(setting, events);
      const trail = openTrail(path, { spoolDir: `${path}.spool` });
      const sealing = performance.now();
      await trail.seal();
      const sealRate = (events * 1_000) / (performance.now() - sealing);
      figures.push(
        compare(`sealing the whole log, ${millions(events)}`, "events/s", [sealRate], {
          what: "writing the same log",
          rounds: [percentileOf(rates, 50)],
        }),
      );

      const verifying = performance.now();
      const { claims } = await trail.verify();
      const verifyRate = (events * 1_000) / (performance.now() - verifying);
      const reading = performance.now();
      const bytes = readAndHash(path);
      const readRate = (events * 1_000) / (performance.now() - reading);
      figures.push(
        compare(
          `full verification, ${millions(events)}`,
          "events/s",
          [verifyRate],
          { what: "reading every row and hashing its bytes once", rounds: [readRate] },
          {
            goal: { of: "ratio", atLeast: 0.5 },
            note: `${Math.round(bytes / 2 ** 20)} MiB; ${claims.map((claim) => `${claim.claim}: ${claim.standing}`).join(", ")}`,
          },
        ),
      );

      const times: number[] = [];
      let size = 0;
      for (let i = 0; i < PROOFS; i++) {
        const seq = 1 + Math.floor(((i * 7_919) % PROOFS) * (events / PROOFS));
        const begun = performance.now();
        const { hashes, checkpoint } = await trail.proof(seq);
        times.push(performance.now() - begun);
        size = Math.max(size, Buffer.byteLength(hashes.join("\n")) + Buffer.byteLength(checkpoint));
      }
      figures.push(
        plain(`an inclusion proof, p95, ${millions(events)}`, "ms", [percentileOf(times, 95)], {
          goal: { of: "figure", atMost: 5 },
        }),
        plain(`the largest proof as text, its checkpoint included, ${millions(events)}`, "bytes", [size], {
          goal: { of: "figure", atMost: 1_500 },
        }),
      );
      await trail.close();
    }
    return figures;
  },
};

/** What verification cannot do without: every stored byte, once, and a hash over each row. */
function readAndHash(path: string): number {
  const db = openForReading(path, {});
  const statement = db.prepare("SELECT * FROM events");
  statement.setReturnArrays(true);
  let bytes = 0;
  for (const row of statement.iterate()) {
    const text = (row as unknown as unknown[]).join("\n");
    bytes += text.length;
    hash("sha256", text, "buffer");
  }
  db.close();
  return bytes;
}
