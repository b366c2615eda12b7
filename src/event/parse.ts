import { formatMicros, parseMicros } from "../base/clock.ts";
import { exceedsDepth, isObject, type JsonObject } from "../base/json.ts";
import { isUuid, uuidv7 } from "../base/uuid.ts";
import type { Usage } from "./event.ts";
import { FIELD_BY_WIRE, FIELDS, type Field, USAGE_KEYS } from "./fields.ts";
import { LIMITS } from "./limits.ts";
import {
  DEFAULT_ENVIRONMENT,
  DEFAULT_SEVERITY,
  DEFAULT_TENANT,
  EVENT_TYPES,
  SYSTEM_TENANT,
} from "./vocabulary.ts";
import type { WireDraft } from "./wire.ts";

/** One broken rule: which field, by its wire name, and what it must be. */
export interface Problem {
  field: string;
  rule: string;
}

export type Parsed = { draft: WireDraft; problems?: never } | { draft?: never; problems: Problem[] };

/** Not in the table of fields: it is never stored, listed or filtered by. */
const SUBJECT: Field = {
  wire: "subject",
  path: "subject",
  kind: "text",
  max: LIMITS.nameChars,
  doc: "Whom the payload is about: kept under a key of theirs, which an erasure destroys.",
};

export interface ParseDefaults {
  tenant?: string;
  environment?: string;
}

/**
 * The strict reading, for the edge: a flat object with wire names becomes a draft, or the list of
 * every rule that it breaks. Nulls and an empty `id` mean absent, read-only fields are ignored,
 * unknown ones are refused: an audit trail does not silently drop what a writer sent.
 */
export function parseWire(input: unknown, defaults: ParseDefaults = {}): Parsed {
  if (!isObject(input)) return { problems: [{ field: "event", rule: "must be a JSON object" }] };
  const problems: Problem[] = [];
  const draft: Record<string, unknown> = {
    id: undefined,
    tenant: defaults.tenant ?? DEFAULT_TENANT,
    environment: defaults.environment ?? DEFAULT_ENVIRONMENT,
    severity: DEFAULT_SEVERITY,
  };
  for (const key of Object.keys(input)) {
    const value = input[key];
    const field = key === SUBJECT.wire ? SUBJECT : FIELD_BY_WIRE.get(key);
    if (field === undefined) {
      problems.push({ field: key.slice(0, 100), rule: unknownRule(key) });
      continue;
    }
    if (field.readOnly || (value === null && key !== "data")) continue;
    if (key === "id" && value === "") continue;
    const rule = readField(field, value, draft);
    if (rule !== undefined) problems.push({ field: key, rule });
  }
  if (draft.event_type === undefined && !problems.some((problem) => problem.field === "event_type")) {
    problems.push({ field: "event_type", rule: "is required" });
  }
  if (draft.tenant === SYSTEM_TENANT && draft.event_type !== EVENT_TYPES.emitterClosed) {
    problems.push({ field: "tenant", rule: `must not be the reserved "${SYSTEM_TENANT}"` });
  }
  if (problems.length > 0) return { problems };
  draft.id ??= uuidv7();
  return { draft: draft as unknown as WireDraft };
}

function unknownRule(key: string): string {
  const plain = key.replaceAll(/[^a-z]/gi, "").toLowerCase();
  const near = FIELDS.find(
    (field) =>
      field.wire.replaceAll("_", "") === plain || field.path.replaceAll(".", "").toLowerCase() === plain,
  );
  return near === undefined
    ? "is not a field of an event"
    : `is not a field of an event; did you mean "${near.wire}"?`;
}

/** Puts the value into the draft, or returns the rule that it breaks. */
function readField(field: Field, value: unknown, draft: Record<string, unknown>): string | undefined {
  switch (field.kind) {
    case "text":
      return readText(field, value, draft);
    case "uuid":
      if (typeof value !== "string" || !isUuid(value)) return "must be a UUID";
      draft[field.wire] = value.toLowerCase();
      return undefined;
    case "time": {
      const micros = typeof value === "string" ? parseMicros(value) : undefined;
      if (micros === undefined)
        return "must be an RFC 3339 time between 1685 and 2254, such as 2026-01-31T12:00:00Z";
      draft[field.wire] = formatMicros(micros);
      return undefined;
    }
    case "count":
      if (!isCount(value)) return "must be a whole number from 0 to 9007199254740991";
      draft[field.wire] = value;
      return undefined;
    case "hex": {
      const digits = field.max as number;
      if (typeof value !== "string" || value.length !== digits || !/^[0-9a-f]+$/i.test(value))
        return `must be ${digits} hex digits`;
      if (/^0+$/.test(value)) return "must not be all zeros";
      draft[field.wire] = value.toLowerCase();
      return undefined;
    }
    case "decimal":
      if (typeof value !== "string" || !isDecimal(value)) return 'must be a decimal string, such as "0.0125"';
      draft[field.wire] = value;
      return undefined;
    case "json":
      if (!isObject(value)) return "must be a JSON object";
      if (exceedsDepth(value, LIMITS.dataDepth))
        return `must not nest deeper than ${LIMITS.dataDepth} levels`;
      draft[field.wire] = value as JsonObject;
      return undefined;
    case "usage":
      return readUsage(value, draft);
    case "flag":
      if (typeof value !== "boolean") return "must be true or false";
      draft[field.wire] = value;
      return undefined;
  }
}

function readText(field: Field, value: unknown, draft: Record<string, unknown>): string | undefined {
  if (typeof value !== "string") return "must be a string";
  const required = field.wire === "event_type" || field.wire === "tenant" || field.wire === "environment";
  if (value === "") {
    if (required) return "must not be empty";
    return undefined;
  }
  if (value.length > (field.max as number)) return `must be at most ${field.max} characters`;
  if (field.oneOf !== undefined && !field.oneOf.includes(value))
    return `must be one of ${field.oneOf.join(", ")}`;
  draft[field.wire] = storable(value);
  return undefined;
}

function readUsage(value: unknown, draft: Record<string, unknown>): string | undefined {
  if (!isObject(value)) return "must be an object";
  const usage: Usage = {};
  for (const [key, count] of Object.entries(value)) {
    if (!(USAGE_KEYS as readonly string[]).includes(key))
      return `must have no other keys than ${USAGE_KEYS.join(", ")}`;
    if (count === null) continue;
    if (!isCount(count)) return `${key} must be a whole number from 0 to 9007199254740991`;
    usage[key as keyof Usage] = count;
  }
  draft.usage = usage;
  return undefined;
}

export function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

export function isDecimal(text: string): boolean {
  return /^\d{1,20}(\.\d{1,20})?$/.test(text);
}

/** Text that every store can keep: no lone surrogates, no NUL (PostgreSQL refuses it). */
export function storable(text: string): string {
  const formed = text.isWellFormed() ? text : text.toWellFormed();
  return formed.includes("\0") ? formed.replaceAll("\0", "\ufffd") : formed;
}
