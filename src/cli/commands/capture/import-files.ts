import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { messageOf, TrailError } from "../../../base/error.ts";
import { isObject, type JsonValue } from "../../../base/json.ts";
import { LIMITS } from "../../../event/limits.ts";
import { valueOfText } from "../../../event/text-value.ts";
import { csvRows } from "../../../ingest/import/csv.ts";
import { broken, type Importer, NOTHING, type Read } from "../../../ingest/import/importer.ts";
import type { ImportKind } from "../../../ingest/import/kinds.ts";
import { readOtlpLine } from "../../../ingest/import/otlp.ts";
import { OLD_SYSTEMS } from "../../../ingest/import/sqlite-rows.ts";
import { readLines } from "../../ndjson.ts";

/** What one place of a file gave. */
export interface Placed {
  /** A line, or the number of a record or row. */
  readonly line: number;
  readonly read: Read;
}

/** Results of tools stand in transcripts whole; what of them is kept is bounded later. */
const LINE_BYTES = 64 * 1_048_576;
const DOCUMENT_BYTES = 256 * 1_048_576;

/** The files that a path names: itself, or those of the kind below a folder, in order of their names. */
export function filesOf(path: string, kind: ImportKind): string[] {
  if (!existsSync(path))
    throw new TrailError("import.unreadable", `There is no file ${path}.`, { field: "FILE" });
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && kind.names.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Everything that a file gives, in order. Rejects where it cannot be read at all. */
export async function* readFile(from: string, kind: ImportKind, path: string): AsyncGenerator<Placed> {
  if (kind.form === "sqlite") {
    yield* readDatabase(from, path);
    return;
  }
  const importer = kind.importer?.();
  const take = async (record: JsonValue): Promise<Read> => importer?.read(record) ?? readOtlpLine(record);
  let line = 0;
  for await (const { line: at, record, problem } of kind.form === "csv"
    ? csvRecords(path)
    : jsonRecords(path)) {
    line = at;
    yield { line, read: problem ?? (await takeSafely(take, record as JsonValue)) };
  }
  yield { line, read: endOf(importer) };
}

/** A payload that breaks a decoder's rule is a bad line like every other. */
async function takeSafely(take: (record: JsonValue) => Promise<Read>, record: JsonValue): Promise<Read> {
  try {
    return await take(record);
  } catch (thrown) {
    return broken("record", messageOf(thrown));
  }
}

function endOf(importer: Importer | undefined): Read {
  const drafts = importer?.end() ?? [];
  return drafts.length === 0 ? NOTHING : { drafts };
}

interface Item {
  readonly line: number;
  readonly record?: JsonValue;
  readonly problem?: Read;
}

async function* jsonRecords(path: string): AsyncGenerator<Item> {
  const document = path.endsWith(".json") ? documentOf(path) : undefined;
  if (document !== undefined) {
    for (const [i, record] of document.entries()) yield { line: i + 1, record };
    return;
  }
  for await (const lines of readLines(createReadStream(path), LINE_BYTES)) {
    for (const { number: line, text, rule } of lines) {
      if (text === undefined) yield { line, problem: broken("line", rule ?? "cannot be read") };
      else if (text.trim() !== "") yield parsedLine(line, text);
    }
  }
}

function parsedLine(line: number, text: string): Item {
  try {
    return { line, record: JSON.parse(text) as JsonValue };
  } catch (thrown) {
    return { line, problem: broken("line", `is not JSON: ${messageOf(thrown)}`) };
  }
}

/** The records of a file that is one JSON document: a list, a page of an API, or one record. Undefined for lines. */
function documentOf(path: string): JsonValue[] | undefined {
  if (statSync(path).size > DOCUMENT_BYTES) return undefined;
  try {
    const document = JSON.parse(readFileSync(path, "utf8")) as JsonValue;
    if (Array.isArray(document)) return document;
    return isObject(document) && Array.isArray(document.data) ? document.data : [document];
  } catch {
    return undefined;
  }
}

/** An apostrophe that our own export puts before what a spreadsheet would take for a formula. */
const GUARDED = /^'(?=[=+\-@\t\r])/;

async function* csvRecords(path: string): AsyncGenerator<Item> {
  let names: readonly string[] | null = null;
  for await (const { line, cells } of csvRows(createReadStream(path, "utf8"), LIMITS.eventBytes)) {
    if (names === null) names = cells;
    else if (cells.length !== names.length)
      yield { line, problem: broken("line", `must have ${names.length} cells, as the first line has`) };
    else yield csvRecord(line, names, cells);
  }
}

function csvRecord(line: number, names: readonly string[], cells: readonly string[]): Item {
  const record: Record<string, unknown> = {};
  for (const [i, name] of names.entries()) {
    const cell = (cells[i] ?? "").replace(GUARDED, "");
    if (cell === "") continue;
    try {
      record[name] = valueOfText(name, cell);
    } catch {
      return { line, problem: broken(name, "must be JSON") };
    }
  }
  return { line, record: record as JsonValue };
}

function* readDatabase(from: string, path: string): Generator<Placed> {
  const system = OLD_SYSTEMS.find((it) => it.from === from);
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    let found = 0;
    for (const { name, columns, reader } of system?.tables ?? []) {
      const there = db.prepare("SELECT name FROM pragma_table_info(?)").all(name);
      const names = new Set(there.map((column) => column.name));
      if (!columns.every((column) => names.has(column))) continue;
      found++;
      const read = reader();
      const rows = db.prepare(`SELECT rowid AS "row number", * FROM "${name}" ORDER BY rowid`);
      rows.setReadBigInts(false);
      for (const row of rows.iterate()) yield { line: Number(row["row number"]), read: read(row) };
    }
    if (found === 0)
      throw new TrailError("import.unreadable", `${basename(path)} has none of the tables of ${from}.`, {
        fix: "Check --from.",
      });
  } finally {
    db.close();
  }
}
