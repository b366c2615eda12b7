import { isUtf8 } from "node:buffer";
import type { Readable } from "node:stream";

const NEWLINE = 0x0a;

/** A line of the input: its number, and its text or why it has none. */
export interface InputLine {
  readonly number: number;
  readonly text?: string;
  readonly rule?: string;
}

/**
 * The lines that each piece of input completes, as it comes: a slow writer's line is not held back.
 * Memory stays bounded: of a line that is longer than `maxBytes` nothing is kept.
 */
export async function* readLines(input: Readable, maxBytes: number): AsyncGenerator<InputLine[]> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  let number = 1;
  const finish = (last: Buffer): InputLine => {
    const line = Buffer.concat([...rest, last]);
    const tooLong = restBytes + last.length > maxBytes;
    rest = [];
    restBytes = 0;
    if (tooLong) return { number: number++, rule: `is longer than ${maxBytes} bytes` };
    if (!isUtf8(line)) return { number: number++, rule: "is not UTF-8" };
    const text = line.toString("utf8");
    return { number: number++, text: number === 2 ? text.replace(/^\ufeff/, "") : text };
  };
  for await (const piece of input) {
    const chunk: Buffer = typeof piece === "string" ? Buffer.from(piece) : piece;
    const lines: InputLine[] = [];
    let at = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, at)) {
      lines.push(finish(chunk.subarray(at, end)));
      at = end + 1;
    }
    const left = chunk.subarray(at);
    restBytes += left.length;
    if (restBytes <= maxBytes) rest.push(Buffer.from(left));
    else rest = [];
    if (lines.length > 0) yield lines;
  }
  if (restBytes > 0) yield [finish(Buffer.alloc(0))];
}
