import type { SignedCheckpoint } from "../../tlog/checkpoint.ts";
import type { Note } from "../../tlog/note.ts";

/** A checkpoint with what it takes to hand it on. */
export interface Submission {
  readonly checkpoint: SignedCheckpoint;
  readonly text: string;
  /** The checkpoint that this witness confirmed last, as our own store has it; null before the first. */
  readonly last: SignedCheckpoint | null;
  /** The consistency proof from a tree of `size` leaves to the checkpoint's. */
  proof(size: number): Promise<readonly Uint8Array[]>;
  /** The root of the log's own tree at a size up to the checkpoint's. */
  root(size: number): Promise<Uint8Array>;
}

/**
 * Something outside of the store that a checkpoint is shown to: it cosigns it, or keeps it where
 * nobody can take it back.
 */
export interface Witness {
  /** As configuration names it, without secrets. */
  readonly name: string;
  /** Checkpoints are shown at most so often, in milliseconds. */
  readonly intervalMs: number;
  /** The checkpoint as the witness confirms it. Throws `Contradiction`, or whatever stands in the way for now. */
  show(submission: Submission): Promise<string>;
  /** The newest checkpoint of the log that the witness can show, or null. */
  newest(origin: string): Promise<string | null>;
  /** When this witness cosigned the note, in seconds since 1970; null where it did not, or never signs. */
  confirmedAt(note: Note): number | null;
}

/** The witness saw another history of this log: nothing will make this good. */
export class Contradiction extends Error {
  override readonly name = "Contradiction";
}
