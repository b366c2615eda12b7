import type { JsonObject } from "../../base/json.ts";
import { DIMENSIONS, type Dimension } from "../../view/totals/totals.ts";
import { BRIEF, fitting, shown } from "./answer.ts";
import { limit, TIME, text } from "./event-tools.ts";
import { failureRow, time, totalsRow } from "./rows.ts";
import type { Tool } from "./tool.ts";

const VALUES_MAX = 20;
const SERIES_MAX = 200;

export const failures: Tool = {
  name: "failures",
  title: "Failures by kind",
  description:
    "What failed, failures of one kind together, last seen first: how often, since when, of which tool and agents.",
  takes: {
    tool: text("Only of this tool."),
    agent: text("Only of this agent."),
    since: text(`Last seen at or after: ${TIME}`),
    limit: limit(100, 20),
  },
  async run({ trail, given }) {
    const [tool, agent, since] = [given.text("tool"), given.text("agent"), given.time("since")];
    const groups = await trail.insights.failures({
      ...(tool === undefined ? {} : { tool }),
      ...(agent === undefined ? {} : { agent }),
      ...(since === undefined ? {} : { since }),
      limit: given.count("limit"),
    });
    const rows = groups.map((group) => failureRow(group, BRIEF));
    const kept = fitting(rows);
    return {
      failures: kept,
      ...(kept.length < rows.length ? { cut: "Not all fitted; ask for fewer." } : {}),
    };
  },
};

export const statistics: Tool = {
  name: "statistics",
  title: "Statistics",
  description:
    "How much was done, failed, took and cost in a span of time: in total, over time, and by agent, tool, model …",
  takes: {
    since: text(`From: ${TIME} 30 days ago where nothing is said.`),
    until: text(`To: ${TIME} Now where nothing is said.`),
    by: {
      type: "array",
      description: `Also for each value of these: ${DIMENSIONS.join(", ")}. The ${VALUES_MAX} most frequent.`,
      items: { type: "string", enum: DIMENSIONS },
    },
  },
  async run({ trail, given }) {
    const [since, until] = [given.time("since"), given.time("until")];
    const report = await trail.insights.totals({
      ...(since === undefined ? {} : { since }),
      ...(until === undefined ? {} : { until }),
      by: given.list("by") as readonly Dimension[],
    });
    const by: JsonObject = {};
    for (const [dimension, values] of Object.entries(report.by)) {
      by[dimension] = values
        .slice(0, VALUES_MAX)
        .map(({ value, ...totals }) => ({ value: shown(value, BRIEF), ...totalsRow(totals) }));
    }
    const series = report.series.map(({ at, events, failures: failed }) => ({
      at: time(at),
      events,
      failures: failed,
    }));
    return {
      since: time(report.since),
      until: time(report.until),
      total: totalsRow(report.total),
      by,
      bucket: report.bucket,
      series: series.slice(-SERIES_MAX),
      ...(series.length > SERIES_MAX ? { cut: `Only the last ${SERIES_MAX} buckets are shown.` } : {}),
    };
  },
};

export const verify: Tool = {
  name: "verify",
  title: "Verify the log",
  description:
    "Judges whether the log is whole and untouched: five claims, each proved, conditional, not provable or broken. Reads the whole log, which may take a while.",
  takes: {},
  async run({ trail, signal, onProgress }) {
    const { tenant, events, sealed, pruned, holds, claims } = await trail.verify({ signal, onProgress });
    return {
      holds,
      tenant,
      events,
      sealed,
      pruned,
      claims: claims.map(({ title, standing, says, conditions, problems }) => ({
        claim: title,
        standing,
        says: shown(says, BRIEF),
        conditions: shown([...conditions], BRIEF),
        problems: shown(
          problems.map(({ text: told }) => told),
          BRIEF,
        ),
      })),
    };
  },
};
