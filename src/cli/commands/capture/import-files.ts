import { closeSync, createReadStream, existsSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { Readable } from "node:stream";
import { text as textOf } from "node:stream/consumers";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { messageOf, TrailError } from "../../../base/error.ts";
import { isObject, type JsonValue } from "../../../base/json.ts";
import { LIMITS } from "../../../event/limits.ts";
import { csvRows } from "../../../ingest/import/csv.ts";
import { broken, type Importer, NOTHING, type Read } from "../../../ingest/import/importer.ts";
import type { ImportKind } from "../../../ingest/import/kinds.ts";
import type { Traces } from "../../../ingest/import/langfuse.ts";
import { readOtlpLine, readOtlpMessage } from "../../../ingest/import/otlp.ts";
import { readLines } from "../../ndjson.ts";
import { readDatabase } from "./import-database.ts";

/** What one place of a file gave. */
export interface Placed {
  /** A line, or the number of a record or row; 0 for the file. */
  readonly line: number;
  readonly read: Read;
  /** What is worth knowing of the file, and no error. */
  readonly note?: string;
  /** How much of the file is read, of 1. */
  readonly share?: number;
}

/** What holds for all files of one import. */
export interface Around {
  readonly traces: Traces;
  /** The tenant that the command names, if it does. */
  readonly tenant: string | undefined;
}

/** Results of tools stand in transcripts whole; what of them is kept is bounded later. */
const LINE_BYTES = 64 * 1_048_576;
const DOCUMENT_BYTES = 256 * 1_048_576;
/** A cell holds an event's data, or what a model read and wrote. */
const CELL_CHARS = 8 * LIMITS.eventBytes;

/** The files that a path names: itself, or those of the kind below a folder, in order of their names. */
export function filesOf(path: string, kind: ImportKind): string[] {
  if (!existsSync(path))
    throw new TrailError("import.unreadable", `There is no file ${path}.`, { field: "FILE" });
  if (!statSync(path).isDirectory()) return [path];
  const isLate = (file: string): number => (kind.first?.test(file.slice(path.length)) ? 0 : 1);
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && kind.names.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .sort((a, b) => isLate(a) - isLate(b));
}

/** Everything that a file gives, in order. Rejects where it cannot be read at all. */
export async function* readFile(kind: ImportKind, path: string, around: Around): AsyncGenerator<Placed> {
  if (kind.form === "sqlite") {
    yield* readDatabase(kind.tables ?? [], path, around.tenant);
    return;
  }
  const head = headOf(path);
  if (head.startsWith("PAR1"))
    throw new TrailError(
      "import.unreadable",
      `${basename(path)} is Parquet: export it as JSON lines or CSV.`,
    );
  const source = sourceOf(path, head);
  if (kind.importer === undefined && source.isFramed) {
    yield* readMessages(source);
    return;
  }
  const importer = kind.importer?.(around.traces);
  const take = async (record: JsonValue): Promise<Read> => importer?.read(record) ?? readOtlpLine(record);
  const isCsv = kind.form === "csv" || (kind.form === "either" && /\.csv(?:\.\w+)?$/.test(path));
  let line = 0;
  for await (const { line: at, record, problem } of isCsv ? csvRecords(source) : jsonRecords(source)) {
    line = at;
    yield { line, read: problem ?? (await takeSafely(take, record as JsonValue)), share: source.share() };
  }
  yield { line, read: endOf(importer) };
}

interface Source {
  readonly path: string;
  /** The collector's `proto` form: each message behind its length. */
  readonly isFramed: boolean;
  readonly isCompressed: boolean;
  open(): Readable;
  share(): number;
}

function headOf(path: string): string {
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(8);
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0)).toString("latin1");
  } finally {
    closeSync(file);
  }
}

/** What gzip or zstd compressed is read through it. */
function sourceOf(path: string, head: string): Source {
  const { size } = statSync(path);
  const unpack = head.startsWith("\x1f\x8b")
    ? createGunzip
    : head.startsWith("\x28\xb5\x2f\xfd")
      ? createZstdDecompress
      : undefined;
  let file: ReturnType<typeof createReadStream> | undefined;
  return {
    path,
    isFramed: head.startsWith("\0"),
    isCompressed: unpack !== undefined,
    open() {
      file = createReadStream(path);
      if (unpack === undefined) return file;
      const unpacked = unpack();
      file.on("error", (error) => unpacked.destroy(error));
      return file.pipe(unpacked);
    },
    share: () => (size === 0 ? 1 : (file?.bytesRead ?? 0) / size),
  };
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

async function* jsonRecords(source: Source): AsyncGenerator<Item> {
  const document = /\.json(?:\.\w+)?$/.test(source.path) ? await documentOf(source) : undefined;
  if (document !== undefined) {
    for (const [i, record] of document.entries()) yield { line: i + 1, record };
    return;
  }
  for await (const lines of readLines(source.open(), LINE_BYTES)) {
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
async function documentOf(source: Source): Promise<JsonValue[] | undefined> {
  // What is compressed may be any size: it is read line by line.
  if (source.isCompressed || statSync(source.path).size > DOCUMENT_BYTES) return undefined;
  try {
    const document = JSON.parse((await textOf(source.open())).replace(/^\ufeff/, "")) as JsonValue;
    if (Array.isArray(document)) return document;
    return isObject(document) && Array.isArray(document.data) ? document.data : [document];
  } catch {
    return undefined;
  }
}

/** Each row as its cells by the names of the first one. */
async function* csvRecords(source: Source): AsyncGenerator<Item> {
  let names: readonly string[] | null = null;
  for await (const { line, cells } of csvRows(source.open().setEncoding("utf8"), CELL_CHARS)) {
    if (names === null) names = cells.map((cell) => cell.trim());
    else if (cells.length !== names.length)
      yield { line, problem: broken("line", `must have ${names.length} cells, as the first line has`) };
    else yield { line, record: Object.fromEntries(names.map((name, i) => [name, cells[i] ?? ""])) };
  }
}

const LENGTH_BYTES = 4;

async function* readMessages(source: Source): AsyncGenerator<Placed> {
  let pieces: Buffer[] = [];
  let bytes = 0;
  let wanted = LENGTH_BYTES;
  let number = 0;
  for await (const piece of source.open()) {
    pieces.push(piece as Buffer);
    bytes += (piece as Buffer).length;
    if (bytes < wanted) continue;
    let rest = Buffer.concat(pieces);
    for (;;) {
      const hasLength = rest.length >= LENGTH_BYTES;
      wanted = LENGTH_BYTES + (hasLength ? rest.readUInt32BE(0) : 0);
      if (wanted > LINE_BYTES) throw unreadableMessage(source, number + 1);
      if (!hasLength || rest.length < wanted) break;
      yield {
        line: ++number,
        read: await readOtlpMessage(rest.subarray(LENGTH_BYTES, wanted)),
        share: source.share(),
      };
      rest = rest.subarray(wanted);
    }
    pieces = [rest];
    bytes = rest.length;
  }
  if (bytes > 0) throw unreadableMessage(source, number + 1);
}

function unreadableMessage({ path }: Source, number: number): TrailError {
  return new TrailError("import.unreadable", `${basename(path)} ends within message ${number}.`);
}
