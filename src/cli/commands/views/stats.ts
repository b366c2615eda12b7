import type { Command } from "../../command.ts";
import { statusStyle } from "../../event-table.ts";
import { visible } from "../../print.ts";
import { printTable } from "../../table.ts";
import { parseWhen } from "../../when.ts";
import { openExisting } from "../../wire.ts";

const ROWS_MAX = 20;

export const stats: Command = {
  name: "stats",
  summary: "Count events by status, category, type, agent and tool.",
  examples: ["daybook stats", "daybook stats --since 24h --json"],
  async run(call) {
    const { settings, out } = call;
    const text = settings.text("statsSince");
    const since = text === undefined ? {} : { since: parseWhen("--since", text) };
    await using trail = openExisting(call);
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
