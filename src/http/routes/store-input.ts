import { TrailError } from "../../base/error.ts";
import { isObject } from "../../base/json.ts";
import { type Condition, EQUAL_FIELDS, type Query, RANGE_FIELDS } from "../../query/filter.ts";
import type { CountQuery, FacetQuery, PruneOrder } from "../../store/store.ts";
import { PROJECTIONS } from "../../view/projections.ts";
import type { RowCondition, RowPlace, RowQuery } from "../../view/row-query.ts";

type Given = Readonly<Record<string, unknown>>;

const LIMIT_MAX = 100_000;
const SCAN_MAX = 10_000_000;
const LIST_MAX = 10_000;
const VIEWS: readonly string[] = PROJECTIONS.map(({ name }) => name);

/**
 * What another Daybook asks of the port, read strictly: stores trust their callers' types, and field
 * names become SQL. Throws `query.invalid`, naming the member and the rule.
 */
export function readQuery(given: Given): Query {
  const after = optional(given, "after", isObject, "must be an object");
  return {
    tenant: text(given, "tenant"),
    where: conditions(given.where, "where"),
    order: oneOf(given, "order", ["seq", "occurred_at"]),
    direction: oneOf(given, "direction", ["desc", "asc"]),
    limit: whole(given, "limit", 1, LIMIT_MAX),
    scanMax: whole(given, "scanMax", 1, SCAN_MAX),
    ...(after === undefined
      ? {}
      : {
          after: { seq: whole(after, "seq"), ...defined({ occurredAt: optionalWhole(after, "occurredAt") }) },
        }),
  };
}

export function readRowQuery(given: Given): RowQuery {
  const after = optional(given, "after", isObject, "must be an object");
  const place = (at: Given): RowPlace => ({ sort: text(at, "sort"), key: text(at, "key") });
  return {
    tenant: text(given, "tenant"),
    view: oneOf(given, "view", VIEWS),
    group: text(given, "group"),
    where: list(given.where ?? [], "where").map(rowCondition),
    direction: oneOf(given, "direction", ["desc", "asc"]),
    limit: whole(given, "limit", 1, LIMIT_MAX),
    ...defined({
      from: optionalText(given, "from"),
      to: optionalText(given, "to"),
      after: after === undefined ? undefined : place(after),
      offset: optionalWhole(given, "offset"),
      total: optional(given, "total", isBoolean, "must be true or false"),
    }),
  };
}

export function readCountQuery(given: Given): CountQuery {
  const fields = list(given.fields, "fields").map((field, i) =>
    oneOf({ [i]: field }, String(i), EQUAL_FIELDS),
  );
  return { tenant: text(given, "tenant"), where: conditions(given.where, "where"), fields };
}

export function readFacetQuery(given: Given): FacetQuery {
  return {
    ...readCountQuery(given),
    top: whole(given, "top", 1, LIMIT_MAX),
    scanMax: whole(given, "scanMax", 1, SCAN_MAX),
  };
}

export function readPruneOrder(given: Given): PruneOrder {
  return {
    tenant: text(given, "tenant"),
    where: conditions(given.where, "where"),
    except: list(given.except, "except").map((some, i) => conditions(some, `except[${i}]`)),
    limit: whole(given, "limit", 1, LIMIT_MAX),
    ...defined({
      after: optionalWhole(given, "after"),
      dryRun: optional(given, "dryRun", isBoolean, "must be true or false"),
    }),
  };
}

export function text(given: Given, name: string): string {
  const value = given[name];
  return typeof value === "string" ? value : refuse(name, "must be a string");
}

export function optionalWhole(given: Given, name: string): number | undefined {
  return given[name] === undefined ? undefined : whole(given, name);
}

function conditions(value: unknown, name: string): Condition[] {
  return list(value, name).map(condition);
}

function condition(value: unknown): Condition {
  const given = object(value);
  const op = oneOf(given, "op", ["any", "none", "range", "contains", "flag"]);
  switch (op) {
    case "any":
    case "none":
      return { op, field: oneOf(given, "field", EQUAL_FIELDS), values: texts(given, "values") };
    case "range":
      return { op, field: oneOf(given, "field", RANGE_FIELDS), ...range(given) };
    case "contains":
      return { op, text: text(given, "text") };
    case "flag":
      return { op, value: optional(given, "value", isBoolean, "must be true or false") ?? false };
  }
}

function rowCondition(value: unknown): RowCondition {
  const given = object(value);
  const op = oneOf(given, "op", ["any", "none", "range", "absent", "has"]);
  const member = text(given, "member");
  switch (op) {
    case "any":
    case "none":
      return { op, member, values: texts(given, "values") };
    case "range":
      return { op, member, ...range(given) };
    case "absent":
      return { op, member };
    case "has":
      return { op, member, value: text(given, "value") };
  }
}

function range(given: Given): { min?: number; max?: number } {
  const number = (name: string) => optional(given, name, isFiniteNumber, "must be a number");
  return defined({ min: number("min"), max: number("max") });
}

function texts(given: Given, name: string): string[] {
  return list(given[name], name).map((value) =>
    typeof value === "string" ? value : refuse(name, "must hold strings"),
  );
}

function whole(given: Given, name: string, min = 0, max: number = Number.MAX_SAFE_INTEGER): number {
  const value = given[name];
  const fits = typeof value === "number" && Number.isSafeInteger(value) && value >= min && value <= max;
  return fits ? value : refuse(name, `must be a whole number from ${min} to ${max}`);
}

function oneOf<const T extends string>(given: Given, name: string, known: readonly T[]): T {
  const value = known.find((it) => it === given[name]);
  return value ?? refuse(name, `must be one of ${known.join(", ")}`);
}

function optionalText(given: Given, name: string): string | undefined {
  return given[name] === undefined ? undefined : text(given, name);
}

function optional<T>(
  given: Given,
  name: string,
  is: (value: unknown) => value is T,
  rule: string,
): T | undefined {
  const value = given[name];
  if (value === undefined || value === null) return undefined;
  return is(value) ? value : refuse(name, rule);
}

function list(value: unknown, name: string): unknown[] {
  if (!Array.isArray(value)) return refuse(name, "must be a list");
  return value.length <= LIST_MAX ? value : refuse(name, `must hold at most ${LIST_MAX} entries`);
}

function object(value: unknown): Given {
  return isObject(value) ? value : refuse("where", "must hold objects");
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === "boolean";
}

function isFiniteNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

/** Without the members that are undefined. */
function defined<T extends object>(given: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const kept = Object.entries(given).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

function refuse(field: string, rule: string): never {
  throw new TrailError("query.invalid", `${field} ${rule}.`, {
    field,
    fix: "Use a Daybook of the same version as the server.",
  });
}
