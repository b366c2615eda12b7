import { formatMicros } from "../base/clock.ts";
import { TrailError } from "../base/error.ts";
import type { Condition } from "../query/filter.ts";
import { parseFilters } from "../query/params.ts";
import type { OptionKey } from "./config/options.ts";
import type { Settings } from "./config/settings.ts";
import { parseWhen } from "./when.ts";

/** The flags that are filters, or fields, under a friendlier name. */
export const FIELD_FLAGS: ReadonlyArray<readonly [OptionKey, wire: string]> = [
  ["type", "event_type"],
  ["tool", "tool"],
  ["status", "status"],
  ["agent", "agent"],
  ["run", "run_id"],
  ["thread", "thread_id"],
  ["category", "category"],
];

/** What `list` and `tail` were asked for; the same grammar as `filter[…]` of the HTTP API. */
export function conditionsOf(settings: Settings): Condition[] {
  const pairs: Array<readonly [string, string]> = settings
    .list("filter")
    .map((text) => split("--filter", text));
  for (const [key, name] of [...FIELD_FLAGS, ["search", "search"] as const]) {
    const value = settings.text(key);
    if (value !== undefined) pairs.push([name, value]);
  }
  const since = settings.text("since");
  const until = settings.text("until");
  if (since !== undefined || until !== undefined) {
    const from = since === undefined ? "*" : formatMicros(parseWhen("--since", since));
    const to = until === undefined ? "*" : formatMicros(parseWhen("--until", until));
    pairs.push(["occurred_at", `[${from},${to}]`]);
  }
  return parseFilters(pairs);
}

/** `name=value` in two; throws `option.invalid`. */
export function split(flag: string, text: string): [name: string, value: string] {
  const at = text.indexOf("=");
  if (at < 1) {
    throw new TrailError("option.invalid", `${flag} must be NAME=VALUE, not "${text.slice(0, 100)}".`, {
      field: flag,
    });
  }
  return [text.slice(0, at), text.slice(at + 1)];
}
