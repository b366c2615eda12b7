import { closeSync, ftruncateSync, mkdirSync, openSync, rmSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import { LIMITS } from "../event/limits.ts";
import { encodeDraft, type WireDraft } from "../event/wire.ts";
import type { Batch, BufferLimits, DraftBuffer, OnLoss } from "./buffer.ts";
import { isGone } from "./owner.ts";
import { readLines, segmentName } from "./segment.ts";

const SEGMENT_BYTES = 4 * 1024 * 1024;
const BATCH_BYTES = 1024 * 1024;
const SCRATCH_BYTES = 64 * 1024;
/** Lines that are written together are about this long. */
const BLOCK_CHARS = 128 * 1024;
/** A UTF-16 code unit takes at most three bytes in UTF-8. */
const BYTES_PER_UNIT = 3;

interface Segment {
  readonly path: string;
  lines: number;
  bytes: number;
}

/**
 * Drafts in segment files: a line is with the operating system before `push` returns, so it
 * survives the death of the process by whatever signal. Lines are read back from the file to be
 * sent, and a segment is deleted when all of it has reached the store. Nothing is synced to the
 * disk here: the store does that, and what the machine's own death takes from the spool shows as a
 * gap in the emitter's numbers.
 */
export class SpoolBuffer implements DraftBuffer {
  readonly #dir: string;
  readonly #limits: BufferLimits;
  readonly #onLoss: OnLoss;
  readonly #segmentBytes: number;
  readonly #segments: Segment[] = [];
  #fd: number | null = null;
  #nextIndex = 1;
  /** How far the oldest segment has reached the store, in bytes and in lines. */
  #readTo = 0;
  #settledLines = 0;
  #events = 0;
  #bytes = 0;
  #out: { batch: Batch; bytes: number } | null = null;
  #taking: Promise<Batch | null> | null = null;
  #scratch = Buffer.allocUnsafe(SCRATCH_BYTES);

  constructor(dir: string, limits: BufferLimits, onLoss: OnLoss) {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    this.#dir = dir;
    this.#limits = limits;
    this.#onLoss = onLoss;
    this.#segmentBytes = Math.max(1, Math.min(SEGMENT_BYTES, Math.floor(limits.maxBytes / 4)));
  }

  get events(): number {
    return this.#events;
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(draft: WireDraft): boolean {
    return this.pushLine(boundedLine(draft));
  }

  pushLine(line: string): boolean {
    const length = this.#encode(line);
    const { maxEvents, maxBytes, overflow } = this.#limits;
    if (this.#events >= maxEvents || this.#bytes + length > maxBytes) {
      if (overflow === "drop-newest" || !this.#makeRoom(length)) return false;
    }
    this.#append(length, 1);
    return true;
  }

  /** Lines in as few writes as can be, for a process that has little time left. */
  pushLines(lines: readonly string[]): void {
    let block: string[] = [];
    let chars = 0;
    for (const line of lines) {
      if (chars + line.length > BLOCK_CHARS) {
        this.#pushBlock(block);
        block = [];
        chars = 0;
      }
      block.push(line);
      chars += line.length;
    }
    this.#pushBlock(block);
  }

  #pushBlock(lines: readonly string[]): void {
    const { maxEvents, maxBytes } = this.#limits;
    const length = lines.length < 2 ? 0 : this.#encode(lines.join("\n"));
    const fits =
      this.#events + lines.length <= maxEvents &&
      this.#bytes + length <= maxBytes &&
      length <= this.#segmentBytes;
    if (lines.length > 1 && fits) this.#append(length, lines.length);
    else for (const line of lines) this.pushLine(line);
  }

  /** Writes what was encoded last: so many bytes, which are so many lines. */
  #append(length: number, lines: number): void {
    const segment = this.#segmentFor(length);
    this.#write(segment, length);
    segment.lines += lines;
    segment.bytes += length;
    this.#events += lines;
    this.#bytes += length;
  }

  #encode(line: string): number {
    const needed = line.length * BYTES_PER_UNIT + 1;
    if (needed > this.#scratch.length) this.#scratch = Buffer.allocUnsafe(needed);
    const length = this.#scratch.write(line, 0, "utf8");
    this.#scratch[length] = 0x0a;
    return length + 1;
  }

  #segmentFor(length: number): Segment {
    const open = this.#segments.at(-1);
    if (this.#fd !== null && open !== undefined && open.bytes + length <= this.#segmentBytes) return open;
    if (this.#fd !== null) {
      closeSync(this.#fd);
      this.#fd = null;
    }
    const path = join(this.#dir, segmentName(this.#nextIndex));
    this.#fd = openSync(path, "ax", 0o600);
    this.#nextIndex++;
    const segment: Segment = { path, lines: 0, bytes: 0 };
    this.#segments.push(segment);
    return segment;
  }

  /** Writes the whole line or, when the disk refuses, nothing: half a line would spoil the next. */
  #write(segment: Segment, length: number): void {
    const fd = this.#fd as number;
    let written = 0;
    try {
      while (written < length) written += writeSync(fd, this.#scratch, written, length - written);
    } catch (cause) {
      if (written > 0) ftruncateSync(fd, segment.bytes);
      throw cause;
    }
  }

  /** Gives up whole segments, oldest first, but never the one that is being sent or written. */
  #makeRoom(length: number): boolean {
    const { maxEvents, maxBytes } = this.#limits;
    while (this.#events >= maxEvents || this.#bytes + length > maxBytes) {
      const index = this.#out !== null || this.#taking !== null || this.#readTo > 0 ? 1 : 0;
      if (index >= this.#segments.length - 1) return false;
      const [given] = this.#segments.splice(index, 1) as [Segment];
      this.#forget(given);
      this.#onLoss("buffer_full", given.lines);
    }
    return true;
  }

  take(): Promise<Batch | null> {
    if (this.#out !== null) return Promise.resolve(this.#out.batch);
    this.#taking ??= this.#read().finally(() => {
      this.#taking = null;
    });
    return this.#taking;
  }

  async #read(): Promise<Batch | null> {
    const segment = this.#segments[0];
    if (segment === undefined || this.#readTo >= segment.bytes) return null;
    const { lines, bytes } = await this.#readBack(segment);
    if (lines.length === 0) return this.#abandon(segment);
    this.#out = { batch: { lines }, bytes };
    return this.#out.batch;
  }

  async #readBack(segment: Segment): Promise<{ lines: string[]; bytes: number }> {
    try {
      return await readLines(segment.path, this.#readTo, segment.bytes, BATCH_BYTES);
    } catch (thrown) {
      if (isGone(thrown)) return { lines: [], bytes: 0 };
      throw thrown;
    }
  }

  /** Somebody deleted or cut the file: what it held is lost, the rest is not. */
  #abandon(segment: Segment): null {
    const lost = segment.lines - this.#settledLines;
    if (this.#segments.length === 1 && this.#fd !== null) {
      closeSync(this.#fd);
      this.#fd = null;
    }
    this.#segments.shift();
    this.#events -= lost;
    this.#bytes -= segment.bytes - this.#readTo;
    this.#readTo = 0;
    this.#settledLines = 0;
    rmSync(segment.path, { force: true });
    this.#onLoss("spool_failed", lost);
    return null;
  }

  settle(): void {
    if (this.#out === null) return;
    const { batch, bytes } = this.#out;
    this.#out = null;
    this.#readTo += bytes;
    this.#settledLines += batch.lines.length;
    const segment = this.#segments[0] as Segment;
    this.#events -= batch.lines.length;
    this.#bytes -= bytes;
    if (this.#readTo < segment.bytes) return;
    const isOpen = this.#segments.length === 1;
    if (isOpen && segment.bytes < this.#segmentBytes / 2) return;
    if (isOpen && this.#fd !== null) {
      closeSync(this.#fd);
      this.#fd = null;
    }
    this.#segments.shift();
    this.#readTo = 0;
    this.#settledLines = 0;
    unlinkSync(segment.path);
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
    if (this.#events === 0) rmSync(this.#dir, { recursive: true, force: true });
  }

  #forget(segment: Segment): void {
    this.#events -= segment.lines;
    this.#bytes -= segment.bytes;
    unlinkSync(segment.path);
  }
}

/** The draft's line; where it is larger than an event may be, its data gives way and says so. */
export function boundedLine(draft: WireDraft): string {
  const line = encodeDraft(draft);
  if (line.length * BYTES_PER_UNIT <= LIMITS.eventBytes) return line;
  const bytes = Buffer.byteLength(line);
  if (bytes <= LIMITS.eventBytes) return line;
  return encodeDraft({ ...draft, data: { truncated: true, bytes, limit: LIMITS.eventBytes } });
}
