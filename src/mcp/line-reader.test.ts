import fc from "fast-check";
import { expect, it } from "vitest";
import { LineReader } from "./line-reader.ts";

function read(chunks: readonly Buffer[], max = 1_000) {
  const lines: string[] = [];
  const skipped: Array<{ reason: string; bytes: number; beginning: string }> = [];
  const reader = new LineReader(max, {
    line: (bytes) => lines.push(bytes.toString("latin1")),
    skipped: (what) => skipped.push(what),
  });
  for (const chunk of chunks) reader.feed(chunk);
  reader.end();
  return { lines, skipped };
}

it("finds the same lines, however the stream is cut", () => {
  const line = fc
    .uint8Array({ maxLength: 20 })
    .map((bytes) => Buffer.from(bytes.filter((byte) => byte !== 10)));
  fc.assert(
    fc.property(fc.array(line), fc.array(fc.nat(30)), (lines, cuts) => {
      const whole = Buffer.concat(lines.map((bytes) => Buffer.concat([bytes, Buffer.from("\n")])));
      const chunks: Buffer[] = [];
      let at = 0;
      for (const length of cuts) {
        chunks.push(whole.subarray(at, at + length));
        at += length;
      }
      chunks.push(whole.subarray(at));
      const expected = lines.map((bytes) => bytes.toString("latin1"));
      expect(read(chunks)).toEqual({ lines: expected, skipped: [] });
    }),
  );
});

it("holds no line that is too long, counts it to its end, and goes on behind it", () => {
  const long = Buffer.alloc(5_000, "x");
  expect(read([Buffer.from("a\n"), long, long, Buffer.from("\nb\n")])).toEqual({
    lines: ["a", "b"],
    skipped: [{ reason: "a line of more than 1000 bytes", bytes: 10_000, beginning: "x".repeat(200) }],
  });
});

it("tells a line that never ended", () => {
  expect(read([Buffer.from("a\nhalf")])).toEqual({
    lines: ["a"],
    skipped: [{ reason: "the stream ended within a line", bytes: 4, beginning: "half" }],
  });
});

it("goes on behind a hole at the next line", () => {
  const lines: string[] = [];
  const skipped: number[] = [];
  const reader = new LineReader(1_000, {
    line: (bytes) => lines.push(String(bytes)),
    skipped: ({ bytes }) => skipped.push(bytes),
  });
  reader.feed(Buffer.from("a\nbb"));
  reader.hole(100, "too much at once");
  reader.feed(Buffer.from("cc\nd\n"));
  expect(lines).toEqual(["a", "d"]);
  expect(skipped).toEqual([104]);
});
