import { type Micros, parseMicros } from "../base/clock.ts";
import { isObject, type JsonObject, type JsonValue } from "../base/json.ts";
import { isUuid } from "../base/uuid.ts";
import type { Usage } from "../event/event.ts";
import { FIELDS, type Field, USAGE_KEYS } from "../event/fields.ts";
import { LIMITS } from "../event/limits.ts";
import { isCount, storable } from "../event/parse.ts";
import type { WireDraft } from "../event/wire.ts";

/** What one line becomes: a draft that every store can keep, or the reason why it is refused. */
export type ReadLine =
  | { readonly draft: WireDraft; readonly occurredAt: Micros | undefined; readonly reason?: never }
  | { readonly draft?: never; readonly reason: string };

/** Room for what escaping adds to an event of the largest size. */
const LINE_CHARS_MAX = LIMITS.eventBytes * 6;
const REQUIRED = ["id", "tenant", "environment", "event_type", "severity"] as const;
/** A mark is whole or it is none. */
const EMITTER_FIELDS = ["emitter_id", "emitter_epoch", "emitter_number"] as const;

type Check = "string" | "count" | "flag" | "object" | "usage";
const CHECKS: Readonly<Record<string, Check>> = Object.assign(
  Object.create(null),
  Object.fromEntries(
    FIELDS.filter((field) => !field.readOnly).map(({ wire, kind }) => [wire, checkOf(kind)]),
  ),
);

function checkOf(kind: Field["kind"]): Check {
  switch (kind) {
    case "count":
    case "flag":
    case "usage":
      return kind;
    case "json":
      return "object";
    default:
      return "string";
  }
}

/**
 * Reads a line of `append`. A line comes from `encodeDraft`, so what is checked is only what a row
 * needs: each field has its type, the required ones are there, the id is a UUID. Text that not every
 * store can keep (NUL, half a surrogate pair) becomes U+FFFD. A time that cannot be read is left out.
 */
export function readLine(line: string): ReadLine {
  if (typeof line !== "string" || line.length > LINE_CHARS_MAX) return refuse("the line is too long");
  let input: unknown;
  try {
    input = JSON.parse(line);
  } catch {
    return refuse("the line is not JSON");
  }
  if (!isObject(input)) return refuse("the line is not an object");
  if (!isPlain(line)) input = plain(input as JsonObject);
  const draft = input as Record<string, unknown>;
  for (const wire in draft) {
    const check = CHECKS[wire];
    if (check === undefined) continue;
    const value = draft[wire];
    if (value === null) delete draft[wire];
    else if (!passes(value, check)) return refuse(`${wire} is not a ${check}`);
  }
  for (const wire of REQUIRED) {
    if (draft[wire] === undefined || draft[wire] === "") return refuse(`${wire} is missing`);
  }
  if (!isUuid(draft.id as string)) return refuse("id is not a UUID");
  draft.id = (draft.id as string).toLowerCase();
  if ((draft.tenant as string).length > LIMITS.tenantChars) return refuse("tenant is too long");
  if (
    draft.emitter_id === undefined ||
    draft.emitter_epoch === undefined ||
    draft.emitter_number === undefined
  ) {
    for (const wire of EMITTER_FIELDS) if (draft[wire] !== undefined) delete draft[wire];
  }
  const occurredAt = draft.occurred_at === undefined ? undefined : parseMicros(draft.occurred_at as string);
  return { draft: draft as unknown as WireDraft, occurredAt };
}

function refuse(reason: string): ReadLine {
  return { reason };
}

function passes(value: unknown, check: Check): boolean {
  switch (check) {
    case "string":
      return typeof value === "string";
    case "count":
      return isCount(value);
    case "flag":
      return typeof value === "boolean";
    case "object":
      return isObject(value);
    case "usage":
      return isObject(value) && isUsage(value);
  }
}

function isUsage(value: Record<string, unknown>): value is Usage & Record<string, unknown> {
  return Object.entries(value).every(
    ([key, count]) => (USAGE_KEYS as readonly string[]).includes(key) && isCount(count),
  );
}

/** False where some text of the line may hold NUL or half a surrogate pair; JSON writes both as escapes. */
function isPlain(line: string): boolean {
  return !line.includes("\\u0000") && !line.includes("\\ud") && !line.includes("\\uD") && line.isWellFormed();
}

function plain(value: JsonObject): JsonObject {
  const copy = (item: JsonValue): JsonValue => {
    if (typeof item === "string") return storable(item);
    if (Array.isArray(item)) return item.map(copy);
    if (typeof item === "object" && item !== null) return plain(item);
    return item;
  };
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [storable(key), copy(item)]));
}
