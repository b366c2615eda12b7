import type { DatabaseSync } from "node:sqlite";

/** The fields that statistics count by. Stored by position: append only. */
export const TALLY_FIELDS = ["category", "status", "event_type", "agent", "tool"] as const;

/** Per field of TALLY_FIELDS: how many events have which value. */
export type Counts = Array<Map<string, number>>;

/** A node of level n counts 32^n blocks. */
const LEVELS = 4;
const FAN_OUT = 32;
const LEVEL_STRIDE = 2 ** 44;
/** A node with more values than this is not made: its children are read instead. */
const NODE_VALUES_MAX = 10_000;

const SELECT_NODE = "SELECT counts FROM tallies WHERE key = ?";
const INSERT_NODE = "INSERT INTO tallies (key, counts) VALUES (?, ?)";

export function emptyCounts(): Counts {
  return TALLY_FIELDS.map(() => new Map());
}

export function tallyKey(level: number, node: number): number {
  return level * LEVEL_STRIDE + node;
}

/** The blocks that a stored node counts. */
export function tallyBlocks(key: number): { first: number; last: number } {
  const level = Math.floor(key / LEVEL_STRIDE);
  const width = FAN_OUT ** level;
  const first = (key % LEVEL_STRIDE) * width;
  return { first, last: first + width - 1 };
}

/** The nodes that a completed block completes, lowest first, given a way to read stored ones. */
export function* completedNodes(
  block: number,
  counts: Counts,
  read: (key: number) => string | undefined,
): Generator<readonly [key: number, counts: string]> {
  const made = new Map<number, string>();
  const first = encodeCounts(counts);
  made.set(tallyKey(0, block), first);
  yield [tallyKey(0, block), first];
  for (let level = 1; level < LEVELS; level++) {
    if ((block + 1) % FAN_OUT ** level !== 0) return;
    const node = Math.floor(block / FAN_OUT ** level);
    const sum = emptyCounts();
    for (let child = node * FAN_OUT; child < (node + 1) * FAN_OUT; child++) {
      const key = tallyKey(level - 1, child);
      const text = made.get(key) ?? read(key);
      if (text === undefined) return;
      addCounts(sum, text);
    }
    if (sum.reduce((size, map) => size + map.size, 0) > NODE_VALUES_MAX) return;
    const text = encodeCounts(sum);
    made.set(tallyKey(level, node), text);
    yield [tallyKey(level, node), text];
  }
}

export function writeTallies(db: DatabaseSync, block: number, counts: Counts): void {
  const select = db.prepare(SELECT_NODE);
  const insert = db.prepare(INSERT_NODE);
  const read = (key: number): string | undefined => select.get(key)?.counts as string | undefined;
  for (const [key, text] of completedNodes(block, counts, read)) insert.run(key, text);
}

/** Makes the nodes that count a block again, where they are stored, after rows of it went. */
export function replaceTallies(db: DatabaseSync, block: number, counts: Counts): void {
  const select = db.prepare(SELECT_NODE);
  const update = db.prepare("UPDATE tallies SET counts = ? WHERE key = ?");
  update.run(encodeCounts(counts), tallyKey(0, block));
  for (let level = 1; level < LEVELS; level++) {
    const node = Math.floor(block / FAN_OUT ** level);
    const sum = emptyCounts();
    for (let child = node * FAN_OUT; child < (node + 1) * FAN_OUT; child++) {
      const text = select.get(tallyKey(level - 1, child))?.counts as string | undefined;
      // A node is stored only where all its children are.
      if (text === undefined) return;
      addCounts(sum, text);
    }
    update.run(encodeCounts(sum), tallyKey(level, node));
  }
}

/** Adds the counts of the complete blocks from `first` up to, without, `end`. */
export function sumTallies(db: DatabaseSync, first: number, end: number, sum: Counts): void {
  const select = db.prepare(SELECT_NODE);
  for (let block = first; block < end; ) {
    let step = 1;
    for (let level = LEVELS - 1; level >= 0; level--) {
      const width = FAN_OUT ** level;
      if (block % width !== 0 || block + width > end) continue;
      const text = select.get(tallyKey(level, block / width))?.counts as string | undefined;
      if (text === undefined) continue;
      addCounts(sum, text);
      step = width;
      break;
    }
    block += step;
  }
}

function encodeCounts(counts: Counts): string {
  return JSON.stringify(counts.map((map) => [...map]));
}

function addCounts(sum: Counts, text: string): void {
  const stored = JSON.parse(text) as Array<Array<[string, number]>>;
  for (const [i, entries] of stored.entries()) {
    const map = sum[i];
    if (map === undefined) continue;
    for (const [value, count] of entries) map.set(value, (map.get(value) ?? 0) + count);
  }
}
