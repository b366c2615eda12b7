import type { CostLine, CostQuery } from "../../../trail/insights/cost.ts";
import type { Trail } from "../../../trail/trail.ts";
import type { Call, Command } from "../../command.ts";
import { pricesOf } from "../../config/prices.ts";
import { statusStyle } from "../../event-table.ts";
import { visible } from "../../print.ts";
import { type Cell, type Column, printTable } from "../../table.ts";
import { parseWhen } from "../../when.ts";
import { openExisting } from "../../wire.ts";

const ROWS_MAX = 20;

export const stats: Command = {
  name: "stats",
  summary: "Count events by status, category, type, agent and tool.",
  examples: ["daybook stats", "daybook stats --since 24h --json", "daybook stats --cost --since 7d"],
  async run(call) {
    const { settings, out } = call;
    const text = settings.text("statsSince");
    const since = text === undefined ? {} : { since: parseWhen("--since", text) };
    const prices = pricesOf(settings);
    await using trail = openExisting(call);
    if (settings.on("cost")) return await printCost(call, trail, { ...since, prices });
    const counted = await trail.events.stats(since);
    if (settings.on("json")) {
      await out.json({
        total: counted.total,
        head: counted.head,
        events_last_hour: counted.eventsLastHour,
        by_status: counted.byStatus,
        by_category: counted.byCategory,
        by_type: counted.byType,
        by_agent: counted.byAgent,
        by_tool: counted.byTool,
      });
      return 0;
    }
    await out.line(`${counted.total} events, ${counted.eventsLastHour} of them in the last hour`);
    const groups = {
      STATUS: counted.byStatus,
      CATEGORY: counted.byCategory,
      TYPE: counted.byType,
      AGENT: counted.byAgent,
      TOOL: counted.byTool,
    };
    for (const [title, counts] of Object.entries(groups)) {
      const sorted = Object.entries(counts).sort((a, b) => b[1] - a[1]);
      if (sorted.length === 0) continue;
      await out.line("");
      const rows = sorted
        .slice(0, ROWS_MAX)
        .map(([name, count]) => [
          { text: String(count) },
          { text: visible(name), style: title === "STATUS" ? statusStyle(name) : undefined },
        ]);
      await printTable(out, [{ title: "EVENTS", align: "right" }, { title }], rows);
      if (sorted.length > ROWS_MAX) await out.line(`… and ${sorted.length - ROWS_MAX} more (--json has all)`);
    }
    return 0;
  },
};

const COST_COLUMNS: readonly Column[] = [
  { title: "USD", align: "right" },
  { title: "RECORDED", align: "right" },
  { title: "REQUESTS", align: "right" },
  { title: "INPUT", align: "right" },
  { title: "CACHED", align: "right" },
  { title: "OUTPUT", align: "right" },
  { title: "MODEL" },
];

/** `--since` bounds when a request was made, and whole days are counted. */
async function printCost({ settings, out }: Call, trail: Trail, query: CostQuery): Promise<number> {
  const report = await trail.insights.cost({ ...query, by: ["model", "agent", "source"] });
  if (settings.on("json")) {
    await out.json(report);
    return 0;
  }
  const { total, table, repeated, unpriced } = report;
  await out.line(`${total.computedUsd ?? "no"} USD by the prices of ${visible(table.version)}`);
  if (unpriced.length > 0)
    await out.line(`no price of ${unpriced.map((name) => visible(name || "?")).join(", ")}`);
  if (repeated.requests > 0)
    await out.line(`${repeated.requests} requests were told by a second source too, and count once`);
  await out.line("");
  const lines = [...(report.by.model ?? []), { ...total, value: "all" }];
  await printTable(out, COST_COLUMNS, lines.map(costRow));
  return 0;
}

function costRow(line: CostLine & { value: string }): Cell[] {
  const { computedUsd, recordedUsd, requests, inputTokens, cachedTokens, outputTokens, value } = line;
  const cells = [computedUsd ?? "?", recordedUsd ?? "", requests, inputTokens, cachedTokens, outputTokens];
  return [...cells.map((cell) => ({ text: String(cell) })), { text: visible(value) }];
}
