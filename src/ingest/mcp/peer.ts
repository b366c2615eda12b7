import { isObject } from "../../base/json.ts";
import type { EventDraft } from "../../event/event.ts";
import { firstName } from "../values.ts";
import type { Members } from "./message.ts";
import { kept } from "./pending.ts";

/** What a side calls itself. */
export interface Peer {
  readonly name: string | undefined;
  readonly version: string | undefined;
}

const CAPABILITIES_MAX = 50;

/** `clientInfo` or `serverInfo`; undefined where nothing is said. */
export function peerOf(info: unknown): Peer | undefined {
  if (!isObject(info)) return undefined;
  const name = firstName(info, ["name"]);
  return name === undefined
    ? undefined
    : { name: kept(name), version: versionOf(firstName(info, ["version"])) };
}

export function versionOf(value: unknown): string | undefined {
  return typeof value === "string" ? kept(value) : undefined;
}

/** The names of what a side can do. */
export function capabilitiesOf(value: unknown): string[] {
  return isObject(value) ? Object.keys(value).slice(0, CAPABILITIES_MAX).map(kept) : [];
}

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}/;

/** W3C trace context: the span in which the request was made. */
export function traceOf({ traceparent }: Members): Pick<EventDraft, "traceId" | "spanId"> {
  const match = typeof traceparent === "string" ? TRACEPARENT.exec(traceparent) : null;
  return match === null ? {} : { traceId: match[1] ?? null, spanId: match[2] ?? null };
}
