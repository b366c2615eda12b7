import type { EventDraft } from "../../event/event.ts";
import { SYSTEM_TENANT } from "../../event/vocabulary.ts";
import type { Store } from "../../store/store.ts";
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
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let isEnded = false;

  async function round(): Promise<void> {
    for (const tenant of await store.tenants()) {
      if (tenant === SYSTEM_TENANT) continue;
      seen.set(tenant, await raiseViolations(store, tenant, record, seen.get(tenant)));
    }
  }

  function soon(): void {
    if (isEnded) return;
    timer ??= setTimeout(() => {
      timer = undefined;
      running = running.then(round).catch((thrown) => onProblem(thrown as Error));
    }, INTERVAL_MS).unref();
  }

  const unwatch = store.watch(soon);
  soon();
  return async () => {
    isEnded = true;
    unwatch();
    clearTimeout(timer);
    await running;
  };
}
