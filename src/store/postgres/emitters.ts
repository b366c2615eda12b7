import type { Micros } from "../../base/clock.ts";
import { type Range, toEmitterState, toRanges } from "../emissions.ts";
import type { EmitterState } from "../store.ts";
import type { Client } from "./database.ts";

/** The number that an emitter gave to an event. */
export interface Mark {
  readonly id: string;
  readonly epoch: number;
  readonly number: number;
  readonly seq: number;
  readonly at: Micros;
}

const UPSERT_EMITTER = `INSERT INTO emitters VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT (tenant, md5(id), epoch) DO UPDATE SET last_at = excluded.last_at`;
const TAKE_NEIGHBORS = `DELETE FROM emitter_ranges
  WHERE tenant = $1 AND md5(id) = md5($2) AND epoch = $3 AND low <= $5::bigint + 1 AND high >= $4::bigint - 1
  RETURNING low, high`;
const INSERT_RANGE = "INSERT INTO emitter_ranges VALUES ($1, $2, $3, $4, $5)";

/** Takes numbers into the stored ranges, which never touch one another. The tenant's head is locked. */
export async function mergeMarks(client: Client, tenant: string, marks: readonly Mark[]): Promise<void> {
  const byEmitter = Map.groupBy(marks, ({ id, epoch }) => `${epoch} ${id}`);
  for (const [first, ...others] of byEmitter.values()) {
    if (first === undefined) continue;
    const { id, epoch } = first;
    const last = others.at(-1) ?? first;
    await client.query(UPSERT_EMITTER, [tenant, id, epoch, first.seq, first.at, last.at]);
    for (const [low, high] of toRanges([first, ...others].map(({ number }) => number))) {
      const { rows } = await client.query(TAKE_NEIGHBORS, [tenant, id, epoch, low, high]);
      const merged = [low, high];
      for (const near of rows) {
        merged[0] = Math.min(merged[0] as number, near.low);
        merged[1] = Math.max(merged[1] as number, near.high);
      }
      await client.query(INSERT_RANGE, [tenant, id, epoch, ...merged]);
    }
  }
}

export async function readEmitters(client: Client, tenant: string): Promise<EmitterState[]> {
  const { rows } = await client.query(
    `SELECT coalesce(e.id, c.id) AS id, coalesce(e.epoch, c.epoch) AS epoch, c.sent,
        coalesce(e.first_at, c.at) AS first_at, coalesce(e.last_at, c.at) AS last_at
      FROM emitters e FULL JOIN closings c ON c.tenant = e.tenant AND c.id = e.id AND c.epoch = e.epoch
      WHERE e.id IS NOT NULL OR c.sent > 0
      ORDER BY coalesce(e.first_at, c.at), e.first_seq`,
  );
  const { rows: stored } = await client.query(
    "SELECT id, epoch, low, high FROM emitter_ranges WHERE tenant = $1 ORDER BY low",
    [tenant],
  );
  const ranges = new Map<string, Range[]>();
  for (const { id, epoch, low, high } of stored) {
    const known = ranges.get(`${epoch} ${id}`) ?? [];
    known.push([low, high]);
    ranges.set(`${epoch} ${id}`, known);
  }
  return rows.map(({ id, epoch, sent, first_at: firstAt, last_at: lastAt }) =>
    toEmitterState({ id, epoch, firstAt, lastAt }, ranges.get(`${epoch} ${id}`) ?? [], sent),
  );
}
