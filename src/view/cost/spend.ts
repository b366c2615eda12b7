import { addDecimals } from "../../base/decimal.ts";
import type { JsonObject } from "../../base/json.ts";
import type { AuditEvent } from "../../event/event.ts";
import { cacheWrites, thoughtsBeside } from "../../event/provider-counts.ts";
import { costOf } from "../measures.ts";
import { type Projection, perEvent, sortable } from "../projection.ts";
import { observerOf } from "../sightings.ts";
import { bucketStart } from "../totals/totals.ts";

/** Requests that read more than this have another price with some providers. */
export const LONG_INPUT = 200_000;

/** The sums of one row, besides the cost that was told. */
export const SPEND_SUMS = [
  "requests",
  "input",
  "cached",
  "written",
  "writtenLong",
  "output",
  "thinking",
] as const;
export type SpendSum = (typeof SPEND_SUMS)[number];

/** What a row says, by name. */
export interface Spend extends Record<SpendSum, number> {
  readonly environment: string;
  readonly at: number;
  readonly scope: string;
  readonly source: string;
  readonly agent: string | null;
  readonly model: string;
  readonly isLong: boolean;
  /** The sum of what the events themselves said, and of how many said it. */
  readonly told: string;
  readonly toldBy: number;
}

/**
 * Tokens of model requests, by day, conversation, source, agent and model, as whoever told of them counted
 * them. Prices are applied when it is read, so another table gives another cost of the same tokens. A row is
 * of one source, so that a conversation that two told of can be counted by one of them.
 */
export const spend: Projection = {
  name: "spend",
  version: 1,
  environment: "environment",

  changes: perEvent({
    keys(event) {
      if (event.category !== "llm" || (event.usage === null && costOf(event) === null)) return [];
      const { environment, agent, model } = event;
      const day = bucketStart("day", event.occurredAt);
      const names = [day, environment, scopeOf(event), observerOf(event), agent, model ?? "", isLong(event)];
      return [JSON.stringify(names)];
    },

    fold: (doc, event) => add(doc ?? empty(event), event, 1),

    forget(doc, event) {
      const left = add(doc, event, -1);
      return left.requests === 0 ? null : left;
    },
  }),

  entries: (doc) => [{ group: "all", sort: sortable(doc.at as number) }],
};

function isLong({ usage }: AuditEvent): boolean {
  return (usage?.input ?? 0) > LONG_INPUT;
}

function scopeOf({ conversationId, threadId, runId, traceId }: AuditEvent): string {
  return conversationId ?? threadId ?? runId ?? traceId ?? "";
}

function empty(event: AuditEvent): JsonObject {
  return {
    environment: event.environment,
    at: bucketStart("day", event.occurredAt),
    scope: scopeOf(event),
    source: observerOf(event),
    agent: event.agent,
    model: event.model ?? "",
    isLong: isLong(event),
    ...Object.fromEntries(SPEND_SUMS.map((name) => [name, 0])),
    told: "0",
    toldBy: 0,
  };
}

function add(doc: JsonObject, event: AuditEvent, sign: 1 | -1): JsonObject {
  const writes = cacheWrites(event.data);
  const counts: Record<SpendSum, number> = {
    requests: 1,
    input: event.usage?.input ?? 0,
    cached: event.usage?.cached ?? 0,
    written: writes.short,
    writtenLong: writes.long,
    output: (event.usage?.output ?? 0) + thoughtsBeside(event.usage, event.data),
    thinking: event.usage?.thinking ?? 0,
  };
  for (const name of SPEND_SUMS) doc[name] = (doc[name] as number) + sign * counts[name];
  const cost = costOf(event);
  if (cost !== null) {
    doc.told = addDecimals(doc.told as string, cost, sign);
    doc.toldBy = (doc.toldBy as number) + sign;
  }
  return doc;
}
