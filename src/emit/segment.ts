import { open } from "node:fs/promises";

const SEGMENT = /^\d{10}\.ndjson$/;
const NEWLINE = 0x0a;

export function segmentName(index: number): string {
  return `${String(index).padStart(10, "0")}.ndjson`;
}

export function isSegmentName(name: string): boolean {
  return SEGMENT.test(name);
}

/**
 * Whole lines of a segment from byte `from`, about `maxBytes` of them but at least one, never past
 * `to`. `bytes` is what they take in the file. A last line without its end is not returned: the
 * process died while it wrote.
 */
export async function readLines(
  path: string,
  from: number,
  to: number,
  maxBytes: number,
): Promise<{ lines: string[]; bytes: number }> {
  const file = await open(path, "r");
  try {
    for (let size = maxBytes; ; size *= 2) {
      const length = Math.min(size, to - from);
      const chunk = Buffer.allocUnsafe(length);
      let filled = 0;
      while (filled < length) {
        const { bytesRead } = await file.read(chunk, filled, length - filled, from + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      const end = chunk.lastIndexOf(NEWLINE, filled - 1);
      if (end >= 0 && filled > 0)
        return { lines: chunk.toString("utf8", 0, end).split("\n"), bytes: end + 1 };
      if (filled < length || length === to - from) return { lines: [], bytes: 0 };
    }
  } finally {
    await file.close();
  }
}
