import { messageOf } from "../../base/error.ts";
import type { Store } from "../../store/store.ts";
import { afterCommits } from "../after-commits.ts";
import type { LogKeys } from "./keys.ts";
import { sealTenant } from "./sealer.ts";

const DEFAULT_INTERVAL_MS = 1_000;

/**
 * Keeps every tenant's log sealed: at most `intervalMs` after an event, a checkpoint covers it.
 * Trouble with one log is told once and stops none of the others. Returns the function that ends it,
 * after a last round.
 */
export function keepSealed(
  store: Store,
  keys: LogKeys,
  {
    intervalMs = DEFAULT_INTERVAL_MS,
    onProblem,
  }: { intervalMs?: number; onProblem: (problem: Error) => void },
): () => Promise<void> {
  const told = new Map<string, string>();

  async function sealAll(): Promise<void> {
    for (const tenant of await store.tenants()) {
      try {
        await sealTenant(store, tenant, keys);
        told.delete(tenant);
      } catch (thrown) {
        const message = messageOf(thrown);
        if (told.get(tenant) !== message)
          onProblem(new Error(`the log of ${tenant}: ${message}`, { cause: thrown }));
        told.set(tenant, message);
      }
    }
  }

  const end = afterCommits(store, sealAll, { intervalMs, onProblem });
  return () => end({ last: true });
}
