import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The rounds of one measurement, and how far they lie apart. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly rounds: readonly number[];
}

/** What a figure must reach: at most or at least so much of the figure itself or of its ratio. */
export interface Goal {
  readonly of: "figure" | "ratio";
  readonly atMost?: number;
  readonly atLeast?: number;
}

export interface Figure {
  readonly what: string;
  readonly unit: string;
  readonly ours: Spread;
  readonly baseline?: { readonly what: string; readonly spread: Spread };
  /** Ours divided by the baseline, round by round. */
  readonly ratio?: Spread;
  readonly goal?: Goal;
  readonly note?: string;
}

/** What a row is given. */
export interface Setting {
  readonly rounds: number;
  readonly quick: boolean;
  readonly large: boolean;
  /** `full` events where there is time, a tenth of them in a quick run. */
  size(full: number): number;
  /** A folder that is there until the whole run ends, with what `fill` put into it; filled once. */
  shared(name: string, fill: (dir: string) => Promise<void>): Promise<string>;
  say(text: string): void;
}

export interface Row {
  readonly name: string;
  readonly title: string;
  run(setting: Setting): Promise<Figure[]>;
}

export function spreadOf(rounds: readonly number[]): Spread {
  const sorted = rounds.toSorted((a, b) => a - b);
  return {
    median: percentile(sorted, 50),
    min: sorted[0] ?? Number.NaN,
    max: sorted.at(-1) ?? Number.NaN,
    rounds,
  };
}

/** Of values in ascending order; between two of them it is the line that joins them. */
export function percentile(sorted: readonly number[], percent: number): number {
  const at = ((sorted.length - 1) * percent) / 100;
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? Number.NaN;
  return low + (high - low) * (at - Math.floor(at));
}

export function percentileOf(values: readonly number[], percent: number): number {
  return percentile(
    values.toSorted((a, b) => a - b),
    percent,
  );
}

type Contenders<K extends string> = Readonly<Record<K, (round: number) => number | Promise<number>>>;

/**
 * Runs every contender once per round, one after the other, so that a slow minute of the machine
 * hits all of them; one round before the first is not counted. Each returns its own figure.
 */
export async function interleave<K extends string>(
  rounds: number,
  contenders: Contenders<K>,
): Promise<Record<K, number[]>> {
  const names = Object.keys(contenders) as K[];
  const figures = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<K, number[]>;
  for (let round = -1; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const figure = await contenders[name](round);
      if (round >= 0) figures[name].push(figure);
    }
  }
  return figures;
}

export function compare(
  what: string,
  unit: string,
  ours: readonly number[],
  baseline: { what: string; rounds: readonly number[] },
  rest: Pick<Figure, "goal" | "note"> = {},
): Figure {
  const ratios = ours.map((figure, i) => figure / (baseline.rounds[i] as number));
  return {
    what,
    unit,
    ours: spreadOf(ours),
    baseline: { what: baseline.what, spread: spreadOf(baseline.rounds) },
    ratio: spreadOf(ratios),
    ...rest,
  };
}

export function plain(
  what: string,
  unit: string,
  ours: readonly number[],
  rest: Pick<Figure, "goal" | "note"> = {},
): Figure {
  return { what, unit, ours: spreadOf(ours), ...rest };
}

export function isMet({ goal, ours, ratio }: Figure): boolean | null {
  if (goal === undefined) return null;
  const value = goal.of === "ratio" ? ratio?.median : ours.median;
  if (value === undefined || Number.isNaN(value)) return false;
  return value <= (goal.atMost ?? Number.POSITIVE_INFINITY) && value >= (goal.atLeast ?? 0);
}

/** A folder for as long as `work` runs. */
export async function inFolder<T>(work: (dir: string) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), "daybook-bench-"));
  try {
    return await work(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Waits for a condition; rejects when it does not come true in time. */
export async function until(
  what: string,
  isTrue: () => boolean | Promise<boolean>,
  ms = 20_000,
): Promise<void> {
  const deadline = performance.now() + ms;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`Did not happen in ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
