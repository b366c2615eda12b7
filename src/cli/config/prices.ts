import { readFileSync } from "node:fs";
import { messageOf, TrailError } from "../../base/error.ts";
import { PRICES } from "../../price/prices.ts";
import { type PriceTable, parsePrices } from "../../price/table.ts";
import type { Settings } from "./settings.ts";

/** The table that `--prices` or DAYBOOK_PRICES names, or Daybook's own. Throws `prices.invalid`. */
export function pricesOf(settings: Settings): PriceTable {
  const path = settings.text("prices");
  if (path === undefined) return PRICES;
  let table: unknown;
  try {
    table = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new TrailError("prices.invalid", `${path} cannot be read as JSON: ${messageOf(cause)}.`, {
      field: "--prices",
      cause,
    });
  }
  return parsePrices(table, PRICES);
}
