import { Readable } from "node:stream";
import fc from "fast-check";
import { expect, it } from "vitest";
import { type InputLine, readLines } from "./ndjson.ts";

const MAX_BYTES = 50;

async function read(pieces: Buffer[]): Promise<InputLine[]> {
  const lines: InputLine[] = [];
  for await (const some of readLines(Readable.from(pieces), MAX_BYTES)) lines.push(...some);
  return lines;
}

it("gives the same lines however the input is cut into pieces", async () => {
  const line = fc.oneof(fc.string({ unit: "binary", maxLength: 40 }), fc.constant("x".repeat(60)));
  const input = fc.tuple(fc.array(line), fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }));
  await fc.assert(
    fc.asyncProperty(input, async ([texts, sizes]) => {
      const whole = Buffer.from(texts.map((text) => text.replaceAll("\n", " ").toWellFormed()).join("\n"));
      const pieces: Buffer[] = [];
      for (let at = 0, turn = 0; at < whole.length; turn++) {
        const size = sizes[turn % sizes.length] ?? 1;
        pieces.push(whole.subarray(at, at + size));
        at += size;
      }
      expect(await read(pieces)).toEqual(await read([whole]));
    }),
  );
});

it("numbers every line, and says why one has no text", async () => {
  const lines = await read([
    Buffer.from("\ufeffa\n\n"),
    Buffer.from("y".repeat(MAX_BYTES + 1)),
    Buffer.from("\nb"),
    Buffer.from([0x0a, 0xff, 0x0a]),
    Buffer.from("\ufeffc"),
  ]);
  expect(lines).toEqual([
    { number: 1, text: "a" },
    { number: 2, text: "" },
    { number: 3, rule: "is longer than 50 bytes" },
    { number: 4, text: "b" },
    { number: 5, rule: "is not UTF-8" },
    { number: 6, text: "\ufeffc" },
  ]);
});
