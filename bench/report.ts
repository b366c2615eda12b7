import { type Figure, type Goal, isMet, type Spread } from "./measure.ts";

/** A figure as it stands in results.json. */
export interface FigureRecord {
  readonly what: string;
  readonly unit: string;
  readonly ours: Spread;
  readonly baseline?: { readonly what: string; readonly spread: Spread };
  readonly ratio?: Spread;
  readonly goal: string | null;
  readonly met: boolean | null;
  readonly note?: string;
}

export function recordOf(figure: Figure): FigureRecord {
  const { goal, ...rest } = figure;
  return rounded({
    ...rest,
    goal: goal === undefined ? null : goalText(goal, figure.unit),
    met: isMet(figure),
  });
}

export function printFigure(figure: Figure, say: (text: string) => void): void {
  const met = isMet(figure);
  const goal = figure.goal === undefined ? "" : `   goal ${goalText(figure.goal, figure.unit)}`;
  const verdict = met === null ? "" : met ? "  met" : "  MISSED";
  say(`  ${figure.what}`);
  say(
    `    ours      ${printed(figure.ours, figure.unit)}${figure.ratio === undefined ? goal + verdict : ""}`,
  );
  if (figure.baseline !== undefined && figure.ratio !== undefined) {
    say(`    baseline  ${printed(figure.baseline.spread, figure.unit)}   ${figure.baseline.what}`);
    say(`    ratio     ${printed(figure.ratio, "×")}${goal}${verdict}`);
  }
  if (figure.note !== undefined) say(`    note      ${figure.note}`);
}

function goalText(goal: Goal, unit: string): string {
  const of = goal.of === "ratio" ? "×" : unit;
  const parts = [];
  if (goal.atMost !== undefined) parts.push(`≤ ${goal.atMost} ${of}`);
  if (goal.atLeast !== undefined) parts.push(`≥ ${goal.atLeast} ${of}`);
  return parts.join(", ");
}

/** The median, and where there was more than one round the lowest and the highest: `5.65 (5.6 … 5.79)`. */
export function spreadText({ median, min, max, rounds }: Spread): string {
  return rounds.length < 2 ? short(median) : `${short(median)} (${short(min)} … ${short(max)})`;
}

function printed(spread: Spread, unit: string): string {
  const [median = "", range = ""] = spreadText(spread).split(/ (?=\()/);
  return `${`${median} ${unit}`.padEnd(14)} ${range}`.trimEnd();
}

function short(value: number): string {
  if (Math.abs(value) >= 1_000) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}

function rounded<T>(value: T): T {
  return JSON.parse(
    JSON.stringify(value, (_key, item) => (typeof item === "number" ? Number(item.toPrecision(5)) : item)),
  );
}
