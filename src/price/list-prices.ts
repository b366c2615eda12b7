import type { ModelPrice } from "./table.ts";

type Prices = Readonly<Record<string, ModelPrice>>;

const plain = (input: string, output: string): ModelPrice => ({ input, output });

const cached = (input: string, cacheRead: string, output: string): ModelPrice => ({
  input,
  cacheRead,
  output,
});

/** Where writing into the cache has a price of its own. */
const written = (input: string, cacheRead: string, cacheWrite: string, output: string): ModelPrice => ({
  input,
  cacheRead,
  cacheWrite,
  output,
});

/** Anthropic's order: read, from the cache, into it for minutes, for an hour, written. */
const anthropic = (
  input: string,
  cacheRead: string,
  cacheWrite: string,
  cacheWrite1h: string,
  output: string,
): ModelPrice => ({ input, cacheRead, cacheWrite, cacheWrite1h, output });

const FABLE = anthropic("10", "1", "12.5", "20", "50");
const FABLE_5_1 = anthropic("10", "0.25", "12.5", "20", "50");
const OPUS = anthropic("5", "0.5", "6.25", "10", "25");
const OPUS_4 = anthropic("15", "1.5", "18.75", "30", "75");
const SONNET = anthropic("3", "0.3", "3.75", "6", "15");
/** With the first context of a million tokens, long requests cost more. */
const SONNET_1M: ModelPrice = { ...SONNET, above200k: anthropic("6", "0.6", "7.5", "12", "22.5") };

export const ANTHROPIC: Prices = {
  "claude-fable-5-1": FABLE_5_1,
  "claude-mythos-5-1": FABLE_5_1,
  "claude-fable-5": FABLE,
  "claude-mythos-5": FABLE,
  "claude-opus-5-5": anthropic("4", "0.2", "5", "8", "20"),
  "claude-opus-5": OPUS,
  "claude-opus-4-8": OPUS,
  "claude-opus-4-7": OPUS,
  "claude-opus-4-6": OPUS,
  "claude-opus-4-5": OPUS,
  "claude-opus-4-1": OPUS_4,
  "claude-opus-4-0": OPUS_4,
  "claude-opus-4": OPUS_4,
  "claude-3-opus": OPUS_4,
  "claude-sonnet-5-5": anthropic("2", "0.1", "2.5", "4", "10"),
  "claude-sonnet-5": anthropic("2", "0.2", "2.5", "4", "10"),
  "claude-sonnet-4-6": SONNET,
  "claude-sonnet-4-5": SONNET_1M,
  "claude-sonnet-4-0": SONNET_1M,
  "claude-sonnet-4": SONNET_1M,
  "claude-3-7-sonnet": SONNET,
  "claude-3-5-sonnet": SONNET,
  "claude-3-sonnet": SONNET,
  // Its longer price begins at 100 000 tokens.
  "claude-haiku-5-5": {
    ...anthropic("0.1", "0.01", "0.125", "0.2", "0.5"),
    above200k: anthropic("0.5", "0.05", "0.625", "1", "2.5"),
  },
  "claude-haiku-4-5": anthropic("1", "0.1", "1.25", "2", "5"),
  "claude-3-5-haiku": anthropic("0.8", "0.08", "1", "1.6", "4"),
  "claude-3-haiku": anthropic("0.25", "0.03", "0.3", "0.5", "1.25"),
};

/** Long requests of the newer ones cost more above 272 000 tokens, which this table cannot say. */
export const OPENAI: Prices = {
  "gpt-6.1-sol": written("2", "0.1", "2.5", "10"),
  "gpt-6.1-terra": written("1", "0.05", "1.25", "5"),
  "gpt-6-astra": written("10", "1", "12.5", "50"),
  "gpt-6-sol": written("2", "0.2", "2.5", "10"),
  "gpt-6-luna": written("0.1", "0.01", "0.125", "0.5"),
  "gpt-5.6-sol": cached("4", "0.4", "20"),
  "gpt-5.6-terra": cached("2", "0.2", "12"),
  "gpt-5.6-luna": cached("0.2", "0.02", "1.2"),
  "gpt-5.5": cached("5", "0.5", "30"),
  "gpt-5.5-pro": plain("30", "180"),
  "gpt-5.4": cached("2.5", "0.25", "15"),
  "gpt-5.4-pro": plain("30", "180"),
  "gpt-5.4-mini": cached("0.75", "0.075", "4.5"),
  "gpt-5.4-nano": cached("0.2", "0.02", "1.25"),
  "gpt-5.3-codex": cached("1.75", "0.175", "14"),
  "gpt-5.2": cached("1.75", "0.175", "14"),
  "gpt-5.2-pro": plain("21", "168"),
  "gpt-5.1": cached("1.25", "0.125", "10"),
  "gpt-5.1-chat": cached("1.25", "0.125", "10"),
  "gpt-5.1-codex": cached("1.25", "0.125", "10"),
  "gpt-5.1-codex-mini": cached("0.25", "0.025", "2"),
  "gpt-5": cached("1.25", "0.125", "10"),
  "gpt-5-chat": cached("1.25", "0.125", "10"),
  "gpt-5-codex": cached("1.25", "0.125", "10"),
  "gpt-5-pro": plain("15", "120"),
  "gpt-5-mini": cached("0.25", "0.025", "2"),
  "gpt-5-nano": cached("0.05", "0.005", "0.4"),
  "gpt-4.5-preview": cached("75", "37.5", "150"),
  "gpt-4.1": cached("2", "0.5", "8"),
  "gpt-4.1-mini": cached("0.4", "0.1", "1.6"),
  "gpt-4.1-nano": cached("0.1", "0.025", "0.4"),
  "gpt-4o": cached("2.5", "1.25", "10"),
  "gpt-4o-2024-05-13": plain("5", "15"),
  "gpt-4o-mini": cached("0.15", "0.075", "0.6"),
  "chatgpt-4o": plain("5", "15"),
  "gpt-4-turbo": plain("10", "30"),
  "gpt-4-1106-preview": plain("10", "30"),
  "gpt-4-0125-preview": plain("10", "30"),
  "gpt-4": plain("30", "60"),
  "gpt-4-32k": plain("60", "120"),
  "gpt-3.5-turbo": plain("0.5", "1.5"),
  "gpt-35-turbo": plain("0.5", "1.5"),
  "gpt-3.5-turbo-1106": plain("1", "2"),
  "gpt-3.5-turbo-0613": plain("1.5", "2"),
  "gpt-3.5-turbo-0301": plain("1.5", "2"),
  "gpt-3.5-turbo-16k": plain("3", "4"),
  "codex-mini": cached("1.5", "0.375", "6"),
  o1: cached("15", "7.5", "60"),
  "o1-preview": cached("15", "7.5", "60"),
  "o1-mini": cached("1.1", "0.55", "4.4"),
  "o1-pro": plain("150", "600"),
  o3: cached("2", "0.5", "8"),
  "o3-pro": plain("20", "80"),
  "o3-mini": cached("1.1", "0.55", "4.4"),
  "o3-deep-research": cached("10", "2.5", "40"),
  "o4-mini": cached("1.1", "0.275", "4.4"),
  "o4-mini-deep-research": cached("2", "0.5", "8"),
  "text-embedding-3-large": plain("0.13", "0"),
  "text-embedding-3-small": plain("0.02", "0"),
  "text-embedding-ada-002": plain("0.1", "0"),
};

const GEMINI_3_PRO: ModelPrice = { ...cached("2", "0.2", "12"), above200k: cached("4", "0.4", "18") };
/** Until the end of 2026; then twice as much. */
const GEMINI_FLASH = cached("0.75", "0.075", "3.75");

export const GOOGLE: Prices = {
  "gemini-3.8-flash": GEMINI_FLASH,
  "gemini-3.7-flash": GEMINI_FLASH,
  "gemini-3.6-flash": GEMINI_FLASH,
  "gemini-3.5-flash": cached("1.5", "0.15", "9"),
  "gemini-3.5-flash-lite": cached("0.3", "0.03", "2.5"),
  "gemini-3.1-pro-preview": GEMINI_3_PRO,
  "gemini-3.1-flash-lite": cached("0.25", "0.025", "1.5"),
  "gemini-3.1-flash-lite-preview": cached("0.25", "0.025", "1.5"),
  "gemini-3-pro-preview": GEMINI_3_PRO,
  "gemini-3-flash-preview": cached("0.5", "0.05", "3"),
  "gemini-2.5-pro": { ...cached("1.25", "0.125", "10"), above200k: cached("2.5", "0.25", "15") },
  "gemini-2.5-flash": cached("0.3", "0.03", "2.5"),
  "gemini-2.5-flash-lite": cached("0.1", "0.01", "0.4"),
  "gemini-2.0-flash": cached("0.1", "0.025", "0.4"),
  "gemini-2.0-flash-lite": plain("0.075", "0.3"),
};

const XAI: Prices = {
  "grok-4.5": cached("2", "0.5", "6"),
  "grok-4.3": cached("1.25", "0.2", "2.5"),
  "grok-4.20": cached("1.25", "0.2", "2.5"),
  "grok-4.20-multi-agent": cached("2", "0.2", "6"),
  "grok-4": cached("3", "0.75", "15"),
  "grok-4-1-fast": cached("0.2", "0.05", "0.5"),
  "grok-4-1-fast-reasoning": cached("0.2", "0.05", "0.5"),
  "grok-4-1-fast-non-reasoning": cached("0.2", "0.05", "0.5"),
  "grok-4-fast": cached("0.2", "0.05", "0.5"),
  "grok-4-fast-reasoning": cached("0.2", "0.05", "0.5"),
  "grok-4-fast-non-reasoning": cached("0.2", "0.05", "0.5"),
  "grok-3": cached("3", "0.75", "15"),
  "grok-3-fast": cached("5", "1.25", "25"),
  "grok-3-mini": cached("0.3", "0.075", "0.5"),
  "grok-3-mini-fast": cached("0.6", "0.15", "4"),
  "grok-2": plain("2", "10"),
  "grok-2-vision": plain("2", "10"),
  "grok-build-0.1": cached("1", "0.2", "2"),
  "grok-code-fast-1": cached("0.2", "0.02", "1.5"),
};

/** Mistral's names without a date point now at one model and now at another: only dated ones have one price. */
const MISTRAL: Prices = {
  "mistral-large-2512": cached("0.5", "0.05", "1.5"),
  "mistral-large-2411": plain("2", "6"),
  "mistral-large-2407": plain("2", "6"),
  "mistral-medium-3.5": cached("1.5", "0.15", "7.5"),
  "mistral-medium-3-5": cached("1.5", "0.15", "7.5"),
  "mistral-medium-2508": cached("0.4", "0.04", "2"),
  "mistral-medium-2505": cached("0.4", "0.04", "2"),
  "mistral-small-2603": cached("0.15", "0.015", "0.6"),
  "ministral-14b-2512": cached("0.2", "0.02", "0.2"),
  "ministral-8b-2512": cached("0.15", "0.015", "0.15"),
  "ministral-8b-2410": plain("0.1", "0.1"),
  "ministral-3b-2512": cached("0.1", "0.01", "0.1"),
  "devstral-2512": cached("0.4", "0.04", "2"),
  "codestral-2508": cached("0.3", "0.03", "0.9"),
  "codestral-2501": plain("0.3", "0.9"),
  "magistral-medium": plain("2", "5"),
  "magistral-small": plain("0.5", "1.5"),
  "open-mistral-nemo": plain("0.15", "0.15"),
  "open-mistral-7b": plain("0.25", "0.25"),
  "open-mixtral-8x7b": plain("0.7", "0.7"),
};

/**
 * Open models have as many prices as hosts. Only names that one host alone uses are here: Amazon's, and Groq's
 * `versatile` and `instant`.
 */
const LLAMA: Prices = {
  "llama4-maverick-17b-instruct": plain("0.24", "0.97"),
  "llama4-scout-17b-instruct": plain("0.17", "0.66"),
  "llama3-3-70b-instruct": plain("0.72", "0.72"),
  "llama3-2-90b-instruct": plain("0.72", "0.72"),
  "llama3-2-11b-instruct": plain("0.16", "0.16"),
  "llama3-2-3b-instruct": plain("0.15", "0.15"),
  "llama3-2-1b-instruct": plain("0.1", "0.1"),
  "llama3-1-70b-instruct": plain("0.72", "0.72"),
  "llama3-1-8b-instruct": plain("0.22", "0.22"),
  "llama3-70b-instruct": plain("2.65", "3.5"),
  "llama3-8b-instruct": plain("0.3", "0.6"),
  "llama-3.3-70b-versatile": plain("0.59", "0.79"),
  "llama-3.1-8b-instant": plain("0.05", "0.08"),
};

export const OTHERS: Prices = {
  ...XAI,
  "deepseek-v4-pro": cached("0.435", "0.003625", "0.87"),
  "deepseek-v4-flash": cached("0.14", "0.0028", "0.28"),
  ...MISTRAL,
  ...LLAMA,
  "nova-premier": cached("2.5", "0.625", "12.5"),
  "nova-pro": cached("0.8", "0.2", "3.2"),
  "nova-2-lite": cached("0.3", "0.075", "2.5"),
  "nova-lite": cached("0.06", "0.015", "0.24"),
  "nova-micro": cached("0.035", "0.00875", "0.14"),
  "command-a-03-2025": plain("2.5", "10"),
  "command-r-plus-08-2024": plain("2.5", "10"),
  "command-r-08-2024": plain("0.15", "0.6"),
  "command-r7b-12-2024": plain("0.0375", "0.15"),
  "embed-v4.0": plain("0.12", "0"),
};
