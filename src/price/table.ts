import { TrailError } from "../base/error.ts";
import { isObject } from "../base/json.ts";

/** Prices of a model in US dollars for a million tokens, as decimal strings. */
export interface ModelPrice {
  /** Tokens that were read and were not in the cache. */
  readonly input: string;
  /** Tokens that were written, thoughts too. */
  readonly output: string;
  /** Read from the cache; default: `input`. */
  readonly cacheRead?: string;
  /** Written into the cache for minutes; default: `input`. */
  readonly cacheWrite?: string;
  /** Written into the cache for an hour; default: `cacheWrite`. */
  readonly cacheWrite1h?: string;
  /** The prices of a request that reads more than 200 000 tokens; default: the same. */
  readonly above200k?: Omit<ModelPrice, "above200k">;
}

/** A table of prices. The version is part of every answer that was computed with it. */
export interface PriceTable {
  readonly version: string;
  /** By the model's name, without its provider; with the date of its release only where that costs something else. */
  readonly models: Readonly<Record<string, ModelPrice>>;
}

const NAMES = ["input", "output", "cacheRead", "cacheWrite", "cacheWrite1h"] as const;
const VERSION_CHARS = 100;
/** So few places that a price times any count is exact. */
const DECIMAL = /^\d{1,12}(?:\.\d{1,12})?$/;

/**
 * A table as a user wrote it: `{ "version": "…", "models": { … } }`; with `"extends": true` it is laid over
 * `ours`. Throws `prices.invalid`, naming the place and the rule.
 */
export function parsePrices(value: unknown, ours: PriceTable): PriceTable {
  if (!isObject(value)) throw invalid("the table", "must be a JSON object");
  const { version, models, extends: isOver } = value;
  for (const key of Object.keys(value))
    if (!["version", "models", "extends"].includes(key)) throw invalid(key, "is not a member of a table");
  if (typeof version !== "string" || version === "" || version.length > VERSION_CHARS)
    throw invalid("version", `must be text of 1 to ${VERSION_CHARS} characters`);
  if (!isObject(models)) throw invalid("models", "must be an object");
  if (isOver !== undefined && typeof isOver !== "boolean") throw invalid("extends", "must be true or false");
  const own = Object.entries(models).map(([name, price]) => {
    if (name !== ownName(name)) throw invalid(`models.${name}`, `must be called ${ownName(name)}`);
    return [name, parsePrice(price, `models.${name}`)] as const;
  });
  if (isOver !== true) return { version, models: Object.fromEntries(own) };
  return {
    version: `${version}+${ours.version}`,
    models: { ...ours.models, ...Object.fromEntries(own) },
  };
}

function parsePrice(value: unknown, place: string, isInner = false): ModelPrice {
  if (!isObject(value)) throw invalid(place, "must be an object of prices");
  const price: Record<string, string | ModelPrice> = {};
  for (const [name, said] of Object.entries(value)) {
    if (name === "above200k" && !isInner) {
      price.above200k = parsePrice(said, `${place}.above200k`, true);
      continue;
    }
    if (!(NAMES as readonly string[]).includes(name))
      throw invalid(`${place}.${name}`, `is not one of ${NAMES.join(", ")}${isInner ? "" : ", above200k"}`);
    if (typeof said !== "string" || !DECIMAL.test(said))
      throw invalid(`${place}.${name}`, 'must be a decimal string, such as "0.25"');
    price[name] = said;
  }
  for (const name of ["input", "output"])
    if (price[name] === undefined) throw invalid(`${place}.${name}`, "is required");
  return price as unknown as ModelPrice;
}

/**
 * A model's own name, as its maker writes it, with its date: without a provider, a host or a place before it
 * (`anthropic/`, `us.anthropic.`, `models/`, an ARN) and what hosts put behind it (`-v1:0`, `[1m]`). A version of Claude
 * is written with a dot here and there, and is the one with the dash.
 */
export function ownName(model: string): string {
  const name = model
    .toLowerCase()
    .replace(/^.*\//, "")
    .replace(/^(?:[a-z-]{2,6}\.)?(?:anthropic|amazon|meta|mistral|openai|cohere)\./, "")
    .replace(/\[[^\]]*\]$/, "")
    .replace(/-v\d+(?::\d+)?$/, "")
    .replace(/-\d:\d$/, "");
  return name.startsWith("claude-") ? name.replaceAll(".", "-") : name;
}

/** What stands behind a name for one release of it: a day, a month, a number, or that it is the newest one. */
const RELEASE = /(?:-v\d)?[-@](?:latest|default|\d{4}-\d{2}-\d{2}|\d{8}|\d{4}|00\d)$/;

/** The name under which a model stands in a table, where its releases cost the same. */
export function plainModel(model: string): string {
  return ownName(model).replace(RELEASE, "");
}

/** The price of a model, or undefined: a model that nobody named is not priced as its neighbor. */
export function priceOf({ models }: PriceTable, model: string): ModelPrice | undefined {
  // A release that costs something else stands there with its date.
  const name = [ownName(model), plainModel(model)].find((it) => Object.hasOwn(models, it));
  return name === undefined ? undefined : models[name];
}

function invalid(place: string, rule: string): TrailError {
  return new TrailError("prices.invalid", `${place} ${rule}.`, { field: place });
}
