import { TrailError } from "../../base/error.ts";
import type { JsonObject } from "../../base/json.ts";
import { uuidv7 } from "../../base/uuid.ts";
import { EVENT_TYPES, SYSTEM_TENANT } from "../../event/vocabulary.ts";
import { encodeDraft, type WireDraft } from "../../event/wire.ts";
import type { Store } from "../../store/store.ts";
import type { ShownRequest } from "./redaction.ts";

export const DELIVERY_STATUSES = ["SUCCEEDED", "FAILED", "FILTERED_OUT", "SKIPPED_DO_NOT_FORWARD"] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

export type SeqRange = readonly [from: number, to: number];

/** What happened to some events alike. */
export interface ReceiptOutcome {
  readonly status: DeliveryStatus;
  readonly environment: string;
  readonly ranges: readonly SeqRange[];
  /** How the message looked; its body is made from the event again when it is read. */
  readonly request: Omit<ShownRequest, "body"> | null;
  /** Only where it was refused: what was sent. */
  readonly body: string | null;
  readonly responseStatus: number | null;
  readonly responseBody: string | null;
  readonly latencyMs: number | null;
  readonly error: string | null;
  /** 1, 2, 3 … */
  readonly attempt: number;
  /** Failed, and not tried again on its own. */
  readonly dead: boolean;
}

/** One event of the system tenant's log for each batch: what the delivery log and the cursor are made of. */
export interface Receipt {
  readonly tenant: string;
  readonly forwarder: string;
  readonly incarnation: string;
  /** The forwarder's version that it was sent with. */
  readonly version: number;
  /** Everything up to this seq is done; null where the cursor stays. */
  readonly cursor: number | null;
  readonly outcomes: readonly ReceiptOutcome[];
  /** Events whose earlier failure this receipt makes good. */
  readonly settled: readonly number[];
}

/** Commits the receipt and returns its seq. */
export async function appendReceipt(store: Store, receipt: Receipt): Promise<number> {
  const failed = receipt.outcomes.some(({ status }) => status === "FAILED");
  const draft: WireDraft = {
    id: uuidv7(),
    tenant: SYSTEM_TENANT,
    environment: "production",
    event_type: EVENT_TYPES.deliveryRecorded,
    category: "config",
    severity: failed ? "WARN" : "INFO",
    status: failed ? "error" : "ok",
    source: "daybook",
    resource_type: "forwarder",
    resource_id: receipt.forwarder,
    data: receipt as unknown as JsonObject,
  };
  const [outcome] = await store.append([encodeDraft(draft)]);
  if (outcome?.status === "appended") return outcome.seq;
  throw new TrailError("store.unavailable", "The store refused the receipt of a delivery.");
}

/** Ascending numbers as closed intervals. */
export function rangesOf(seqs: readonly number[]): SeqRange[] {
  const ranges: Array<[number, number]> = [];
  for (const seq of seqs) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === seq - 1) last[1] = seq;
    else ranges.push([seq, seq]);
  }
  return ranges;
}
