import { type FigureRecord, spreadText } from "../bench/report.ts";

/** What `npm run bench` left in `bench/results.json`, as far as the document shows it. */
export interface Results {
  readonly date: string;
  readonly commit: string;
  readonly machine: string;
  readonly rounds: number;
  readonly rows: ReadonlyArray<{ readonly figures: readonly FigureRecord[] }>;
}

const BEGIN = "## The figures\n";
const END = "\n## Large logs\n";

/** The document with the figures of these results in the place of those that it has. */
export function benchmarksDocument(document: string, results: Results): string {
  const begin = document.indexOf(BEGIN) + BEGIN.length;
  return `${document.slice(0, begin)}${figuresOf(results)}${document.slice(document.indexOf(END, begin))}`;
}

function figuresOf({ date, commit, machine, rounds, rows }: Results): string {
  return [
    "",
    `${machine}, ${date.slice(0, 10)}, commit ${commit.slice(0, 7)}, a run of ${rounds} rounds.`,
    "",
    "| what | median (lowest … highest) | baseline | ratio | goal | |",
    "| --- | --- | --- | --- | --- | --- |",
    ...rows.flatMap((row) => row.figures.map(lineOf)),
    "",
  ].join("\n");
}

function lineOf({ what, unit, ours, baseline, ratio, goal, met }: FigureRecord): string {
  const verdict = met === null ? "" : met ? "met" : "**missed**";
  const beside = baseline === undefined ? "" : `${spreadText(baseline.spread)}: ${baseline.what}`;
  const times = ratio === undefined ? "" : `${spreadText(ratio)} ×`;
  return `| ${[`${what}, ${unit}`, spreadText(ours), beside, times, goal ?? "", verdict].join(" | ")} |`;
}
