import { TrailError } from "../../../base/error.ts";
import type { AuditEvent } from "../../../event/event.ts";
import { toWire } from "../../../event/wire.ts";
import { completenessText } from "../../../trail/completeness.ts";
import type { RunNode } from "../../../trail/runs/run.ts";
import type { Command } from "../../command.ts";
import { EVENT_COLUMNS, eventRow } from "../../event-table.ts";
import { type Printer, visible } from "../../print.ts";
import { printTable } from "../../table.ts";
import { readableTime } from "../../when.ts";
import { openExisting } from "../../wire.ts";

const EVENTS_MAX = 500;

export const run: Command = {
  name: "run",
  summary: "Show one run: what it was, what it did, and the runs below it.",
  argument: { name: "id", doc: "the run's id" },
  examples: ["daybook run 0199c5e6", "daybook run 0199c5e6 --json"],
  async run(call) {
    const { argument: id, settings, out } = call;
    await using trail = openExisting(call);
    const found = await trail.runs.find(id);
    if (found === null) {
      throw new TrailError("run.not_found", `There is no run ${visible(id.slice(0, 100))}.`, {
        field: "id",
        fix: "daybook runs shows which there are; --tenant names another log.",
      });
    }
    const tree = await trail.runs.tree(id);
    const whole = await trail.runs.completeness(id);
    const events: AuditEvent[] = [];
    for await (const event of trail.events.export({ filter: { runId: id } })) {
      events.push(event);
      if (events.length > EVENTS_MAX) break;
    }
    if (settings.on("json")) {
      await out.json({ ...tree, completeness: whole, events: events.slice(0, EVENTS_MAX).map(toWire) });
      return 0;
    }
    const ended = found.finishedAt === null ? "still open" : `ended ${readableTime(found.finishedAt)}`;
    await out.line(
      `${out.paint("bold", visible(found.id))}  ${visible(found.status ?? "seen, never begun")}`,
    );
    await out.line(`  started ${readableTime(found.startedAt)}, ${ended}`);
    if (found.error !== null) await out.line(`  error   ${visible(found.error)}`);
    const { totals } = tree;
    await out.line(
      `  ${totals.runs} runs, ${totals.toolCalls} tool calls, ${totals.failures} failures, ` +
        `${totals.inputTokens + totals.outputTokens} tokens, ${totals.costUsd} USD`,
    );
    await out.line(`  complete ${visible(completenessText(whole))}`);
    if (tree.root.children.length > 0) await printTree(out, tree.root);
    await out.line("");
    await printTable(out, EVENT_COLUMNS, events.slice(0, EVENTS_MAX).map(eventRow));
    if (events.length > EVENTS_MAX) out.note(`The first ${EVENTS_MAX} events; daybook list --run has all.`);
    return 0;
  },
};

/** Iterative: a chain of runs may be long. */
async function printTree(out: Printer, root: RunNode): Promise<void> {
  await out.line("");
  const stack: Array<[RunNode, number]> = [[root, 0]];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const [{ run: node, children }, depth] = next;
    const indent = "  ".repeat(Math.min(depth, 40));
    await out.line(
      `${indent}${visible(node.id)}  ${visible(node.status ?? "seen")}  ${visible(node.skillId ?? "")}`,
    );
    for (const child of children.toReversed()) stack.push([child, depth + 1]);
  }
}
