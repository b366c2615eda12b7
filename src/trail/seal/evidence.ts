import { TrailError } from "../../base/error.ts";
import type { LeafEntry } from "../../event/leaf.ts";
import { readEntry } from "../../event/leaf.ts";
import type { Condition } from "../../query/filter.ts";
import type { EmitterState, Store } from "../../store/store.ts";
import { parseCheckpoint, type SignedCheckpoint } from "../../tlog/checkpoint.ts";
import { TileTree } from "../../tlog/tile-tree.ts";
import type { Scope } from "../trail.ts";
import { readWitnesses, withCosignatures } from "../witness/follower.ts";
import { publicKeys } from "./keys.ts";
import type { LogGround } from "./log.ts";
import { openedWith } from "./opened.ts";
import { BLOB, makeSaltKey, readCheckpoint, tileSource } from "./sealer.ts";

export interface EvidenceOptions extends Scope {
  /** Events that match; or every event of `range`. */
  where?: readonly Condition[];
  /** The first and the last seq: then the bundle proves that nothing between them was left out. */
  range?: readonly [number, number];
  /** What was selected, in words. */
  selection: string;
}

/** The first line of `evidence.ndjson`. */
export interface EvidenceHeader {
  readonly daybook_evidence: 1;
  readonly log: string;
  readonly tenant: string;
  readonly made_at: string;
  readonly selection: string;
  readonly range: readonly [number, number] | null;
  readonly events: number;
  readonly keys: ReadonlyArray<{ verifier: string; state: string; since: string; until: string | null }>;
  readonly checkpoint: string;
  readonly emitters: readonly EmitterState[];
}

const PAGE = 500;
const EVENTS_MAX = 200_000;

/** The lines of an evidence bundle, each without its line end. Rejects with `log.not_sealed` where nothing is sealed. */
export async function* evidenceLines(ground: LogGround, options: EvidenceOptions): AsyncGenerator<string> {
  const store = await ground.open();
  const tenant = options.tenant ?? ground.tenant;
  const checkpoint = await readCheckpoint(store, tenant);
  if (checkpoint === null)
    throw new TrailError("log.not_sealed", "Nothing of this log is sealed yet.", {
      fix: "Run daybook seal.",
    });
  const range =
    options.range === undefined
      ? null
      : ([Math.max(1, options.range[0]), Math.min(checkpoint.signed.size, options.range[1])] as const);
  const seqs =
    range === null
      ? await matching(store, tenant, options.where ?? [], checkpoint.signed.size)
      : numbers(range);
  const { text, size, origin } = await bestWitnessed(store, tenant, checkpoint, seqs.at(-1) ?? 0);
  const saltKey = await makeSaltKey(store, tenant);
  const file = ground.keys.read();
  const known = file === null ? [] : publicKeys(file, origin);
  const header: EvidenceHeader = {
    daybook_evidence: 1,
    log: origin,
    tenant,
    made_at: new Date().toISOString(),
    selection: options.selection,
    range,
    events: seqs.length,
    keys: known.length > 0 ? known : await storedKeys(store, tenant),
    checkpoint: text,
    emitters: await emittersOf(store, tenant, seqs, saltKey),
  };
  yield JSON.stringify(header);
  const tree = new TileTree(size, tileSource(store, tenant));
  for await (const [seq, entry] of entriesOf(store, tenant, seqs, saltKey)) {
    const proof = (await tree.inclusion(seq - 1)).map((hash) => Buffer.from(hash).toString("base64"));
    if (entry === null)
      yield JSON.stringify({ seq, leaf: Buffer.from(await tree.leaf(seq - 1)).toString("base64"), proof });
    else
      yield JSON.stringify({
        seq,
        entry: entry.entry,
        payload: entry.payload,
        salt: Buffer.from(entry.salt).toString("hex"),
        ...openedWith(ground.vault, tenant, entry),
        proof,
      });
  }
  yield JSON.stringify({ end: seqs.length });
}

/**
 * The checkpoint that the bundle is proved to: the newest, or, where that is too young for any witness, the
 * newest that a witness confirmed and that covers the events.
 */
async function bestWitnessed(
  store: Store,
  tenant: string,
  { text, signed }: { readonly text: string; readonly signed: SignedCheckpoint },
  last: number,
): Promise<{ text: string; size: number; origin: string }> {
  const states = await readWitnesses(store, tenant);
  const newest = { text: withCosignatures(text, states), size: signed.size, origin: signed.origin };
  if (newest.text !== text) return newest;
  const older = states
    .map(({ checkpoint }) => ({ text: checkpoint ?? "", signed: parseCheckpoint(checkpoint ?? "") }))
    .flatMap((one) => (one.signed === null ? [] : [{ ...one.signed, text: one.text }]))
    .filter(({ size }) => size >= last && size <= signed.size && last > 0)
    .sort((a, b) => b.size - a.size);
  const [best] = older;
  return best === undefined ? newest : { text: best.text, size: best.size, origin: best.origin };
}

function numbers([first, last]: readonly [number, number]): number[] {
  const count = Math.max(0, last - first + 1);
  tooMany(count);
  return Array.from({ length: count }, (_, i) => first + i);
}

async function matching(
  store: Store,
  tenant: string,
  where: readonly Condition[],
  size: number,
): Promise<number[]> {
  const seqs: number[] = [];
  let after: number | null = 0;
  while (after !== null && after < size) {
    const page: Awaited<ReturnType<Store["list"]>> = await store.list({
      tenant,
      where: [...where],
      order: "seq",
      direction: "asc",
      limit: PAGE,
      scanMax: 100_000,
      after: { seq: after },
    });
    for (const { seq } of page.events) if (seq <= size) seqs.push(seq);
    tooMany(seqs.length);
    after = page.end?.seq ?? null;
  }
  return seqs;
}

function tooMany(count: number): void {
  if (count > EVENTS_MAX)
    throw new TrailError("query.invalid", `A bundle holds at most ${EVENTS_MAX} events.`, {
      fix: "Make several, one for each range.",
    });
}

/** Entries in the order of the seqs; null where the event is gone. */
async function* entriesOf(
  store: Store,
  tenant: string,
  seqs: readonly number[],
  saltKey: Uint8Array,
): AsyncGenerator<[number, LeafEntry | null]> {
  for (let at = 0; at < seqs.length; at += PAGE) {
    const some = seqs.slice(at, at + PAGE);
    const found = new Map<number, LeafEntry>();
    const wanted = new Set(some);
    for (let after = (some[0] as number) - 1; after < (some.at(-1) as number); ) {
      const entries = await store.entries({ tenant, after, limit: PAGE, saltKey });
      for (const entry of entries) if (wanted.has(entry.seq)) found.set(entry.seq, entry);
      const last = entries.at(-1)?.seq;
      if (last === undefined) break;
      // On to the next that is wanted, over what is not.
      after = Math.max(last, (some.find((seq) => seq > last) ?? last + 1) - 1);
    }
    for (const seq of some) yield [seq, found.get(seq) ?? null];
  }
}

/** The emitters of the events that are selected. */
async function emittersOf(
  store: Store,
  tenant: string,
  seqs: readonly number[],
  saltKey: Uint8Array,
): Promise<EmitterState[]> {
  const named = new Set<string>();
  for await (const [, entry] of entriesOf(store, tenant, seqs, saltKey)) {
    const fields = entry === null ? null : readEntry(entry.entry);
    if (fields?.emitter_id != null) named.add(JSON.stringify([fields.emitter_id, fields.emitter_epoch]));
  }
  return (await store.emitters(tenant)).filter(({ id, epoch }) => named.has(JSON.stringify([id, epoch])));
}

async function storedKeys(store: Store, tenant: string): Promise<EvidenceHeader["keys"]> {
  const bytes = await store.blob(tenant, BLOB.keys);
  return bytes === null ? [] : (JSON.parse(Buffer.from(bytes).toString("utf8")) as EvidenceHeader["keys"]);
}
