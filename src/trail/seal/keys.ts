import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { TrailError } from "../../base/error.ts";
import { isObject } from "../../base/json.ts";
import {
  type Checkpoint,
  checkpointText,
  parseCheckpoint,
  type SignedCheckpoint,
} from "../../tlog/checkpoint.ts";
import { cosign, cosignedAt } from "../../tlog/cosignature.ts";
import {
  COSIGNATURE,
  createVerifier,
  ED25519,
  encodeNote,
  encodeVerifier,
  isSignedBy,
  type NoteSignature,
  signingKey,
  signNote,
} from "../../tlog/note.ts";
import {
  createKeyFile,
  type KeyFile,
  newKeyFile,
  readKeyFile,
  replaceKeyFile,
  type StoredKey,
} from "./key-file.ts";

/** A key as verifiers are told of it. */
export interface PublicKey {
  /** `<name>+<id>+<key>`, C2SP signed-note. */
  readonly verifier: string;
  readonly state: StoredKey["state"];
  readonly since: string;
  readonly until: string | null;
}

/**
 * The keys of a store's logs, and what the last checkpoints were: both outside the database, so that
 * who rewrites the database cannot rewrite them.
 */
export class LogKeys {
  /** Null keeps the keys in memory: they die with the trail, as its events do. */
  readonly path: string | null;
  #memory: KeyFile | null = null;
  readonly #seen = new Map<string, string>();

  constructor(path: string | null) {
    this.path = path;
  }

  /** The keys, or null where none were made yet. */
  read(): KeyFile | null {
    return this.path === null ? this.#memory : readKeyFile(this.path);
  }

  /** The keys; made where there are none. */
  make(): KeyFile {
    const known = this.read();
    if (known !== null) return known;
    const made = newKeyFile(new Date());
    if (this.path === null) {
      this.#memory = made;
      return made;
    }
    return createKeyFile(this.path, made);
  }

  change(change: (file: KeyFile, now: Date) => KeyFile): KeyFile {
    const changed = change(this.make(), new Date());
    if (this.path === null) this.#memory = changed;
    else replaceKeyFile(this.path, changed);
    return changed;
  }

  /** The last checkpoint that was signed here, or null. */
  seen(origin: string): SignedCheckpoint | null {
    const text = this.path === null ? this.#seen.get(origin) : readSeen(this.path)[origin];
    return text === undefined ? null : parseCheckpoint(text);
  }

  remember(origin: string, checkpoint: string): void {
    this.#seen.set(origin, checkpoint);
    if (this.path === null) return;
    const all = { ...readSeen(this.path), [origin]: checkpoint };
    const draft = `${seenPath(this.path)}.${process.pid}`;
    writeFileSync(draft, JSON.stringify(all, null, 2), { mode: 0o600 });
    renameSync(draft, seenPath(this.path));
  }
}

function seenPath(path: string): string {
  return `${path}.seen`;
}

function readSeen(path: string): Record<string, string> {
  try {
    const seen: unknown = JSON.parse(readFileSync(seenPath(path), "utf8"));
    return isObject(seen) ? (seen as Record<string, string>) : {};
  } catch (thrown) {
    // It is written as a whole; one that is not there is that of a log which was never sealed here.
    if (thrown instanceof SyntaxError || (thrown as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw thrown;
  }
}

/** The name of a tenant's log: the first line of its checkpoints, and the name of its keys. */
export function originOf(log: string, tenant: string): string {
  return `${log}/${encodeURIComponent(tenant)}`;
}

/** A checkpoint signed by every key that signs now, with the time beside (cosignature/v1 by the same keys). */
export function signCheckpoint(checkpoint: Checkpoint, file: KeyFile, now: Date): string {
  const text = checkpointText(checkpoint);
  const seconds = Math.floor(now.getTime() / 1000);
  const signatures: NoteSignature[] = [];
  for (const { seed, state, until } of file.keys) {
    const isOver = state === "overlap" && until !== null && Date.parse(until) <= now.getTime();
    if (seed === null || isOver || (state !== "active" && state !== "overlap")) continue;
    const key = signingKey(Buffer.from(seed, "base64"));
    signatures.push(
      signNote(text, checkpoint.origin, key),
      cosign({ text }, checkpoint.origin, key, seconds),
    );
  }
  if (signatures.length === 0)
    throw new TrailError("log.key_unknown", "No key of this log can sign.", {
      fix: "Make a new one: daybook seal --rotate-key.",
    });
  return encodeNote({ text, signatures });
}

/** Who signed a checkpoint: the state of the best key that did, and the time that it says. */
export function judgeSignature(
  checkpoint: SignedCheckpoint,
  file: Pick<KeyFile, "keys">,
): { readonly state: StoredKey["state"]; readonly seconds: number | null } | null {
  const { note, origin } = checkpoint;
  const found = file.keys.filter((key) =>
    isSignedBy(note, createVerifier(origin, ED25519, Buffer.from(key.public, "base64"))),
  );
  const best = found.find(({ state }) => state !== "revoked") ?? found[0];
  if (best === undefined) return null;
  const timed = createVerifier(origin, COSIGNATURE, Buffer.from(best.public, "base64"));
  return { state: best.state, seconds: cosignedAt(note, timed) };
}

export function publicKeys(file: KeyFile, origin: string): PublicKey[] {
  return file.keys.map(({ state, since, until, ...key }) => ({
    verifier: encodeVerifier(createVerifier(origin, ED25519, Buffer.from(key.public, "base64"))),
    state,
    since,
    until,
  }));
}
