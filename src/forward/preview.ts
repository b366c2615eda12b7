import { LIMITS } from "../event/limits.ts";
import type { Condition } from "../query/filter.ts";
import { planEvents } from "./dispatch/plan.ts";
import { parseForwarder } from "./forwarder.ts";
import type { ForwardGround } from "./ground.ts";
import { destinationOf } from "./registry.ts";

/** What a forwarder would make of one event that is in the log. */
export interface PreviewedEvent {
  readonly id: string;
  readonly type: string;
  readonly environment: string;
  /**
   * `sent`: it would go out; `filtered`: the filter leaves it here; `skipped`: it is marked not to be
   * forwarded; `elsewhere`: its environment is not enabled; `broken`: an expression fails on it.
   */
  readonly verdict: "sent" | "filtered" | "skipped" | "elsewhere" | "broken";
  /** As it would stand in a request, cut at 8192 characters; null where it would not go out. */
  readonly payload: string | null;
  readonly error: string | null;
}

export interface PreviewScope {
  tenant: string;
  /** Null: all. */
  environments: readonly string[] | null;
  /** Newest events to look at. */
  limit: number;
}

const PAYLOAD_CHARS = 8_192;

/**
 * Filter, transform and format of a forwarder that need not be saved, over the newest events. Sends and
 * keeps nothing. Rejects as saving it would.
 */
export async function previewForwarder(
  { open, rules }: Pick<ForwardGround, "open" | "rules">,
  attributes: unknown,
  { tenant, environments, limit }: PreviewScope,
): Promise<PreviewedEvent[]> {
  const forwarder = parseForwarder(attributes);
  const destination = destinationOf(forwarder.forwarder_type);
  if (destination === undefined) return [];
  const where: Condition[] =
    environments === null ? [] : [{ op: "any", field: "environment", values: environments }];
  const store = await open();
  const { events } = await store.list({
    tenant,
    where,
    order: "seq",
    direction: "desc",
    limit,
    scanMax: LIMITS.scanRows,
  });
  const planned = await planEvents(events, forwarder, destination, rules);
  return planned.map((plan) => ({
    id: plan.event.id,
    type: plan.event.type,
    environment: plan.event.environment,
    verdict: plan.kind === "send" ? "sent" : plan.kind,
    payload: plan.kind === "send" ? plan.item.text.slice(0, PAYLOAD_CHARS) : null,
    error: plan.kind === "broken" ? plan.error : null,
  }));
}
