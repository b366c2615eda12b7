import { type Micros, nowMicros } from "../../../base/clock.ts";
import type { Stats } from "../../store.ts";
import { blockOf, firstBlockOf, firstPosOf, openBlockOf, posOf } from "../position.ts";
import { type Counts, emptyCounts, sumTallies, TALLY_FIELDS } from "../views/tallies.ts";
import { findTenant, firstSeqSince, type Snapshot, type TenantHead } from "./snapshot.ts";

const TYPE = TALLY_FIELDS.indexOf("event_type");
const MICROS_PER_HOUR = 3_600_000_000;
const SELECT_VALUES = `SELECT ${TALLY_FIELDS.join(", ")} FROM events WHERE pos >= ? AND pos < ?`;

/**
 * Exact, at the cost of about a hundred small reads: times of recording only grow, so a bound in
 * time is a seq; whole blocks behind it come from the tallies, the two edges from their rows.
 */
export function readStats(view: Snapshot, name: string, since: Micros | undefined): Stats {
  const tenant = findTenant(view, name) ?? { no: 0, head: 0 };
  const first = since === undefined ? 1 : firstSeqSince(view, tenant, since);
  const [byCategory, byStatus, byType, byAgent, byTool] = countFrom(view, tenant, first);
  const lastHour = firstSeqSince(view, tenant, nowMicros() - MICROS_PER_HOUR);
  return {
    total: total(byType),
    head: tenant.head,
    eventsLastHour: hasHoles(view, tenant)
      ? total(countFrom(view, tenant, lastHour)[TYPE])
      : tenant.head - lastHour + 1,
    byCategory: toRecord(byCategory),
    byStatus: toRecord(byStatus),
    byType: toRecord(byType),
    byAgent: toRecord(byAgent),
    byTool: toRecord(byTool),
  };
}

/** Each event has a type. */
function total(byType: Map<string, number> | undefined): number {
  let sum = 0;
  for (const count of byType?.values() ?? []) sum += count;
  return sum;
}

function hasHoles(view: Snapshot, { no, head }: TenantHead): boolean {
  const sql = "SELECT 1 FROM pruned_blocks WHERE block BETWEEN ? AND ? LIMIT 1";
  return view.get(sql, firstBlockOf(no), openBlockOf(no, head)) !== undefined;
}

function countFrom(view: Snapshot, tenant: TenantHead, first: number): Counts {
  const sum = emptyCounts();
  const from = posOf(tenant.no, first);
  const end = posOf(tenant.no, tenant.head + 1);
  const openBlock = openBlockOf(tenant.no, tenant.head);
  // Position 0 of a tenant is never used: seq 1 starts its block.
  const startsBlock = first === 1 || from === firstPosOf(blockOf(from));
  const firstWhole = startsBlock ? blockOf(from) : blockOf(from) + 1;
  if (firstWhole >= openBlock) {
    addRows(view, from, end, sum);
    return sum;
  }
  if (!startsBlock) addRows(view, from, firstPosOf(firstWhole), sum);
  sumTallies(view.db, firstWhole, openBlock, sum);
  addRows(view, firstPosOf(openBlock), end, sum);
  return sum;
}

function addRows(view: Snapshot, from: number, end: number, sum: Counts): void {
  for (const row of view.all(SELECT_VALUES, from, end)) {
    for (const [i, value] of row.entries()) {
      const counts = sum[i];
      if (counts === undefined || typeof value !== "string") continue;
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
  }
}

function toRecord(counts: Map<string, number> | undefined): Record<string, number> {
  return Object.fromEntries(counts ?? []);
}
