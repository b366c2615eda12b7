import { parseMicros } from "../base/clock.ts";
import { TrailError } from "../base/error.ts";
import { LIMITS } from "../event/limits.ts";

/** The parameters of a request, read one by one; what is left over at the end is refused. */
export class Params {
  readonly #values: Map<string, string[]>;
  readonly #read = new Set<string>();

  constructor(search: URLSearchParams) {
    this.#values = new Map();
    for (const [key, value] of search) {
      this.#values.set(key, [...(this.#values.get(key) ?? []), value]);
    }
  }

  /** The last value; undefined where there is none or it is empty. */
  text(name: string): string | undefined {
    this.#read.add(name);
    const value = this.#values.get(name)?.at(-1);
    return value === "" ? undefined : value;
  }

  /** All values, split at commas, without blanks and repetitions. */
  list(name: string): string[] {
    this.#read.add(name);
    const parts = (this.#values.get(name) ?? []).flatMap((value) => value.split(","));
    return [...new Set(parts.map((part) => part.trim()).filter((part) => part !== ""))];
  }

  count(name: string, { min, max, fallback }: { min: number; max: number; fallback: number }): number {
    const text = this.text(name);
    if (text === undefined) return fallback;
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) {
      throw invalid(name, `must be a whole number from ${min} to ${max}.`);
    }
    return value;
  }

  flag(name: string): boolean {
    const text = this.text(name);
    if (text === undefined || text === "false") return false;
    if (text === "true") return true;
    throw invalid(name, "must be true or false.");
  }

  oneOf<T extends string>(name: string, values: readonly T[], fallback: T): T {
    const text = this.text(name);
    if (text === undefined) return fallback;
    const found = values.find((value) => value === text);
    if (found === undefined) throw invalid(name, `must be one of ${values.join(", ")}.`);
    return found;
  }

  /** RFC 3339 as microseconds. */
  time(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const micros = parseMicros(text);
    if (micros === undefined) throw invalid(name, "must be RFC 3339.");
    return micros;
  }

  /** `filter[name]` parameters as pairs; `own` are read elsewhere. */
  filters(own: readonly string[] = []): Array<[string, string]> {
    const pairs: Array<[string, string]> = [];
    for (const [key, values] of this.#values) {
      const name = /^filter\[([^\]]{1,100})\]$/.exec(key)?.[1];
      if (name === undefined || own.includes(name)) continue;
      this.#read.add(key);
      for (const value of values) pairs.push([name, value]);
    }
    return pairs;
  }

  /** `page[number]`, `page[size]` and `meta[total]`. */
  offsetPage(): OffsetPage {
    const size = this.count("page[size]", { min: 1, max: LIMITS.pageSize, fallback: LIMITS.pageSize });
    const number = this.count("page[number]", { min: 1, max: 1_000_000, fallback: 1 });
    return { number, size, wantsTotal: this.flag("meta[total]") };
  }

  /** Throws `query.invalid` for a parameter that nobody read. */
  end(): void {
    for (const key of this.#values.keys()) {
      if (!this.#read.has(key)) throw invalid(key.slice(0, 100), "is not a parameter here.");
    }
  }
}

export interface OffsetPage {
  readonly number: number;
  readonly size: number;
  readonly wantsTotal: boolean;
}

/** `meta.pagination`; totals only where they were asked for. */
export function pagination({ number, size, wantsTotal }: OffsetPage, total: number) {
  const totals = wantsTotal ? { total, total_pages: Math.ceil(total / size) } : {};
  return { pagination: { page: number, size, ...totals } };
}

export function invalid(parameter: string, rule: string): TrailError {
  return new TrailError("query.invalid", `${parameter} ${rule}`, { field: parameter });
}
