import type { AuditEvent } from "../../event/event.ts";
import { LIMITS } from "../../event/limits.ts";
import { toWire } from "../../event/wire.ts";
import type { Condition } from "../../query/filter.ts";
import type { Trail } from "../../trail/trail.ts";
import type { Call, Command } from "../command.ts";
import { eventRow } from "../event-table.ts";
import { conditionsOf } from "../filters.ts";
import { openExisting } from "../wire.ts";

const ALIVE_MS = 60_000;

export const tail: Command = {
  name: "tail",
  summary: "Show the last events, then each new one as it is committed. Ctrl-C ends it.",
  examples: [
    "daybook tail",
    "daybook tail -n 0 --tool Bash --status error",
    "daybook tail --after 1200 --json >> events.ndjson",
  ],
  async run(call) {
    const { settings, io, out } = call;
    const filter = conditionsOf(settings);
    const stop = new AbortController();
    const unlisten = io.onStop(() => stop.abort());
    // Waiting for an event holds no process alive by itself.
    const alive = setInterval(() => undefined, ALIVE_MS);
    try {
      await using trail = openExisting(call);
      const signal = AbortSignal.any([stop.signal, out.gone]);
      const after = settings.count("after") ?? (await printLast(call, trail, filter));
      for await (const event of trail.events.follow({ filter, after, signal })) await print(call, event);
      return 0;
    } finally {
      clearInterval(alive);
      unlisten();
    }
  },
};

/** Prints the newest matches up to the log's head and returns that head. */
async function printLast(call: Call, trail: Trail, filter: readonly Condition[]): Promise<number> {
  const head = await trail.events.head();
  const where: Condition[] = [...filter, { op: "range", field: "seq", max: head }];
  const last: AuditEvent[] = [];
  let left = call.settings.count("last") ?? 0;
  let cursor: string | undefined;
  while (left > 0) {
    const limit = Math.min(left, LIMITS.pageSize);
    const page = await trail.events.list({ filter: where, limit, ...(cursor ? { cursor } : {}) });
    last.push(...page.events);
    left -= page.events.length;
    cursor = page.next ?? undefined;
    if (cursor === undefined) break;
  }
  for (const event of last.reverse()) await print(call, event);
  return head;
}

async function print({ settings, out }: Call, event: AuditEvent): Promise<void> {
  if (settings.on("json")) {
    await out.json(toWire(event));
    return;
  }
  const cells = eventRow(event).filter(({ text }) => text !== "");
  await out.line(
    cells.map(({ text, style }) => (style === undefined ? text : out.paint(style, text))).join("  "),
  );
}
