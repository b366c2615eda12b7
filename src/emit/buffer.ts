import type { WireDraft } from "../event/wire.ts";
import type { LossReason } from "./health.ts";

/** A piece of the buffer, oldest first, on its way to the store. */
export interface Batch {
  readonly lines: readonly string[];
}

/** What a full buffer gives up. */
export type Overflow = "drop-newest" | "drop-oldest";

export interface BufferLimits {
  readonly maxEvents: number;
  readonly maxBytes: number;
  readonly overflow: Overflow;
}

/** Told of each draft or line that a buffer gives up after it had taken it. */
export type OnLoss = (reason: LossReason, events: number) => void;

/**
 * A bounded first-in-first-out of accepted drafts. At most one batch is out at a time; it counts as
 * taken from the bounds, and it is the caller's until he settles it or asks for it again.
 */
export interface DraftBuffer {
  /** Events in the buffer, a batch that is out included. */
  readonly events: number;
  readonly bytes: number;
  /** False when the draft was not taken, because the buffer is full. Throws when it cannot be kept at all. */
  push(draft: WireDraft): boolean;
  /** The oldest lines, or null for an empty buffer. The same batch again until it is settled. */
  take(): Promise<Batch | null>;
  /** The batch that is out has reached the store. */
  settle(): void;
  /** Lets go of files. What was not settled stays on disk where the buffer has one. */
  close(): void;
}
