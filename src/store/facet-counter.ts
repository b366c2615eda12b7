import type { Micros } from "../base/clock.ts";
import type { FacetQuery, Facets, FacetValue } from "./store.ts";

/** Counts the values of fields, event by event. */
export class FacetCounter {
  readonly #query: Pick<FacetQuery, "fields" | "top">;
  readonly #counts: ReadonlyArray<Map<string, { count: number; firstAt: Micros; lastAt: Micros }>>;
  #matched = 0;

  constructor(query: Pick<FacetQuery, "fields" | "top">) {
    this.#query = query;
    this.#counts = query.fields.map(() => new Map());
  }

  /** `values` in the order of the query's fields. */
  add(at: Micros, values: ReadonlyArray<string | null>): void {
    this.#matched++;
    for (const [i, value] of values.entries()) {
      const counts = this.#counts[i];
      if (value === null || counts === undefined) continue;
      const known = counts.get(value);
      if (known === undefined) {
        counts.set(value, { count: 1, firstAt: at, lastAt: at });
      } else {
        known.count++;
        if (at < known.firstAt) known.firstAt = at;
        if (at > known.lastAt) known.lastAt = at;
      }
    }
  }

  facets(scanned: number, exhausted: boolean): Facets {
    const { fields, top } = this.#query;
    const ranked = fields.map((field, i) => {
      const values: FacetValue[] = Array.from(this.#counts[i] ?? [], ([value, rest]) => ({ value, ...rest }));
      values.sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
      return [field, values.slice(0, top)] as const;
    });
    return { scanned, matched: this.#matched, exhausted, fields: Object.fromEntries(ranked) };
  }
}
