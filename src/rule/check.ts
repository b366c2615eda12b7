import jsonata from "jsonata";
import { TrailError } from "../base/error.ts";
import { isObject } from "../base/json.ts";

/** The operations of JSON Logic (jsonlogic.com), without `method`, which calls any function of any object. */
export const OPERATIONS: ReadonlySet<string> = new Set([
  ...["var", "missing", "missing_some", "if", "?:", "==", "===", "!=", "!==", "!", "!!", "or", "and"],
  ...[">", ">=", "<", "<=", "max", "min", "+", "-", "*", "/", "%", "map", "reduce", "filter", "all"],
  ...["none", "some", "merge", "in", "cat", "substr", "log"],
]);

const DEPTH_MAX = 64;
const CHARS_MAX = 65_536;

/** Throws `rule.invalid` with the place for what is no JSON Logic. */
export function checkLogic(rule: unknown, field: string): void {
  if (!isObject(rule)) throw broken(field, "must be a JSON Logic object.");
  if (JSON.stringify(rule).length > CHARS_MAX)
    throw broken(field, `must be at most ${CHARS_MAX} characters.`);
  const stack: Array<[value: unknown, path: string, depth: number]> = [[rule, "", 0]];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const [value, path, depth] = next;
    if (depth > DEPTH_MAX) throw broken(field, `is nested deeper than ${DEPTH_MAX} at ${path || "/"}.`);
    if (Array.isArray(value)) {
      for (const [i, item] of value.entries()) stack.push([item, `${path}/${i}`, depth + 1]);
    } else if (isObject(value)) {
      const keys = Object.keys(value);
      const [operation] = keys;
      // An object of several keys is a value, and so is the empty one.
      if (keys.length === 1 && operation !== undefined && !OPERATIONS.has(operation)) {
        throw broken(field, `has the unknown operation "${operation.slice(0, 60)}" at ${path || "/"}.`);
      }
      for (const key of keys) stack.push([value[key], `${path}/${key}`, depth + 1]);
    }
  }
}

/** Throws `rule.invalid` with the position for what JSONata cannot read. */
export function checkTransform(text: unknown, field: string): void {
  if (typeof text !== "string" || text.trim() === "") throw broken(field, "must be a JSONata expression.");
  if (text.length > CHARS_MAX) throw broken(field, `must be at most ${CHARS_MAX} characters.`);
  try {
    jsonata(text);
  } catch (thrown) {
    const { message = "cannot be read", position } = thrown as { message?: string; position?: number };
    const where = typeof position === "number" ? ` at character ${position}` : "";
    throw broken(field, `is no JSONata expression: ${message}${where}.`);
  }
}

function broken(field: string, rule: string): TrailError {
  return new TrailError("rule.invalid", `${field} ${rule}`, { field });
}
