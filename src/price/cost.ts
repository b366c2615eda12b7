import { addDecimals, multiplyDecimal } from "../base/decimal.ts";
import type { ModelPrice } from "./table.ts";

/** Tokens of one or of many requests with the same price. `input` is all that was read, `output` all that was written. */
export interface Tokens {
  readonly input: number;
  /** Of `input`: from the cache. */
  readonly cached: number;
  /** Of `input`: into the cache, for minutes and for an hour. */
  readonly written: number;
  readonly writtenLong: number;
  readonly output: number;
}

/** Prices are for a million tokens. */
const MILLION_DIGITS = 6;

/**
 * What the tokens cost, exactly: each is counted once, at the price of how it was read. A program that counts
 * more from the cache than it read at all has no uncached tokens, and no negative ones.
 */
export function costOfTokens(tokens: Tokens, price: ModelPrice, isLong: boolean): string {
  const { input, output, cacheRead, cacheWrite, cacheWrite1h } =
    isLong && price.above200k !== undefined ? price.above200k : price;
  const plain = Math.max(0, tokens.input - tokens.cached - tokens.written - tokens.writtenLong);
  const parts = [
    [plain, input],
    [tokens.cached, cacheRead ?? input],
    [tokens.written, cacheWrite ?? input],
    [tokens.writtenLong, cacheWrite1h ?? cacheWrite ?? input],
    [tokens.output, output],
  ] as const;
  return parts
    .map(([count, perMillion]) => multiplyDecimal(perMillion, count, MILLION_DIGITS))
    .reduce((sum, part) => addDecimals(sum, part));
}
