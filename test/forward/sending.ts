import type { JsonValue } from "../../src/base/json.ts";
import type { AuditEvent, EventDraft } from "../../src/event/event.ts";
import type { Configuration, Item, Sent } from "../../src/forward/destination.ts";
import { Egress } from "../../src/forward/egress/egress.ts";
import { FORMATS } from "../../src/forward/formats/formats.ts";
import { destinationOf } from "../../src/forward/registry.ts";
import { openTrail } from "../../src/index.ts";

/** Events as a trail gives them back, in the order of `seq`. */
export async function eventsOf(drafts: readonly EventDraft[]): Promise<AuditEvent[]> {
  await using trail = openTrail(":memory:");
  for (const draft of drafts) trail.record(draft);
  await trail.flush();
  const { events } = await trail.events.list({ limit: 1_000 });
  return events.toReversed();
}

/** Sends events as one message to a destination on this machine. */
export async function send(
  type: string,
  events: readonly AuditEvent[],
  given: Partial<Configuration> & { url: string },
  reach: { timeoutMs?: number; fileRoot?: string | null } = {},
): Promise<Sent> {
  const destination = destinationOf(type);
  if (destination === undefined) throw new Error(`there is no destination ${type}`);
  const items: Item[] = events.map((event) => {
    const payload: JsonValue = FORMATS[destination.format].render(event);
    return { event, payload, text: typeof payload === "string" ? payload : JSON.stringify(payload) };
  });
  const configuration: Configuration = {
    method: destination.template.method,
    headers: {},
    successStatus: "2xx",
    tlsVerify: true,
    caCert: null,
    options: {},
    ...given,
  };
  return destination.send(items, configuration, {
    egress: new Egress({ allowPrivate: true }),
    timeoutMs: reach.timeoutMs ?? 5_000,
    signal: new AbortController().signal,
    fileRoot: reach.fileRoot ?? null,
  });
}
