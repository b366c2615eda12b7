import {
  COSIGNATURE,
  createVerifier,
  type Note,
  type NoteSignature,
  type SigningKey,
  signatureOf,
  type Verifier,
  verifyBytes,
} from "./note.ts";

/**
 * Cosignatures, C2SP tlog-cosignature (`cosignature/v1`): a key says when it saw a checkpoint that
 * is consistent with every one it saw before. The signature is eight bytes of time, in seconds since
 * 1970, and Ed25519 over the header and the note's text.
 */
const TIME_BYTES = 8;

export function cosign(
  note: Pick<Note, "text">,
  name: string,
  key: SigningKey,
  seconds: number,
): NoteSignature {
  const { id } = createVerifier(name, COSIGNATURE, key.publicKey);
  const bytes = new Uint8Array(TIME_BYTES + 64);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(seconds));
  bytes.set(key.sign(message(note.text, seconds)), TIME_BYTES);
  return { name, id, bytes };
}

/** The time in seconds that the key says, or null where it did not cosign this note. */
export function cosignedAt(note: Note, verifier: Verifier): number | null {
  const signature = signatureOf(note, verifier);
  if (verifier.type !== COSIGNATURE || signature?.bytes.length !== TIME_BYTES + 64) return null;
  const { bytes } = signature;
  const seconds = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0));
  const isGood = verifyBytes(verifier, message(note.text, seconds), bytes.subarray(TIME_BYTES));
  return isGood ? seconds : null;
}

function message(text: string, seconds: number): Uint8Array {
  return Buffer.from(`cosignature/v1\ntime ${seconds}\n${text}`);
}
