import type { JsonObject } from "../base/json.ts";
import type { AuditEvent } from "../event/event.ts";
import { EVENT_TYPES, SYSTEM_TENANT } from "../event/vocabulary.ts";
import { type Entry, type Projection, perEvent, sortable } from "./projection.ts";

const HOUR_MICROS = 3_600_000_000;

/** Events of one outcome in one receipt: closed intervals of `seq`. */
export interface Outcomes {
  readonly status: string;
  readonly environment: string;
  readonly ranges: ReadonlyArray<readonly [number, number]>;
  readonly attempt: number;
  readonly dead: boolean;
}

/**
 * What forwarders did, folded from their receipts in the system tenant's log. Four kinds of rows:
 * the receipts themselves; each forwarder's cursor; its failures that nothing has made good yet, one
 * an event; and what was sent and confirmed in each hour.
 */
export const deliveries: Projection = {
  name: "deliveries",
  version: 1,

  changes: perEvent({
    keys(event) {
      const receipt = receiptOf(event);
      if (receipt === null) return [];
      const { tenant, forwarder, incarnation } = receipt;
      const keys = [receiptKey(tenant, forwarder, event.seq), hourKey(tenant, forwarder, event.recordedAt)];
      if (typeof receipt.cursor === "number") keys.push(cursorKey(tenant, forwarder, incarnation));
      for (const seq of failedIn(receipt)) keys.push(failureKey(tenant, forwarder, seq));
      for (const seq of receipt.settled) keys.push(failureKey(tenant, forwarder, seq));
      return keys;
    },

    fold(doc, event, key) {
      const receipt = receiptOf(event);
      if (receipt === null) return doc;
      const { tenant, forwarder, outcomes, settled } = receipt;
      const name = { tenant, forwarder };
      const [kind, , , last] = JSON.parse(key) as [string, string, string, number];
      if (kind === "cursor") return { ...name, kind, cursor: receipt.cursor };
      if (kind === "failure") {
        if (settled.includes(last)) return null;
        const failed = outcomes.find((outcome) => hasFailed(outcome, last));
        if (failed === undefined) return doc;
        const { environment, attempt, dead } = failed;
        return { ...name, kind, seq: last, receipt: event.seq, environment, attempt, dead };
      }
      if (kind === "hour") return { ...name, kind, hour: last, ...counted(doc, outcomes) };
      const statuses = [...new Set(outcomes.map(({ status }) => status))];
      const environments = [...new Set(outcomes.map(({ environment }) => environment))];
      const seqs = outcomes.flatMap(({ ranges }) => ranges.flat());
      return {
        ...(event.data as JsonObject),
        kind: "receipt",
        seq: event.seq,
        at: event.recordedAt,
        statuses,
        environments,
        low: Math.min(...seqs),
        high: Math.max(...seqs),
      };
    },
  }),

  entries(doc): Entry[] {
    const group = deliveryGroup(doc.kind as string, doc.tenant as string, doc.forwarder as string);
    if (doc.kind === "cursor") return [];
    // A receipt that only moves the cursor is no delivery.
    if (doc.kind === "receipt" && (doc.statuses as string[]).length === 0) return [];
    return [{ group, sort: sortable((doc.kind === "hour" ? doc.hour : doc.seq) as number) }];
  },
};

export function deliveryGroup(kind: string, tenant: string, forwarder: string): string {
  return JSON.stringify([kind, tenant, forwarder]);
}

export function receiptKey(tenant: string, forwarder: string, seq: number): string {
  return JSON.stringify(["receipt", tenant, forwarder, seq]);
}

export function cursorKey(tenant: string, forwarder: string, incarnation: string): string {
  return JSON.stringify(["cursor", tenant, forwarder, incarnation]);
}

function failureKey(tenant: string, forwarder: string, seq: number): string {
  return JSON.stringify(["failure", tenant, forwarder, seq]);
}

function hourKey(tenant: string, forwarder: string, micros: number): string {
  return JSON.stringify(["hour", tenant, forwarder, Math.floor(micros / HOUR_MICROS) * HOUR_MICROS]);
}

interface Receipt {
  readonly tenant: string;
  readonly forwarder: string;
  readonly incarnation: string;
  readonly cursor: number | null;
  readonly outcomes: readonly Outcomes[];
  /** Failures of before that this one makes good. */
  readonly settled: readonly number[];
}

function receiptOf({ tenant, type, data }: AuditEvent): Receipt | null {
  if (tenant !== SYSTEM_TENANT || type !== EVENT_TYPES.deliveryRecorded) return null;
  return data as unknown as Receipt;
}

function hasFailed({ status, ranges }: Outcomes, seq: number): boolean {
  return status === "FAILED" && ranges.some(([from, to]) => from <= seq && seq <= to);
}

function failedIn({ outcomes, settled }: Receipt): number[] {
  const failed: number[] = [];
  for (const { status, ranges } of outcomes) {
    if (status !== "FAILED") continue;
    for (const [from, to] of ranges) for (let seq = from; seq <= to; seq++) failed.push(seq);
  }
  return failed.filter((seq) => !settled.includes(seq));
}

function counted(doc: JsonObject | null, outcomes: readonly Outcomes[]): JsonObject {
  const counts: Record<string, number> = {};
  for (const status of ["SUCCEEDED", "FAILED", "FILTERED_OUT", "SKIPPED_DO_NOT_FORWARD"]) {
    const before = doc?.[status];
    counts[status] = typeof before === "number" ? before : 0;
  }
  for (const { status, ranges } of outcomes) {
    const events = ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0);
    counts[status] = (counts[status] ?? 0) + events;
  }
  return counts;
}
