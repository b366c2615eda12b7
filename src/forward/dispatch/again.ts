import type { AuditEvent } from "../../event/event.ts";
import { isProtected } from "../../protect/cipher.ts";
import type { Store } from "../../store/store.ts";
import { appendReceipt, type ReceiptOutcome } from "../delivery/receipt.ts";
import type { Destination, Reach } from "../destination.ts";
import { invalid } from "../field.ts";
import type { Forwarder } from "../forwarder.ts";
import type { ForwardGround } from "../ground.ts";
import { destinationOf } from "../registry.ts";
import { type Planned, planEvents } from "./plan.ts";
import { type Told, toldSent, toldUnsent } from "./told.ts";

/** One event, now, wherever the forwarder's cursor is; its receipt's seq, and whether it was taken. */
export async function sendAgain(
  { ground, store, reach }: { ground: ForwardGround; store: Store; reach: Reach },
  forwarder: Forwarder,
  event: AuditEvent,
  attempt: number,
): Promise<{ receipt: number; succeeded: boolean }> {
  const destination = destinationOf(forwarder.forwarder_type);
  if (destination === undefined) throw invalid("forwarder_type", "is not known");
  const [planned] = await planEvents([event], forwarder, destination, ground.rules);
  const told =
    planned === undefined ? null : await sendPlanned(planned, { forwarder, destination, reach, attempt });
  if (told === null) throw invalid(`environments.${event.environment}`, "is not enabled");
  const outcome: ReceiptOutcome = {
    ...told,
    environment: event.environment,
    ranges: [[event.seq, event.seq]],
  };
  const succeeded = outcome.status === "SUCCEEDED";
  const { tenant, id, incarnation, version } = forwarder;
  const receipt = await appendReceipt(store, {
    tenant,
    forwarder: id,
    incarnation,
    version,
    cursor: null,
    outcomes: [outcome],
    settled: succeeded ? [event.seq] : [],
  });
  return { receipt, succeeded };
}

async function sendPlanned(
  planned: Planned,
  {
    forwarder,
    destination,
    reach,
    attempt,
  }: { forwarder: Forwarder; destination: Destination; reach: Reach; attempt: number },
): Promise<Told | null> {
  if (planned.kind !== "send") {
    const told = toldUnsent(planned);
    return told === null ? null : { ...told, attempt };
  }
  const sent = await destination.send([planned.item], planned.configuration, reach);
  const { verdict, refused, again } = sent.judgment;
  const error = refused?.get(0);
  const isTaken = verdict === "ok" && error === undefined && again?.has(0) !== true;
  const status = isTaken ? "SUCCEEDED" : "FAILED";
  return toldSent(sent, forwarder, planned.configuration, {
    status,
    dead: !isTaken,
    attempt,
    error,
    isPrivate: isProtected(planned.event),
  });
}
