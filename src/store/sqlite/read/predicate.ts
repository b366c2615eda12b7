import type { Condition, EqualField } from "../../../query/filter.ts";
import { fold } from "../../../query/matches.ts";
import type { SqlValue } from "../../event-row.ts";
import { hashValue } from "../views/block-values.ts";
import { probesOf } from "../views/text-grams.ts";

/** A filter as SQL that is complete by itself, and as what blocks can be ruled out by. */
export interface Predicate {
  /** ` AND …`, or nothing. */
  readonly sql: string;
  readonly params: readonly SqlValue[];
  /** For `daybook_contains`. */
  readonly needles: readonly string[];
  readonly pruning: Pruning;
}

export interface Pruning {
  /** Bits that the texts of a match have; none where the texts say nothing. */
  readonly probes: readonly number[];
  readonly any: ReadonlyArray<{ readonly field: EqualField; readonly hashes: readonly number[] }>;
  /** ` AND …` over the columns of `blocks`, or nothing. */
  readonly sql: string;
  readonly params: readonly SqlValue[];
}

export function toPredicate(where: readonly Condition[]): Predicate {
  const cheap: string[] = [];
  const costly: string[] = [];
  const params: SqlValue[] = [];
  const needles: string[] = [];
  const any: Array<{ field: EqualField; hashes: number[] }> = [];
  const blockTerms: string[] = [];
  const blockParams: SqlValue[] = [];
  for (const condition of where) {
    switch (condition.op) {
      case "any":
      case "none": {
        // SQLite would turn half a surrogate pair into U+FFFD, which is stored text; no event has it.
        const { field } = condition;
        const values = condition.values.filter((value) => value.isWellFormed());
        const list = `(${values.map(() => "?").join(", ")})`;
        params.push(...values);
        if (condition.op === "any") {
          cheap.push(`${field} IN ${list}`);
          any.push({ field, hashes: values.map((value) => hashValue(field, value)) });
        } else {
          cheap.push(`(${field} IS NULL OR ${field} NOT IN ${list})`);
        }
        break;
      }
      case "range": {
        const column = condition.field === "seq" ? "(pos & 0xFFFFFFFFF)" : condition.field;
        const { min, max } = condition;
        cheap.push(`${column} IS NOT NULL`);
        if (min !== undefined) {
          cheap.push(`${column} >= ?`);
          params.push(min);
        }
        if (max !== undefined) {
          cheap.push(`${column} <= ?`);
          params.push(max);
        }
        const low = condition.field === "occurred_at" ? "occurred_min" : "duration_min";
        const high = condition.field === "occurred_at" ? "occurred_max" : "duration_max";
        if (condition.field !== "occurred_at" && condition.field !== "duration_ms") break;
        blockTerms.push(`${low} IS NOT NULL`);
        if (min !== undefined) {
          blockTerms.push(`${high} >= ?`);
          blockParams.push(min);
        }
        if (max !== undefined) {
          blockTerms.push(`${low} <= ?`);
          blockParams.push(max);
        }
        break;
      }
      case "contains":
        costly.push(`daybook_contains(${needles.length}, description, resource_id)`);
        needles.push(fold(condition.text));
        break;
      case "flag":
        cheap.push(`do_not_forward = ${condition.value ? 1 : 0}`);
        blockTerms.push(condition.value ? "kept_back > 0" : "kept_back < events");
        break;
    }
  }
  return {
    sql: join([...cheap, ...costly]),
    params,
    needles,
    pruning: { probes: needles.flatMap(probesOf), any, sql: join(blockTerms), params: blockParams },
  };
}

function join(terms: readonly string[]): string {
  return terms.map((term) => ` AND ${term}`).join("");
}
