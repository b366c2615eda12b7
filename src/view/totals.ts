import { addDecimals } from "../base/decimal.ts";
import type { JsonObject } from "../base/json.ts";
import type { AuditEvent } from "../event/event.ts";
import { bucketOf, costOf, isFailure } from "./measures.ts";
import { type Projection, sortable } from "./projection.ts";

/** The widths of the buckets of time, in microseconds. */
export const LEVELS = { minute: 60_000_000, hour: 3_600_000_000, day: 86_400_000_000 } as const;
export type Level = keyof typeof LEVELS;

/** What totals are kept by, besides `all`. */
export const DIMENSIONS = ["environment", "category", "type", "agent", "tool", "skill", "model"] as const;
export type Dimension = (typeof DIMENSIONS)[number];

const VALUE_CHARS = 200;
/** Statuses that a bucket tells apart; further ones are counted together. */
const VALUES_MAX = 64;
const OTHERS = "(others)";

/**
 * Sums over buckets of `occurredAt`: per hour and day for everything and for each value of each
 * dimension, per minute for everything. Each figure is a sum, so the parts of any range add up to
 * exactly what a scan of its events counts. Key: level, bucket's start, dimension and value.
 */
export const totals: Projection = {
  name: "totals",
  version: 1,

  keys(event) {
    const values = valuesOf(event);
    const keys = [bucketKey("minute", event.occurredAt, "all")];
    for (const level of ["hour", "day"] as const) {
      keys.push(bucketKey(level, event.occurredAt, "all"));
      for (const value of values) keys.push(bucketKey(level, event.occurredAt, value));
    }
    return keys;
  },

  fold: (doc, event, key) => count(doc ?? empty(key), event, 1),

  forget(doc, event) {
    const left = count(doc, event, -1);
    return left.events === 0 ? null : left;
  },

  entries({ level, dimension, value, at }) {
    const sort = sortable(at as number);
    const group = `${level}/${dimension}`;
    return value === null
      ? [{ group, sort }]
      : [
          { group, sort },
          { group: `${group}=${value}`, sort },
        ];
  },
};

/** The start of the bucket that a time falls into. */
export function bucketStart(level: Level, at: number): number {
  return Math.floor(at / LEVELS[level]) * LEVELS[level];
}

function valuesOf(event: AuditEvent): string[] {
  const skill = event.data.skill_id;
  const own: Readonly<Record<Dimension, string | null>> = {
    environment: event.environment,
    category: event.category,
    type: event.type,
    agent: event.agent,
    tool: event.tool,
    skill: typeof skill === "string" ? skill : null,
    model: event.model,
  };
  return DIMENSIONS.flatMap((name) => {
    const value = own[name];
    return value === null || value === "" ? [] : [`${name}=${value.slice(0, VALUE_CHARS)}`];
  });
}

function bucketKey(level: Level, at: number, value: string): string {
  return `${level}/${bucketStart(level, at)}/${value}`;
}

function empty(key: string): JsonObject {
  const [level = "", at = "", ...rest] = key.split("/");
  const [dimension = "", ...value] = rest.join("/").split("=");
  return {
    level,
    at: Number(at),
    dimension,
    value: dimension === "all" ? null : value.join("="),
    events: 0,
    failures: 0,
    statuses: {},
    durations: {},
    input: 0,
    output: 0,
    thinking: 0,
    cached: 0,
    cost: "0",
  };
}

function count(doc: JsonObject, event: AuditEvent, sign: 1 | -1): JsonObject {
  const add = (member: string, by: number): void => {
    doc[member] = (doc[member] as number) + sign * by;
  };
  add("events", 1);
  if (isFailure(event)) add("failures", 1);
  tally(doc.statuses as JsonObject, event.status ?? "", sign);
  if (event.durationMs !== null) tally(doc.durations as JsonObject, String(bucketOf(event.durationMs)), sign);
  add("input", event.usage?.input ?? 0);
  add("output", event.usage?.output ?? 0);
  add("thinking", event.usage?.thinking ?? 0);
  add("cached", event.usage?.cached ?? 0);
  const cost = costOf(event);
  if (cost !== null) doc.cost = addDecimals(doc.cost as string, cost, sign);
  return doc;
}

/** Values are hostile: one may be called `__proto__`, and there may be any number of them. */
function tally(counts: JsonObject, said: string, sign: 1 | -1): void {
  const isKnown = Object.hasOwn(counts, said) || (sign === 1 && Object.keys(counts).length < VALUES_MAX);
  const value = isKnown ? said : OTHERS;
  const own = Object.hasOwn(counts, value) ? (counts[value] as number) : 0;
  const now = own + sign;
  if (now === 0) delete counts[value];
  else
    Object.defineProperty(counts, value, {
      value: now,
      enumerable: true,
      configurable: true,
      writable: true,
    });
}
