import type { Store } from "../store/store.ts";

/**
 * Does a piece of work soon after commits, once for all that came within `intervalMs`, and never twice at
 * once; the first time at the beginning. Returns the function that ends it: with `last`, after one more round.
 */
export function afterCommits(
  store: Store,
  work: () => Promise<void>,
  { intervalMs, onProblem }: { intervalMs: number; onProblem: (problem: Error) => void },
): (options?: { last: boolean }) => Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let isEnded = false;

  function round(): Promise<void> {
    running = running.then(work).catch((thrown) => onProblem(thrown as Error));
    return running;
  }

  function soon(): void {
    if (isEnded) return;
    timer ??= setTimeout(() => {
      timer = undefined;
      void round();
    }, intervalMs).unref();
  }

  const unwatch = store.watch(soon);
  soon();
  return async ({ last } = { last: false }) => {
    isEnded = true;
    unwatch();
    clearTimeout(timer);
    await (last ? round() : running);
  };
}
