import { formatMicros } from "../../base/clock.ts";
import { TrailError } from "../../base/error.ts";
import { parseWhen } from "../../query/when.ts";

/** What a tool takes, as JSON Schema: the same table describes it to a model and reads what comes. */
export type Argument =
  | { readonly type: "string"; readonly description: string; readonly enum?: readonly string[] }
  | {
      readonly type: "integer";
      readonly description: string;
      readonly minimum: number;
      readonly maximum: number;
      readonly default?: number;
    }
  | { readonly type: "boolean"; readonly description: string }
  | {
      readonly type: "array";
      readonly description: string;
      readonly items: { readonly type: "string"; readonly enum?: readonly string[] };
    }
  | {
      readonly type: "object";
      readonly description: string;
      readonly additionalProperties: { readonly type: "string" };
    };

export type ArgumentTable = Readonly<Record<string, Argument>>;

const TEXT_CHARS = 10_000;
const ITEMS_MAX = 100;

/** Arguments of one call, read strictly: what is not in the table, or does not fit it, is refused by name. */
export class Arguments {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #table: ArgumentTable;

  /** Throws `query.invalid`. */
  constructor(table: ArgumentTable, required: readonly string[], values: Readonly<Record<string, unknown>>) {
    this.#table = table;
    this.#values = values;
    for (const name of Object.keys(values)) {
      if (!Object.hasOwn(table, name)) {
        throw wrong(name, "is no argument of this tool", `Use ${Object.keys(table).join(", ") || "none"}.`);
      }
    }
    for (const [name, argument] of Object.entries(table)) {
      const value = values[name];
      if (value !== undefined && value !== null) check(name, argument, value);
      else if (required.includes(name)) throw wrong(name, "is needed");
    }
  }

  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === "string" && value !== "" ? value : undefined;
  }

  count(name: string): number {
    const value = this.#values[name];
    const argument = this.#table[name];
    return typeof value === "number" ? value : argument?.type === "integer" ? (argument.default ?? 0) : 0;
  }

  isOn(name: string): boolean {
    return this.#values[name] === true;
  }

  list(name: string): readonly string[] {
    const value = this.#values[name];
    return Array.isArray(value) ? value : [];
  }

  pairs(name: string): Array<[string, string]> {
    return Object.entries((this.#values[name] ?? {}) as Record<string, string>);
  }

  /** A time, or an age such as `15m`, as RFC 3339. */
  time(name: string): string | undefined {
    const value = this.text(name);
    return value === undefined ? undefined : formatMicros(parseWhen(name, value));
  }
}

function check(name: string, argument: Argument, value: unknown): void {
  switch (argument.type) {
    case "string":
      checkText(name, value, argument.enum);
      return;
    case "integer": {
      const { minimum, maximum } = argument;
      const fits = typeof value === "number" && Number.isSafeInteger(value);
      if (!fits || value < minimum || value > maximum)
        throw wrong(name, `must be a whole number from ${minimum} to ${maximum}`);
      return;
    }
    case "boolean":
      if (typeof value !== "boolean") throw wrong(name, "must be true or false");
      return;
    case "array":
      if (!Array.isArray(value) || value.length > ITEMS_MAX)
        throw wrong(name, `must be a list of at most ${ITEMS_MAX} strings`);
      for (const item of value) checkText(name, item, argument.items.enum);
      return;
    case "object":
      if (typeof value !== "object" || value === null || Array.isArray(value))
        throw wrong(name, "must be an object of strings");
      for (const [key, item] of Object.entries(value)) checkText(`${name}.${key}`, item, undefined);
  }
}

function checkText(name: string, value: unknown, known: readonly string[] | undefined): void {
  if (typeof value !== "string" || value.length > TEXT_CHARS)
    throw wrong(name, `must be a string of at most ${TEXT_CHARS} characters`);
  if (known !== undefined && value !== "" && !known.includes(value))
    throw wrong(name, `must be one of ${known.join(", ")}`);
}

function wrong(name: string, rule: string, fix?: string): TrailError {
  const shown = name.slice(0, 100);
  return new TrailError("query.invalid", `${shown} ${rule}.`, {
    field: shown,
    ...(fix === undefined ? {} : { fix }),
  });
}
