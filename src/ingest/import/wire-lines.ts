import { hash } from "node:crypto";
import { isObject, type JsonValue } from "../../base/json.ts";
import { parseWire } from "../../event/parse.ts";
import { valueOfText } from "../../event/text-value.ts";
import { broken, type Importer, markImported, type Read } from "./importer.ts";

/** What one file has said so far. */
interface Before {
  readonly seen: Map<string, number>;
  tenant: string | undefined;
}

/**
 * Events under their wire names, read strictly: NDJSON, or the rows of a CSV. A record without an id or an
 * idempotency key gets one from its content and from how many equal ones came before it, so that the same file
 * gives the same events again, and two equal records stay two.
 */
export function wireImporter(from: "ndjson" | "csv"): Importer {
  const before: Before = { seen: new Map(), tenant: undefined };
  return {
    read: (record) => (from === "csv" ? readCells(record, before) : readRecord(from, record, before)),
    end: () => [],
  };
}

/** How keys begin that come from an event's content: what protects a person's payload hides these too. */
const DERIVED = "auto-";

/** The key of a record that brings none of its own. */
export function keyOf(record: unknown, seen: Map<string, number>): string {
  const content = hash("sha256", JSON.stringify(record), "hex").slice(0, 32);
  const before = seen.get(content) ?? 0;
  seen.set(content, before + 1);
  return `${DERIVED}import:${content}:${before}`;
}

function readRecord(from: "ndjson" | "csv", record: JsonValue, before: Before): Read {
  if (!isObject(record)) return broken("event", "must be a JSON object");
  // Whose log it is says the command, and nobody's file; but two owners' events are never mixed by it.
  const { tenant, ...fields } = record;
  if (typeof tenant === "string" && tenant !== "") {
    before.tenant ??= tenant;
    if (tenant !== before.tenant)
      return broken("tenant", `must be ${before.tenant}, as before: split the file by tenant`);
  }
  const { draft, problems } = parseWire(fields);
  if (draft === undefined) {
    const [problem, ...more] = problems;
    return problem === undefined ? { drafts: [] } : { drafts: [], problem, more };
  }
  const hasId = typeof record.id === "string" && record.id !== "";
  if (!hasId) draft.idempotency_key ??= keyOf(record, before.seen);
  return { drafts: [markImported(from, draft)] };
}

/** An apostrophe that our own export puts before what a spreadsheet would take for a formula. */
const GUARDED = /^'(?=[=+\-@\t\r])/;

function readCells(record: JsonValue, before: Before): Read {
  const fields: Record<string, JsonValue> = {};
  for (const [name, said] of Object.entries(record as Record<string, string>)) {
    const cell = said.replace(GUARDED, "");
    if (cell === "") continue;
    try {
      fields[name] = valueOfText(name, cell) as JsonValue;
    } catch {
      return broken(name, "must be JSON");
    }
  }
  return readRecord("csv", fields, before);
}
