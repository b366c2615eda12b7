import { formatMicros } from "../../base/clock.ts";
import { isObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import { isUuid } from "../../base/uuid.ts";
import { parseWire } from "../../event/parse.ts";
import { structured } from "../values.ts";
import { broken, dropped, type Importer, importId, joined, markImported, type Read } from "./importer.ts";
import type { OldTable, Row } from "./old-table.ts";
import { timeOf } from "./old-times.ts";
import { keyOf } from "./wire-lines.ts";

type Attributes = Readonly<Record<string, unknown>>;

/** What an event of that API says under the names that it has here too. */
const TEXTS = [
  "resource_type",
  "resource_id",
  "description",
  "category",
  "actor_type",
  "actor_id",
  "actor_label",
  "environment",
  "idempotency_key",
];
const NEEDED = ["event_type", "resource_type", "resource_id"];
const OTHERS = ["id", "event_type", "action", "severity", "occurred_at", "created_at", "data", "snapshot"];
const KNOWN: ReadonlySet<string> = new Set([...TEXTS, ...OTHERS, "do_not_forward"]);

/** The table in which that API keeps its events, by the names of their attributes. */
export const API_EVENTS: OldTable = {
  name: "audit_event",
  columns: NEEDED,
  more: ["id", "occurred_at", "created_at", "severity", "data", "do_not_forward", ...TEXTS.slice(2)],
  owner: ["account_id", "tenant_id"],
  reader: () => {
    const seen = new Map<string, number>();
    return (row) => readEvent("sqlite-events-api", row, seen);
  },
};

/**
 * Exports of the events API that Daybook continues: its CSV and its JSON lines, the pages of its list
 * (`{"data": [{"type": "event", "id", "attributes"}]}`) and single resources. Its events keep ids, keys and
 * times; `created_at` and what has no name here stand in `data.imported`.
 */
export function eventsApiImporter(): Importer {
  const seen = new Map<string, number>();
  return { read: (record) => readResource(record, seen), end: () => [] };
}

function readResource(record: JsonValue, seen: Map<string, number>): Read {
  if (!isObject(record)) return broken("record", "must be a JSON object");
  const { data, attributes, type, id } = record;
  const isEnvelope = record.event_type === undefined && attributes === undefined;
  if (isEnvelope && Array.isArray(data))
    return joined(
      data.map((item: JsonValue) => readResource(item, seen)),
      "an empty page",
    );
  if (isEnvelope && isObject(data) && isObject(data.attributes))
    return readResource(data as JsonObject, seen);
  if (!isObject(attributes)) return readEvent("events-api", record, seen);
  if (type !== undefined && type !== "event") return dropped("a resource that is no event");
  return readEvent("events-api", { ...attributes, id }, seen);
}

function readEvent(from: string, said: Attributes | Row, seen: Map<string, number>): Read {
  const wire: Record<string, unknown> = { event_type: told(said.event_type) ?? told(said.action) };
  for (const name of TEXTS) wire[name] = told(said[name]);
  for (const name of NEEDED) if (wire[name] === null) return broken(name, "must be text");
  const occurredAt = told(said.occurred_at) ?? told(said.created_at);
  const at = timeOf(occurredAt);
  if (occurredAt !== null && at === undefined) return broken("occurred_at", "must be an RFC 3339 time");
  if (at !== undefined) wire.occurred_at = formatMicros(at);
  wire.severity = typeof said.severity === "string" ? told(said.severity.toUpperCase()) : told(said.severity);
  wire.do_not_forward = flagOf(said.do_not_forward);
  wire.data = dataOf(said);
  const id = idOf(from, said.id);
  const { draft, problems } = parseWire({ ...wire, id: id ?? null });
  if (draft === undefined) return { drafts: [], ...firstOf(problems) };
  if (id === undefined) draft.idempotency_key ??= keyOf(said, seen);
  const marked = markImported(from, draft);
  return {
    drafts: [{ ...marked, data: { ...marked.data, imported: { ...mark(marked.data), ...aside(said) } } }],
  };
}

function firstOf(problems: readonly { field: string; rule: string }[]): Pick<Read, "problem" | "more"> {
  const [problem, ...more] = problems;
  return problem === undefined ? {} : { problem, more };
}

function mark(data: JsonObject | undefined): JsonObject {
  return (data?.imported ?? {}) as JsonObject;
}

/** Text or a number; "" is how a CSV writes nothing. */
function told(value: unknown): unknown {
  return value === undefined || value === "" ? null : value;
}

/** A CSV writes words and a database 0 and 1. Anything else is left for the rule to name. */
function flagOf(value: unknown): unknown {
  if (value === 1 || /^(?:true|t|1)$/i.test(String(value))) return true;
  if (value === 0 || /^(?:false|f|0)$/i.test(String(value))) return false;
  return told(value);
}

/** What is no JSON object is kept under a name that says so. A snapshot stood beside the data at first. */
function dataOf({ data, snapshot }: Attributes): JsonObject {
  const members = objectOf(data);
  const state = structured(told(snapshot) as JsonValue);
  return state === null || state === undefined ? members : { snapshot: state, ...members };
}

function objectOf(data: unknown): JsonObject {
  const value = structured(told(data) as JsonValue) ?? "null";
  if (value === "null") return {};
  return isObject(value) ? (value as JsonObject) : { unreadable: value };
}

function idOf(from: string, id: unknown): string | undefined {
  if (typeof id !== "string" && typeof id !== "number") return undefined;
  const text = String(id).trim();
  if (text === "") return undefined;
  const dashed = text.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  return isUuid(text) ? text.toLowerCase() : isUuid(dashed) ? dashed.toLowerCase() : importId(from, [text]);
}

/** When that API took it, and whatever else the row says. */
function aside(said: Attributes): JsonObject {
  const kept: JsonObject = {};
  const createdAt = timeOf(said.created_at);
  if (createdAt !== undefined) kept.created_at = formatMicros(createdAt);
  const others = Object.entries(said).filter(
    ([name, value]) => !KNOWN.has(name) && value !== null && value !== "" && value !== undefined,
  );
  if (others.length > 0) kept.attributes = Object.fromEntries(others) as JsonObject;
  return kept;
}
