import { encodeDraft, type WireDraft } from "../event/wire.ts";
import type { Batch, BufferLimits, DraftBuffer, OnLoss } from "./buffer.ts";
import { draftBytes } from "./draft-bytes.ts";

const BATCH_EVENTS = 512;

/** Drafts in memory: a process that is killed loses them. Encoding waits until they are sent. */
export class MemoryBuffer implements DraftBuffer {
  readonly #limits: BufferLimits;
  readonly #onLoss: OnLoss;
  #queue: WireDraft[] = [];
  #sizes: number[] = [];
  /** Where the queue begins; the array in front of it is cut off now and then. */
  #first = 0;
  #queuedBytes = 0;
  #out: Batch | null = null;

  constructor(limits: BufferLimits, onLoss: OnLoss) {
    this.#limits = limits;
    this.#onLoss = onLoss;
  }

  get events(): number {
    return this.#waiting + (this.#out?.lines.length ?? 0);
  }

  get bytes(): number {
    return this.#queuedBytes;
  }

  get #waiting(): number {
    return this.#queue.length - this.#first;
  }

  push(draft: WireDraft): boolean {
    const size = draftBytes(draft);
    const { maxEvents, maxBytes, overflow } = this.#limits;
    if (this.#waiting >= maxEvents || this.#queuedBytes + size > maxBytes) {
      if (overflow === "drop-newest" || size > maxBytes) return false;
      this.#makeRoom(size);
    }
    this.#queue.push(draft);
    this.#sizes.push(size);
    this.#queuedBytes += size;
    return true;
  }

  #makeRoom(size: number): void {
    let given = 0;
    while (
      this.#waiting > 0 &&
      (this.#waiting >= this.#limits.maxEvents || this.#queuedBytes + size > this.#limits.maxBytes)
    ) {
      this.#shift();
      given++;
    }
    if (given > 0) this.#onLoss("buffer_full", given);
  }

  async take(): Promise<Batch | null> {
    return this.takeNow();
  }

  /** `take` without waiting, for a process that is about to end. */
  takeNow(): Batch | null {
    if (this.#out !== null) return this.#out;
    if (this.#waiting === 0) return null;
    const lines: string[] = [];
    while (lines.length < BATCH_EVENTS && this.#waiting > 0) lines.push(encodeDraft(this.#shift()));
    this.#out = { lines };
    return this.#out;
  }

  settle(): void {
    this.#out = null;
  }

  close(): void {
    this.#queue = [];
    this.#sizes = [];
    this.#first = 0;
    this.#queuedBytes = 0;
    this.#out = null;
  }

  #shift(): WireDraft {
    const draft = this.#queue[this.#first] as WireDraft;
    this.#queuedBytes -= this.#sizes[this.#first] as number;
    this.#first++;
    if (this.#first === this.#queue.length) {
      this.#queue = [];
      this.#sizes = [];
      this.#first = 0;
    } else if (this.#first >= 4096) {
      this.#queue = this.#queue.slice(this.#first);
      this.#sizes = this.#sizes.slice(this.#first);
      this.#first = 0;
    }
    return draft;
  }
}
