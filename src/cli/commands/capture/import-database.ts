import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { messageOf, TrailError } from "../../../base/error.ts";
import { broken, type Read } from "../../../ingest/import/importer.ts";
import type { OldTable, Row } from "../../../ingest/import/old-table.ts";
import type { Placed } from "./import-files.ts";

/** As long as a program that writes may hold the file. */
const BUSY_MS = 5_000;
const PAGE_ROWS = 500;
const OWNERS_SHOWN = 20;

/**
 * Every row of the tables that are there. `tenant` is the one that the command names, if it does: a file of one
 * owner goes where the command says, and of a file of several only the one is read that it names.
 */
export function* readDatabase(
  tables: readonly OldTable[],
  path: string,
  tenant: string | undefined,
): Generator<Placed> {
  const { db, close } = openOld(path);
  try {
    const there = tables.filter((table) => columnsOf(db, table.name).size > 0);
    if (there.length === 0) {
      const names = tables.map(({ name }) => name).join(" or ");
      throw unreadable(`${basename(path)} has no table ${names}.`, "Check --from.");
    }
    for (const table of there) yield* readTable(db, table, path, tenant);
  } finally {
    close();
  }
}

function* readTable(
  db: DatabaseSync,
  table: OldTable,
  path: string,
  tenant: string | undefined,
): Generator<Placed> {
  const { name, columns, more = [], owner = [] } = table;
  const there = columnsOf(db, name);
  const lacking = columns.filter((column) => !there.has(column));
  if (lacking.length > 0)
    throw unreadable(`The table ${name} of ${basename(path)} has no ${lacking.join(", ")}.`, "Check --from.");
  const missing = more.filter((column) => !there.has(column));
  if (missing.length > 0)
    yield { line: 0, read: { drafts: [] }, note: `the table ${name} has no ${missing.join(", ")}` };
  const ownerColumn = owner.find((column) => there.has(column));
  const owners = ownerColumn === undefined ? [] : ownersOf(db, name, ownerColumn);
  if (owners.length > 1 && (tenant === undefined || !owners.includes(tenant)))
    throw unreadable(
      `${basename(path)} has rows of several owners: ${owners.slice(0, OWNERS_SHOWN).join(", ")}.`,
      "Import each of them by itself: --tenant NAME reads the rows of that one, into the log of that one.",
    );
  const only = owners.length > 1 ? { column: ownerColumn as string, value: tenant as string } : undefined;
  const read = table.reader();
  const total = Number(db.prepare(`SELECT count(*) AS n FROM "${name}"`).get()?.n ?? 0);
  let number = 0;
  for (const row of rowsOf(db, table, only)) {
    number++;
    const line = typeof row[ROW_NUMBER] === "number" ? row[ROW_NUMBER] : number;
    yield { line, read: safely(read, row), share: number / Math.max(total, 1) };
  }
}

/** A row that breaks a reader is a bad row, and the others are read. */
function safely(read: (row: Row) => Read, row: Row): Read {
  try {
    return read(row);
  } catch (thrown) {
    return broken("row", messageOf(thrown));
  }
}

const ROW_NUMBER = "row number";

interface Only {
  readonly column: string;
  readonly value: string;
}

/**
 * A page at a time: a program that writes to the file waits for no reader of all of it. What has an order of its own, or
 * no row numbers, is read in one go.
 */
function* rowsOf(db: DatabaseSync, { name, order }: OldTable, only: Only | undefined): Generator<Row> {
  const where = only === undefined ? "" : ` AND "${only.column}" = ?`;
  const values: SQLInputValue[] = only === undefined ? [] : [only.value];
  const isNumbered = hasRowNumbers(db, name);
  const columns = isNumbered ? `rowid AS "${ROW_NUMBER}", *` : "*";
  if (order !== undefined || !isNumbered) {
    const by = order === undefined ? "" : ` ORDER BY ${order.map((column) => `"${column}"`).join(", ")}`;
    const all = prepared(db, `SELECT ${columns} FROM "${name}" WHERE true${where}${by}`);
    for (const row of all.iterate(...values)) yield plainRow(row);
    return;
  }
  const page = prepared(
    db,
    `SELECT ${columns} FROM "${name}" WHERE rowid > ?${where} ORDER BY rowid LIMIT ${PAGE_ROWS}`,
  );
  let after: SQLInputValue = -(2n ** 63n);
  for (;;) {
    const rows = page.all(after, ...values);
    for (const row of rows) {
      after = row[ROW_NUMBER] as bigint;
      yield plainRow(row);
    }
    if (rows.length < PAGE_ROWS) return;
  }
}

/** Whole numbers as they are in the file: nanoseconds do not fit a number, and one of them would end the reading. */
function prepared(db: DatabaseSync, sql: string) {
  const statement = db.prepare(sql);
  statement.setReadBigInts(true);
  return statement;
}

function plainRow(row: Record<string, unknown>): Row {
  const plain: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(row)) {
    if (typeof value === "bigint") plain[name] = Number(value);
    else plain[name] = value instanceof Uint8Array ? textOf(value) : value;
  }
  return plain;
}

/** Some drivers store text, and ids, as bytes. */
function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return Buffer.from(bytes).toString("hex");
  }
}

function columnsOf(db: DatabaseSync, table: string): Set<unknown> {
  const columns = db.prepare("SELECT name FROM pragma_table_info(?)").all(table);
  return new Set(columns.map(({ name }) => name));
}

function hasRowNumbers(db: DatabaseSync, table: string): boolean {
  const found = db.prepare("SELECT type, wr FROM pragma_table_list WHERE name = ?").get(table);
  return found?.type === "table" && found.wr === 0;
}

function ownersOf(db: DatabaseSync, table: string, column: string): string[] {
  const sql = `SELECT DISTINCT "${column}" AS owner FROM "${table}" WHERE "${column}" IS NOT NULL ORDER BY 1`;
  return db
    .prepare(sql)
    .all()
    .map(({ owner }) => (owner instanceof Uint8Array ? textOf(owner) : String(owner)));
}

interface Opened {
  readonly db: DatabaseSync;
  readonly close: () => void;
}

/**
 * For reading only. Where that is not possible (a write-ahead log in a folder that cannot be written, a crashed writer's
 * journal) a copy is read, with the files beside it that belong to it.
 */
function openOld(path: string): Opened {
  try {
    const db = tried(path, true);
    return { db, close: () => db.close() };
  } catch (thrown) {
    if (!mayHelpToCopy(thrown)) throw thrown;
    const folder = mkdtempSync(join(tmpdir(), "daybook-import-"));
    const remove = (): void => rmSync(folder, { recursive: true, force: true });
    try {
      const copy = join(folder, "copy.db");
      for (const end of ["", "-wal", "-journal"])
        if (existsSync(path + end)) copyFileSync(path + end, copy + end);
      const db = tried(copy, false);
      const close = (): void => {
        db.close();
        remove();
      };
      return { db, close };
    } catch {
      remove();
      throw thrown;
    }
  }
}

function tried(path: string, readOnly: boolean): DatabaseSync {
  const db = new DatabaseSync(path, { readOnly, timeout: BUSY_MS });
  try {
    db.prepare("SELECT count(*) FROM sqlite_schema").get();
    return db;
  } catch (thrown) {
    db.close();
    throw thrown;
  }
}

/** SQLITE_READONLY, SQLITE_IOERR and SQLITE_CANTOPEN, with whatever more they say. */
function mayHelpToCopy(thrown: unknown): boolean {
  const code = (thrown as { errcode?: unknown }).errcode;
  return typeof code === "number" && [8, 10, 14].includes(code & 0xff);
}

function unreadable(message: string, fix: string): TrailError {
  return new TrailError("import.unreadable", `${message} ${fix}`, { fix });
}
