import type { JsonObject, JsonValue } from "../base/json.ts";

/**
 * What must hold of a row's document. `any` and `none` compare a member, as text, with values;
 * `range` bounds a number, both ends inclusive, and fails where there is none. `absent` holds where
 * the member is null or missing; `has` where it is a list with the value in it.
 */
export type RowCondition =
  | { readonly op: "any" | "none"; readonly member: string; readonly values: readonly string[] }
  | { readonly op: "range"; readonly member: string; readonly min?: number; readonly max?: number }
  | { readonly op: "absent"; readonly member: string }
  | { readonly op: "has"; readonly member: string; readonly value: string };

/** Rows of one group of a view, in the order of their sorts, ties by key. */
export interface RowQuery {
  readonly tenant: string;
  /** A projection's name. */
  readonly view: string;
  readonly group: string;
  /** Bounds of the sort, both inclusive, compared as UTF-8 bytes. */
  readonly from?: string;
  readonly to?: string;
  readonly where?: readonly RowCondition[];
  readonly direction: "asc" | "desc";
  /** Start behind this place. */
  readonly after?: RowPlace;
  /** Rows that match to pass over first; default 0. */
  readonly offset?: number;
  /** 1 or more. */
  readonly limit: number;
  /** Also count every row that matches, at the same moment as the page. Default false. */
  readonly total?: boolean;
}

export interface RowPlace {
  readonly sort: string;
  readonly key: string;
}

export interface ViewRow {
  readonly key: string;
  readonly doc: JsonObject;
}

export interface RowPage {
  readonly rows: readonly ViewRow[];
  /** Go on behind this place; null when nothing more matches. */
  readonly end: RowPlace | null;
  /** Null unless it was asked for. */
  readonly total: number | null;
}

/** Whether a row's document meets the conditions. */
export function meets(doc: JsonObject, where: readonly RowCondition[]): boolean {
  return where.every((condition) => {
    const value: JsonValue | undefined = doc[condition.member];
    if (condition.op === "absent") return value === undefined || value === null;
    if (condition.op === "has") return Array.isArray(value) && value.includes(condition.value);
    if (condition.op === "range") {
      const { min = -Infinity, max = Infinity } = condition;
      return typeof value === "number" && value >= min && value <= max;
    }
    const known = value !== undefined && value !== null && condition.values.includes(String(value));
    return condition.op === "any" ? known : !known;
  });
}
