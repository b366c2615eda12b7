import { isObject } from "../../base/json.ts";
import { EVENT_TYPES, SYSTEM_TENANT } from "../../event/vocabulary.ts";
import type { Store } from "../../store/store.ts";

/** A receipt of retention: between these seqs so many events were taken out on purpose. */
export interface PruneReceipt {
  readonly range: readonly [number, number];
  readonly removed: number;
}

const PAGE = 500;
const TYPES = [EVENT_TYPES.pruned];

/**
 * Receipts for the tenant's log. They are events of the system tenant, where no agent can write: a
 * receipt that somebody records elsewhere excuses nothing.
 */
export async function readReceipts(store: Store, tenant: string): Promise<PruneReceipt[]> {
  const receipts: PruneReceipt[] = [];
  let after: number | null = 0;
  while (after !== null) {
    const page: Awaited<ReturnType<Store["list"]>> = await store.list({
      tenant: SYSTEM_TENANT,
      where: [{ op: "any", field: "event_type", values: TYPES }],
      order: "seq",
      direction: "asc",
      limit: PAGE,
      scanMax: 100_000,
      after: { seq: after },
    });
    for (const { data } of page.events) {
      const receipt = data.tenant === tenant ? parse(data) : null;
      if (receipt !== null) receipts.push(receipt);
    }
    after = page.end?.seq ?? null;
  }
  return receipts;
}

function parse(data: unknown): PruneReceipt | null {
  if (!isObject(data) || !Array.isArray(data.range)) return null;
  const [first, last] = data.range as unknown[];
  const { removed } = data;
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(last) || !Number.isSafeInteger(removed))
    return null;
  return { range: [first as number, last as number], removed: removed as number };
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
