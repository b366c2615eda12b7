import { hash } from "node:crypto";
import { SYSTEM_TENANT } from "../../event/vocabulary.ts";
import type { Store } from "../../store/store.ts";
import { parseCheckpoint, type SignedCheckpoint } from "../../tlog/checkpoint.ts";
import { cosign } from "../../tlog/cosignature.ts";
import { sameBytes } from "../../tlog/hash.ts";
import { isSignedBy, signatureLine, type Verifier } from "../../tlog/note.ts";
import { verifyConsistency } from "../../tlog/proof.ts";
import { verifiersFor, type WitnessKey } from "./witness-key.ts";

/** An answer of C2SP tlog-witness. */
export interface WitnessAnswer {
  readonly status: 200 | 400 | 403 | 404 | 409 | 422;
  readonly type: "text/plain; charset=utf-8" | "text/x.tlog.size";
  readonly body: string;
}

const HASHES_MAX = 63;
const TRIES = 5;

/**
 * The witnessing half, C2SP tlog-witness `add-checkpoint`: cosigns a checkpoint that is consistent with
 * the last one it saw of the same log, and no other. What it saw is durable before it answers. A signed
 * checkpoint that contradicts it is kept: it proves that the log shows two histories.
 */
export class Cosigner {
  readonly #open: () => Promise<Store>;
  readonly #key: WitnessKey;
  readonly #watched: readonly Verifier[];
  readonly #onSplit: (origin: string) => Promise<unknown>;

  constructor(
    open: () => Promise<Store>,
    key: WitnessKey,
    watched: readonly Verifier[],
    onSplit: (origin: string) => Promise<unknown>,
  ) {
    this.#open = open;
    this.#key = key;
    this.#watched = watched;
    this.#onSplit = onSplit;
  }

  async addCheckpoint(body: string, now = new Date()): Promise<WitnessAnswer> {
    const request = parseRequest(body);
    if (request === null) return plain(400, "The body is no add-checkpoint request.");
    const { old, proof, checkpoint, text } = request;
    const verifiers = verifiersFor(checkpoint.origin, this.#watched);
    if (verifiers.length === 0) return plain(404, "This log is not witnessed here.");
    if (!verifiers.some((verifier) => isSignedBy(checkpoint.note, verifier)))
      return plain(403, "No key of the log signed the checkpoint.");
    if (old > checkpoint.size) return plain(400, "The old size is greater than the checkpoint's.");
    const store = await this.#open();
    for (let tries = 0; tries < TRIES; tries++) {
      const seen = await readSeen(store, checkpoint.origin);
      if ((seen?.size ?? 0) !== old) return sizeOf(seen);
      if (seen !== null && checkpoint.size === seen.size && !sameBytes(checkpoint.root, seen.root)) {
        await this.#keepSplit(store, checkpoint.origin, text);
        return sizeOf(seen);
      }
      const isConsistent =
        seen === null
          ? proof.length === 0
          : verifyConsistency(old, checkpoint.size, proof, seen.root, checkpoint.root);
      if (!isConsistent) {
        if (seen !== null) await this.#keepSplit(store, checkpoint.origin, text);
        return plain(422, "The proof does not lead from the old checkpoint to the new one.");
      }
      const expect = seen === null ? null : Buffer.from(seen.text);
      const name = seenName(checkpoint.origin);
      if (await store.writeBlobs(SYSTEM_TENANT, [{ name, bytes: Buffer.from(text), expect }])) {
        const seconds = Math.floor(now.getTime() / 1000);
        const line = signatureLine(cosign(checkpoint.note, this.#key.name, this.#key.key, seconds));
        return plain(200, `${line}\n`);
      }
    }
    return sizeOf(await readSeen(store, checkpoint.origin));
  }

  /** The newest checkpoint of the log that was seen here, and one that contradicts it, where one came. */
  async seen(origin: string): Promise<{ checkpoint: string; split: string | null } | null> {
    const store = await this.#open();
    const seen = await readSeen(store, origin);
    if (seen === null) return null;
    const split = await store.blob(SYSTEM_TENANT, splitName(origin));
    return { checkpoint: seen.text, split: split === null ? null : Buffer.from(split).toString("utf8") };
  }

  async #keepSplit(store: Store, origin: string, text: string): Promise<void> {
    const name = splitName(origin);
    // The first one is kept: whoever forges more cannot push it out.
    const isNew = await store.writeBlobs(SYSTEM_TENANT, [{ name, bytes: Buffer.from(text), expect: null }]);
    if (isNew) await this.#onSplit(origin);
  }
}

interface Request {
  readonly old: number;
  readonly proof: readonly Uint8Array[];
  readonly checkpoint: SignedCheckpoint;
  readonly text: string;
}

function parseRequest(body: string): Request | null {
  const end = body.indexOf("\n\n");
  if (end < 0) return null;
  const [first = "", ...lines] = body.slice(0, end).split("\n");
  const old = /^old (0|[1-9]\d{0,15})$/.exec(first)?.[1];
  const text = body.slice(end + 2);
  const checkpoint = parseCheckpoint(text);
  if (old === undefined || checkpoint === null || lines.length > HASHES_MAX) return null;
  if (!lines.every((line) => /^[A-Za-z0-9+/]{43}=$/.test(line))) return null;
  const proof = lines.map((line) => Uint8Array.from(Buffer.from(line, "base64")));
  return { old: Number(old), proof, checkpoint, text };
}

async function readSeen(store: Store, origin: string): Promise<(SignedCheckpoint & { text: string }) | null> {
  const bytes = await store.blob(SYSTEM_TENANT, seenName(origin));
  if (bytes === null) return null;
  const text = Buffer.from(bytes).toString("utf8");
  const checkpoint = parseCheckpoint(text);
  return checkpoint === null ? null : { ...checkpoint, text };
}

const seenName = (origin: string): string => `witness/${hash("sha256", origin, "hex")}`;
const splitName = (origin: string): string => `${seenName(origin)}/split`;

function plain(status: WitnessAnswer["status"], text: string): WitnessAnswer {
  const body = text.endsWith("\n") ? text : `${text}\n`;
  return { status, type: "text/plain; charset=utf-8", body };
}

function sizeOf(seen: SignedCheckpoint | null): WitnessAnswer {
  return { status: 409, type: "text/x.tlog.size", body: `${seen?.size ?? 0}\n` };
}
