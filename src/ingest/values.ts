import { exceedsDepth, isObject, type JsonValue } from "../base/json.ts";

/** Reading a fact out of a foreign record whose keys and types differ from one program to the next. */
type Foreign = Readonly<Record<string, unknown>>;

/** The first of `keys` that says something. Some exporters write "" or `{}` for undefined. */
export function first(record: Foreign, keys: readonly string[]): JsonValue | undefined {
  for (const key of keys) {
    if (!Object.hasOwn(record, key)) continue;
    const value = record[key];
    if (value === undefined || value === null || value === "" || isEmptyObject(value)) continue;
    return value as JsonValue;
  }
  return undefined;
}

export function firstText(record: Foreign, keys: readonly string[]): string | undefined {
  const value = first(record, keys);
  if (value === undefined || typeof value === "string") return value;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Text or a number as text; an object here means something else than a name. */
export function firstName(record: Foreign, keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const value = first(record, [key]);
    if (typeof value === "string") return value;
    if (typeof value === "number") return String(value);
  }
  return undefined;
}

/** A count that may be written as text; undefined where it is none. */
export function countOf(record: Foreign, keys: readonly string[]): number | undefined {
  const value = first(record, keys);
  const number = typeof value === "string" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) && number >= 0
    ? Math.round(number)
    : undefined;
}

/** What a sum of binary fractions is good for. */
const DIGITS = 12;

/** An amount as a decimal string, never in scientific notation. */
export function decimalOf(record: Foreign, keys: readonly string[]): string | undefined {
  const value = first(record, keys);
  const number = typeof value === "string" ? Number(value) : value;
  if (typeof number !== "number" || !Number.isFinite(number) || number < 0 || number >= 1e15)
    return undefined;
  const rounded = Number(number.toPrecision(DIGITS));
  const plain = String(rounded);
  return plain.includes("e") ? rounded.toFixed(20).replace(/\.?0+$/, "") : plain;
}

/** JSON in a string comes out of no decoder that bounds its depth. */
const NESTED_DEPTH_MAX = 64;

/** A value that may be JSON in a string. */
export function structured(value: JsonValue | undefined): JsonValue | undefined {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
  try {
    const parsed = JSON.parse(value) as JsonValue;
    return exceedsDepth(parsed, NESTED_DEPTH_MAX) ? value : parsed;
  } catch {
    return value;
  }
}

export function isFalse(value: unknown): boolean {
  return value === false || value === "false";
}

function isEmptyObject(value: unknown): boolean {
  return isObject(value) && Object.keys(value).length === 0;
}

const DENIED: ReadonlySet<string> = new Set([
  "reject",
  "rejected",
  "deny",
  "denied",
  "block",
  "blocked",
  "abort",
  "aborted",
  "cancel",
  "cancelled",
  "canceled",
  "decline",
  "declined",
  "timed_out",
  "permission_denied",
]);

/** Does a decision, a verdict or an outcome say no? */
export function isDenied(decision: string | undefined): boolean {
  return decision !== undefined && DENIED.has(decision.toLowerCase());
}

/** The first line, cut at a whole character: what a list can show. */
export function oneLine(text: string, max = 80): string {
  const line =
    text
      .slice(0, max * 4)
      .split("\n", 1)[0]
      ?.trim() ?? "";
  const characters = [...line];
  return characters.length <= max ? line : `${characters.slice(0, max - 1).join("")}…`;
}
