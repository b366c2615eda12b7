import { expect, it } from "vitest";
import type { Printer } from "./print.ts";
import { printTable } from "./table.ts";

async function printed(columns: number | undefined): Promise<string[]> {
  const lines: string[] = [];
  const out: Printer = {
    line: async (text) => void lines.push(text),
    json: async () => undefined,
    note: () => undefined,
    paint: (_, text) => text,
    columns,
    gone: new AbortController().signal,
  };
  const titles = [
    { title: "N", align: "right" as const },
    { title: "EMPTY" },
    { title: "WHAT" },
    { title: "REST", rest: true as const },
  ];
  const row = (...texts: string[]) => texts.map((text) => ({ text }));
  await printTable(out, titles, [
    row("1", "", "日本", "a long text at the end of the row"),
    row("10", "", "b", ""),
  ]);
  return lines;
}

it("aligns columns by what a terminal shows, and leaves empty ones out", async () => {
  expect(await printed(undefined)).toEqual([
    " N  WHAT  REST",
    " 1  日本  a long text at the end of the row",
    "10  b",
  ]);
});

it("cuts the last column to the terminal", async () => {
  expect((await printed(32))[1]).toBe(" 1  日本  a long text at the en…");
});
