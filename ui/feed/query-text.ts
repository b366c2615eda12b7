/** One condition as people write it: `status:denied`, `-app:ci`, or free text. */
export interface Term {
  /** A filter's name; "text" for free text. */
  key: string;
  value: string;
  excluded: boolean;
}

export interface QueryText {
  terms: Term[];
  /** The first thing that cannot be understood, and where it stands. */
  problem: { message: string; at: number } | null;
}

/** What people type, and the filter that it means. */
export const KEYS: Readonly<Record<string, string>> = {
  status: "status",
  tool: "tool",
  type: "event_type",
  category: "category",
  phase: "phase",
  severity: "severity",
  agent: "agent",
  actor: "actor_id",
  app: "app",
  origin: "origin",
  source: "source",
  destination: "destination",
  environment: "environment",
  model: "model",
  run: "run_id",
  thread: "thread_id",
  conversation: "conversation_id",
  call: "call_id",
  trace: "trace_id",
  span: "span_id",
  parent: "parent_id",
  start: "start_id",
  resource: "resource",
  resource_type: "resource_type",
  emitter: "emitter_id",
  duration: "duration_ms",
  seq: "seq",
  at: "occurred_at",
};

/** Values that are known without looking. */
export const KNOWN_VALUES: Readonly<Record<string, readonly string[]>> = {
  status: ["ok", "error", "denied", "pending"],
  phase: ["started", "completed"],
  severity: ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"],
  category: [
    "tool_call",
    "llm",
    "approval",
    "session",
    "run",
    "mcp",
    "safety",
    "skill",
    "channel",
    "schedule",
    "config",
  ],
};

const NUMBERS: ReadonlySet<string> = new Set(["duration", "seq"]);
const TOKEN = /(-?)(?:([A-Za-z_]+):)?(?:"((?:[^"\\]|\\.)*)"|(\S+))/y;

export function parseQuery(text: string): QueryText {
  const terms: Term[] = [];
  let at = 0;
  while (at < text.length) {
    if (/\s/.test(text[at] as string)) {
      at++;
      continue;
    }
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (match === null) return { terms, problem: { message: "A quotation mark has no partner.", at } };
    const [whole, minus, key, quoted, bare] = match;
    const value = quoted === undefined ? (bare ?? "") : quoted.replaceAll(/\\(.)/g, "$1");
    if (key === undefined) {
      if (minus === "-")
        return { terms, problem: { message: "Only key:value can be excluded, such as -status:ok.", at } };
      terms.push({ key: "text", value, excluded: false });
    } else if (!Object.hasOwn(KEYS, key)) {
      return { terms, problem: { message: `There is no key "${key}". Did you mean "${nearest(key)}"?`, at } };
    } else if (NUMBERS.has(key) && toInterval(value) === null) {
      return {
        terms,
        problem: { message: `${key} takes a number: ${key}:>500, ${key}:<20 or ${key}:100..200.`, at },
      };
    } else {
      terms.push({ key, value, excluded: minus === "-" });
    }
    at += whole.length;
  }
  return { terms, problem: null };
}

export function formatTerm({ key, value, excluded }: Term): string {
  const plain = value !== "" && !/[\s"\\]/.test(value) && !(key === "text" && /^-|:/.test(value));
  const written = plain ? value : `"${value.replaceAll(/["\\]/g, "\\$&")}"`;
  return key === "text" ? written : `${excluded ? "-" : ""}${key}:${written}`;
}

export function formatQuery(terms: readonly Term[]): string {
  return terms.map(formatTerm).join(" ");
}

/** The terms as parameters of the API: several values of a key are a union. */
export function toFilters(terms: readonly Term[]): URLSearchParams {
  const params = new URLSearchParams();
  const texts: string[] = [];
  for (const { key, value, excluded } of terms) {
    if (key === "text") {
      texts.push(value);
      continue;
    }
    const name = KEYS[key] ?? key;
    if (NUMBERS.has(key)) params.append(`filter[${name}]`, toInterval(value) ?? value);
    else if (name === "occurred_at") params.append(`filter[${name}]`, value);
    else params.append(`filter[${name}]`, `${excluded ? "-" : ""}${value.replaceAll(/[\\,]|^-/g, "\\$&")}`);
  }
  if (texts.length > 0) params.append("filter[text]", texts.join(" "));
  return params;
}

/** `>500`, `<20`, `100..200` or `42` in the notation of the API. */
function toInterval(text: string): string | null {
  const range = /^(\d{1,15})\.\.(\d{1,15})$/.exec(text);
  if (range !== null) return `[${range[1]},${range[2]}]`;
  const bound = /^(>=?|<=?)?(\d{1,15})$/.exec(text);
  if (bound === null) return null;
  const [, sign, number] = bound;
  if (sign === undefined) return `[${number},${number}]`;
  if (sign.startsWith(">")) return `${sign === ">=" ? "[" : "("}${number},*)`;
  return `[*,${number}${sign === "<=" ? "]" : ")"}`;
}

/** The known key with the fewest letters to change. */
export function nearest(key: string): string {
  const scored = Object.keys(KEYS).map((known) => ({
    known,
    distance: distanceOf(key.toLowerCase(), known),
  }));
  scored.sort((a, b) => a.distance - b.distance);
  return scored[0]?.known ?? "status";
}

function distanceOf(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
