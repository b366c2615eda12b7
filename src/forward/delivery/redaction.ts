import type { Configuration, Message } from "../destination.ts";
import { destinationOf } from "../registry.ts";

const MASK = "<redacted>";
const SECRET_CHARS_MIN = 6;
export const BODY_CHARS = 16_384;

/** A message as a delivery shows it. */
export interface ShownRequest {
  readonly method: string;
  readonly url: string;
  /** Every value is masked. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/**
 * Takes the secrets of one configuration out of what deliveries keep: header values, credentials and values
 * in addresses, secret options; also where they come back inside a body, an answer or an error.
 */
export class Redaction {
  readonly #secrets: readonly string[];

  constructor(type: string, configuration: Configuration) {
    const found = new Set<string>();
    for (const value of Object.values(configuration.headers)) {
      found.add(value);
      // `Bearer x`, `Splunk x`: the token alone comes back in answers.
      for (const part of value.split(/\s+/)) found.add(part);
    }
    for (const [name, rule] of Object.entries(destinationOf(type)?.options ?? {})) {
      const value = configuration.options[name];
      if (rule.secret === true && typeof value === "string") found.add(value);
    }
    for (const part of secretsOfUrl(configuration.url, type)) found.add(part);
    const plain = (value: string): boolean => /^[a-z-]+\/[a-z0-9.+-]+(;.*)?$/i.test(value);
    this.#secrets = [...found]
      .filter((value) => value.length >= SECRET_CHARS_MIN && !plain(value))
      .sort((a, b) => b.length - a.length);
  }

  text(text: string): string {
    return this.#secrets.reduce(
      (shown, secret) => shown.replaceAll(secret, MASK).replaceAll(encodeURIComponent(secret), MASK),
      text,
    );
  }

  request({ method, url, headers, body }: Message): ShownRequest {
    const names = Object.keys(headers).map((name) => [name, MASK]);
    const text = typeof body === "string" ? body : null;
    return {
      method,
      url: this.url(url),
      headers: Object.fromEntries(names),
      body: text === null ? null : this.text(text).slice(0, BODY_CHARS),
    };
  }

  url(text: string): string {
    if (!URL.canParse(text)) return MASK;
    const url = new URL(text);
    const credentials = url.username === "" && url.password === "" ? "" : `${MASK}@`;
    const query = [...url.searchParams.keys()].map((name) => `${encodeURIComponent(name)}=${MASK}`).join("&");
    const path = this.text(url.pathname);
    return `${url.protocol}//${credentials}${url.host}${path}${query === "" ? "" : `?${query}`}`;
  }
}

/** Whose address itself lets in: its last part is the secret. */
const SECRET_PATHS: ReadonlySet<string> = new Set(["sumo_logic"]);
/** A part of a path that nobody would write by hand, as chat services have it in their webhooks. */
const TOKEN_PART = /^(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9_=-]{20,}$/;

function secretsOfUrl(text: string, type: string): string[] {
  if (!URL.canParse(text)) return [];
  const url = new URL(text);
  const parts = url.pathname.split("/").filter((part) => part !== "");
  const last = parts.at(-1);
  const tokens = parts.filter((part) => TOKEN_PART.test(part));
  if (SECRET_PATHS.has(type) && last !== undefined) tokens.push(last);
  return [
    decodeURIComponent(url.password),
    decodeURIComponent(url.username),
    ...url.searchParams.values(),
    ...tokens,
  ];
}
