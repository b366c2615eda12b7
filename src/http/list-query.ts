import { TrailError } from "../base/error.ts";
import { LIMITS } from "../event/limits.ts";
import type { Condition, Order } from "../query/filter.ts";
import { parseFilters } from "../query/params.ts";

const SORTS: Readonly<Record<string, { order: Order; direction: "asc" | "desc" }>> = {
  occurred_at: { order: "occurred_at", direction: "asc" },
  "-occurred_at": { order: "occurred_at", direction: "desc" },
  // recordedAt never runs backwards along seq, so the two orders are one.
  created_at: { order: "seq", direction: "asc" },
  "-created_at": { order: "seq", direction: "desc" },
  seq: { order: "seq", direction: "asc" },
  "-seq": { order: "seq", direction: "desc" },
};
const DEFAULT_SORT = "-occurred_at";
const FORMATS = ["CSV", "JSONL"] as const;

/** The query of `GET /api/v1/events`. */
export interface ListQuery {
  where: Condition[];
  order: Order;
  direction: "asc" | "desc";
  limit: number;
  cursor: string | undefined;
  format: (typeof FORMATS)[number] | undefined;
}

/** Reads the parameters of a list; throws `query.invalid` naming the one that is wrong. */
export function parseListQuery(params: URLSearchParams): ListQuery {
  const filters: Array<[string, string]> = [];
  let limit: number = LIMITS.pageSize;
  let cursor: string | undefined;
  let sort = DEFAULT_SORT;
  let format: ListQuery["format"];
  for (const [key, value] of params) {
    const filter = /^filter\[([^\]]{1,100})\]$/.exec(key)?.[1];
    if (filter !== undefined) filters.push([filter, value]);
    else if (key === "page[size]") limit = pageSize(value);
    else if (key === "page[after]") cursor = value === "" ? undefined : value;
    else if (key === "sort") sort = value === "" ? DEFAULT_SORT : value;
    else if (key === "format") format = formatOf(value);
    else
      throw invalid(
        key.slice(0, 100),
        "is not a parameter of this list.",
        "Use filter[…], page[size], page[after], sort or format.",
      );
  }
  const chosen = Object.hasOwn(SORTS, sort) ? SORTS[sort] : undefined;
  if (chosen === undefined)
    throw invalid("sort", "must be one of the known orders.", `Use one of ${Object.keys(SORTS).join(", ")}.`);
  checkCombination(filters);
  return { where: parseFilters(filters), ...chosen, limit, cursor, format };
}

/** A resource id means nothing without its type, and a search without bounds would read the whole log. */
function checkCombination(filters: ReadonlyArray<readonly [string, string]>): void {
  const given = new Set(filters.filter(([, value]) => value !== "").map(([name]) => name));
  if (given.has("resource_id") && !given.has("resource_type")) {
    throw invalid(
      "filter[resource_id]",
      "needs filter[resource_type].",
      "Name the type of the resource too.",
    );
  }
  const scoped = given.has("occurred_at") || (given.has("resource_type") && given.has("resource_id"));
  if (given.has("search") && !scoped) {
    throw invalid(
      "filter[search]",
      "needs filter[occurred_at], or filter[resource_type] and filter[resource_id].",
      "Bound the search, or use filter[text], whose scans are bounded and say so.",
    );
  }
}

function pageSize(text: string): number {
  const size = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (size < 1 || size > LIMITS.pageSize) {
    throw invalid(
      "page[size]",
      `must be a whole number from 1 to ${LIMITS.pageSize}.`,
      "Ask for several pages.",
    );
  }
  return size;
}

function formatOf(text: string): ListQuery["format"] {
  const format = text.toUpperCase();
  if (format === "CSV" || format === "JSONL") return format;
  throw invalid("format", `must be ${FORMATS.join(" or ")}.`, "Leave it out for JSON.");
}

function invalid(parameter: string, rule: string, fix: string): TrailError {
  return new TrailError("query.invalid", `${parameter} ${rule}`, { field: parameter, fix });
}
