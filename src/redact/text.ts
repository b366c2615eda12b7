import { storable } from "../event/parse.ts";
import { PATTERNS, type Pattern, type Span } from "./patterns.ts";

/** Shorter than any secret that a row of the table can find. */
const LENGTH_MIN = 8;
const RUN_MIN = 14;
const DIGITS_MIN = 9;
const MARK_CHARS_MAX = 64;

const TOKEN = 1;
const SIGN = 2;
const DIGIT = 4;
/** What each ASCII character can be part of. */
const CLASSES = new Uint8Array(128);
for (let code = 0; code < 128; code++) {
  const char = String.fromCharCode(code);
  if (/[A-Za-z0-9_-]/.test(char)) CLASSES[code] = TOKEN;
  if (/[@=:]/.test(char)) CLASSES[code] = SIGN;
  if (/\d/.test(char)) CLASSES[code] = TOKEN | DIGIT;
}

/**
 * One pass that most texts do not get past: a secret needs a long run of token characters, one of
 * the signs `@ = :`, many digits, or a credential's word in front of it.
 */
function isSuspicious(text: string): boolean {
  let run = 0;
  let digits = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const kind = code < 128 ? (CLASSES[code] as number) : 0;
    if (kind === 0) {
      run = 0;
      continue;
    }
    if (kind === SIGN) return true;
    if (++run >= RUN_MIN) return true;
    if ((kind & DIGIT) !== 0 && ++digits >= DIGITS_MIN) return true;
  }
  return (
    text.length >= 14 &&
    (text.includes("earer ") ||
      text.includes("asic ") ||
      text.includes("EARER ") ||
      text.includes("-----BEGIN"))
  );
}

export interface Custom {
  readonly rule: string;
  readonly regex: RegExp;
}

/** Cleans texts by the rows that are on. */
export class TextCleaner {
  readonly #secret: readonly Pattern[];
  readonly #all: readonly Pattern[];

  constructor(isOn: (pattern: Pattern) => boolean, custom: readonly Custom[]) {
    const own = custom.map(
      ({ rule, regex }): Pattern => ({
        rule,
        kind: "secret",
        triggers: [],
        find: new RegExp(regex.source, regex.flags.includes("g") ? regex.flags : `${regex.flags}g`),
        doc: "the operator's own",
      }),
    );
    this.#all = [...own, ...PATTERNS.filter(isOn)];
    this.#secret = this.#all.filter((pattern) => pattern.kind === "secret");
    this.#hasOwn = own.length > 0;
  }

  readonly #hasOwn: boolean;

  /** Storable text without secrets and, unless `secretsOnly`, without personal data. */
  clean(text: string, secretsOnly = false): string {
    const whole = storable(text);
    if (!this.#hasOwn && (whole.length < LENGTH_MIN || !isSuspicious(whole))) return whole;
    let cleaned = whole;
    for (const pattern of secretsOnly ? this.#secret : this.#all) {
      if (pattern.triggers.length > 0 && !pattern.triggers.some((trigger) => cleaned.includes(trigger)))
        continue;
      const spans = spansOf(pattern, cleaned);
      if (spans.length > 0) cleaned = cut(cleaned, spans, `[redacted:${pattern.rule}]`);
    }
    return cleaned;
  }
}

function spansOf(pattern: Pattern, text: string): Span[] {
  if (typeof pattern.find === "function") return pattern.find(text);
  const spans: Span[] = [];
  for (const match of text.matchAll(pattern.find)) {
    const secret = match.groups?.s ?? match[0];
    if (secret === "" || (pattern.check !== undefined && !pattern.check(secret))) continue;
    const start = match.index + (match.groups?.s === undefined ? 0 : match[0].lastIndexOf(secret));
    if (isMarked(text, start, secret)) continue;
    spans.push({ start, end: start + secret.length });
  }
  return spans;
}

/** A mark of ours is left alone, so that cleaning twice changes nothing. */
function isMarked(text: string, start: number, secret: string): boolean {
  if (secret.includes("[redacted:")) return true;
  const before = text.slice(Math.max(0, start - MARK_CHARS_MAX), start);
  return before.lastIndexOf("[redacted:") > before.lastIndexOf("]");
}

function cut(text: string, spans: readonly Span[], mark: string): string {
  let cleaned = "";
  let at = 0;
  for (const { start, end } of spans) {
    if (start < at) continue;
    cleaned += text.slice(at, start) + mark;
    at = end;
  }
  return cleaned + text.slice(at);
}
