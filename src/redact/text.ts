import { PATTERNS, type Pattern, type Span } from "./patterns.ts";

/** Shorter than any secret that a row of the table can find. */
const LENGTH_MIN = 8;
const RUN_MIN = 14;
const DIGITS_MIN = 9;
const MARK_CHARS_MAX = 64;

const TOKEN = 1;
const DIGITS = 2;
/** What each ASCII character can be part of: a token, or a number as people write it. */
const CLASSES = new Uint8Array(128);
for (let code = 0; code < 128; code++) {
  const char = String.fromCharCode(code);
  if (/[A-Za-z0-9_-]/.test(char)) CLASSES[code] = TOKEN;
  if (/[0-9 ().+-]/.test(char)) CLASSES[code] = (CLASSES[code] as number) | DIGITS;
}

/**
 * The look that most texts do not get past: a secret needs a long run of token characters, one of
 * the signs `@ = :`, or a run of digits as people group them. A run of n characters covers a place
 * that n divides, so only those are looked at.
 */
function isSuspicious(text: string): boolean {
  if (text.includes(":") || text.includes("=") || text.includes("@")) return true;
  for (let i = DIGITS_MIN - 1; i < text.length; i += DIGITS_MIN) {
    const code = text.charCodeAt(i);
    if (code < 128 && ((CLASSES[code] as number) & DIGITS) !== 0 && isRun(text, i, DIGITS, DIGITS_MIN))
      return true;
  }
  for (let i = RUN_MIN - 1; i < text.length; i += RUN_MIN) {
    const code = text.charCodeAt(i);
    if (code < 128 && ((CLASSES[code] as number) & TOKEN) !== 0 && isRun(text, i, TOKEN, RUN_MIN))
      return true;
  }
  return false;
}

/** True when at least `least` characters of the kind stand together around place `at`. */
function isRun(text: string, at: number, kind: number, least: number): boolean {
  let from = at;
  while (from > 0 && at - from < least && isOf(text.charCodeAt(from - 1), kind)) from--;
  let to = at;
  while (to + 1 < text.length && to - from + 1 < least && isOf(text.charCodeAt(to + 1), kind)) to++;
  return to - from + 1 >= least;
}

function isOf(code: number, kind: number): boolean {
  return code < 128 && ((CLASSES[code] as number) & kind) !== 0;
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

  /** The text without secrets and, unless `secretsOnly`, without personal data. */
  clean(text: string, secretsOnly = false): string {
    if (!this.#hasOwn && (text.length < LENGTH_MIN || !isSuspicious(text))) return text;
    let cleaned = text;
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
