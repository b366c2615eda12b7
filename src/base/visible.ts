/**
 * Characters that a terminal obeys or hides: controls (escape sequences begin with one), direction
 * marks, invisible separators and tags, lone surrogates; not the two joiners that scripts and emoji
 * need. What was recorded is hostile until shown.
 */
const HIDDEN = /[[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]--[\u200c\u200d]]/gv;
const LINES: ReadonlySet<string> = new Set(["\n", "\r", "\t"]);
const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\u001b": "\\e" };

/** The text with every character that a terminal would obey or hide made visible. */
export function visible(text: string): string {
  return text.replaceAll(HIDDEN, (char) => SHORT[char] ?? escaped(char));
}

/** The same for a reader that knows lines, and is no terminal: line ends and tabs stay. */
export function visibleLines(text: string): string {
  return text.replaceAll(HIDDEN, (char) => (LINES.has(char) ? char : escaped(char)));
}

/** A value as one line of JSON that is safe on a terminal too; it parses to the same value. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replaceAll(HIDDEN, (char) =>
    [...char.split("")].map((unit) => `\\u${hex(unit.charCodeAt(0), 4)}`).join(""),
  );
}

function escaped(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  if (code <= 0xff) return `\\x${hex(code, 2)}`;
  return code <= 0xffff ? `\\u${hex(code, 4)}` : `\\u{${hex(code, 5)}}`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, "0");
}
