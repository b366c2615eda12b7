import type { EventDraft } from "../event/event.ts";

/** What became of a foreign payload. */
export interface Ingested {
  readonly drafts: EventDraft[];
  /** Items (spans, log records, hooks) that became events; one item can give two. */
  accepted: number;
  /** Items that are no event of their own, by reason. */
  readonly dropped: Record<string, number>;
  /** Items that could not be read. */
  readonly rejected: Array<{ index: number; reason: string }>;
}

/** The reasons for which an item gives no event; they are labels of a metric, so they are few. */
export const DROPPED = {
  notAgent: "not agent activity",
  part: "part of another event",
  inner: "inner workings of the agent's program",
  told: "told by the logs of the same program",
  repeat: "repeats earlier hooks",
  metric: "a metric is no event",
} as const;

export function nothingIngested(): Ingested {
  return { drafts: [], accepted: 0, dropped: {}, rejected: [] };
}

export function drop(ingested: Ingested, reason: string, count = 1): void {
  ingested.dropped[reason] = (ingested.dropped[reason] ?? 0) + count;
}

export function keep(ingested: Ingested, drafts: readonly EventDraft[]): void {
  ingested.accepted++;
  for (const draft of drafts) ingested.drafts.push(draft);
}

/**
 * By time, as the log should read: exporters send a parent after its children. At the same moment
 * starts come first and ends of runs last.
 */
export function inOrder(ingested: Ingested): Ingested {
  const rank = ({ phase, category }: EventDraft): number =>
    phase === "started" ? 0 : category === "run" ? 2 : 1;
  const at = ({ occurredAt }: EventDraft): number =>
    typeof occurredAt === "number" ? occurredAt : Number.MAX_SAFE_INTEGER;
  ingested.drafts.sort((a, b) => at(a) - at(b) || rank(a) - rank(b));
  return ingested;
}
