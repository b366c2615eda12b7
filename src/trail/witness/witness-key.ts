import { TrailError } from "../../base/error.ts";
import {
  COSIGNATURE,
  createVerifier,
  ED25519,
  encodeVerifier,
  parseVerifier,
  type SigningKey,
  signingKey,
  type Verifier,
} from "../../tlog/note.ts";
import { createKeyFile, type KeyFile, newKeyFile, readKeyFile } from "../seal/key-file.ts";

/** With what a Daybook witnesses the logs of others: a key of its own, apart from those that sign its logs. */
export interface WitnessKey {
  readonly name: string;
  readonly key: SigningKey;
  /** `<name>+<id>+<key>`, C2SP tlog-cosignature: what operators of other logs are told. */
  readonly verifier: string;
}

/** Read from beside the log's key file, where it is made at the first need. Null where there is no disk. */
export function witnessKey(keyFile: string | null, log: string): WitnessKey | null {
  if (keyFile === null) return null;
  const path = `${keyFile}.witness`;
  const file: KeyFile = readKeyFile(path) ?? createKeyFile(path, newKeyFile(new Date(), `${log}/witness`));
  const seed = file.keys.find(({ state }) => state === "active")?.seed;
  if (seed === undefined || seed === null)
    throw new TrailError("log.key_unknown", `The witness key file ${path} has no key that signs.`, {
      fix: "Put the file back from where you keep it.",
    });
  const key = signingKey(Buffer.from(seed, "base64"));
  const verifier = encodeVerifier(createVerifier(file.log, COSIGNATURE, key.publicKey));
  return { name: file.log, key, verifier };
}

/** The log that an origin is of, among those that are watched, with the verifiers that count for it. */
export function verifiersFor(origin: string, watched: readonly Verifier[]): Verifier[] {
  return watched
    .filter(({ name }) => origin === name || origin.startsWith(`${name}/`))
    .map(({ publicKey }) => createVerifier(origin, ED25519, publicKey));
}

/** Keys of logs to be watched, as `daybook witness` prints them. Throws `option.invalid`. */
export function parseWatched(texts: readonly string[], field: string): Verifier[] {
  return texts.map((text) => {
    const verifier = parseVerifier(text);
    if (verifier?.type === ED25519) return verifier;
    throw new TrailError("option.invalid", `${field} must be keys of logs, name+id+key.`, {
      field,
      fix: "daybook witness, on the other Daybook, prints the line.",
    });
  });
}
