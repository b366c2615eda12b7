import type { ModelPrice, PriceTable } from "./table.ts";

const price = (input: string, cacheRead: string, output: string): ModelPrice => ({
  input,
  cacheRead,
  output,
});

/** Anthropic's multiples of the input's price: a tenth from the cache, 1.25 into it, 2 for an hour. */
const anthropic = (
  input: string,
  cacheRead: string,
  cacheWrite: string,
  cacheWrite1h: string,
  output: string,
): ModelPrice => ({ input, cacheRead, cacheWrite, cacheWrite1h, output });

const OPUS_4 = anthropic("15", "1.5", "18.75", "30", "75");
const SONNET = anthropic("3", "0.3", "3.75", "6", "15");
/** With the context of a million tokens, long requests cost more. */
const SONNET_1M: ModelPrice = { ...SONNET, above200k: anthropic("6", "0.6", "7.5", "12", "22.5") };

/**
 * Public list prices of standard requests, US dollars for a million tokens, without batches, priorities,
 * regions or anybody's discount. They change, and who has others brings a table of their own; the version
 * says when these were put together. Sources: the price pages of Anthropic, OpenAI and Google.
 */
export const PRICES: PriceTable = {
  version: "2025-11",
  models: {
    "claude-opus-4-5": anthropic("5", "0.5", "6.25", "10", "25"),
    "claude-opus-4-1": OPUS_4,
    "claude-opus-4": OPUS_4,
    "claude-sonnet-4-5": SONNET_1M,
    "claude-sonnet-4": SONNET_1M,
    "claude-3-7-sonnet": SONNET,
    "claude-3-5-sonnet": SONNET,
    "claude-haiku-4-5": anthropic("1", "0.1", "1.25", "2", "5"),
    "claude-3-5-haiku": anthropic("0.8", "0.08", "1", "1.6", "4"),
    "claude-3-haiku": anthropic("0.25", "0.03", "0.3", "0.5", "1.25"),
    "gpt-5.1": price("1.25", "0.125", "10"),
    "gpt-5": price("1.25", "0.125", "10"),
    "gpt-5-codex": price("1.25", "0.125", "10"),
    "gpt-5-mini": price("0.25", "0.025", "2"),
    "gpt-5-nano": price("0.05", "0.005", "0.4"),
    "gpt-4.1": price("2", "0.5", "8"),
    "gpt-4.1-mini": price("0.4", "0.1", "1.6"),
    "gpt-4.1-nano": price("0.1", "0.025", "0.4"),
    "gpt-4o": price("2.5", "1.25", "10"),
    "gpt-4o-mini": price("0.15", "0.075", "0.6"),
    o3: price("2", "0.5", "8"),
    "o4-mini": price("1.1", "0.275", "4.4"),
    "gemini-2.5-pro": { ...price("1.25", "0.125", "10"), above200k: price("2.5", "0.25", "15") },
    "gemini-2.5-flash": price("0.3", "0.03", "2.5"),
    "gemini-2.5-flash-lite": price("0.1", "0.01", "0.4"),
  },
};

/** The table as a file that a user may change and name with `--prices`. */
export function pricesDocument(): string {
  return `${JSON.stringify(PRICES, null, 2)}\n`;
}
