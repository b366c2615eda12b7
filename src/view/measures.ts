import type { AuditEvent } from "../event/event.ts";

/** What an event cost, where it says so in a form that can be summed. */
export function costOf({ costUsd }: AuditEvent): string | null {
  return costUsd !== null && /^\d{1,15}(\.\d{1,18})?$/.test(costUsd) ? costUsd : null;
}

export function isFailure({ status, phase, severity }: AuditEvent): boolean {
  return status === "error" || (phase !== "started" && status === null && isGrave(severity));
}

function isGrave(severity: string): boolean {
  return severity === "ERROR" || severity === "FATAL";
}

const EXACT = 16;
const PARTS = 8;

/**
 * The number of the bucket that a duration falls into: one for each millisecond below 16, then eight
 * for each doubling, so that a bucket is at most 12.5 % wide.
 */
export function bucketOf(ms: number): number {
  if (ms < EXACT) return ms;
  const power = Math.floor(Math.log2(ms));
  const within = Math.floor((ms / 2 ** power - 1) * PARTS);
  return EXACT + (power - 4) * PARTS + within;
}

/** The longest duration of a bucket, in milliseconds. */
export function bucketTop(bucket: number): number {
  if (bucket < EXACT) return bucket;
  const power = 4 + Math.floor((bucket - EXACT) / PARTS);
  const within = (bucket - EXACT) % PARTS;
  return Math.ceil(2 ** power * (1 + (within + 1) / PARTS)) - 1;
}

/**
 * The duration that a share of the events did not exceed, as the top of its bucket; null without
 * durations. Rank as in the nearest-rank method: the smallest value with at least `share` at or below.
 */
export function quantile(buckets: Readonly<Record<string, number>>, share: number): number | null {
  const counted = Object.entries(buckets)
    .map(([bucket, count]) => [Number(bucket), count] as const)
    .sort(([a], [b]) => a - b);
  const total = counted.reduce((sum, [, count]) => sum + count, 0);
  let seen = 0;
  for (const [bucket, count] of counted) {
    seen += count;
    if (seen >= share * total) return bucketTop(bucket);
  }
  return null;
}
