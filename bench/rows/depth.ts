import { LIMITS } from "../../src/event/limits.ts";
import type { Order, Position } from "../../src/query/filter.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { filledLog, logSizes, millions } from "../log.ts";
import { compare, type Figure, interleave, percentileOf, type Row } from "../measure.ts";

const PAGE = 50;
const PAGES = 40;
const DEPTH = 0.9;

export const depth: Row = {
  name: "depth",
  title: "a page at any depth",
  async run(setting) {
    const figures: Figure[] = [];
    for (const events of logSizes(setting)) {
      const store = await openSqliteStore(await filledLog(setting, events));
      const deepSeq = Math.floor(events * (1 - DEPTH));
      const shape = {
        tenant: "default",
        where: [],
        direction: "desc",
        limit: PAGE,
        scanMax: LIMITS.scanRows,
      } as const;
      const { end } = await store.list({ ...shape, order: "seq", after: { seq: deepSeq } });
      const pages = async (order: Order, from?: Position): Promise<number> => {
        const times: number[] = [];
        let after = from;
        for (let i = 0; i < PAGES; i++) {
          const begun = performance.now();
          const page = await store.list({ ...shape, order, ...(after === undefined ? {} : { after }) });
          times.push(performance.now() - begun);
          if (from !== undefined && page.end !== null) after = page.end;
        }
        return percentileOf(times, 50);
      };
      for (const order of ["seq", "occurred_at"] as const) {
        const { deep, first } = await interleave(setting.rounds, {
          deep: () => pages(order, end ?? { seq: deepSeq }),
          first: () => pages(order),
        });
        figures.push(
          compare(
            `${PAGE} events at ${DEPTH * 100} % depth, by ${order}, ${millions(events)}`,
            "ms",
            deep,
            { what: "the first page", rounds: first },
            {
              goal: { of: "ratio", atMost: 2 },
            },
          ),
        );
      }
      await store.close();
    }
    return figures;
  },
};
