import { hash } from "node:crypto";
import { columnsOf } from "../../src/event/leaf.ts";
import { encodeDraft, toEvent } from "../../src/event/wire.ts";
import { toLeaves } from "../../src/store/leaves.ts";
import { wireOf } from "../events.ts";
import { compare, interleave, type Row } from "../measure.ts";

const EVENTS = 20_000;

/** What it costs an event to stand in the Merkle log: its entry, its salt, its commitment, its leaf. */
export const hashing: Row = {
  name: "hashing",
  title: "hashing an event into the log",
  async run({ rounds }) {
    const events = Array.from({ length: EVENTS }, (_, i) => toEvent(wireOf(i), i + 1, 1_790_000_000_000_000));
    const stored = events.map((event) => ({ seq: event.seq, read: columnsOf(event) }));
    const lines = Array.from({ length: EVENTS }, (_, i) => encodeDraft(wireOf(i)));
    const saltKey = new Uint8Array(32);
    const each = (work: () => void): number => {
      const begun = performance.now();
      work();
      return ((performance.now() - begun) * 1_000) / EVENTS;
    };
    const figures = await interleave(rounds, {
      leaf: () => each(() => toLeaves(stored, saltKey)),
      once: () => each(() => lines.forEach((line) => void hash("sha256", line, "hex"))),
    });
    return [
      compare("the leaf of one event", "µs", figures.leaf, {
        what: "one SHA-256 over the event's line",
        rounds: figures.once,
      }),
    ];
  },
};
