import { messageOf } from "../../base/error.ts";
import { SALT_KEY_BYTES } from "../../event/leaf.ts";
import {
  type Claim,
  type Finding,
  judge,
  type Problem,
  rangeText,
  type Verdict,
} from "../../evidence/verdict.ts";
import type { EmitterState, Store } from "../../store/store.ts";
import { parseCheckpoint, type SignedCheckpoint } from "../../tlog/checkpoint.ts";
import { EMPTY_ROOT, sameBytes } from "../../tlog/hash.ts";
import { ED25519, parseNote, parseVerifier } from "../../tlog/note.ts";
import { TILE_WIDTH } from "../../tlog/tile.ts";
import { MissingTile, TileTree } from "../../tlog/tile-tree.ts";
import type { Scope } from "../trail.ts";
import { askWitnesses, readWitnesses, type WitnessState } from "../witness/follower.ts";
import type { Witness } from "../witness/keeper.ts";
import type { KeyFile, StoredKey } from "./key-file.ts";
import { judgeSignature, type LogKeys, originOf, type PublicKey } from "./keys.ts";
import { checkLeaves, type LeafFindings } from "./leaf-check.ts";
import type { LogGround } from "./log.ts";
import { readReceipts, unexplained } from "./receipts.ts";
import { BLOB, tileSource } from "./sealer.ts";

export interface VerifyOptions extends Scope {
  /** Checkpoints that were kept elsewhere: by a witness, in a repository, on paper. */
  checkpoints?: readonly string[];
  /** They are asked for the newest checkpoint that they saw. */
  witnesses?: readonly Witness[];
  /** The log's keys as you know them, `name+id+key`; without them, those of the key file count. */
  trusted?: readonly string[];
  /** What an earlier verification came to; it goes on behind it. */
  resume?: { readonly tenant: string; readonly done: number };
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

export interface StoreVerdict extends Verdict {
  readonly tenant: string;
  readonly events: number;
  readonly sealed: number;
  /** Events that are gone by receipts. */
  readonly pruned: number;
}

/** Holds a tenant's log against what was signed. It changes nothing and needs no private key. */
export async function verifyStore(
  { open, tenant: own, keys }: LogGround,
  options: VerifyOptions = {},
): Promise<StoreVerdict> {
  const store = await open();
  const tenant = options.tenant ?? own;
  const examination = new Examination(store, tenant, keys, options);
  return examination.run();
}

interface KnownKeys {
  readonly keys: readonly StoredKey[];
  /** Where they are from; a store's own word proves little. */
  readonly from: "trusted" | "file" | "store" | "nowhere";
}

class Examination {
  readonly #store: Store;
  readonly #tenant: string;
  readonly #keys: LogKeys;
  readonly #options: VerifyOptions;
  readonly #problems: Problem[] = [];
  readonly #findings: Finding[] = [];
  /** Witnesses that showed a checkpoint of this log, by name. */
  readonly #asked: string[] = [];
  readonly #unasked: string[] = [];

  constructor(store: Store, tenant: string, keys: LogKeys, options: VerifyOptions) {
    this.#store = store;
    this.#tenant = tenant;
    this.#keys = keys;
    this.#options = options;
  }

  #found(claim: Claim, kind: string, text: string, range?: readonly [number, number]): void {
    this.#problems.push({ claim, kind, text, ...(range === undefined ? {} : { range }) });
  }

  async run(): Promise<StoreVerdict> {
    const file = this.#keys.read();
    // Before the log's own, which may grow meanwhile: a witness never knows more than the log did.
    const witnessed = await this.#ask(file === null ? null : originOf(file.log, this.#tenant));
    const head = await this.#store.head(this.#tenant);
    const checkpoint = await this.#checkpoint();
    const origin = checkpoint?.origin ?? (file === null ? this.#tenant : originOf(file.log, this.#tenant));
    const known = await this.#known(file, origin);
    const seen = [...this.#seen(file, origin), ...witnessed];
    if (checkpoint === null) {
      await this.#judgeUnsealed(head, seen, known);
      return {
        ...judge(origin, this.#findings, this.#problems),
        tenant: this.#tenant,
        events: head,
        sealed: 0,
        pruned: 0,
      };
    }
    const { leaves, pruned } = await this.#judgeLeaves(checkpoint, head, known);
    this.#judgeTail(checkpoint, head, leaves, seen);
    const states = await readWitnesses(this.#store, this.#tenant);
    await this.#judgeHistory(checkpoint, known, seen);
    await this.#judgeWitnesses(checkpoint, states);
    await this.#judgeCompleteness();
    this.#judgeAuthorship(checkpoint, known, file, states);
    return {
      ...judge(origin, this.#findings, this.#problems),
      tenant: this.#tenant,
      events: leaves.checked,
      sealed: checkpoint.size,
      pruned,
    };
  }

  async #checkpoint(): Promise<SignedCheckpoint | null> {
    const bytes = await this.#store.blob(this.#tenant, BLOB.checkpoint);
    if (bytes === null) return null;
    const checkpoint = parseCheckpoint(Buffer.from(bytes).toString("utf8"));
    if (checkpoint === null)
      this.#found("order", "checkpoint.malformed", "The checkpoint in the store is no checkpoint.");
    return checkpoint;
  }

  async #known(file: KeyFile | null, origin: string): Promise<KnownKeys> {
    const { trusted } = this.#options;
    if (trusted !== undefined)
      return { keys: trusted.flatMap((text) => keyOf(text, origin)), from: "trusted" };
    if (file !== null) return { keys: file.keys, from: "file" };
    const bytes = await this.#store.blob(this.#tenant, BLOB.keys);
    if (bytes === null) return { keys: [], from: "nowhere" };
    return { keys: readPublicKeys(Buffer.from(bytes).toString("utf8"), origin), from: "store" };
  }

  /** What witnesses can show. The origin is the checkpoint's own where no key file says it. */
  async #ask(named: string | null): Promise<SignedCheckpoint[]> {
    const { witnesses = [] } = this.#options;
    const origin = (await this.#checkpoint())?.origin ?? named;
    const found: SignedCheckpoint[] = [];
    for (const witness of origin === null ? [] : witnesses) {
      const { checkpoints, problems } = await askWitnesses([witness], String(origin));
      const newest = parseCheckpoint(checkpoints[0] ?? "");
      if (newest === null) this.#unasked.push(...problems);
      else {
        found.push(newest);
        this.#asked.push(witness.name);
      }
    }
    return found;
  }

  /** What witnesses confirmed must be a beginning of this log. */
  async #judgeWitnesses({ size }: SignedCheckpoint, states: readonly WitnessState[]): Promise<void> {
    for (const { witness, state, problem, checkpoint } of states) {
      if (state === "contradicts")
        this.#found("order", "witness.contradicts", `The witness ${witness} refuses this log: ${problem}.`);
      const confirmed = parseCheckpoint(checkpoint ?? "");
      if (confirmed !== null && confirmed.size > size)
        this.#found(
          "tail",
          "checkpoint.rolled_back",
          `The witness ${witness} confirmed ${confirmed.size} events; the checkpoint covers ${size}.`,
          [size + 1, confirmed.size],
        );
      else if (confirmed !== null && !(await this.#isBeginning(confirmed)))
        this.#found(
          "order",
          "checkpoint.split",
          `The witness ${witness} confirmed another history of the first ${confirmed.size} events.`,
          [1, confirmed.size],
        );
    }
  }

  /** Checkpoints that are known from outside the database. */
  #seen(file: KeyFile | null, origin: string): SignedCheckpoint[] {
    const own =
      this.#keys.seen(origin) ?? (file === null ? null : this.#keys.seen(originOf(file.log, this.#tenant)));
    const others = (this.#options.checkpoints ?? []).map(parseCheckpoint);
    return [own, ...others].filter((checkpoint) => checkpoint !== null);
  }

  async #judgeUnsealed(head: number, seen: readonly SignedCheckpoint[], known: KnownKeys): Promise<void> {
    const last = seen.find(({ size }) => size > 0);
    const tiles = await this.#store.blobNames({
      tenant: this.#tenant,
      prefix: BLOB.tile(0, 0).slice(0, -1),
      limit: 1,
    });
    if (last !== undefined || tiles.length > 0 || known.from === "store") {
      const size = last === undefined ? "" : ` of ${last.size} events`;
      this.#found("tail", "checkpoint.missing", `The log was sealed; its checkpoint${size} is gone.`);
    }
    const why = `The log has ${head} events and no checkpoint: nothing was sealed, so nothing can be proved.`;
    for (const claim of ["content", "order", "tail", "authorship"] as const) {
      this.#findings.push({ claim, says: "", conditions: [], unprovable: why });
    }
    await this.#judgeCompleteness();
  }

  async #judgeLeaves(checkpoint: SignedCheckpoint, head: number, known: KnownKeys) {
    const saltKey = await this.#store.blob(this.#tenant, BLOB.saltKey);
    const isSaltLost = saltKey?.length !== SALT_KEY_BYTES;
    if (isSaltLost)
      this.#found(
        "content",
        "salt.lost",
        "The salt key is gone or cut: no event can be held against its hash.",
      );
    const { size } = checkpoint;
    const { resume, onProgress, signal } = this.#options;
    const done = resume?.tenant === this.#tenant ? Math.min(resume.done, size) : 0;
    const leaves = await checkLeaves(this.#store, {
      tenant: this.#tenant,
      size,
      head,
      saltKey: isSaltLost || saltKey === null ? new Uint8Array(SALT_KEY_BYTES) : saltKey,
      from: Math.floor(done / TILE_WIDTH) * TILE_WIDTH,
      onProgress: (now) => onProgress?.(now, size),
      signal,
    });
    const receipts = leaves.gone.length === 0 ? [] : await readReceipts(this.#store, this.#tenant);
    const lost = unexplained(leaves.gone, receipts);
    const pruned = leaves.gone.length - lost.length;
    this.#nameLeaves(checkpoint, leaves, isSaltLost);
    const isTail = lost.length > 0 && lost.at(-1) === Math.max(size, 1) && leaves.unsealed === 0;
    for (const range of rangesOf(lost)) {
      const atEnd = isTail && range[1] === size;
      this.#found(
        atEnd ? "tail" : "order",
        atEnd ? "tail.cut" : "event.deleted",
        `${capital(rangeText(range))} ${range[0] === range[1] ? "is" : "are"} gone, and no receipt says why.`,
        range,
      );
    }
    const key =
      known.from === "trusted"
        ? []
        : known.from === "file"
          ? ["the key file is the log's own."]
          : ["the public key that stands in the store is the log's own; compare it with what you were told."];
    const gone =
      pruned === 0
        ? ""
        : ` ${pruned} more were taken out by retention; receipts say so, and their hashes are still there.`;
    const resumed =
      done >= TILE_WIDTH ? [`the first ${done} events, checked earlier, were not changed since.`] : [];
    this.#findings.push({
      claim: "content",
      says: `Each of the ${leaves.checked} events that are there is, byte for byte, what was hashed and signed.${gone}`,
      conditions: [...key, ...resumed],
    });
    this.#findings.push({
      claim: "order",
      says: `Events 1 to ${size} stand in the order in which they were signed; none is missing without a receipt, moved, or put in between.`,
      conditions: key,
    });
    return { leaves, pruned };
  }

  /** In words: what the comparison of events, hashes and the signed root says. */
  #nameLeaves(checkpoint: SignedCheckpoint, leaves: LeafFindings, isSaltLost: boolean): void {
    const { root, size } = checkpoint;
    const hashesHold = sameBytes(leaves.hashRoot, size === 0 ? EMPTY_ROOT : root);
    const eventsHold = sameBytes(leaves.eventRoot, size === 0 ? EMPTY_ROOT : root);
    if (!hashesHold && !eventsHold) {
      this.#found(
        "order",
        "root.foreign",
        "Neither the events nor the stored hashes lead to the root that was signed: the log was rewritten, or the checkpoint is of another log.",
      );
    }
    if (!hashesHold && eventsHold) {
      this.#found(
        "order",
        "tile.changed",
        "The stored hashes were altered; the events themselves still lead to the signed root.",
      );
    } else if (!isSaltLost) {
      const all = leaves.changed.length > 1 && leaves.changed.length === Math.min(leaves.checked, 10_000);
      if (all && hashesHold) {
        this.#found(
          "content",
          "salt.changed",
          `None of the ${leaves.checked} events is what was signed: all were changed, or the salt key was.`,
          [1, size],
        );
      } else {
        for (const range of rangesOf(leaves.changed)) {
          this.#found(
            "content",
            "event.changed",
            `${capital(rangeText(range))} ${range[0] === range[1] ? "is" : "are"} not what was signed.`,
            range,
          );
        }
      }
    }
    for (const tile of leaves.tiles) {
      this.#found("order", "tile.changed", `The tile ${tile} of stored hashes is missing or altered.`);
    }
    for (const range of rangesOf(leaves.stray)) {
      this.#found(
        "order",
        "event.inserted",
        `${capital(rangeText(range))} ${range[0] === range[1] ? "stands" : "stand"} where the log has none.`,
        range,
      );
    }
  }

  #judgeTail(
    { size }: SignedCheckpoint,
    head: number,
    leaves: LeafFindings,
    seen: readonly SignedCheckpoint[],
  ): void {
    if (head < size) {
      this.#found(
        "tail",
        "tail.cut",
        `The log ends at ${head}; ${size} events were signed. The end was cut off.`,
        [head + 1, size],
      );
    }
    const later = seen.reduce((most, checkpoint) => Math.max(most, checkpoint.size), 0);
    if (later > size) {
      this.#found(
        "tail",
        "checkpoint.rolled_back",
        `The store's checkpoint covers ${size} events; one that is known from outside covers ${later}. The store was set back.`,
        [size + 1, later],
      );
    }
    const outside =
      this.#asked.length > 0
        ? `nobody set back, together with the database, what ${this.#asked.join(" and ")} keeps.`
        : seen.length > 0
          ? "nobody who can set the database back can also set back what stands outside of it (the key file's folder, or the checkpoints that you gave)."
          : "nobody set the whole database back to an earlier state: no checkpoint from outside was there to compare with.";
    const young =
      leaves.unsealed > 0
        ? [`the ${leaves.unsealed} newest events, which no checkpoint covers yet, are left out of this.`]
        : [];
    this.#findings.push({
      claim: "tail",
      says: `The log goes to event ${head}, and at least to every end that was ever signed and shown here.`,
      conditions: [outside, ...this.#unasked.map((text) => `it does not matter that ${text}`), ...young],
    });
  }

  /** Every checkpoint that was ever kept must be a beginning of this log: two histories show here. */
  async #judgeHistory(
    { size, origin }: SignedCheckpoint,
    known: KnownKeys,
    seen: readonly SignedCheckpoint[],
  ): Promise<void> {
    const kept: Array<[string, SignedCheckpoint | null]> = seen.map((checkpoint) => [
      "A checkpoint from outside",
      checkpoint,
    ]);
    let after = "";
    for (;;) {
      const names = await this.#store.blobNames({
        tenant: this.#tenant,
        prefix: "log/history/",
        after,
        limit: 500,
      });
      for (const name of names) {
        const bytes = await this.#store.blob(this.#tenant, name);
        kept.push([
          `The kept checkpoint ${name.slice("log/history/".length).replace(/^0+/, "")}`,
          parseCheckpoint(Buffer.from(bytes ?? []).toString()),
        ]);
      }
      const last = names.at(-1);
      if (last === undefined || names.length < 500) break;
      after = last;
    }
    for (const [name, checkpoint] of kept) {
      if (checkpoint === null) this.#found("order", "history.changed", `${name} is no checkpoint.`);
      else if (checkpoint.origin !== origin)
        this.#found("order", "checkpoint.split", `${name} is one of another log.`);
      else if (judgeSignature(checkpoint, known) === null)
        this.#found("order", "history.changed", `${name} is signed by no key of the log.`);
      else if (checkpoint.size <= size && !(await this.#isBeginning(checkpoint)))
        this.#found(
          "order",
          "checkpoint.split",
          `${name} of ${checkpoint.size} events shows another history than this store: the log has two.`,
          [1, checkpoint.size],
        );
    }
  }

  async #isBeginning({ size, root }: SignedCheckpoint): Promise<boolean> {
    try {
      return sameBytes(await new TileTree(size, tileSource(this.#store, this.#tenant)).root(), root);
    } catch (thrown) {
      if (thrown instanceof MissingTile) return false;
      throw thrown;
    }
  }

  async #judgeCompleteness(): Promise<void> {
    let emitters: EmitterState[];
    try {
      emitters = await this.#store.emitters(this.#tenant);
    } catch (thrown) {
      this.#found(
        "completeness",
        "emitters.unreadable",
        `What emitters sent cannot be read: ${messageOf(thrown)}.`,
      );
      return;
    }
    let [received, sent, open] = [0, 0, 0];
    for (const emitter of emitters) {
      received += emitter.received;
      sent += emitter.sent ?? emitter.highest;
      if (emitter.sent === null) open++;
      for (const range of emitter.missing.slice(0, 20)) {
        const numbers = range[0] === range[1] ? `number ${range[0]}` : `numbers ${range[0]} to ${range[1]}`;
        this.#found(
          "completeness",
          "emitter.missing",
          `Of what emitter ${emitter.id.slice(0, 60)} sent, ${numbers} never arrived or were taken out.`,
        );
      }
    }
    if (emitters.length === 0) {
      this.#findings.push({
        claim: "completeness",
        says: "",
        conditions: [],
        unprovable: "No emitter numbered its events, so nobody can say whether one is missing.",
      });
      return;
    }
    this.#findings.push({
      claim: "completeness",
      says: `${received} of ${sent} events that ${emitters.length} emitters numbered have arrived.`,
      conditions: [
        "agents recorded what they did: what was never recorded, no log can show.",
        ...(open > 0
          ? [`${open} emitters never said how many they sent; of them, the last events may be missing.`]
          : []),
      ],
    });
  }

  #judgeAuthorship(
    checkpoint: SignedCheckpoint,
    known: KnownKeys,
    file: KeyFile | null,
    states: readonly WitnessState[],
  ): void {
    const judged = judgeSignature(checkpoint, known);
    if (judged === null) {
      const text =
        known.keys.length === 0
          ? "No key of the log is known: nobody can say who signed."
          : "The checkpoint is signed by no key of the log.";
      if (known.from === "nowhere" && file === null)
        this.#findings.push({ claim: "authorship", says: "", conditions: [], unprovable: text });
      this.#found("authorship", "checkpoint.signature", text);
      return;
    }
    if (judged.state === "revoked")
      this.#found("authorship", "key.revoked", "The checkpoint is signed by a revoked key alone.");
    const when =
      judged.seconds === null
        ? "at a time that it does not say"
        : `at ${new Date(judged.seconds * 1000).toISOString()}`;
    if (judged.seconds === null)
      this.#found(
        "authorship",
        "time.missing",
        "The checkpoint lacks the signed time that every checkpoint of this log carries.",
      );
    const confirmed = this.#confirmations(states);
    this.#findings.push({
      claim: "authorship",
      says: [
        `The log's key signed the newest checkpoint, ${when} by the log's own clock.`,
        ...confirmed,
      ].join(" "),
      conditions: [
        confirmed.length === 0
          ? "only the log's operator holds the key, and the clock of its machine was right; no witness said when."
          : "only the log's operator holds the key, and the operator and the witness do not lie together.",
      ],
    });
  }

  /** In words: when witnesses with known keys saw which state of the log. */
  #confirmations(states: readonly WitnessState[]): string[] {
    const { witnesses = [] } = this.#options;
    return witnesses.flatMap((witness) => {
      const state = states.find(({ witness: name }) => name === witness.name);
      const note = parseNote(state?.checkpoint ?? "");
      const seconds = note === null ? null : witness.confirmedAt(note);
      if (state === undefined || seconds === null) return [];
      return [
        `${witness.name} saw its first ${state.size} events at ${new Date(seconds * 1000).toISOString()}.`,
      ];
    });
  }
}

function keyOf(text: string, origin: string): StoredKey[] {
  const verifier = parseVerifier(text);
  if (verifier === null || verifier.type !== ED25519 || verifier.name !== origin) return [];
  return [
    {
      state: "active",
      seed: null,
      public: Buffer.from(verifier.publicKey).toString("base64"),
      since: "",
      until: null,
    },
  ];
}

function readPublicKeys(text: string, origin: string): StoredKey[] {
  try {
    const keys = JSON.parse(text) as PublicKey[];
    return keys.flatMap(({ verifier, state, since, until }) =>
      keyOf(verifier, origin).map((key) => ({ ...key, state, since, until })),
    );
  } catch {
    return [];
  }
}

const RANGES_MAX = 100;

/** Neighboring numbers together. */
function rangesOf(seqs: readonly number[]): Array<[number, number]> {
  const ranges: Array<[number, number]> = [];
  for (const seq of seqs) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] + 1 === seq) last[1] = seq;
    else if (ranges.length < RANGES_MAX) ranges.push([seq, seq]);
  }
  return ranges;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
