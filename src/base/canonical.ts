import { exceedsDepth, type JsonValue } from "./json.ts";

const DEPTH_MAX = 200;

/**
 * JSON in its one canonical form, RFC 8785: no space, members sorted by UTF-16 code units, numbers as
 * ECMAScript writes them. Throws `RangeError` for what nests deeper than 200.
 */
export function canonicalJson(value: JsonValue): string {
  if (exceedsDepth(value, DEPTH_MAX)) throw new RangeError(`nests deeper than ${DEPTH_MAX}`);
  return write(value);
}

function write(value: JsonValue): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(write).join(",")}]`;
  const members = Object.keys(value)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${write(value[name] as JsonValue)}`);
  return `{${members.join(",")}}`;
}
