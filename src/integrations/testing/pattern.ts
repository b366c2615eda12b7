import { isObject } from "../../base/json.ts";

/** Where a value is not as it should be: the path to it, what it is, what it should be. */
export interface Difference {
  readonly path: string;
  readonly actual: unknown;
  readonly expected: unknown;
}

/**
 * How a value differs from a pattern: objects need only what the pattern has, lists all of it in order, a
 * regular expression must fit the text, and a function must say yes. Anything else must be equal.
 */
export function differences(actual: unknown, pattern: unknown, path = ""): Difference[] {
  const differs = [{ path, actual, expected: pattern }];
  if (typeof pattern === "function") return pattern(actual) === true ? [] : differs;
  if (pattern instanceof RegExp) return typeof actual === "string" && pattern.test(actual) ? [] : differs;
  if (Array.isArray(pattern)) {
    if (!Array.isArray(actual) || actual.length !== pattern.length) return differs;
    return pattern.flatMap((each, at) => differences(actual[at], each, `${path}[${at}]`));
  }
  if (!isObject(pattern)) return Object.is(actual, pattern) ? [] : differs;
  if (!isObject(actual)) return differs;
  return Object.entries(pattern).flatMap(([key, each]) =>
    differences(actual[key], each, path === "" ? key : `${path}.${key}`),
  );
}
