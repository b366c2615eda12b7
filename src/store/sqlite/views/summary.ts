import type { DatabaseSync } from "node:sqlite";
import type { Micros } from "../../../base/clock.ts";
import { EQUAL_FIELDS, type EqualField } from "../../../query/filter.ts";
import { fold } from "../../../query/matches.ts";
import { firstPosOf, lastPosOf, seqOf } from "../position.ts";
import { hashValue } from "./block-values.ts";
import { type Marks, noteMark } from "./emitters.ts";
import { type Counts, TALLY_FIELDS } from "./tallies.ts";
import { addText, BITS, type BlockText } from "./text-grams.ts";

/** What a summary reads of an event: a draft has these keys, and so has a row of SUMMARY_COLUMNS. */
export type Summarized = {
  readonly [K in EqualField]?: string | null;
} & {
  readonly duration_ms?: number | null;
  readonly do_not_forward?: boolean | number | null;
  readonly emitter_epoch?: number | null;
  readonly emitter_number?: number | null;
  readonly description?: string | null;
};

const SELECT_BLOCK = `SELECT pos, occurred_at, created_at, ${EQUAL_FIELDS.join(", ")}, duration_ms,
  do_not_forward, emitter_epoch, emitter_number, description FROM events WHERE pos BETWEEN ? AND ? ORDER BY pos`;

const PLAIN_FIELDS = EQUAL_FIELDS.filter((field) => !(TALLY_FIELDS as readonly string[]).includes(field));

/** Everything that the views want to know of one block, gathered event by event. */
export class Summary {
  events = 0;
  occurredMin = Number.MAX_SAFE_INTEGER;
  occurredMax = Number.MIN_SAFE_INTEGER;
  durationMin: number | null = null;
  durationMax: number | null = null;
  /** Events with `do_not_forward`. */
  keptBack = 0;
  readonly marks: Marks = new Map();
  /** Grams of what `contains` looks at. */
  readonly text: BlockText = new Uint16Array(BITS);
  readonly counts: Counts = TALLY_FIELDS.map(() => new Map());
  /** Hashes of the values, with repetitions: sorting once is cheaper than looking up each time. */
  readonly #hashes: number[][] = PLAIN_FIELDS.map(() => []);
  readonly #last: Array<string | null | undefined> = PLAIN_FIELDS.map(() => undefined);

  add(event: Summarized, seq: number, occurredAt: Micros, recordedAt: Micros): void {
    this.events++;
    if (occurredAt < this.occurredMin) this.occurredMin = occurredAt;
    if (occurredAt > this.occurredMax) this.occurredMax = occurredAt;
    for (let i = 0; i < PLAIN_FIELDS.length; i++) {
      const field = PLAIN_FIELDS[i] as EqualField;
      const value = event[field];
      if (value === undefined || value === null || value === this.#last[i]) continue;
      this.#last[i] = value;
      (this.#hashes[i] as number[]).push(hashValue(field, value));
    }
    for (let i = 0; i < TALLY_FIELDS.length; i++) {
      const value = event[TALLY_FIELDS[i] as EqualField];
      if (value === undefined || value === null) continue;
      const counts = this.counts[i] as Map<string, number>;
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    const duration = event.duration_ms;
    if (typeof duration === "number") {
      if (this.durationMin === null || duration < this.durationMin) this.durationMin = duration;
      if (this.durationMax === null || duration > this.durationMax) this.durationMax = duration;
    }
    if (event.do_not_forward === true || event.do_not_forward === 1) this.keptBack++;
    this.#addTexts(event, seq);
    noteMark(this.marks, event, seq, recordedAt);
  }

  #addTexts({ description, resource_id: resource }: Summarized, seq: number): void {
    if (typeof description === "string") addText(this.text, seq, fold(description));
    if (typeof resource === "string") addText(this.text, seq, fold(resource));
  }

  /** The hashes of each field's distinct values, ascending. */
  *sets(): Generator<readonly [field: EqualField, hashes: Uint32Array]> {
    for (const [i, field] of PLAIN_FIELDS.entries()) yield [field, distinct(this.#hashes[i] as number[])];
    for (const [i, field] of TALLY_FIELDS.entries()) {
      const values = (this.counts[i] as Map<string, number>).keys();
      yield [field, distinct(Array.from(values, (value) => hashValue(field, value)))];
    }
  }
}

function distinct(hashes: readonly number[]): Uint32Array {
  const sorted = Uint32Array.from(hashes).sort();
  let count = 0;
  for (const [i, hash] of sorted.entries()) {
    if (i === 0 || hash !== sorted[i - 1]) sorted[count++] = hash;
  }
  return sorted.subarray(0, count);
}

/** The summary of a block as its rows say. */
export function summarizeRows(db: DatabaseSync, block: number): Summary {
  const summary = new Summary();
  for (const row of db.prepare(SELECT_BLOCK).iterate(firstPosOf(block), lastPosOf(block))) {
    const { pos, occurred_at, created_at } = row as { pos: number; occurred_at: number; created_at: number };
    summary.add(row as Summarized, seqOf(pos), occurred_at, created_at);
  }
  return summary;
}
