import { openTrail, type Trail } from "../../src/index.ts";
import { openForReading } from "../../src/store/sqlite/database.ts";
import { START_MS } from "../events.ts";
import { filledLog, fillingOf, logSizes, millions } from "../log.ts";
import { compare, type Figure, interleave, percentileOf, plain, type Row, type Setting } from "../measure.ts";

const REPEATS = 20;
const THIRTY_DAYS_MS = 30 * 24 * 3_600_000;
const SPAN = { since: new Date(START_MS), until: new Date(START_MS + THIRTY_DAYS_MS) };

/** What the views of a large log cost: folding all of it, and then reading. */
export const views: Row = {
  name: "views",
  title: "the views: folding, statistics over 30 days, runs, failures",
  async run(setting) {
    const figures: Figure[] = [];
    for (const events of logSizes(setting)) {
      const path = await filledLog(setting, events);
      const { rates } = await fillingOf(setting, events);
      const trail = openTrail(path, { spoolDir: `${path}.spool` });
      const begun = performance.now();
      await trail.insights.totals(SPAN);
      const rate = (events * 1_000) / (performance.now() - begun);
      figures.push(
        compare(`folding every view from nothing, ${millions(events)}`, "events/s", [rate], {
          what: "writing the same log",
          rounds: [percentileOf(rates, 50)],
        }),
        await statistics(setting, trail, path, events),
        ...(await reads(setting, trail, events)),
      );
      await trail.close();
    }
    return figures;
  },
};

async function statistics(setting: Setting, trail: Trail, path: string, events: number): Promise<Figure> {
  const db = openForReading(path, {});
  let counted: unknown;
  let scanned: unknown;
  const { ours, scan } = await interleave(setting.rounds, {
    async ours() {
      const begun = performance.now();
      const { total, by } = await trail.insights.totals({ ...SPAN, by: ["tool"] });
      const time = performance.now() - begun;
      counted = JSON.stringify([
        total.events,
        total.failures,
        Object.fromEntries((by.tool ?? []).map((it) => [it.value, it.events]).sort()),
      ]);
      return time;
    },
    scan() {
      const begun = performance.now();
      const all = db
        .prepare(
          "SELECT count(*) AS n, sum(status IN ('error', 'timeout', 'failed')) AS failures FROM events",
        )
        .get();
      const tools = db
        .prepare("SELECT tool, count(*) AS n FROM events WHERE tool IS NOT NULL GROUP BY 1 ORDER BY 1")
        .all();
      scanned = JSON.stringify([
        all?.n,
        all?.failures,
        Object.fromEntries(tools.map(({ tool, n }) => [tool, n])),
      ]);
      return performance.now() - begun;
    },
  });
  db.close();
  return compare(
    `totals, failures, series and tools over 30 days, ${millions(events)}`,
    "ms",
    ours,
    { what: "the same by SQL over the rows", rounds: scan },
    {
      goal: { of: "figure", atMost: 20 },
      note: counted === scanned ? "equal to the scan" : `NOT EQUAL to the scan: ${counted} ${scanned}`,
    },
  );
}

async function reads(setting: Setting, trail: Trail, events: number): Promise<Figure[]> {
  const middle = `run-${Math.floor(events / 200)}`;
  const calls: Readonly<Record<string, () => Promise<unknown>>> = {
    "the newest 50 runs": () => trail.runs.list({ limit: 50 }),
    "one run of 100 events": () => trail.runs.find(middle),
    "failures by fingerprint": () => trail.insights.failures({ limit: 50 }),
    "facets of the newest 50 000 events": () =>
      trail.insights.facets({ fields: ["tool", "agent", "status"] }),
  };
  const figures: Figure[] = [];
  for (const [what, call] of Object.entries(calls)) {
    const rounds: number[] = [];
    for (let round = -1; round < setting.rounds; round++) {
      const times: number[] = [];
      for (let i = 0; i < REPEATS; i++) {
        const begun = performance.now();
        await call();
        times.push(performance.now() - begun);
      }
      if (round >= 0) rounds.push(percentileOf(times, 95));
    }
    figures.push(plain(`${what}, p95, ${millions(events)}`, "ms", rounds));
  }
  return figures;
}
