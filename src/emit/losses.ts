import { formatMicros, type Micros, nowMicros } from "../base/clock.ts";
import { acceptDraft, type DraftDefaults } from "../event/accept.ts";
import { EVENT_TYPES } from "../event/vocabulary.ts";
import type { WireDraft } from "../event/wire.ts";
import type { LossReason } from "./health.ts";

interface Tally {
  reason: LossReason;
  events: number;
  from: Micros;
  until: Micros;
}

/** Counts what is lost, and turns it into events that say so in the trail itself. */
export class Losses {
  readonly by: Partial<Record<LossReason, number>> = {};
  total = 0;
  readonly #untold = new Map<LossReason, Tally>();
  #telling: WireDraft[] = [];

  note(reason: LossReason, events: number): void {
    if (events <= 0) return;
    const now = nowMicros();
    this.total += events;
    this.by[reason] = (this.by[reason] ?? 0) + events;
    const tally = this.#untold.get(reason);
    if (tally === undefined) this.#untold.set(reason, { reason, events, from: now, until: now });
    else {
      tally.events += events;
      tally.until = now;
    }
  }

  get untold(): boolean {
    return this.#untold.size > 0 || this.#telling.length > 0;
  }

  /** Drafts that tell of the losses; the same ones again, with the same ids, until `told`. */
  tell(emitter: { id: string; epoch: number }, defaults: DraftDefaults): readonly WireDraft[] {
    for (const tally of this.#untold.values()) this.#telling.push(toDraft(tally, emitter, defaults));
    this.#untold.clear();
    return this.#telling.slice();
  }

  told(drafts: readonly WireDraft[]): void {
    this.#telling = this.#telling.filter((draft) => !drafts.includes(draft));
  }
}

function toDraft(tally: Tally, emitter: { id: string; epoch: number }, defaults: DraftDefaults): WireDraft {
  const { reason, events, from, until } = tally;
  const noun = events === 1 ? "event was" : "events were";
  return acceptDraft(
    {
      type: EVENT_TYPES.trailDropped,
      category: "safety",
      status: "error",
      severity: "ERROR",
      occurredAt: until,
      source: "daybook",
      summary: `${events} ${noun} lost between ${formatMicros(from)} and ${formatMicros(until)}: ${reason}.`,
      data: {
        events,
        reason,
        from: formatMicros(from),
        until: formatMicros(until),
        emitter_id: emitter.id,
        emitter_epoch: emitter.epoch,
      },
    },
    defaults,
  );
}
