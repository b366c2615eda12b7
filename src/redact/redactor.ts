import { TrailError } from "../base/error.ts";
import type { WireDraft } from "../event/wire.ts";
import { Copier } from "./copy.ts";
import { KeyNames } from "./key-names.ts";
import { PATTERNS } from "./patterns.ts";
import { type Custom, TextCleaner } from "./text.ts";

/** Takes secrets and personal data out of drafts. Never throws. */
export interface Redactor {
  /**
   * Cleans the draft in place and returns it. `data` is replaced by a deep copy in plain JSON, so
   * the caller may change his object; data, error, description and actor_label lose secrets and
   * personal data, every other text its secrets. A removed piece reads `[redacted:rule]`.
   */
  redact(draft: WireDraft): WireDraft;
  /** One text, cleaned. */
  text(text: string): string;
}

/** What to remove. The rules are the rows of the table in `patterns.ts`. */
export interface RedactOptions {
  /** Turns single rules on or off: `{ email: false, ip_address: true }`. */
  rules?: Readonly<Record<string, boolean>>;
  /** False leaves e-mail, cards, IBAN and the like in place. Default: true. */
  personal?: boolean;
  /** Further names of keys whose value goes, and names whose value stays. */
  extraKeys?: readonly string[];
  allowKeys?: readonly string[];
  /** Rules of your own. They run on every text: keep their quantifiers bounded. */
  patterns?: readonly Custom[];
}

/** The other texts of an event: names and ids, where an e-mail address is who somebody is. */
const NAME_FIELDS = [
  "event_type",
  "category",
  "status",
  "actor_id",
  "agent",
  "origin",
  "source",
  "app",
  "destination",
  "tool",
  "resource_type",
  "resource_id",
  "conversation_id",
  "thread_id",
  "run_id",
  "call_id",
  "model",
] as const;
const NAME_CHARS_MIN = 16;

export function createRedactor(options: RedactOptions = {}): Redactor {
  checkOptions(options);
  const { rules = {}, personal = true, patterns = [] } = options;
  const texts = new TextCleaner(
    ({ rule, kind, optIn }) => rules[rule] ?? (optIn !== true && (personal || kind === "secret")),
    patterns,
  );
  const keys = new KeyNames(options.extraKeys, options.allowKeys);
  return new Cleaner(texts, new Copier(keys, texts));
}

/** Removes nothing; still copies `data`, because a draft must not change after it was recorded. */
export const noRedactor: Redactor = createBareRedactor();

function createBareRedactor(): Redactor {
  const texts = new TextCleaner(() => false, []);
  const copier = new Copier({ isSecret: () => false } as unknown as KeyNames, texts);
  return {
    redact(draft) {
      if (draft.data !== undefined) draft.data = copier.copy(draft.data);
      return draft;
    },
    text: (text) => text,
  };
}

class Cleaner implements Redactor {
  readonly #texts: TextCleaner;
  readonly #copier: Copier;

  constructor(texts: TextCleaner, copier: Copier) {
    this.#texts = texts;
    this.#copier = copier;
  }

  redact(draft: WireDraft): WireDraft {
    if (draft.data !== undefined) draft.data = this.#copier.copy(draft.data);
    if (draft.description !== undefined) draft.description = this.#texts.clean(draft.description);
    if (draft.error !== undefined) draft.error = this.#texts.clean(draft.error);
    if (draft.actor_label !== undefined) draft.actor_label = this.#texts.clean(draft.actor_label);
    for (const field of NAME_FIELDS) {
      const value = draft[field];
      if (value !== undefined && value.length >= NAME_CHARS_MIN)
        draft[field] = this.#texts.clean(value, true);
    }
    return draft;
  }

  text(text: string): string {
    return this.#texts.clean(text);
  }
}

function checkOptions(options: RedactOptions): void {
  const known = new Set(PATTERNS.map((pattern) => pattern.rule));
  for (const rule of Object.keys(options.rules ?? {})) {
    if (!known.has(rule)) throw invalid("redact.rules", `There is no redaction rule "${rule}".`);
  }
  for (const name of ["extraKeys", "allowKeys"] as const) {
    const keys = options[name] ?? [];
    if (!Array.isArray(keys) || keys.some((key) => typeof key !== "string" || key === "")) {
      throw invalid(`redact.${name}`, `${name} must be a list of key names.`);
    }
  }
  for (const { rule, regex } of options.patterns ?? []) {
    if (!/^[a-z0-9_]{1,40}$/.test(rule))
      throw invalid("redact.patterns", "A rule's name is made of a-z, 0-9 and _.");
    if (!(regex instanceof RegExp))
      throw invalid("redact.patterns", `The rule ${rule} needs a regular expression.`);
  }
}

function invalid(field: string, message: string): TrailError {
  return new TrailError("option.invalid", message, { field });
}
