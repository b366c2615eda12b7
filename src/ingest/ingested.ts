import type { EventDraft } from "../event/event.ts";

/** What became of a foreign payload. */
export interface Ingested {
  readonly drafts: EventDraft[];
  /** Items that are no agent activity, by reason. */
  readonly dropped: Record<string, number>;
  /** Items that could not be read. */
  readonly rejected: Array<{ index: number; reason: string }>;
}

export function nothingIngested(): Ingested {
  return { drafts: [], dropped: {}, rejected: [] };
}

export function drop(ingested: Ingested, reason: string, count = 1): void {
  ingested.dropped[reason] = (ingested.dropped[reason] ?? 0) + count;
}
