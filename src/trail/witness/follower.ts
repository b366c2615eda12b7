import { hash } from "node:crypto";
import { messageOf, TrailError } from "../../base/error.ts";
import type { Store } from "../../store/store.ts";
import { parseCheckpoint } from "../../tlog/checkpoint.ts";
import { encodeNote, parseNote } from "../../tlog/note.ts";
import { TileTree } from "../../tlog/tile-tree.ts";
import { readCheckpoint, tileSource } from "../seal/sealer.ts";
import { Contradiction, type Witness } from "./keeper.ts";

/** How a tenant's log stands with a witness. */
export interface WitnessState {
  readonly witness: string;
  /** Events that the witness confirmed; 0 before the first time. */
  readonly size: number;
  /** The checkpoint as the witness confirmed it, or null. */
  readonly checkpoint: string | null;
  readonly state: "confirmed" | "waiting" | "contradicts";
  /** What stood in the way at the last try, or null. */
  readonly problem: string | null;
}

interface Kept {
  readonly witness: string;
  readonly checkpoint: string | null;
  readonly problem: string | null;
  readonly contradicts: boolean;
}

const PREFIX = "log/witness/";
const TURN_MS = 1_000;

export function blobOf({ name }: Pick<Witness, "name">): string {
  return PREFIX + hash("sha256", name, "hex").slice(0, 32);
}

/** How the tenant's log stands with every witness that it was ever shown to. */
export async function readWitnesses(store: Store, tenant: string): Promise<WitnessState[]> {
  const names = await store.blobNames({ tenant, prefix: PREFIX, limit: 1_000 });
  const head = (await readCheckpoint(store, tenant))?.signed.size ?? 0;
  const states: WitnessState[] = [];
  for (const name of names) {
    const kept = await readKept(store, tenant, name);
    if (kept === null) continue;
    const size = parseCheckpoint(kept.checkpoint ?? "")?.size ?? 0;
    const state = kept.contradicts ? "contradicts" : size >= head ? "confirmed" : "waiting";
    states.push({ ...kept, size, state });
  }
  return states;
}

/** The checkpoint with the cosignatures of every witness that confirmed exactly it. */
export function withCosignatures(text: string, states: readonly WitnessState[]): string {
  const note = parseNote(text);
  if (note === null) return text;
  const signatures = [...note.signatures];
  for (const { checkpoint } of states) {
    const other = parseNote(checkpoint ?? "");
    if (other?.text !== note.text) continue;
    for (const signature of other.signatures) {
      const isKnown = signatures.some(({ name, id }) => name === signature.name && sameId(id, signature.id));
      if (!isKnown) signatures.push(signature);
    }
  }
  return encodeNote({ text: note.text, signatures });
}

/** Shows the tenant's newest checkpoint to the witness, where it has not confirmed it yet. */
export async function showTo(witness: Witness, store: Store, tenant: string): Promise<WitnessState | null> {
  const current = await readCheckpoint(store, tenant);
  if (current === null) return null;
  const kept = await readKept(store, tenant, blobOf(witness));
  const last = parseCheckpoint(kept?.checkpoint ?? "");
  const isDone = kept?.problem === null && last?.note.text === current.signed.note.text;
  if (isDone && kept !== null)
    return { ...kept, size: current.signed.size, state: "confirmed", problem: null };
  const tree = (size: number): TileTree => new TileTree(size, tileSource(store, tenant));
  const submission = {
    checkpoint: current.signed,
    text: current.text,
    last: last !== null && last.size <= current.signed.size ? last : null,
    proof: (size: number) => tree(current.signed.size).consistency(size),
    root: (size: number) => tree(size).root(),
  };
  try {
    const checkpoint = await witness.show(submission);
    return await keep(store, tenant, witness, { checkpoint, problem: null, contradicts: false });
  } catch (thrown) {
    const contradicts = thrown instanceof Contradiction;
    const before = kept?.checkpoint ?? null;
    return keep(store, tenant, witness, { checkpoint: before, problem: messageOf(thrown), contradicts });
  }
}

async function keep(
  store: Store,
  tenant: string,
  witness: Witness,
  what: Omit<Kept, "witness">,
): Promise<WitnessState> {
  const kept: Kept = { witness: witness.name, ...what };
  const bytes = Buffer.from(JSON.stringify(kept));
  const before = await store.blob(tenant, blobOf(witness));
  if (before === null || Buffer.compare(before, bytes) !== 0)
    await store.writeBlobs(tenant, [{ name: blobOf(witness), bytes }]);
  const size = parseCheckpoint(what.checkpoint ?? "")?.size ?? 0;
  const state = what.contradicts ? "contradicts" : what.problem === null ? "confirmed" : "waiting";
  return { ...kept, size, state };
}

async function readKept(store: Store, tenant: string, name: string): Promise<Kept | null> {
  const bytes = await store.blob(tenant, name);
  if (bytes === null) return null;
  try {
    return JSON.parse(Buffer.from(bytes).toString("utf8")) as Kept;
  } catch {
    throw new TrailError("log.damaged", "What the store keeps of a witness cannot be read.", {
      fix: "daybook verify says what happened.",
    });
  }
}

function sameId(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

export interface WitnessedOptions {
  readonly witnesses: readonly Witness[];
  /** Milliseconds between looks at what is due; default 1 000. */
  readonly turnMs?: number;
  /** Told of trouble with a witness once, until it changes. */
  readonly onProblem: (problem: Error) => void;
  /** Told once when a witness contradicts the log. */
  readonly onContradiction: (tenant: string, state: WitnessState) => Promise<unknown>;
}

/**
 * Shows each new checkpoint of every tenant to every witness. A witness that does not answer is asked
 * again at the next turn; nothing waits for it. Returns the function that ends it.
 */
export function keepWitnessed(store: Store, options: WitnessedOptions): () => Promise<void> {
  const { witnesses, turnMs = TURN_MS, onProblem, onContradiction } = options;
  const shown = new Map<string, number>();
  const told = new Map<string, string>();
  let running: Promise<void> = Promise.resolve();

  async function tell(tenant: string, found: WitnessState): Promise<void> {
    const key = JSON.stringify([tenant, found.witness]);
    const { problem } = found;
    if (problem === null) told.delete(key);
    else if (told.get(key) !== problem) {
      told.set(key, problem);
      onProblem(new Error(`the witness of ${tenant}, ${found.witness}: ${problem}`));
      if (found.state === "contradicts") await onContradiction(tenant, found);
    }
  }

  async function round(): Promise<void> {
    for (const tenant of await store.tenants()) {
      for (const witness of witnesses) {
        const key = JSON.stringify([tenant, witness.name]);
        if (performance.now() - (shown.get(key) ?? Number.NEGATIVE_INFINITY) < witness.intervalMs) continue;
        shown.set(key, performance.now());
        const found = await showTo(witness, store, tenant);
        if (found !== null) await tell(tenant, found);
      }
    }
  }

  const turn = (): void => {
    running = running.then(round).catch((thrown) => onProblem(thrown as Error));
  };
  const timer = witnesses.length === 0 ? undefined : setInterval(turn, turnMs).unref();
  if (timer !== undefined) turn();
  return async () => {
    clearInterval(timer);
    await running;
  };
}

/** The newest checkpoints that witnesses can show of the log; what cannot be reached is told. */
export async function askWitnesses(
  witnesses: readonly Witness[],
  origin: string,
): Promise<{ checkpoints: string[]; problems: string[] }> {
  const checkpoints: string[] = [];
  const problems: string[] = [];
  for (const witness of witnesses) {
    try {
      const newest = await witness.newest(origin);
      if (newest === null) problems.push(`${witness.name} has no checkpoint of this log.`);
      else checkpoints.push(newest);
    } catch (thrown) {
      problems.push(`${witness.name} could not be asked: ${messageOf(thrown)}.`);
    }
  }
  return { checkpoints, problems };
}
