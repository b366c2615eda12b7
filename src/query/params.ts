import { parseMicros } from "../base/clock.ts";
import { TrailError } from "../base/error.ts";
import { LIMITS } from "../event/limits.ts";
import { type Condition, EQUAL_FIELDS, type EqualField, RANGE_FIELDS, type RangeField } from "./filter.ts";

/** Ids may hold a comma, so their whole text is tried as one value too. */
const LITERAL_FIELDS: ReadonlySet<string> = new Set(["actor_id", "resource_id"]);
const VALUES_MAX = 200;

/** Every name that `filter[…]` takes. */
export const FILTER_NAMES: readonly string[] = [
  ...EQUAL_FIELDS,
  ...RANGE_FIELDS,
  "text",
  "search",
  "do_not_forward",
];

/**
 * `filter[name]=value` pairs as conditions. A comma or a repeated parameter is a union, a leading
 * `-` excludes a value, `\` makes the next character plain; an empty value is no filter. Times and
 * numbers take interval notation, `[a,b)` with `*` for open. `text` and `search` mean the same: a
 * substring of the summary or the resource id; `resource` is `resource_id`; HTTP asks more of the
 * inherited names. Throws `query.invalid` naming the parameter.
 */
export function parseFilters(pairs: Iterable<readonly [name: string, value: string]>): Condition[] {
  const equal = new Map<EqualField, { any: Set<string>; none: Set<string> }>();
  const where: Condition[] = [];
  for (const [given, value] of pairs) {
    const name = given === "resource" ? "resource_id" : given;
    if ((EQUAL_FIELDS as readonly string[]).includes(name)) {
      const field = name as EqualField;
      const sets = equal.get(field) ?? { any: new Set(), none: new Set() };
      equal.set(field, sets);
      readValues(field, value, sets);
    } else if ((RANGE_FIELDS as readonly string[]).includes(name)) {
      if (value !== "") where.push({ op: "range", field: name as RangeField, ...parseInterval(name, value) });
    } else if (name === "search" || name === "text") {
      if (value !== "") where.push({ op: "contains", text: value });
    } else if (name === "do_not_forward") {
      if (value !== "") where.push({ op: "flag", value: parseFlag(value) });
    } else {
      throw invalid(
        name,
        `There is no filter "${name.slice(0, 100)}".`,
        `Use one of ${FILTER_NAMES.join(", ")}.`,
      );
    }
  }
  for (const [field, { any, none }] of equal) {
    if (any.size > 0) where.push({ op: "any", field, values: [...any] });
    if (none.size > 0) where.push({ op: "none", field, values: [...none] });
  }
  return where;
}

function readValues(field: EqualField, text: string, sets: { any: Set<string>; none: Set<string> }): void {
  if (text.length > LIMITS.nameChars * VALUES_MAX)
    throw invalid(field, `filter[${field}] is too long.`, "Ask for fewer values.");
  if (LITERAL_FIELDS.has(field) && text.includes(",") && !text.startsWith("-")) sets.any.add(text);
  for (const item of splitValues(text)) {
    if (item.excluded) sets.none.add(item.value);
    else sets.any.add(item.value);
  }
  if (sets.any.size + sets.none.size > VALUES_MAX) {
    throw invalid(field, `filter[${field}] takes at most ${VALUES_MAX} values.`, "Ask for fewer values.");
  }
}

function splitValues(text: string): Array<{ value: string; excluded: boolean }> {
  const items: Array<{ value: string; excluded: boolean }> = [];
  let value = "";
  let excluded = false;
  let started = false;
  const push = (): void => {
    const trimmed = value.trim();
    if (trimmed !== "") items.push({ value: trimmed, excluded });
    value = "";
    excluded = false;
    started = false;
  };
  for (let i = 0; i < text.length; i++) {
    const char = text[i] as string;
    if (char === "\\" && i + 1 < text.length) {
      value += text[++i];
      started = true;
    } else if (char === ",") {
      push();
    } else if (char === "-" && !started) {
      excluded = true;
      started = true;
    } else {
      if (char !== " ") started = true;
      value += char;
    }
  }
  push();
  return items;
}

function parseFlag(value: string): boolean {
  if (value === "true") return true;
  if (value === "false") return false;
  throw invalid("do_not_forward", "filter[do_not_forward] must be true or false.", "Write true or false.");
}

const INTERVAL = /^\s*([[(])\s*([^,\s]+)\s*,\s*([^,\s]+)\s*([\])])\s*$/;

/** `[a,b)`, `(a,*)`, `[*,b]`, or one bare value; ends inclusive after reading. */
export function parseInterval(name: string, text: string): { min?: number; max?: number } {
  const match = INTERVAL.exec(text);
  if (match === null) {
    const value = readBound(name, text.trim());
    return { min: value, max: value };
  }
  const [, open, from, to, close] = match as unknown as [string, string, string, string, string];
  const range: { min?: number; max?: number } = {};
  if (from !== "*") range.min = readBound(name, from) + (open === "(" ? 1 : 0);
  if (to !== "*") range.max = readBound(name, to) - (close === ")" ? 1 : 0);
  return range;
}

function readBound(name: string, text: string): number {
  const isTime = name === "occurred_at" || name === "created_at";
  const value = isTime ? parseMicros(text) : /^\d{1,16}$/.test(text) ? Number(text) : undefined;
  if (value === undefined || !Number.isSafeInteger(value)) {
    const what = isTime ? "RFC 3339 times" : "whole numbers";
    throw invalid(
      name,
      `filter[${name}] must be an interval of ${what}.`,
      "Write [a,b], [a,b), (a,*) or [*,b], with * for an open end.",
    );
  }
  return value;
}

function invalid(name: string, message: string, fix: string): TrailError {
  return new TrailError("query.invalid", message, { field: `filter[${name.slice(0, 100)}]`, fix });
}
