/**
 * Sums and multiples of decimal strings without floats, so that a sum of costs is exact and does not depend on
 * the order. At most 18 places after the point count; further ones are cut off.
 */
const PLACES = 18;
const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/;

/** `a + b`, or `a - b` with `sign` -1. Throws a RangeError for what is no decimal. */
export function addDecimals(a: string, b: string, sign: 1 | -1 = 1): string {
  return addUnits(a, toUnits(b), sign);
}

/** The same for a sum that was kept in units of the last place. */
export function addUnits(a: string, units: bigint, sign: 1 | -1 = 1): string {
  return format(toUnits(a) + BigInt(sign) * units);
}

/**
 * `count` times `text`, divided by 10 to the power of `digits`. Exact where the places of `text` and `digits`
 * are 18 together at most; further places are cut off. `count` is whole and not negative.
 */
export function multiplyDecimal(text: string, count: number, digits = 0): string {
  return format((toUnits(text) * BigInt(count)) / 10n ** BigInt(digits));
}

/** A decimal in units of the last place, 18 behind the point. */
export function toUnits(text: string): bigint {
  const [, sign, whole, fraction = ""] = DECIMAL.exec(text) ?? [];
  if (whole === undefined) throw new RangeError(`${text} is not a decimal`);
  const units = BigInt(whole + fraction.slice(0, PLACES).padEnd(PLACES, "0"));
  return sign === "-" ? -units : units;
}

function format(units: bigint): string {
  const digits = (units < 0n ? -units : units).toString().padStart(PLACES + 1, "0");
  const fraction = digits.slice(-PLACES).replace(/0+$/, "");
  const number = digits.slice(0, -PLACES) + (fraction === "" ? "" : `.${fraction}`);
  return units < 0n ? `-${number}` : number;
}
