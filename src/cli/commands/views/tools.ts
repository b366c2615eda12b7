import { LIMITS } from "../../../event/limits.ts";
import type { ToolCall } from "../../../trail/calls/call.ts";
import type { SeenCall } from "../../../trail/calls/reconciliation.ts";
import type { Trail } from "../../../trail/trail.ts";
import type { Call, Command } from "../../command.ts";
import { statusStyle } from "../../event-table.ts";
import { conditionsOf } from "../../filters.ts";
import { visible } from "../../print.ts";
import { type Cell, type Column, printTable } from "../../table.ts";
import { parseWhen, readableTime } from "../../when.ts";
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
  examples: [
    "daybook tools",
    "daybook tools --open",
    "daybook tools --observers --since 24h",
    "daybook tools --tool fs.read --status error --json",
  ],
  async run(call) {
    const { settings, out } = call;
    const filter = conditionsOf(settings);
    const limit = Math.min(settings.count("limit") ?? 0, LIMITS.pageSize);
    await using trail = openExisting(call);
    if (settings.on("observers")) return await printObservers(call, trail, limit);
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

const SEEN_COLUMNS: readonly Column[] = [
  { title: "STARTED (UTC)" },
  { title: "TOOL" },
  { title: "CALL" },
  { title: "SEEN BY", rest: true },
];

/** As JSON: the coverage first, then a call a line. */
async function printObservers({ settings, out }: Call, trail: Trail, limit: number): Promise<number> {
  const since = settings.text("since");
  const until = settings.text("until");
  const { coverage, calls } = await trail.tools.reconcile({
    limit,
    ...(since === undefined ? {} : { since: parseWhen("--since", since) }),
    ...(until === undefined ? {} : { until: parseWhen("--until", until) }),
  });
  if (settings.on("json")) {
    await out.json({ coverage });
    for (const call of calls) await out.json(call);
    return 0;
  }
  const share = coverage.share === null ? "none" : `${Math.floor(coverage.share * 100)} %`;
  await out.line(
    `${coverage.calls} calls, ${coverage.joined} seen from more than one side (${share}), ${coverage.differs} told differently`,
  );
  for (const [name, count] of Object.entries(coverage.only))
    await out.line(`  only ${visible(name)} saw ${count}`);
  for (const [name, count] of Object.entries(coverage.unnamed))
    await out.line(`  ${visible(name)} told ${count} without an id, which nothing can be joined with`);
  if (coverage.exhausted)
    out.note(`Of the newest ${coverage.looked} events of calls; --since and --until choose another time.`);
  if (calls.length === 0) return 0;
  await out.line("");
  await printTable(out, SEEN_COLUMNS, calls.map(seenRow));
  return 0;
}

function seenRow({ startedAt, tool, callId, sides, differs }: SeenCall): Cell[] {
  const seen = sides.map(({ observer, status }) => `${observer} ${status ?? "pending"}`).join(", ");
  return [
    { text: readableTime(startedAt) },
    { text: visible(tool ?? "") },
    { text: visible(callId) },
    { text: visible(seen), style: differs ? "red" : undefined },
  ];
}

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
