/** Time inside Daybook: integer microseconds since 1970-01-01T00:00:00Z, UTC. */
export type Micros = number;

const MICROS_PER_SECOND = 1_000_000;
const REANCHOR_MS = 5;

let anchor = performance.timeOrigin;

/**
 * Now, in microseconds. The monotonic clock gives the digits below the millisecond and is set
 * again to the wall clock when the two drift apart.
 */
export function nowMicros(): Micros {
  const elapsed = performance.now();
  const wall = Date.now();
  const precise = anchor + elapsed;
  if (precise - wall > REANCHOR_MS || wall - precise > REANCHOR_MS) {
    anchor = wall - elapsed;
    return wall * 1000;
  }
  return Math.floor(precise * 1000);
}

let cachedSecond = Number.NaN;
let cachedPrefix = "";

/** Microseconds as RFC 3339 with six digits and `Z`: always 27 characters, so text order is time order. */
export function formatMicros(micros: Micros): string {
  const second = Math.floor(micros / MICROS_PER_SECOND);
  if (second !== cachedSecond) {
    cachedPrefix = new Date(second * 1000).toISOString().slice(0, 20);
    cachedSecond = second;
  }
  const rest = micros - second * MICROS_PER_SECOND;
  return `${cachedPrefix}${String(rest).padStart(6, "0")}Z`;
}

const RFC3339 =
  /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;

/**
 * RFC 3339 text as microseconds, or undefined where it is no such time. Digits below the
 * microsecond are cut; a leap second counts as the second after it.
 */
export function parseMicros(text: string): Micros | undefined {
  return parseFixed(text) ?? parseAny(text);
}

let readDay = "";
let readDayMicros = 0;

/** The form of `formatMicros`, on the day that was read last: a fifth of the general way's cost. */
function parseFixed(text: string): Micros | undefined {
  if (text.length !== 27 || text.charCodeAt(26) !== 90 || text.charCodeAt(10) !== 84) return undefined;
  if (text.charCodeAt(13) !== 58 || text.charCodeAt(16) !== 58 || text.charCodeAt(19) !== 46)
    return undefined;
  const hours = digits(text, 11, 13);
  const minutes = digits(text, 14, 16);
  const seconds = digits(text, 17, 19);
  const micros = digits(text, 20, 26);
  // NaN, from what is no digit, fails here too.
  if (!(hours <= 23 && minutes <= 59 && seconds <= 59 && micros >= 0)) return undefined;
  if (readDay === "" || !text.startsWith(readDay)) {
    const day = parseAny(`${text.slice(0, 10)}T00:00:00Z`);
    if (day === undefined) return undefined;
    readDay = text.slice(0, 10);
    readDayMicros = day;
  }
  return readDayMicros + ((hours * 60 + minutes) * 60 + seconds) * MICROS_PER_SECOND + micros;
}

function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < to; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

function parseAny(text: string): Micros | undefined {
  const match = RFC3339.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction, sign, offHour, offMinute] = match;
  const h = Number(hour);
  const min = Number(minute);
  const s = Number(second);
  if (h > 23 || min > 59 || s > 60) return undefined;
  const at = new Date(0);
  at.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  if (at.getUTCMonth() !== Number(month) - 1 || at.getUTCDate() !== Number(day)) return undefined;
  let seconds = at.getTime() / 1000 + h * 3600 + min * 60 + s;
  if (sign !== undefined) {
    const oh = Number(offHour);
    const om = Number(offMinute);
    if (oh > 23 || om > 59) return undefined;
    const offset = oh * 3600 + om * 60;
    seconds += sign === "-" ? offset : -offset;
  }
  const micros = fraction === undefined ? 0 : Number(fraction.padEnd(6, "0").slice(0, 6));
  const total = seconds * MICROS_PER_SECOND + micros;
  return total >= MIN_MICROS && total <= MAX_MICROS ? total : undefined;
}

/** What integer microseconds can hold exactly: the years 1685 to 2254. */
export const MIN_MICROS: Micros = Date.UTC(1685, 0, 1) * 1000;
export const MAX_MICROS: Micros = Date.UTC(2255, 0, 1) * 1000 - 1;
