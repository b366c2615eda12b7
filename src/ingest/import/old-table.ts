import type { Read } from "./importer.ts";

/** A row of a database: NULL is null, a BLOB of text is that text, a whole number is a number. */
export type Row = Readonly<Record<string, unknown>>;

/** One table of an older system's file: how to know it, and what its rows are. */
export interface OldTable {
  readonly name: string;
  /** Columns without which nothing can be read. */
  readonly columns: readonly string[];
  /** Further documented ones: a file without them is read, and what is missing is said. */
  readonly more?: readonly string[];
  /** The column that says whose row it is, by the first of these names that is there. */
  readonly owner?: readonly string[];
  /** The order in which the rows are read; default: as they were written. */
  readonly order?: readonly string[];
  /** Reads the rows in order. */
  reader(): (row: Row) => Read;
}
