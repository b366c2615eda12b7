import { TrailError } from "../../../base/error.ts";
import { completenessText } from "../../../trail/completeness.ts";
import type { Ordered } from "../../../trail/threads/threads.ts";
import type { Command } from "../../command.ts";
import { visible } from "../../print.ts";
import { type Cell, printTable } from "../../table.ts";
import { openExisting } from "../../wire.ts";

const TEXT_CHARS = 400;

export const thread: Command = {
  name: "thread",
  summary: "Show a conversation as it happened.",
  argument: { name: "id", doc: "the thread's id" },
  examples: ["daybook thread support-42", "daybook thread support-42 --json"],
  async run(call) {
    const { argument: id, settings, out } = call;
    await using trail = openExisting(call);
    const info = await trail.threads.find(id);
    if (info === null) {
      throw new TrailError("thread.not_found", `There is no thread ${visible(id.slice(0, 100))}.`, {
        field: "id",
        fix: "daybook list --filter category=session shows events of threads.",
      });
    }
    const events = await trail.threads.loadSince(id, 0);
    if (settings.on("json")) {
      for (const event of events) await out.json(event);
      return 0;
    }
    const archived = info.watermark === 0 ? "" : `, ${info.watermark} archived`;
    await out.line(`${out.paint("bold", visible(info.id))}  ${info.head} events${archived}`);
    await out.line(`  complete ${visible(completenessText(await trail.threads.completeness(id)))}`);
    await out.line("");
    const columns = [
      { title: "#", align: "right" as const },
      { title: "KIND" },
      { title: "", rest: true as const },
    ];
    await printTable(out, columns, events.map(row));
    return 0;
  },
};

function row({ ordinal, event }: Ordered): Cell[] {
  const { kind, timestamp: _, ...rest } = event as unknown as Record<string, unknown>;
  const content = rest.content as Array<{ type?: string; text?: string }> | undefined;
  const texts = Array.isArray(content)
    ? content.flatMap(({ text }) => (text === undefined ? [] : [text]))
    : [];
  const text = texts.length > 0 ? texts.join(" ") : JSON.stringify(rest);
  return [
    { text: String(ordinal), style: "dim" },
    { text: visible(String(kind)) },
    { text: visible(text.slice(0, TEXT_CHARS)) },
  ];
}
