import fc from "fast-check";
import { expect, it } from "vitest";
import { EventStreamReader } from "./event-stream.ts";

function read(text: string, cuts: readonly number[] = [], max = 1_000) {
  const data: string[] = [];
  const skipped: Array<{ reason: string; bytes: number }> = [];
  const reader = new EventStreamReader(max, {
    data: (bytes) => data.push(bytes.toString("utf8")),
    skipped: ({ reason, bytes }) => skipped.push({ reason, bytes }),
  });
  const bytes = Buffer.from(text);
  let at = 0;
  for (const cut of cuts) {
    reader.feed(bytes.subarray(at, at + cut));
    at += cut;
  }
  reader.feed(bytes.subarray(at));
  reader.end();
  return { data, skipped };
}

const STREAM = [
  ": a comment\n",
  "event: message\nid: 7\nretry: 10\ndata: {“1”}\n\n",
  "data:no space\r\n\r\n",
  "data: two\ndata: lines\n\n",
  "event: endpoint\ndata: /messages\n\n",
  "id: 8\ndata:\n\n",
  "data: never finished\n",
].join("");

it("finds the data of each event, however the stream is cut", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(40)), (cuts) => {
      expect(read(STREAM, cuts)).toEqual({ data: ["{“1”}", "no space", "two\nlines"], skipped: [] });
    }),
  );
});

it("holds no event that is too long, by one line or by many, and goes on behind it", () => {
  const long = `data: ${"x".repeat(2_000)}\n\n`;
  const many = `${`data: ${"y".repeat(99)}\n`.repeat(20)}\n`;
  expect(read(`${long}${many}data: z\n\n`)).toEqual({
    data: ["z"],
    skipped: [
      { reason: "a line of more than 1000 bytes", bytes: 2_006 },
      { reason: "an event of more than 1000 bytes", bytes: 2_000 },
    ],
  });
});
