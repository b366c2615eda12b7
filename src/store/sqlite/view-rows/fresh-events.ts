import type { Micros } from "../../../base/clock.ts";
import type { AuditEvent } from "../../../event/event.ts";
import { toEvent, type WireDraft } from "../../../event/wire.ts";

const EVENTS_MAX = 8_192;
/** Lines of the events that are kept: what they take in memory is about three times as much. */
const CHARS_MAX = 8 * 1_048_576;

interface Tail {
  /** The seq of the first one; the others follow without a gap. */
  readonly from: number;
  readonly events: AuditEvent[];
  chars: number;
}

/**
 * The newest events of this writer, as it had them in its hands, so that views need not read back what
 * was just written. What is not here is read from the file: nobody depends on it.
 */
export class FreshEvents {
  readonly #tails = new Map<string, Tail>();
  #count = 0;
  #chars = 0;

  /** Of a transaction that was committed; `chars` is the length of the draft's line. */
  add(draft: WireDraft, seq: number, recordedAt: Micros, chars: number): void {
    if (this.#count >= EVENTS_MAX || this.#chars + chars > CHARS_MAX) this.clear();
    let tail = this.#tails.get(draft.tenant);
    if (tail === undefined || tail.from + tail.events.length !== seq) {
      this.#remove(draft.tenant, tail);
      tail = { from: seq, events: [], chars: 0 };
      this.#tails.set(draft.tenant, tail);
    }
    tail.events.push(toEvent(draft, seq, recordedAt));
    tail.chars += chars;
    this.#count++;
    this.#chars += chars;
  }

  get count(): number {
    return this.#count;
  }

  /** The events of a tenant from one seq to another, both included; null where not all of them are here. */
  between(tenant: string, from: number, to: number): AuditEvent[] | null {
    const tail = this.#tails.get(tenant);
    if (tail === undefined || from < tail.from || to >= tail.from + tail.events.length) return null;
    return tail.events.slice(from - tail.from, to - tail.from + 1);
  }

  /** Lets go of a tenant's events, once all of them are folded. */
  folded(tenant: string, upTo: number): void {
    const tail = this.#tails.get(tenant);
    if (tail !== undefined && tail.from + tail.events.length - 1 <= upTo) this.#remove(tenant, tail);
  }

  #remove(tenant: string, tail: Tail | undefined): void {
    if (tail === undefined) return;
    this.#tails.delete(tenant);
    this.#count -= tail.events.length;
    this.#chars -= tail.chars;
  }

  /** Forgets everything: there is too much of it, or the file was changed by another hand. */
  clear(): void {
    this.#tails.clear();
    this.#count = 0;
    this.#chars = 0;
  }
}
