import { messageOf } from "../base/error.ts";
import type { Trail } from "../trail/trail.ts";

const HOUR_MS = 3_600_000;

/**
 * Applies each tenant's policy at once and every hour; what cannot be pruned now is tried again then.
 */
export function keepRetention(trail: Trail, log: (line: string) => void): { stop(): void } {
  let running = false;
  const apply = async (): Promise<void> => {
    if (running) return;
    running = true;
    try {
      for (const tenant of new Set(
        (await trail.settings.all({ kind: "retention" })).map((kept) => kept.tenant),
      )) {
        for (const { removed, cutoff, receiptId } of await trail.forTenant(tenant).retention.apply()) {
          if (receiptId !== null)
            log(
              `pruned ${removed} events of ${tenant} from before ${new Date(cutoff / 1_000).toISOString()}`,
            );
        }
      }
    } catch (thrown) {
      log(`retention waits for the next hour: ${messageOf(thrown)}`);
    } finally {
      running = false;
    }
  };
  void apply();
  const timer = setInterval(() => void apply(), HOUR_MS);
  return { stop: () => clearInterval(timer) };
}
