import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { sameBytes, sha256 } from "./hash.ts";

/**
 * Signed notes, C2SP signed-note: a text that ends with a newline, a blank line, and a line for each
 * signature: `— <name> <base64 of 4 bytes of key id and the signature>`.
 */
export const ED25519 = 0x01;
/** A cosignature with a time, C2SP tlog-cosignature. */
export const COSIGNATURE = 0x04;

/** A public key with the name under which it signs. */
export interface Verifier {
  readonly name: string;
  readonly type: number;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 4 bytes. */
  readonly id: Uint8Array;
}

export interface NoteSignature {
  readonly name: string;
  readonly id: Uint8Array;
  readonly bytes: Uint8Array;
}

export interface Note {
  /** With its last newline: exactly what is signed. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

const NOTE_CHARS_MAX = 1_000_000;
const SIGNATURES_MAX = 100;
const KEY_BYTES = 32;
/** What stands before the 32 bytes of an Ed25519 key in PKCS #8 and SPKI (RFC 8410). */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

export function createVerifier(name: string, type: number, publicKey: Uint8Array): Verifier {
  const input = Buffer.concat([Buffer.from(`${name}\n`), Uint8Array.of(type), publicKey]);
  return { name, type, publicKey, id: sha256(input).subarray(0, 4) };
}

/** `<name>+<key id in hex>+<base64 of type and key>`, as verifiers are told of a key. */
export function encodeVerifier({ name, type, publicKey, id }: Verifier): string {
  const key = Buffer.concat([Uint8Array.of(type), publicKey]).toString("base64");
  return `${name}+${Buffer.from(id).toString("hex")}+${key}`;
}

/** Null for what is no verifier key of a type that we know. */
export function parseVerifier(text: string): Verifier | null {
  const match = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text.trim());
  const [, name, id, key] = match ?? [];
  if (name === undefined || id === undefined || key === undefined) return null;
  const bytes = Uint8Array.from(Buffer.from(key, "base64"));
  const [type] = bytes;
  if (bytes.length !== KEY_BYTES + 1 || (type !== ED25519 && type !== COSIGNATURE)) return null;
  const verifier = createVerifier(name, type, bytes.subarray(1));
  return Buffer.from(verifier.id).toString("hex") === id ? verifier : null;
}

/** Null for what is no signed note. */
export function parseNote(text: string): Note | null {
  const end = text.length > NOTE_CHARS_MAX ? -1 : text.lastIndexOf("\n\n");
  if (end <= 0 || !text.endsWith("\n")) return null;
  const lines = text.slice(end + 2, -1).split("\n");
  if (lines.length > SIGNATURES_MAX) return null;
  const signatures: NoteSignature[] = [];
  for (const line of lines) {
    const match = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/u.exec(line);
    const [, name, base64] = match ?? [];
    if (name === undefined || base64 === undefined) return null;
    const bytes = Uint8Array.from(Buffer.from(base64, "base64"));
    if (bytes.length < 5) return null;
    signatures.push({ name, id: bytes.subarray(0, 4), bytes: bytes.subarray(4) });
  }
  return { text: text.slice(0, end + 1), signatures };
}

export function encodeNote({ text, signatures }: Note): string {
  return `${text}\n${signatures.map((signature) => `${signatureLine(signature)}\n`).join("")}`;
}

export function signatureLine({ name, id, bytes }: NoteSignature): string {
  return `— ${name} ${Buffer.concat([id, bytes]).toString("base64")}`;
}

/** The signature of this key on the note, or undefined. */
export function signatureOf(note: Note, { name, id }: Verifier): NoteSignature | undefined {
  return note.signatures.find((signature) => signature.name === name && sameBytes(signature.id, id));
}

/** Whether the key signed exactly this text. For Ed25519 notes; cosignatures have their own check. */
export function isSignedBy(note: Note, verifier: Verifier): boolean {
  const signature = signatureOf(note, verifier);
  return signature !== undefined && verifyBytes(verifier, Buffer.from(note.text), signature.bytes);
}

export function verifyBytes(verifier: Verifier, message: Uint8Array, signature: Uint8Array): boolean {
  const key = createPublicKey({
    key: Buffer.concat([SPKI_PREFIX, verifier.publicKey]),
    format: "der",
    type: "spki",
  });
  return signature.length === 64 && verify(null, message, key, signature);
}

/** A key that can sign: an Ed25519 seed of 32 bytes. */
export interface SigningKey {
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

export function signingKey(seed: Uint8Array): SigningKey {
  const key: KeyObject = createPrivateKey({
    key: Buffer.concat([PKCS8_PREFIX, seed]),
    format: "der",
    type: "pkcs8",
  });
  const spki = createPublicKey(key).export({ format: "der", type: "spki" });
  return {
    publicKey: Uint8Array.from(spki.subarray(SPKI_PREFIX.length)),
    sign: (message) => Uint8Array.from(sign(null, message, key)),
  };
}

export function signNote(text: string, name: string, key: SigningKey): NoteSignature {
  const { id } = createVerifier(name, ED25519, key.publicKey);
  return { name, id, bytes: key.sign(Buffer.from(text)) };
}
