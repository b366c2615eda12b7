import type { DeliveryStatus, ReceiptOutcome } from "../delivery/receipt.ts";
import { BODY_CHARS, Redaction } from "../delivery/redaction.ts";
import type { Configuration, Sent } from "../destination.ts";
import type { ForwarderAttributes } from "../forwarder.ts";
import type { Planned } from "./plan.ts";

/** What a receipt says of events, but which ones. */
export type Told = Omit<ReceiptOutcome, "ranges" | "environment">;

const NOTHING = {
  request: null,
  body: null,
  responseStatus: null,
  responseBody: null,
  latencyMs: null,
  error: null,
  attempt: 1,
  dead: false,
} as const;

const SKIPPED: Told = { ...NOTHING, status: "SKIPPED_DO_NOT_FORWARD" };
const FILTERED: Told = { ...NOTHING, status: "FILTERED_OUT" };

/** Of an event that needs no message; null for one that the forwarder has nothing to do with. */
export function toldUnsent(planned: Exclude<Planned, { kind: "send" }>): Told | null {
  if (planned.kind === "skipped") return SKIPPED;
  if (planned.kind === "filtered") return FILTERED;
  if (planned.kind !== "broken") return null;
  return { ...NOTHING, status: "FAILED", error: planned.error.slice(0, 2_000), dead: true };
}

/** What a receipt says in place of words that may repeat what was sent. */
const NOT_KEPT =
  "The destination did not take it; its words are not kept, because they may repeat what was sent.";

/**
 * Of events in one message, without the forwarder's secrets; with `isPrivate`, where one of them is under a
 * subject's key, also without anything that an erasure could not take back.
 */
export function toldSent(
  sent: Sent,
  { forwarder_type: type }: Pick<ForwarderAttributes, "forwarder_type">,
  configuration: Configuration,
  more: {
    status: DeliveryStatus;
    attempt: number;
    dead?: boolean;
    error?: string | undefined;
    isPrivate: boolean;
  },
): Told {
  const redaction = new Redaction(type, configuration);
  const { body, ...request } = redaction.request(sent.message);
  const failed = more.status === "FAILED";
  const error = more.error ?? sent.judgment.reason ?? sent.error ?? null;
  return {
    status: more.status,
    request,
    body: failed && !more.isPrivate ? body : null,
    responseStatus: sent.status,
    responseBody: more.isPrivate ? "" : redaction.text(sent.body).slice(0, failed ? BODY_CHARS : 1_024),
    latencyMs: Math.round(sent.latencyMs),
    error: !failed || error === null ? null : more.isPrivate ? NOT_KEPT : redaction.text(error),
    attempt: more.attempt,
    dead: more.dead ?? false,
  };
}
