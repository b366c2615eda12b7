import type { Micros } from "../../base/clock.ts";
import type { EventDraft } from "../../event/event.ts";
import { LIMITS } from "../../event/limits.ts";
import type { McpSide } from "./message.ts";
import type { Operation } from "./operations.ts";

/** A request that waits for its answer: as much of it as the answer's event needs, and no more. */
export interface Pending {
  readonly method: string;
  readonly from: McpSide;
  /** Undefined for housekeeping, of which there is no event. */
  readonly operation: Operation | undefined;
  readonly label: string;
  /** Digest of what was asked, by which a retry is known. */
  readonly asked: string;
  /** The fields that both events share. */
  readonly fields: Partial<EventDraft>;
  /** What the answer's event says besides the answer. Small. */
  readonly data: Record<string, string | number | string[]>;
  readonly startId: string | null;
  readonly at: Micros;
  /** By this, progress is told. */
  readonly progressKey: string | undefined;
  progress: number;
}

/** Requests by key, the oldest first where several have one: a peer may use an id twice. Bounded. */
export class PendingTable {
  readonly #max: number;
  readonly #byKey = new Map<string, Pending[]>();
  #size = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** False, and nothing kept, where the table is full. */
  add(key: string, pending: Pending): boolean {
    if (this.#size >= this.#max) return false;
    const waiting = this.#byKey.get(key);
    if (waiting === undefined) this.#byKey.set(key, [pending]);
    else waiting.push(pending);
    this.#size++;
    return true;
  }

  take(key: string): Pending | undefined {
    const waiting = this.#byKey.get(key);
    const pending = waiting?.shift();
    if (waiting?.length === 0) this.#byKey.delete(key);
    if (pending !== undefined) this.#size--;
    return pending;
  }

  /** So many of those that it holds for, and no more. */
  first(count: number, isIt: (pending: Pending) => boolean): Pending[] {
    const found: Pending[] = [];
    for (const waiting of this.#byKey.values()) {
      for (const pending of waiting) {
        if (isIt(pending)) found.push(pending);
        if (found.length === count) return found;
      }
    }
    return found;
  }

  /** All that waits, in the order in which it came; the table is empty afterwards. */
  drain(): Pending[] {
    const all = [...this.#byKey.values()].flat().sort((a, b) => a.at - b.at);
    this.#byKey.clear();
    this.#size = 0;
    return all;
  }
}

/**
 * The text, cut, in memory of its own: a piece of a string would keep the whole of it alive, and what a
 * peer sends may be as long as a line.
 */
export function kept(text: string): string {
  return Buffer.from(text.slice(0, LIMITS.nameChars), "utf8").toString("utf8");
}

/** The same for the fields of an event that a peer can write. */
export function bounded(fields: Partial<EventDraft>): Partial<EventDraft> {
  const { tool, callId, model, resource } = fields;
  return {
    ...fields,
    ...(typeof tool === "string" ? { tool: kept(tool) } : {}),
    ...(typeof callId === "string" ? { callId: kept(callId) } : {}),
    ...(typeof model === "string" ? { model: kept(model) } : {}),
    ...(resource ? { resource: { type: resource.type ?? null, id: kept(resource.id ?? "") } } : {}),
  };
}
