import { addUnits, toUnits } from "../../base/decimal.ts";
import type { JsonObject } from "../../base/json.ts";
import type { AuditEvent } from "../../event/event.ts";
import { bucketOf, costOf, isFailure } from "../measures.ts";

/** Statuses that a row tells apart; further ones are counted together. */
const VALUES_MAX = 64;
const OTHERS = "(others)";

/** What an event adds to each sum that counts it. */
export interface Told {
  readonly event: AuditEvent;
  readonly isFailure: boolean;
  readonly status: string;
  /** The bucket of its duration. */
  readonly duration: number | null;
  readonly cost: bigint | null;
}

export function tell(event: AuditEvent): Told {
  const cost = costOf(event);
  return {
    event,
    isFailure: isFailure(event),
    status: event.status ?? "",
    duration: event.durationMs === null ? null : bucketOf(event.durationMs),
    cost: cost === null ? null : toUnits(cost),
  };
}

/** What events of one batch add up to, before a row is told of them all at once. */
export class Sums {
  #events = 0;
  #failures = 0;
  #input = 0;
  #output = 0;
  #thinking = 0;
  #cached = 0;
  #cost = 0n;
  readonly #statuses = new Map<string, number>();
  readonly #durations = new Map<number, number>();

  add({ event: { usage }, isFailure, status, duration, cost }: Told): void {
    this.#events++;
    if (isFailure) this.#failures++;
    this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1);
    if (duration !== null) this.#durations.set(duration, (this.#durations.get(duration) ?? 0) + 1);
    if (usage !== null) {
      this.#input += usage.input ?? 0;
      this.#output += usage.output ?? 0;
      this.#thinking += usage.thinking ?? 0;
      this.#cached += usage.cached ?? 0;
    }
    if (cost !== null) this.#cost += cost;
  }

  /** Adds the sums to a row's, or takes them off. */
  putInto(row: JsonObject, sign: 1 | -1): void {
    const put = (member: string, by: number): void => {
      row[member] = (row[member] as number) + sign * by;
    };
    put("events", this.#events);
    put("failures", this.#failures);
    put("input", this.#input);
    put("output", this.#output);
    put("thinking", this.#thinking);
    put("cached", this.#cached);
    if (this.#cost !== 0n) row.cost = addUnits(row.cost as string, this.#cost, sign);
    const statuses = row.statuses as JsonObject;
    for (const [said, count] of this.#statuses) tally(statuses, nameIn(statuses, said, sign), sign * count);
    // There are at most some hundred buckets of durations.
    const durations = row.durations as JsonObject;
    for (const [bucket, count] of this.#durations) tally(durations, String(bucket), sign * count);
  }
}

/** Values are hostile: one may be called `__proto__`, and there may be any number of them. */
function nameIn(counts: JsonObject, said: string, sign: 1 | -1): string {
  const isKnown = Object.hasOwn(counts, said) || (sign === 1 && Object.keys(counts).length < VALUES_MAX);
  return isKnown ? said : OTHERS;
}

function tally(counts: JsonObject, name: string, by: number): void {
  const own = Object.hasOwn(counts, name) ? (counts[name] as number) : 0;
  const now = own + by;
  if (now === 0) delete counts[name];
  else if (name !== "__proto__") counts[name] = now;
  else
    Object.defineProperty(counts, name, { value: now, enumerable: true, configurable: true, writable: true });
}
