import type { Span } from "./patterns.ts";

const BEGIN = "-----BEGIN";
const HEADER = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/y;
const END = "-----END";
const END_LINE_MAX = 80;

/** Private keys in PEM armor; one whose end is missing goes to the end of the text. */
export function findPrivateKeys(text: string): Span[] {
  const spans: Span[] = [];
  for (let at = text.indexOf(BEGIN); at >= 0; at = text.indexOf(BEGIN, at + 1)) {
    HEADER.lastIndex = at;
    if (!HEADER.test(text)) continue;
    const footer = text.indexOf(END, at);
    const close = footer < 0 ? -1 : text.indexOf("-----", footer + END.length);
    const end = close < 0 || close - footer > END_LINE_MAX ? text.length : close + 5;
    spans.push({ start: at, end });
    at = end - 1;
  }
  return spans;
}

const LOCAL_MAX = 64;
const DOMAIN_MAX = 253;
const FILE_ENDINGS: ReadonlySet<string> = new Set([
  "png",
  "jpg",
  "jpeg",
  "svg",
  "gif",
  "webp",
  "js",
  "ts",
  "css",
  "json",
  "md",
]);

/**
 * E-mail addresses, by walking outwards from each `@`: at most 64 characters to the left and 253 to
 * the right (RFC 5321 §4.5.3.1), so hostile text costs no more than its length times a constant.
 */
export function findEmails(text: string): Span[] {
  const spans: Span[] = [];
  let free = 0;
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    let start = at;
    while (start > free && at - start < LOCAL_MAX && isLocal(text.charCodeAt(start - 1))) start--;
    while (start < at && text.charCodeAt(start) === 0x2e) start++;
    if (text[start - 1] === "\\" && start + 1 < at && /[nrt]/.test(text[start] as string)) start++;
    let end = at + 1;
    while (end < text.length && end - at < DOMAIN_MAX && isDomain(text.charCodeAt(end))) end++;
    while (end > at + 1 && /[.-]/.test(text[end - 1] as string)) end--;
    if (start === at || !isMailDomain(text.slice(at + 1, end))) continue;
    if (text.slice(start, at) === "git" && text[end] === ":") continue;
    spans.push({ start, end });
    free = end;
  }
  return spans;
}

/** Letters, digits, `.!#$%&'*+/=?^_{|}~-` less what seldom stands in one, and all that is not ASCII. */
function isLocal(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) ||
    (code >= 0x40 + 1 && code <= 0x5a) ||
    (code >= 0x30 && code <= 0x39) ||
    code === 0x2e ||
    code === 0x5f ||
    code === 0x2d ||
    code === 0x2b ||
    code === 0x25 ||
    code > 0x7f
  );
}

function isDomain(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x30 && code <= 0x39) ||
    code === 0x2e ||
    code === 0x2d
  );
}

function isMailDomain(domain: string): boolean {
  const dot = domain.lastIndexOf(".");
  if (dot < 1 || domain.includes("..")) return false;
  const top = domain.slice(dot + 1).toLowerCase();
  return top.length >= 2 && /^[a-z]+$/.test(top) && !FILE_ENDINGS.has(top);
}
