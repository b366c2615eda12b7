import { ANTHROPIC, GOOGLE, OPENAI, OTHERS } from "./list-prices.ts";
import type { PriceTable } from "./table.ts";

/**
 * Public list prices of standard requests, US dollars for a million tokens, without batches, priorities,
 * regions or anybody's discount. They change, and who has others brings a table of their own; the version
 * says when these were put together. Against what they were checked says docs/cost.md.
 */
export const PRICES: PriceTable = {
  version: "2026-11",
  models: { ...ANTHROPIC, ...OPENAI, ...GOOGLE, ...OTHERS },
};

/** The table as a file that a user may change and name with `--prices`. */
export function pricesDocument(): string {
  return `${JSON.stringify(PRICES, null, 2)}\n`;
}
