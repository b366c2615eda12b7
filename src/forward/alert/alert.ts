import { isObject } from "../../base/json.ts";
import { invalid } from "../field.ts";

/**
 * When a forwarder is an alert. `match`: an event meets the filter. `silence`: no event that meets it
 * for so many minutes. `failures`: more than `count` events with status error or denied among them in
 * so many minutes. `gap`: numbers of an emitter that never arrived.
 */
export type Alert =
  | { readonly kind: "match" }
  | { readonly kind: "silence"; readonly minutes: number }
  | { readonly kind: "failures"; readonly minutes: number; readonly count: number }
  | { readonly kind: "gap" };

const MINUTES_MAX = 10_080;

/** Throws `forwarder.invalid`. */
export function checkAlert(input: unknown): Alert | null {
  if (input === undefined || input === null) return null;
  if (!isObject(input)) throw invalid("alert", "must be an object");
  const { kind, minutes, count, ...rest } = input;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw invalid(`alert.${unknown.slice(0, 100)}`, "is not known");
  if (kind === "match" || kind === "gap") return { kind };
  if (kind !== "silence" && kind !== "failures") {
    throw invalid("alert.kind", "must be match, silence, failures or gap");
  }
  if (typeof minutes !== "number" || !(minutes > 0 && minutes <= MINUTES_MAX)) {
    throw invalid("alert.minutes", `must be a number up to ${MINUTES_MAX}`);
  }
  if (kind === "silence") return { kind, minutes };
  if (!Number.isSafeInteger(count) || (count as number) < 0) {
    throw invalid("alert.count", "must be a whole number");
  }
  return { kind, minutes, count: count as number };
}
