import { hash } from "node:crypto";
import { type Micros, nowMicros } from "../../base/clock.ts";
import { uuidFromBytes } from "../../base/uuid.ts";
import { EVENT_TYPES, SYSTEM_TENANT } from "../../event/vocabulary.ts";
import type { WireDraft } from "../../event/wire.ts";
import { fold } from "../../query/matches.ts";
import { readClosing } from "../emissions.ts";
import { COLUMNS, toRow } from "../event-row.ts";
import { readLine } from "../line.ts";
import type { Outcome } from "../store.ts";
import { asTenant, type Client } from "./database.ts";
import { type Mark, mergeMarks } from "./emitters.ts";
import { ensurePartition } from "./partitions.ts";
import { typeOf } from "./schema.ts";

/** What followers listen to. */
export const CHANNEL = "daybook_committed";

interface Pending {
  /** Where the outcome goes. */
  readonly at: number;
  readonly draft: WireDraft;
  readonly occurredAt: Micros | undefined;
  /** Of the idempotency key within the tenant. */
  readonly digest: Buffer | null;
}

interface Known {
  readonly id: string;
  readonly seq: number;
  readonly recordedAt: Micros;
}

const INSERT_COLUMNS = ["seq", "tenant", ...COLUMNS, "description_folded", "resource_folded"];
const ARRAY_TYPES: Readonly<Record<string, string>> = { seq: "bigint", tenant: "text" };
/** Column by column: one statement, whatever the number of rows. */
const INSERT_EVENTS = `INSERT INTO events (${INSERT_COLUMNS.join(", ")})
  SELECT * FROM unnest(${INSERT_COLUMNS.map((column, i) => `$${i + 1}::${ARRAY_TYPES[column] ?? typeOf(column)}[]`).join(", ")})`;
const ID = 2 + COLUMNS.indexOf("id");

/**
 * Appends within the open transaction of the client, the lines of each tenant under the lock of its
 * head, so that writers of several processes give seqs without a gap. Tenants go in order of their
 * names, so that two writers never wait for each other.
 */
export async function appendLines(client: Client, lines: readonly string[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const byTenant = new Map<string, Pending[]>();
  for (const [at, line] of lines.entries()) {
    const read = readLine(line);
    if (read.draft === undefined) {
      outcomes[at] = { status: "rejected", reason: read.reason };
      continue;
    }
    const { draft, occurredAt } = read;
    const pending = byTenant.get(draft.tenant) ?? [];
    pending.push({ at, draft, occurredAt, digest: digestOf(draft) });
    byTenant.set(draft.tenant, pending);
  }
  let isGrown = false;
  for (const tenant of [...byTenant.keys()].sort()) {
    const found = await appendToTenant(client, tenant, byTenant.get(tenant) as Pending[]);
    for (const [at, outcome] of found) {
      outcomes[at] = outcome;
      if (outcome.status === "appended") isGrown = true;
    }
  }
  if (isGrown) await client.query(`NOTIFY ${CHANNEL}`);
  return outcomes;
}

async function appendToTenant(
  client: Client,
  tenant: string,
  pending: readonly Pending[],
): Promise<Map<number, Outcome>> {
  await client.query(asTenant(tenant));
  await client.query("INSERT INTO tenants VALUES ($1, 0, 0, 0) ON CONFLICT DO NOTHING", [tenant]);
  const { rows } = await client.query("SELECT head, last_at FROM tenants WHERE name = $1 FOR UPDATE", [
    tenant,
  ]);
  const { head, last_at } = rows[0] as { head: number; last_at: number };
  const recordedAt = Math.max(nowMicros(), last_at);
  const { known, taken } = await findKnown(client, tenant, pending);
  const outcomes = new Map<number, Outcome>();
  const fresh: Array<Pending & { seq: number }> = [];
  for (const one of pending) {
    const { id } = one.draft;
    const first = known.get(id) ?? (one.digest === null ? undefined : known.get(one.digest.toString("hex")));
    if (first === "elsewhere") {
      outcomes.set(one.at, { status: "rejected", reason: "the id belongs to another tenant" });
    } else if (first !== undefined) {
      outcomes.set(one.at, { status: "duplicate", ...first });
    } else {
      const place = { id, seq: head + fresh.length + 1, recordedAt };
      known.set(id, place);
      if (one.digest !== null) known.set(one.digest.toString("hex"), place);
      fresh.push({ ...one, seq: place.seq });
      taken.delete(id);
      outcomes.set(one.at, { status: "appended", ...place });
    }
  }
  // Taken, and then a repeat by its key of another line of the batch.
  if (taken.size > 0) await client.query("DELETE FROM event_ids WHERE id = ANY ($1::uuid[])", [[...taken]]);
  if (fresh.length > 0) await insert(client, tenant, fresh, recordedAt);
  return outcomes;
}

/** By id, and by digest of the idempotency key in hex; ids that are new are taken on the way. */
async function findKnown(
  client: Client,
  tenant: string,
  pending: readonly Pending[],
): Promise<{ known: Map<string, Known | "elsewhere">; taken: Set<string> }> {
  const ids = pending.map(({ draft }) => draft.id);
  const digests = pending.flatMap(({ digest }) => (digest === null ? [] : [digest]));
  const known = new Map<string, Known | "elsewhere">();
  if (digests.length > 0) {
    const { rows } = await client.query(
      `SELECT encode(k.digest, 'hex') AS digest, e.id, e.seq, e.created_at FROM event_keys k
        JOIN events e ON e.tenant = k.tenant AND e.id = k.id WHERE k.tenant = $1 AND k.digest = ANY ($2)`,
      [tenant, digests],
    );
    for (const row of rows) known.set(row.digest, { id: row.id, seq: row.seq, recordedAt: row.created_at });
  }
  // Whose key is known must not take its id.
  const offered = pending
    .filter(({ digest }) => digest === null || !known.has(digest.toString("hex")))
    .map(({ draft }) => draft.id);
  const inserted = await client.query(
    "INSERT INTO event_ids SELECT DISTINCT v, $2 FROM unnest($1::uuid[]) v ON CONFLICT DO NOTHING RETURNING id",
    [offered, tenant],
  );
  const taken = new Set(inserted.rows.map(({ id }) => id as string));
  const old = ids.filter((id) => !taken.has(id));
  if (old.length === 0) return { known, taken };
  const { rows } = await client.query(
    "SELECT id, seq, created_at FROM events WHERE tenant = $1 AND id = ANY ($2::uuid[])",
    [tenant, old],
  );
  for (const row of rows) known.set(row.id, { id: row.id, seq: row.seq, recordedAt: row.created_at });
  const isOffered = new Set(offered);
  for (const id of old) if (!known.has(id) && isOffered.has(id)) known.set(id, "elsewhere");
  return { known, taken };
}

async function insert(
  client: Client,
  tenant: string,
  fresh: ReadonlyArray<Pending & { seq: number }>,
  recordedAt: Micros,
): Promise<void> {
  await ensurePartition(client, recordedAt);
  const columns: unknown[][] = INSERT_COLUMNS.map(() => []);
  const marks: Mark[] = [];
  for (const { draft, occurredAt, seq } of fresh) {
    const row: unknown[] = toRow(draft, seq, tenant, occurredAt ?? recordedAt, recordedAt);
    row[ID] = uuidFromBytes(row[ID] as Uint8Array);
    row.push(foldedOf(draft.description), foldedOf(draft.resource_id));
    for (const [i, value] of row.entries()) columns[i]?.push(value);
    const { emitter_id: id, emitter_epoch: epoch, emitter_number: number } = draft;
    if (id !== undefined && epoch !== undefined && number !== undefined) {
      marks.push({ id, epoch, number, seq, at: recordedAt });
    }
  }
  await client.query({ name: "insert-events", text: INSERT_EVENTS, values: columns });
  const keys = fresh.filter(({ digest }) => digest !== null);
  if (keys.length > 0) {
    await client.query("INSERT INTO event_keys SELECT $1, * FROM unnest($2::bytea[], $3::uuid[])", [
      tenant,
      keys.map(({ digest }) => digest),
      keys.map(({ draft }) => draft.id),
    ]);
  }
  await mergeMarks(client, tenant, marks);
  await client.query("UPDATE tenants SET head = $2, last_at = $3, events = events + $4 WHERE name = $1", [
    tenant,
    fresh.at(-1)?.seq,
    recordedAt,
    fresh.length,
  ]);
  if (tenant === SYSTEM_TENANT) await noteClosings(client, fresh, recordedAt);
}

/** The first word of an emitter on how many events it sent counts; it stands under the tenant that it names. */
async function noteClosings(client: Client, fresh: readonly Pending[], recordedAt: Micros): Promise<void> {
  for (const { draft } of fresh) {
    const closing = draft.event_type === EVENT_TYPES.emitterClosed ? readClosing(draft.data) : null;
    if (closing === null) continue;
    await client.query(asTenant(closing.tenant));
    await client.query("INSERT INTO closings VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING", [
      closing.tenant,
      closing.id,
      closing.epoch,
      closing.sent,
      recordedAt,
    ]);
  }
}

function digestOf({ environment, idempotency_key: key }: WireDraft): Buffer | null {
  return key === undefined ? null : hash("sha256", JSON.stringify([environment, key]), "buffer");
}

/** Null where the text is as `contains` compares it. */
function foldedOf(text: string | undefined): string | null {
  if (text === undefined) return null;
  const folded = fold(text);
  return folded === text ? null : folded;
}
