/** Two things that stand for each other, or one that the other side has not. */
export type Aligned<T> = readonly [a: T | null, b: T | null];

/** Cells of the table that is filled; beyond, what differs in the middle is not searched for the best match. */
const CELLS_MAX = 4_000_000;
/** How far ahead the next match is looked for then. */
const LOOK_AHEAD = 64;

/**
 * The longest common subsequence of both by `key`, and in between what only one side has, `a` first.
 * Equal beginnings and ends are cut off before, so that long runs which differ little are quick.
 */
export function align<T>(a: readonly T[], b: readonly T[], key: (item: T) => string): Aligned<T>[] {
  const [keysA, keysB] = [a.map(key), b.map(key)];
  let from = 0;
  while (from < a.length && from < b.length && keysA[from] === keysB[from]) from++;
  let [endA, endB] = [a.length, b.length];
  while (endA > from && endB > from && keysA[endA - 1] === keysB[endB - 1]) {
    endA--;
    endB--;
  }
  const pairs = matchesBetween(keysA.slice(from, endA), keysB.slice(from, endB));
  const rows: Aligned<T>[] = [];
  let [atA, atB] = [0, 0];
  const upTo = (toA: number, toB: number): void => {
    while (atA < toA) rows.push([a[atA++] as T, null]);
    while (atB < toB) rows.push([null, b[atB++] as T]);
  };
  const both = (): void => {
    rows.push([a[atA++] as T, b[atB++] as T]);
  };
  while (atA < from) both();
  for (const [i, j] of pairs) {
    upTo(from + i, from + j);
    both();
  }
  upTo(endA, endB);
  while (atA < a.length) both();
  return rows;
}

type Match = readonly [a: number, b: number];

function matchesBetween(a: readonly string[], b: readonly string[]): Match[] {
  return a.length * b.length <= CELLS_MAX ? longest(a, b) : ahead(a, b);
}

function longest(a: readonly string[], b: readonly string[]): Match[] {
  const width = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      lengths[i * width + j] =
        a[i] === b[j]
          ? (lengths[(i + 1) * width + j + 1] as number) + 1
          : Math.max(lengths[(i + 1) * width + j] as number, lengths[i * width + j + 1] as number);
    }
  }
  const matches: Match[] = [];
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) matches.push([i++, j++]);
    else if ((lengths[(i + 1) * width + j] as number) >= (lengths[i * width + j + 1] as number)) i++;
    else j++;
  }
  return matches;
}

/** The nearest match ahead, again and again. */
function ahead(a: readonly string[], b: readonly string[]): Match[] {
  const matches: Match[] = [];
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    const [stepA, stepB] = nearest(a, b, i, j) ?? [1, 1];
    if (a[i + stepA] === b[j + stepB]) matches.push([i + stepA, j + stepB]);
    i += stepA + 1;
    j += stepB + 1;
  }
  return matches;
}

function nearest(a: readonly string[], b: readonly string[], i: number, j: number): Match | undefined {
  for (let sum = 0; sum <= LOOK_AHEAD; sum++) {
    for (let stepA = 0; stepA <= sum; stepA++) {
      const stepB = sum - stepA;
      if (i + stepA < a.length && j + stepB < b.length && a[i + stepA] === b[j + stepB])
        return [stepA, stepB];
    }
  }
  return undefined;
}
