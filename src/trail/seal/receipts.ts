import { EVENT_TYPES, SYSTEM_TENANT } from "../../event/vocabulary.ts";
import type { Store } from "../../store/store.ts";

/** A receipt of retention: between these seqs so many events were taken out on purpose. */
export interface PruneReceipt {
  readonly range: readonly [number, number];
  readonly removed: number;
}

const PAGE = 500;

/**
 * Receipts for the tenant's log. They are events of the system tenant, where no agent can write: a
 * receipt that somebody records elsewhere excuses nothing. A pruning that was begun and never ended
 * may have taken as many as it had planned.
 */
export async function readReceipts(store: Store, tenant: string): Promise<PruneReceipt[]> {
  const begun = new Map<unknown, PruneReceipt>();
  const ended: PruneReceipt[] = [];
  let after: number | null = 0;
  while (after !== null) {
    const page: Awaited<ReturnType<Store["list"]>> = await store.list({
      tenant: SYSTEM_TENANT,
      where: [{ op: "any", field: "event_type", values: [EVENT_TYPES.pruneStarted, EVENT_TYPES.pruned] }],
      order: "seq",
      direction: "asc",
      limit: PAGE,
      scanMax: 100_000,
      after: { seq: after },
    });
    for (const { type, data } of page.events) {
      if (data.tenant !== tenant) continue;
      if (type === EVENT_TYPES.pruneStarted)
        begun.set(data.receipt_id, receiptOf(1, data.size_before, data.planned));
      else {
        begun.delete(data.start_id);
        ended.push(receiptOf(data.first_seq, data.last_seq, data.removed));
      }
    }
    after = page.end?.seq ?? null;
  }
  return [...ended, ...begun.values()];
}

/** What is no number excuses nothing. */
function receiptOf(first: unknown, last: unknown, removed: unknown): PruneReceipt {
  const count = (value: unknown): number => (Number.isSafeInteger(value) ? (value as number) : 0);
  return { range: [count(first), count(last)], removed: count(removed) };
}

/** Which of the seqs that are gone no receipt explains: a receipt explains as many as it says, within its range. */
export function unexplained(gone: readonly number[], receipts: readonly PruneReceipt[]): number[] {
  const open = receipts.map((receipt) => ({ ...receipt, left: receipt.removed }));
  open.sort((a, b) => a.range[1] - b.range[1]);
  return gone.filter((seq) => {
    const receipt = open.find(({ range, left }) => left > 0 && seq >= range[0] && seq <= range[1]);
    if (receipt === undefined) return true;
    receipt.left--;
    return false;
  });
}
