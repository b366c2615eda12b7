/** A row of a CSV file, and the line that it begins on. */
export interface CsvRow {
  readonly line: number;
  readonly cells: readonly string[];
}

/**
 * The rows of a CSV (RFC 4180): cells in quotes may hold commas, quotes and line ends. Takes text in pieces, as
 * it is read from a file; a byte order mark is passed over. What stands between cells is a comma, or the semicolon
 * or tab that stands in the first line before any comma does. Throws a RangeError where a cell is longer than
 * `cellCharsMax`: a quote that is never closed would take the whole file.
 */
export async function* csvRows(pieces: AsyncIterable<string>, cellCharsMax: number): AsyncGenerator<CsvRow> {
  let cells: string[] = [];
  let cell = "";
  let state: "begin" | "plain" | "quoted" | "closed" = "begin";
  let line = 1;
  let begun = 1;
  let isFirst = true;
  let comma: string | undefined;
  const isComma = (char: string): boolean => {
    if (comma === undefined && /[,;\t]/.test(char)) comma = char;
    return char === comma;
  };
  const endCell = (): void => {
    cells.push(cell);
    cell = "";
    state = "begin";
  };
  for await (const piece of pieces) {
    for (const char of isFirst ? piece.replace(/^\ufeff/, "") : piece) {
      if (state === "quoted") {
        if (char === '"') state = "closed";
        else cell += char;
      } else if (char === '"' && state === "closed") {
        cell += '"';
        state = "quoted";
      } else if (char === '"' && state === "begin") state = "quoted";
      else if (isComma(char)) endCell();
      else if (char === "\n") {
        endCell();
        comma ??= ",";
        if (cells.length > 1 || cells[0] !== "") yield { line: begun, cells };
        cells = [];
        begun = line + 1;
      } else if (char !== "\r") {
        cell += char;
        state = "plain";
      }
      if (char === "\n") line++;
      if (cell.length > cellCharsMax)
        throw new RangeError(
          `the cell that begins at line ${begun} is longer than ${cellCharsMax} characters`,
        );
    }
    isFirst = false;
  }
  if (cell !== "" || cells.length > 0) yield { line: begun, cells: [...cells, cell] };
}
