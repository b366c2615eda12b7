import type { JsonObject } from "../../base/json.ts";
import type { AuditEvent } from "../../event/event.ts";
import { type Change, type Projection, sortable, type Way } from "../projection.ts";
import { Sums, tell } from "./sums.ts";

/** The widths of the buckets of time, in microseconds. */
export const LEVELS = { minute: 60_000_000, hour: 3_600_000_000, day: 86_400_000_000 } as const;
export type Level = keyof typeof LEVELS;
const LEVEL_NAMES = Object.keys(LEVELS) as Level[];

/** What totals are kept by, besides `all`. */
export const DIMENSIONS = ["environment", "category", "type", "agent", "tool", "skill", "model"] as const;
export type Dimension = (typeof DIMENSIONS)[number];

const VALUE_CHARS = 200;
const VALUES: Readonly<Record<Dimension, (event: AuditEvent) => string | null>> = {
  environment: (event) => event.environment,
  category: (event) => event.category,
  type: (event) => event.type,
  agent: (event) => event.agent,
  tool: (event) => event.tool,
  skill: ({ data }) => (typeof data.skill_id === "string" ? data.skill_id : null),
  model: (event) => event.model,
};

/**
 * Sums over buckets of `occurredAt`: per hour and day for everything and for each value of each
 * dimension, per minute for everything. Each figure is a sum, so the parts of any range add up to
 * exactly what a scan of its events counts. Key: level, bucket's start, dimension and value.
 */
export const totals: Projection = {
  name: "totals",
  version: 2,

  changes(events, way) {
    const sums = new Map<string, Sums[]>();
    const put = (key: string, sum: Sums): void => {
      const known = sums.get(key);
      if (known === undefined) sums.set(key, [sum]);
      else known.push(sum);
    };
    const { minutes, hours } = addUp(events);
    for (const [at, sum] of minutes) {
      for (const level of LEVEL_NAMES) put(bucketKey(level, at, "all"), sum);
    }
    for (const [at, dimensions] of hours) {
      for (const [i, values] of dimensions.entries()) {
        for (const [value, sum] of values) {
          for (const level of ["hour", "day"] as const)
            put(bucketKey(level, at, `${DIMENSIONS[i]}=${value}`), sum);
        }
      }
    }
    const changes = new Map<string, Change>();
    for (const [key, own] of sums) changes.set(key, (doc) => changed(doc, key, own, way));
    return changes;
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

/** By minute, and by hour for each value of each dimension: what longer buckets are made of. */
function addUp(events: readonly AuditEvent[]): {
  minutes: Map<number, Sums>;
  hours: Map<number, ReadonlyArray<Map<string, Sums>>>;
} {
  const minutes = new Map<number, Sums>();
  const hours = new Map<number, ReadonlyArray<Map<string, Sums>>>();
  for (const event of events) {
    const told = tell(event);
    const hour = bucketStart("hour", event.occurredAt);
    let dimensions = hours.get(hour);
    if (dimensions === undefined) {
      dimensions = DIMENSIONS.map(() => new Map<string, Sums>());
      hours.set(hour, dimensions);
    }
    sumOf(minutes, bucketStart("minute", event.occurredAt)).add(told);
    for (let i = 0; i < DIMENSIONS.length; i++) {
      const value = VALUES[DIMENSIONS[i] as Dimension](event);
      if (value === null || value === "") continue;
      const name = value.length > VALUE_CHARS ? value.slice(0, VALUE_CHARS) : value;
      sumOf(dimensions[i] as Map<string, Sums>, name).add(told);
    }
  }
  return { minutes, hours };
}

function sumOf<K>(sums: Map<K, Sums>, key: K): Sums {
  let sum = sums.get(key);
  if (sum === undefined) {
    sum = new Sums();
    sums.set(key, sum);
  }
  return sum;
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

function changed(doc: JsonObject | null, key: string, sums: readonly Sums[], way: Way): JsonObject | null {
  if (doc === null && way === "forget") return null;
  const row = doc ?? empty(key);
  const sign = way === "fold" ? 1 : -1;
  for (const sum of sums) sum.putInto(row, sign);
  return row.events === 0 ? null : row;
}
