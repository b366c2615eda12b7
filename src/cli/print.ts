import { styleText } from "node:util";
import { jsonLine } from "../base/visible.ts";
import type { Io } from "./io.ts";

export { jsonLine, visible } from "../base/visible.ts";

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** Columns on a terminal, near enough for a table. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const char of text) columns += WIDE.test(char) ? 2 : /\p{Mark}/u.test(char) ? 0 : 1;
  return columns;
}

/** Cuts to so many columns and says that it cut. */
export function shorten(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  let kept = "";
  let used = 0;
  for (const char of text) {
    const width = columnsOf(char);
    if (used + width > columns - 1) break;
    kept += char;
    used += width;
  }
  return `${kept}…`;
}

export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

/** Thrown when nobody reads our output any more: `daybook list | head -1`. Not an error. */
export class OutputClosed extends Error {}

/** Where a command writes. Waits for slow readers, and ends the command when they are gone. */
export interface Printer {
  /** One line; the caller has made recorded text visible. */
  line(text: string): Promise<void>;
  /** A value for machines. */
  json(value: unknown): Promise<void>;
  /** One line beside the output, for people. */
  note(text: string): void;
  paint(style: Style, text: string): string;
  /** Columns of the terminal, or undefined in a pipe. */
  readonly columns: number | undefined;
  /** Aborts when nobody reads any more. */
  readonly gone: AbortSignal;
}

export function createPrinter(io: Io): Printer {
  const { stdout, stderr, env } = io;
  const gone = new AbortController();
  const isTerminal = stdout.isTTY === true;
  const colored = isTerminal && !env.NO_COLOR && env.TERM !== "dumb";
  let trouble: Error | undefined;
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    trouble ??= error.code === "EPIPE" ? new OutputClosed() : error;
    gone.abort();
  });
  // Nowhere is left to say that standard error is closed.
  stderr.on("error", () => gone.abort());

  async function line(text: string): Promise<void> {
    if (trouble !== undefined) throw trouble;
    if (stdout.write(`${text}\n`)) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        stdout.off("drain", done);
        gone.signal.removeEventListener("abort", done);
        resolve();
      };
      stdout.once("drain", done);
      gone.signal.addEventListener("abort", done);
    });
    if (trouble !== undefined) throw trouble;
  }

  return {
    line,
    json: (value) => line(jsonLine(value)),
    note: (text) => void stderr.write(`${text}\n`),
    paint: (style, text) => (colored ? styleText(style, text, { validateStream: false }) : text),
    columns: isTerminal ? (stdout.columns ?? 80) : undefined,
    gone: gone.signal,
  };
}
