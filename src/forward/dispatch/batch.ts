import { type ReceiptOutcome, rangesOf } from "../delivery/receipt.ts";
import type { Planned } from "./plan.ts";
import type { Told } from "./told.ts";
import { toldUnsent } from "./told.ts";

/** The part of the log that a round works on, and what is known of each of its events so far. */
export class Batch {
  readonly planned: readonly Planned[];
  /** The seq that the cursor is at when everything is told. */
  readonly end: number;
  readonly #told = new Map<number, Told | null>();
  #written: number;

  constructor(planned: readonly Planned[], { after, end }: { after: number; end: number }) {
    this.planned = planned;
    this.end = end;
    this.#written = after;
    for (const one of planned) if (one.kind !== "send") this.#told.set(one.event.seq, toldUnsent(one));
  }

  tell(seq: number, told: Told): void {
    this.#told.set(seq, told);
  }

  /** How far the cursor may go: before the first event of which nothing is known yet. */
  cursor(): number {
    const open = this.planned.find(({ event }) => !this.#told.has(event.seq));
    return open === undefined ? this.end : open.event.seq - 1;
  }

  /** What a receipt says up to the cursor that the last one did not; nothing is said twice. */
  take(cursor: number): ReceiptOutcome[] {
    const grouped = new Map<string, Map<Told, number[]>>();
    for (const { event } of this.planned) {
      const told = this.#told.get(event.seq);
      if (told === undefined || told === null || event.seq <= this.#written || event.seq > cursor) continue;
      const byTold = grouped.get(event.environment) ?? new Map<Told, number[]>();
      grouped.set(event.environment, byTold);
      const seqs = byTold.get(told) ?? [];
      byTold.set(told, seqs);
      seqs.push(event.seq);
    }
    this.#written = Math.max(this.#written, cursor);
    return [...grouped].flatMap(([environment, byTold]) =>
      [...byTold].map(([told, seqs]) => ({ ...told, environment, ranges: rangesOf(seqs) })),
    );
  }
}
