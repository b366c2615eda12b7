import type { Condition } from "../../query/filter.ts";
import { fold } from "../../query/matches.ts";
import { begin, INDEXED_CHARS, INDEXED_FIELDS } from "./schema.ts";

const INDEXED: ReadonlySet<string> = new Set(INDEXED_FIELDS);

/** Parameters of a statement, numbered as they come. */
export class Params {
  readonly values: unknown[] = [];

  add(value: unknown): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }
}

/** ` AND …` of what an index finds, or nothing. Field names are from a closed list; values are parameters. */
export function indexedSql(where: readonly Condition[], params: Params): string {
  const terms: string[] = [];
  for (const condition of where) {
    if (condition.op === "range" && condition.field !== "duration_ms") {
      terms.push(rangeSql(condition, params));
    } else if (condition.op === "any" && INDEXED.has(condition.field)) {
      const begins = condition.values.filter(isStorable).map(beginOf);
      // One value alone leaves the rows in the index's order.
      const term = begins.length === 1 ? params.add(begins[0]) : `ANY (${params.add(begins)}::text[])`;
      terms.push(`${condition.field} IS NOT NULL AND ${begin(condition.field)} = ${term}`);
    }
  }
  return terms.map((term) => ` AND ${term}`).join("");
}

/** ` AND …` of what is looked at row by row, or nothing. */
export function restSql(where: readonly Condition[], params: Params): string {
  const terms: string[] = [];
  for (const condition of where) {
    switch (condition.op) {
      case "any":
        terms.push(`${condition.field} = ANY (${params.add(condition.values.filter(isStorable))}::text[])`);
        break;
      case "none": {
        const among = params.add(condition.values.filter(isStorable));
        terms.push(`(${condition.field} IS NULL OR NOT ${condition.field} = ANY (${among}::text[]))`);
        break;
      }
      case "range":
        if (condition.field === "duration_ms") terms.push(rangeSql(condition, params));
        break;
      case "contains":
        terms.push(containsSql(condition.text, params));
        break;
      case "flag":
        terms.push(`do_not_forward = ${condition.value ? 1 : 0}`);
        break;
    }
  }
  return terms.map((term) => ` AND ${term}`).join("");
}

function rangeSql(
  { field, min = -Infinity, max = Infinity }: Condition & { op: "range" },
  params: Params,
): string {
  if (Number.isNaN(min) || Number.isNaN(max)) return "FALSE";
  const [low, high] = [params.add(whole(Math.ceil(min))), params.add(whole(Math.floor(max)))];
  return `${field} BETWEEN ${low} AND ${high}`;
}

function containsSql(text: string, params: Params): string {
  if (!isStorable(text)) return "FALSE";
  const folded = params.add(fold(text));
  return `(strpos(coalesce(description_folded, description, ''), ${folded}) > 0
    OR strpos(coalesce(resource_folded, resource_id, ''), ${folded}) > 0)`;
}

/** No stored text has NUL or half a surrogate pair, and PostgreSQL would refuse to compare with them. */
function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes("\0");
}

/** What `begin` says in SQL, which counts code points. */
function beginOf(text: string): string {
  return text.length <= INDEXED_CHARS ? text : Array.from(text).slice(0, INDEXED_CHARS).join("");
}

function whole(bound: number): number {
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, bound));
}
