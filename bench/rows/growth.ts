import { fillingOf, logSizes, millions } from "../log.ts";
import { compare, plain, type Row } from "../measure.ts";

/** The first and the last tenths of the largest log; only a large run says much. */
export const growth: Row = {
  name: "growth",
  title: "cost as the log grows",
  async run(setting) {
    const events = logSizes(setting).at(-1) ?? 0;
    const { rates, residentMiB } = await fillingOf(setting, events);
    const early = rates.slice(1, 3);
    const late = rates.slice(-2);
    const grown = residentMiB.slice(-2).map((mib, i) => mib - (residentMiB[i + 1] ?? 0));
    const goal = setting.large ? { goal: { of: "ratio", atLeast: 0.85 } as const } : {};
    return [
      compare(
        `ingest in the last two tenths of ${millions(events)}`,
        "events/s",
        late,
        { what: "in the second and third tenth", rounds: early },
        { ...goal, note: "the first tenth warms up; each side has two readings, not rounds" },
      ),
      plain("resident memory, last tenths less second and third", "MiB", grown),
    ];
  },
};
