import { LIMITS } from "../../../event/limits.ts";
import type { ToolCall } from "../../../trail/calls/call.ts";
import type { Command } from "../../command.ts";
import { statusStyle } from "../../event-table.ts";
import { conditionsOf } from "../../filters.ts";
import { visible } from "../../print.ts";
import { type Cell, type Column, printTable } from "../../table.ts";
import { readableTime } from "../../when.ts";
import { openExisting } from "../../wire.ts";

const COLUMNS: readonly Column[] = [
  { title: "STARTED (UTC)" },
  { title: "STATUS" },
  { title: "TOOL" },
  { title: "AGENT" },
  { title: "MS", align: "right" },
  { title: "ARGUMENTS", rest: true },
];
const ARGS_CHARS = 400;

export const tools: Command = {
  name: "tools",
  summary: "List tool calls, newest first, each with how it ended; --open lists those that never did.",
  examples: ["daybook tools", "daybook tools --open", "daybook tools --tool fs.read --status error --json"],
  async run(call) {
    const { settings, out } = call;
    const filter = conditionsOf(settings);
    const limit = Math.min(settings.count("limit") ?? 0, LIMITS.pageSize);
    await using trail = openExisting(call);
    const calls = settings.on("open")
      ? (await trail.tools.open({ filter, limit })).map(({ call: open, ageMs }) => ({
          ...open,
          durationMs: ageMs,
        }))
      : (await trail.tools.query({ filter, limit })).calls;
    if (settings.on("json")) for (const one of calls) await out.json(one);
    else if (calls.length === 0) out.note("No tool calls.");
    else await printTable(out, COLUMNS, calls.map(row));
    return 0;
  },
};

function row(call: ToolCall): Cell[] {
  const args = call.args === null ? "" : JSON.stringify(call.args).slice(0, ARGS_CHARS);
  return [
    { text: readableTime(call.startedAt) },
    { text: visible(call.status ?? ""), style: statusStyle(call.status) },
    { text: visible(call.tool ?? "") },
    { text: visible(call.started.agent ?? "") },
    { text: call.durationMs === null ? "" : String(call.durationMs) },
    { text: visible(call.error ?? args) },
  ];
}
