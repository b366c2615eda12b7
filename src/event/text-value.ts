import { FIELD_BY_WIRE } from "./fields.ts";

/**
 * What a text stands for in a field: a number in a count, JSON in data. Text that does not fit stays text, for
 * the strict reading to refuse with the field's rule. Throws a SyntaxError for what is no JSON where it must be.
 */
export function valueOfText(wireName: string, text: string): unknown {
  switch (FIELD_BY_WIRE.get(wireName)?.kind) {
    case "count":
      return /^\d+$/.test(text) ? Number(text) : text;
    case "flag":
      return text === "true" ? true : text === "false" ? false : text;
    case "json":
    case "usage":
      return JSON.parse(text);
    default:
      return text;
  }
}
