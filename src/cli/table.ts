import { columnsOf, type Printer, type Style, shorten } from "./print.ts";

export interface Column {
  readonly title: string;
  readonly align?: "right";
  /** Takes what is left of the terminal's width; the last column only. */
  readonly rest?: true;
}

export interface Cell {
  readonly text: string;
  readonly style?: Style | undefined;
}

const GAP = "  ";
const REST_MIN = 20;

/** Prints a table; its cells must be visible text. Empty columns are left out. */
export async function printTable(
  out: Printer,
  columns: readonly Column[],
  rows: readonly Cell[][],
): Promise<void> {
  const shown = columns.map((_, at) => rows.some((row) => row[at]?.text !== ""));
  const widths = columns.map(({ title }, at) =>
    Math.max(columnsOf(title), ...rows.map((row) => columnsOf(row[at]?.text ?? ""))),
  );
  const used = widths.reduce(
    (sum, width, at) => (shown[at] && !columns[at]?.rest ? sum + width + 2 : sum),
    0,
  );
  const rest = out.columns === undefined ? Number.POSITIVE_INFINITY : Math.max(REST_MIN, out.columns - used);
  const header = columns.map(({ title }): Cell => ({ text: title, style: "dim" }));
  for (const row of [header, ...rows]) {
    const cells: string[] = [];
    for (const [at, column] of columns.entries()) {
      if (!shown[at]) continue;
      const { text = "", style } = row[at] ?? {};
      const fitted = column.rest ? shorten(text, rest) : text;
      const space = " ".repeat(Math.max(0, column.rest ? 0 : (widths[at] ?? 0) - columnsOf(fitted)));
      const painted = style === undefined ? fitted : out.paint(style, fitted);
      cells.push(column.align === "right" ? space + painted : painted + space);
    }
    await out.line(cells.join(GAP).trimEnd());
  }
}
