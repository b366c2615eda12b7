import { describe, expect, it } from "vitest";
import { checkpointText, parseCheckpoint } from "./checkpoint.ts";
import { cosign, cosignedAt } from "./cosignature.ts";
import { sha256 } from "./hash.ts";
import {
  COSIGNATURE,
  createVerifier,
  ED25519,
  encodeNote,
  encodeVerifier,
  isSignedBy,
  parseNote,
  parseVerifier,
  signingKey,
  signNote,
} from "./note.ts";
import { encodeProofFile, parseProofFile } from "./proof-file.ts";
import { parseTilePath, tilePath } from "./tile.ts";

const name = "example.com/log";
const key = signingKey(sha256(Buffer.from("a seed for tests")));
const text = checkpointText({ origin: name, size: 7, root: sha256(Buffer.from("root")) });

describe("notes", () => {
  /** The example of the documentation of Go's package note, which the specification is made from. */
  const KNOWN = {
    text: "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n",
    verifier: "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    signature:
      "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=",
  };

  it("round trip, and a changed text is not signed", () => {
    const note = parseNote(encodeNote({ text, signatures: [signNote(text, name, key)] }));
    const verifier = createVerifier(name, ED25519, key.publicKey);
    if (note === null) throw new Error("not parsed");
    expect(note.text).toBe(text);
    expect(isSignedBy(note, verifier)).toBe(true);
    expect(isSignedBy({ ...note, text: text.replace("7", "8") }, verifier)).toBe(false);
    expect(isSignedBy(note, createVerifier("example.com/other", ED25519, key.publicKey))).toBe(false);
    expect(isSignedBy(note, createVerifier(name, ED25519, sha256(new Uint8Array())))).toBe(false);
  });

  it("signed by others are read", () => {
    const verifier = parseVerifier(KNOWN.verifier);
    const note = parseNote(`${KNOWN.text}\n${KNOWN.signature}\n`);
    if (verifier === null || note === null) throw new Error("not parsed");
    expect(verifier).toMatchObject({ name: "PeterNeumann", type: ED25519 });
    expect(isSignedBy(note, verifier)).toBe(true);
  });

  it("keys round trip, and a wrong id is refused", () => {
    const verifier = createVerifier(name, ED25519, key.publicKey);
    expect(parseVerifier(encodeVerifier(verifier))).toEqual(verifier);
    expect(parseVerifier(encodeVerifier(verifier).replace(/\+[0-9a-f]{8}\+/, "+00000000+"))).toBeNull();
    expect(parseVerifier("nothing")).toBeNull();
  });

  it.each([
    "",
    "a",
    "a\n",
    "a\n\n",
    "a\n\nb\n",
    "a\n\n— x\n",
    "a\n\n— x !!!!\n",
    "\n\n— x AAAAAAAA\n",
    "a\n\n— x AAAAAAAA",
  ])("is no note: %j", (broken) => expect(parseNote(broken)).toBeNull());

  it("splits at the last blank line, so that a text may hold blank lines", () => {
    const odd = "first\n\n— x AAAAAAAA\n";
    const note = parseNote(encodeNote({ text: odd, signatures: [signNote(odd, name, key)] }));
    expect(note?.text).toBe(odd);
  });
});

describe("cosignatures", () => {
  it("say when, and hold for exactly that text and time", () => {
    const signature = cosign({ text }, "w.example", key, 1_700_000_000);
    const verifier = createVerifier("w.example", COSIGNATURE, key.publicKey);
    expect(cosignedAt({ text, signatures: [signature] }, verifier)).toBe(1_700_000_000);
    expect(cosignedAt({ text: `${text}x\n`, signatures: [signature] }, verifier)).toBeNull();
    const later = { ...signature, bytes: signature.bytes.with(7, 9) };
    expect(cosignedAt({ text, signatures: [later] }, verifier)).toBeNull();
    expect(cosignedAt({ text, signatures: [signNote(text, "w.example", key)] }, verifier)).toBeNull();
  });
});

describe("checkpoints", () => {
  const signed = encodeNote({ text, signatures: [signNote(text, name, key)] });

  it("round trip", () => {
    expect(parseCheckpoint(signed)).toMatchObject({
      origin: name,
      size: 7,
      root: sha256(Buffer.from("root")),
    });
  });

  it.each([
    ["a size with a zero in front", signed.replace("\n7\n", "\n07\n")],
    ["a size that is none", signed.replace("\n7\n", "\n-7\n")],
    ["a short root", signed.replace(/\n[A-Za-z0-9+/]{43}=\n/, "\nAAAA\n")],
    ["no signature", text],
  ])("refuses %s", (_, broken) => expect(parseCheckpoint(broken)).toBeNull());

  it("stand in proofs that need nothing else", () => {
    const hashes = [sha256(Buffer.from("a")), sha256(Buffer.from("b"))];
    const file = encodeProofFile({ index: 5, hashes, checkpoint: signed, extra: Buffer.from("more") });
    expect(file.startsWith("c2sp.org/tlog-proof@v1\nextra bW9yZQ==\nindex 5\n")).toBe(true);
    const parsed = parseProofFile(file);
    expect(parsed).toMatchObject({ index: 5, checkpoint: signed });
    expect(parsed?.hashes).toEqual(hashes);
    expect(parseProofFile(file.replace("index 5", "index 05"))).toBeNull();
    expect(parseProofFile(file.replace("@v1", "@v2"))).toBeNull();
    expect(parseProofFile("")).toBeNull();
  });
});

describe("tile paths", () => {
  it.each([
    ["tile/0/000", { level: 0, index: 0, width: 256 }],
    ["tile/2/x001/x234/067", { level: 2, index: 1_234_067, width: 256 }],
    ["tile/0/x001/999.p/17", { level: 0, index: 1999, width: 17 }],
    ["tile/entries/000.p/1", { level: "entries" as const, index: 0, width: 1 }],
  ])("%s", (path, tile) => {
    expect(tilePath(tile)).toBe(path);
    expect(parseTilePath(path)).toEqual(tile);
  });

  it.each([
    "tile/0/1",
    "tile/0/0000",
    "tile/00/000",
    "tile/0/x000/001",
    "tile/0/000.p/0",
    "tile/0/000.p/256",
    "tile/0/000.p/01",
    "tile/9/000",
    "tile/0/000/",
    "../x",
  ])("refuses %s", (path) => expect(parseTilePath(path)).toBeNull());
});
