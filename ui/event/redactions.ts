const MARK = /\[redacted:([a-z0-9_]+)\]/g;
const PLACES_MAX = 200;

export interface Redaction {
  /** Where in the event, such as `data.arguments.password`. */
  readonly path: string;
  /** The rules that took something out there. */
  readonly rules: readonly string[];
}

/** Where something was taken out of the event before it was stored, and by which rules. */
export function redactionsOf(event: object): Redaction[] {
  const found: Redaction[] = [];
  const open: Array<readonly [path: string, value: unknown]> = [["", event]];
  for (let next = open.pop(); next !== undefined && found.length < PLACES_MAX; next = open.pop()) {
    const [path, value] = next;
    if (typeof value === "string") {
      const rules = [...new Set([...value.matchAll(MARK)].map((match) => match[1] as string))];
      if (rules.length > 0) found.push({ path, rules });
    } else if (typeof value === "object" && value !== null) {
      for (const [key, child] of Object.entries(value).toReversed()) {
        open.push([path === "" ? key : `${path}.${key}`, child]);
      }
    }
  }
  return found;
}
