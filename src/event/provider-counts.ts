import { isObject, type JsonObject } from "../base/json.ts";
import type { Usage } from "./event.ts";

/** Tokens that a request wrote into the provider's cache: for minutes, and for an hour. */
export interface CacheWrites {
  readonly short: number;
  readonly long: number;
}

const WRITTEN = [
  "cache_creation_input_tokens",
  "cache_write_input_tokens",
  "cache_creation_tokens",
  "cacheWriteTokens",
  "cache_creation",
  "gen_ai.usage.cache_creation.input_tokens",
  "gen_ai.usage.cache_creation_input_tokens",
  "ai.usage.inputTokenDetails.cacheWriteTokens",
  "llm.token_count.prompt_details.cache_write",
] as const;
const LONG = "ephemeral_1h_input_tokens";
const DETAILS = ["input_token_details", "input_tokens_details", "details"] as const;

/**
 * What the provider's own usage object, which events keep in `data.usage`, says of writes into the cache. They
 * are a part of `usage.input` and cost more than it; Anthropic tells those that live an hour apart.
 */
export function cacheWrites(data: JsonObject): CacheWrites {
  const raw = data.usage;
  if (!isObject(raw)) return { short: 0, long: 0 };
  const parts = [raw, ...DETAILS.flatMap((key) => (isObject(raw[key]) ? [raw[key]] : []))];
  const counts = parts.flatMap((part) => WRITTEN.map((key) => countOf(part[key])));
  const all = counts.find((count) => count > 0) ?? 0;
  const lived = isObject(raw.cache_creation) ? countOf(raw.cache_creation[LONG]) : 0;
  const long = Math.min(lived, all);
  return { short: all - long, long };
}

/** Names under which Gemini counts thoughts beside what it wrote; others count them within. */
const THOUGHTS = ["thoughtsTokenCount", "thoughts_token_count", "thoughts"] as const;

/** Thoughts that are paid for as output and are not a part of `usage.output`. */
export function thoughtsBeside(usage: Usage | null, data: JsonObject): number {
  const raw = data.usage;
  return isObject(raw) && THOUGHTS.some((key) => key in raw) ? (usage?.thinking ?? 0) : 0;
}

function countOf(value: unknown): number {
  const number = typeof value === "string" ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) && number > 0 ? number : 0;
}
