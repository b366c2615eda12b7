import { HASH_BYTES } from "./hash.ts";
import { type Note, parseNote } from "./note.ts";

/** A checkpoint's body, C2SP tlog-checkpoint: origin, size and root, a line each; no extension lines are written. */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
}

export interface SignedCheckpoint extends Checkpoint {
  readonly note: Note;
}

export function checkpointText({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${Buffer.from(root).toString("base64")}\n`;
}

/** Null for what is no checkpoint. Says nothing about who signed it. */
export function parseCheckpoint(text: string): SignedCheckpoint | null {
  const note = parseNote(text);
  if (note === null) return null;
  const [origin = "", sizeText = "", rootText = ""] = note.text.split("\n");
  const root = Uint8Array.from(Buffer.from(rootText, "base64"));
  const size = /^(?:0|[1-9]\d{0,15})$/.test(sizeText) ? Number(sizeText) : Number.NaN;
  if (origin === "" || !Number.isSafeInteger(size) || root.length !== HASH_BYTES) return null;
  if (Buffer.from(root).toString("base64") !== rootText) return null;
  return { origin, size, root, note };
}
