/**
 * How long to wait before try `attempt` (1, 2, 3 …): doubling from `baseMs` to `maxMs`, then a
 * random share of up to a quarter less, so that many waiters do not come back in step.
 */
export function backoffMs(attempt: number, baseMs: number, maxMs: number): number {
  const full = Math.min(maxMs, baseMs * 2 ** Math.min(attempt - 1, 30));
  return full - Math.random() * full * 0.25;
}
