import type { EventDraft } from "../../event/event.ts";
import { SYSTEM_TENANT } from "../../event/vocabulary.ts";
import type { Store } from "../../store/store.ts";
import { afterCommits } from "../after-commits.ts";
import { raiseViolations } from "./raise.ts";

const INTERVAL_MS = 500;

/**
 * Watches the executions of every tenant, whoever recorded them, and tells those that broke their
 * approval. Returns the function that ends it.
 */
export function keepApprovals(
  store: Store,
  record: (draft: EventDraft) => Promise<unknown>,
  onProblem: (problem: Error) => void,
): () => Promise<void> {
  const seen = new Map<string, number>();

  async function lookAtAll(): Promise<void> {
    for (const tenant of await store.tenants()) {
      if (tenant === SYSTEM_TENANT) continue;
      seen.set(tenant, await raiseViolations(store, tenant, record, seen.get(tenant)));
    }
  }

  return afterCommits(store, lookAtAll, { intervalMs: INTERVAL_MS, onProblem });
}
