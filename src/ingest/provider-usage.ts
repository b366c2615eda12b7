import { isObject, type JsonObject } from "../base/json.ts";
import type { Usage } from "../event/event.ts";
import { countOf } from "./values.ts";

type Foreign = Readonly<Record<string, unknown>>;

const INPUT = [
  "input_tokens",
  "prompt_tokens",
  "promptTokens",
  "inputTokens",
  "promptTokenCount",
  "input_token_count",
  "input",
];
const OUTPUT = [
  "output_tokens",
  "completion_tokens",
  "completionTokens",
  "outputTokens",
  "candidatesTokenCount",
  "output_token_count",
  "output",
];
const CACHED = [
  "cache_read_input_tokens",
  "cached_input_tokens",
  "cached_tokens",
  "cachedInputTokens",
  "cachedContentTokenCount",
  "cache_read",
  "cached",
];
const WRITTEN = [
  "cache_creation_input_tokens",
  "cache_write_input_tokens",
  "cache_creation",
  "cacheWriteTokens",
];
const THINKING = [
  "reasoning_tokens",
  "thinking_tokens",
  "reasoning_output_tokens",
  "reasoningTokens",
  "thoughtsTokenCount",
  "reasoning",
  "thoughts",
];
/** Where providers put the parts of their counts. */
const DETAILS = [
  "input_tokens_details",
  "prompt_tokens_details",
  "input_token_details",
  "output_tokens_details",
  "completion_tokens_details",
  "output_token_details",
  "details",
];

/**
 * A provider's own usage object, of whatever provider or framework, as an event counts: `input` is all that
 * the model read, from the cache and into it too; Anthropic's `input_tokens` leave the cache aside, so it is
 * added. `output` is as the provider says it, with the thoughts in it, or with Gemini beside it. Undefined
 * where nothing is counted. Sources: the APIs' references of OpenAI (Responses, Chat Completions), Anthropic
 * (Messages), Gemini (`usageMetadata`), and LangChain's `UsageMetadata`.
 */
export function providerUsage(raw: unknown): Usage | undefined {
  if (!isObject(raw)) return undefined;
  const parts = [raw, ...DETAILS.map((key) => raw[key]).filter(isObject)];
  const count = (keys: readonly string[]): number | undefined => {
    for (const part of parts) {
      const found = countOf(part, keys);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const usage: Usage = {};
  const input = countOf(raw, INPUT);
  const output = countOf(raw, OUTPUT);
  const cached = count(CACHED);
  const thinking = count(THINKING);
  if (input !== undefined) usage.input = input + besideInput(raw, input, cached ?? 0, count(WRITTEN) ?? 0);
  if (output !== undefined) usage.output = output;
  if (cached !== undefined) usage.cached = cached;
  if (thinking !== undefined) usage.thinking = thinking;
  return Object.keys(usage).length === 0 ? undefined : usage;
}

function besideInput(raw: Foreign, input: number, cached: number, written: number): number {
  const isAnthropic = "cache_read_input_tokens" in raw || "cache_creation_input_tokens" in raw;
  return isAnthropic || cached > input ? cached + written : 0;
}

const LANGFUSE_CACHED = ["input_cached_tokens", "cache_read_input_tokens", "input_cache_read", "cache_read"];

/** `input` of Langfuse leaves out what it lists beside it, under names of the provider's. */
export function langfuseUsage(raw: JsonObject): Usage | undefined {
  const usage = providerUsage({
    input: raw.input ?? raw.input_tokens,
    output: raw.output ?? raw.output_tokens,
  });
  if (usage === undefined) return providerUsage(raw);
  const beside = Object.entries(raw).filter(
    ([key]) => /^input_|^cache_/.test(key) && key !== "input_tokens" && key !== "input_cost",
  );
  const sum = beside.reduce((total, [, count]) => total + (typeof count === "number" ? count : 0), 0);
  if (usage.input !== undefined) usage.input += sum;
  const cached = countOf(raw, LANGFUSE_CACHED);
  const thinking = countOf(raw, ["output_reasoning_tokens", "output_reasoning", "reasoning_tokens"]);
  if (cached !== undefined) usage.cached = cached;
  if (thinking !== undefined) usage.thinking = thinking;
  return usage;
}

/** Whatever the provider said, to be kept beside what was made of it. */
export function rawUsage(raw: unknown): JsonObject | undefined {
  return isObject(raw) && Object.keys(raw).length > 0 ? (raw as JsonObject) : undefined;
}
