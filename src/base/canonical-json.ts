import { isObject, type JsonValue } from "./json.ts";

/**
 * JSON in the one form of RFC 8785 (JCS), so that equal values have equal bytes: no white space, members
 * sorted by UTF-16 code units, numbers and strings as ECMAScript writes them. It descends by recursion:
 * bound the depth of what strangers send first (`exceedsDepth`).
 */
export function canonicalJson(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] as JsonValue)}`);
  return `{${members.join(",")}}`;
}
