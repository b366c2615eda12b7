import { hash } from "node:crypto";
import { isObject, type JsonValue } from "../../base/json.ts";
import { parseWire } from "../../event/parse.ts";
import { type Importer, markImported, type Read } from "./importer.ts";

/**
 * Events under their wire names, read strictly: NDJSON, or the rows of a CSV. A record without an id or an
 * idempotency key gets one from its content and from how many equal ones came before it, so that the same file
 * gives the same events again, and two equal records stay two.
 */
export function wireImporter(from: "ndjson" | "csv"): Importer {
  const seen = new Map<string, number>();
  return {
    read: (record) => readRecord(from, record, seen),
    end: () => [],
  };
}

/** How keys begin that come from an event's content: what protects a person's payload hides these too. */
const DERIVED = "auto-";

function readRecord(from: "ndjson" | "csv", record: JsonValue, seen: Map<string, number>): Read {
  // Whose log it is says the command, and nobody's file.
  const fields = isObject(record) ? { ...record, tenant: undefined } : record;
  if (isObject(fields)) delete fields.tenant;
  const { draft, problems } = parseWire(fields);
  if (draft === undefined) {
    const [problem] = problems;
    return problem === undefined ? { drafts: [] } : { drafts: [], problem };
  }
  const hasId = isObject(record) && typeof record.id === "string" && record.id !== "";
  if (!hasId && draft.idempotency_key === undefined) {
    const content = hash("sha256", JSON.stringify(record), "hex").slice(0, 32);
    const before = seen.get(content) ?? 0;
    seen.set(content, before + 1);
    draft.idempotency_key = `${DERIVED}import:${content}:${before}`;
  }
  return { drafts: [markImported(from, draft)] };
}
