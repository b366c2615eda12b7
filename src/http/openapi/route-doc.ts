import { LIMITS } from "../../event/limits.ts";
import { FILTER_NAMES } from "../../query/params.ts";
import type { Need } from "../access.ts";

export type Schema = Record<string, unknown>;

/** One row for each route: its document, what it asks of a key, and a test are read from it. */
export interface RouteDoc {
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  readonly path: string;
  /** What the route asks of an API key. */
  readonly need: Need;
  readonly tag: string;
  readonly summary: string;
  readonly parameters?: readonly Schema[];
  readonly requestTypes?: Readonly<Record<string, Schema>>;
  readonly answers: Readonly<Record<string, string>>;
}

export const query = (name: string, description: string, schema: Schema = { type: "string" }): Schema => ({
  name,
  in: "query",
  description,
  schema,
});
export const header = (name: string, description: string): Schema => ({
  name,
  in: "header",
  description,
  schema: { type: "string" },
});
export const inPath = (name: string, description: string): Schema => ({
  name,
  in: "path",
  required: true,
  description,
  schema: { type: "string" },
});
export const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

export const TENANT = header(
  "X-Daybook-Tenant",
  "The tenant; the key's own, or `default` where none is named.",
);
export const FILTERS = FILTER_NAMES.map((name) =>
  query(
    `filter[${name}]`,
    "A comma is a union, a leading `-` excludes, `\\` makes the next character plain; ranges as `[a,b)` with `*`.",
  ),
);
export const PAGE = [
  query("page[size]", `1 to ${LIMITS.pageSize}.`, {
    type: "integer",
    minimum: 1,
    maximum: LIMITS.pageSize,
    default: LIMITS.pageSize,
  }),
  query("page[after]", "The cursor of links.next."),
];
export const OFFSET_PAGE = [
  query("page[number]", "From 1.", { type: "integer", minimum: 1, default: 1 }),
  query("page[size]", `1 to ${LIMITS.pageSize}.`, { type: "integer", minimum: 1, maximum: LIMITS.pageSize }),
  query("meta[total]", "true: also say how many there are."),
];
export const JSON_OBJECT = { "application/json": { type: "object" } };
