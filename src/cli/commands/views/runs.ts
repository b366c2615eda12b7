import { LIMITS } from "../../../event/limits.ts";
import type { Run, RunFilter } from "../../../trail/runs/run.ts";
import type { Command } from "../../command.ts";
import { visible } from "../../print.ts";
import { type Cell, type Column, printTable } from "../../table.ts";
import { parseWhen, readableTime } from "../../when.ts";
import { openExisting } from "../../wire.ts";

const COLUMNS: readonly Column[] = [
  { title: "STARTED (UTC)" },
  { title: "STATUS" },
  { title: "RUN" },
  { title: "SKILL" },
  { title: "AGENT" },
  { title: "CALLS", align: "right" },
  { title: "FAILED", align: "right" },
  { title: "TOKENS", align: "right" },
  { title: "COST", align: "right" },
  { title: "SECONDS", align: "right" },
];

export const runs: Command = {
  name: "runs",
  summary: "List runs, newest start first.",
  examples: ["daybook runs", "daybook runs --status error --since 24h", "daybook runs --lost --json"],
  async run(call) {
    const { settings, out } = call;
    const since = settings.text("since");
    const until = settings.text("until");
    const filter: RunFilter = {
      status: settings.text("status") ?? "",
      agent: settings.text("agent") ?? "",
      ...(since === undefined ? {} : { since: parseWhen("--since", since) }),
      ...(until === undefined ? {} : { until: parseWhen("--until", until) }),
    };
    await using trail = openExisting(call);
    const limit = Math.min(settings.count("limit") ?? 0, LIMITS.pageSize);
    const found = settings.on("lost")
      ? { runs: await trail.runs.listLost(), total: 0 }
      : await trail.runs.list({ ...filter, limit });
    if (settings.on("json")) for (const run of found.runs) await out.json(run);
    else if (found.runs.length === 0) out.note("No runs.");
    else await printTable(out, COLUMNS, found.runs.map(runRow));
    if (found.total > found.runs.length) out.note(`${found.total} runs in all; --limit shows more.`);
    return 0;
  },
};

export function runRow(run: Run): Cell[] {
  const cell = (text: string | number | null): Cell => ({ text: text === null ? "" : visible(String(text)) });
  const isBad =
    run.failures > 0 || (run.status !== null && !["ok", "running", "dry_run"].includes(run.status));
  return [
    cell(readableTime(run.startedAt)),
    { text: visible(run.status ?? "seen"), style: isBad ? "red" : run.status === "ok" ? "green" : undefined },
    cell(run.id),
    cell(run.skillId),
    cell(run.agent),
    cell(run.toolCallsCount),
    cell(run.failures),
    cell(run.totalInputTokens + run.totalOutputTokens),
    cell(run.costUsd === "0" ? "" : run.costUsd),
    cell(run.runtimeSeconds || ""),
  ];
}
