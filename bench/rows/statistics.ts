import { isDeepStrictEqual } from "node:util";
import { openForReading } from "../../src/store/sqlite/database.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { filledLog, logSizes, millions } from "../log.ts";
import { compare, type Figure, interleave, type Row } from "../measure.ts";

const FIELDS = {
  byCategory: "category",
  byStatus: "status",
  byType: "event_type",
  byAgent: "agent",
  byTool: "tool",
};

export const statistics: Row = {
  name: "statistics",
  title: "statistics over the whole log, equal to the scan",
  async run(setting) {
    const figures: Figure[] = [];
    for (const events of logSizes(setting)) {
      const path = await filledLog(setting, events);
      const store = await openSqliteStore(path);
      const db = openForReading(path, {});
      let counted: Record<string, unknown> = {};
      let scanned: Record<string, unknown> = {};
      const { ours, scan } = await interleave(setting.rounds, {
        async ours() {
          const begun = performance.now();
          counted = { ...(await store.stats("default")) };
          return performance.now() - begun;
        },
        scan() {
          const begun = performance.now();
          scanned = Object.fromEntries(
            Object.entries(FIELDS).map(([name, column]) => {
              const rows = db
                .prepare(
                  `SELECT ${column} AS value, count(*) AS n FROM events WHERE ${column} IS NOT NULL GROUP BY 1`,
                )
                .all();
              return [name, Object.fromEntries(rows.map((row) => [row.value, row.n]))];
            }),
          );
          return performance.now() - begun;
        },
      });
      db.close();
      await store.close();
      const isEqual = Object.keys(FIELDS).every((name) => isDeepStrictEqual(counted[name], scanned[name]));
      figures.push(
        compare(
          `counts by five fields, ${millions(events)}`,
          "ms",
          ours,
          { what: "GROUP BY over the rows", rounds: scan },
          {
            goal: { of: "figure", atMost: 20 },
            note: isEqual ? "equal to the scan" : "NOT EQUAL to the scan",
          },
        ),
      );
    }
    return figures;
  },
};
