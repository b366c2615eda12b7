import { createRedactor } from "../../src/redact/redactor.ts";
import { wireOf } from "../events.ts";
import { inFolder, interleave, plain, type Row } from "../measure.ts";

const BYTES = 10_240;
const REPEATS = 50;

/** Ten kilobytes of data in one event, of the kinds that agents really produce. */
const KINDS: ReadonlyArray<readonly [name: string, piece: string, strings: number]> = [
  ["prose", "The parcel came back from the depot, so the order was refunded in full. ", 1],
  ["prose in 100 strings", "The parcel came back from the depot, so the order was refunded. ", 100],
  [
    "a build's output, nothing to find",
    "ok 12 src/store/sqlite/append.test.ts:118 commits=31 sha256:9f86d081884c7d659a2feaa0c55ad015 t=0.31s\n",
    1,
  ],
  [
    "mails, cards and keys on every line",
    "mail=ada.lovelace@example.org card=4111 1111 1111 1111 key=AKIAIOSFODNN7EXAMPLE Bearer abcdef0123456789abcdef\n",
    1,
  ],
];

export const redaction: Row = {
  name: "redaction",
  title: "redaction of 10 KB",
  run: ({ rounds }) =>
    inFolder(async () => {
      const redactor = createRedactor();
      const contenders = Object.fromEntries(
        KINDS.map(([name, piece, strings]) => {
          const text = piece.repeat(Math.ceil(BYTES / strings / piece.length)).slice(0, BYTES / strings);
          const texts = Array.from({ length: strings }, () => text);
          return [
            name,
            () => {
              const drafts = Array.from({ length: REPEATS }, (_, i) => ({ ...wireOf(i), data: { texts } }));
              const begun = performance.now();
              for (const draft of drafts) redactor.redact(draft);
              return (performance.now() - begun) / REPEATS;
            },
          ];
        }),
      );
      const figures = await interleave(rounds, contenders);
      return KINDS.map(([name]) =>
        plain(`redact 10 KB: ${name}`, "ms", figures[name] ?? [], { goal: { of: "figure", atMost: 1 } }),
      );
    }),
};
