import type { DatabaseSync } from "node:sqlite";
import type { Micros } from "../../../base/clock.ts";
import { EQUAL_FIELDS, type EqualField } from "../../../query/filter.ts";
import { firstPosOf, lastPosOf, seqOf } from "../position.ts";
import { type Marks, noteMark } from "./emitters.ts";
import { type Counts, TALLY_FIELDS } from "./tallies.ts";

/** What a summary reads of an event: a draft has these keys, and so has a row of SUMMARY_COLUMNS. */
export type Summarized = {
  readonly [K in EqualField]?: string | null;
} & {
  readonly duration_ms?: number | null;
  readonly do_not_forward?: boolean | number | null;
  readonly emitter_epoch?: number | null;
  readonly emitter_number?: number | null;
};

const SELECT_BLOCK = `SELECT pos, occurred_at, created_at, ${EQUAL_FIELDS.join(", ")}, duration_ms,
  do_not_forward, emitter_epoch, emitter_number FROM events WHERE pos BETWEEN ? AND ? ORDER BY pos`;

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
  readonly counts: Counts = TALLY_FIELDS.map(() => new Map());
  readonly #sets: Array<Set<string>> = PLAIN_FIELDS.map(() => new Set());
  readonly #last: Array<string | null | undefined> = PLAIN_FIELDS.map(() => undefined);

  add(event: Summarized, seq: number, occurredAt: Micros, recordedAt: Micros): void {
    this.events++;
    if (occurredAt < this.occurredMin) this.occurredMin = occurredAt;
    if (occurredAt > this.occurredMax) this.occurredMax = occurredAt;
    for (let i = 0; i < PLAIN_FIELDS.length; i++) {
      const value = event[PLAIN_FIELDS[i] as EqualField];
      if (value === undefined || value === null || value === this.#last[i]) continue;
      this.#last[i] = value;
      (this.#sets[i] as Set<string>).add(value);
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
    noteMark(this.marks, event, seq, recordedAt);
  }

  /** Every field that some event of the block has, with its distinct values. */
  *values(): Generator<readonly [field: EqualField, values: Iterable<string>, count: number]> {
    for (const [i, field] of PLAIN_FIELDS.entries()) {
      const set = this.#sets[i] as Set<string>;
      if (set.size > 0) yield [field, set, set.size];
    }
    for (const [i, field] of TALLY_FIELDS.entries()) {
      const counts = this.counts[i] as Map<string, number>;
      if (counts.size > 0) yield [field, counts.keys(), counts.size];
    }
  }
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
