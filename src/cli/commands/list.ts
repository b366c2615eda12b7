import type { AuditEvent } from "../../event/event.ts";
import { LIMITS } from "../../event/limits.ts";
import { toWire } from "../../event/wire.ts";
import type { Call, Command } from "../command.ts";
import { EVENT_COLUMNS, eventRow } from "../event-table.ts";
import { conditionsOf } from "../filters.ts";
import { printTable } from "../table.ts";
import { openExisting } from "../wire.ts";

export const list: Command = {
  name: "list",
  summary: "Show events, newest first.",
  examples: [
    "daybook list --status error,denied --since 2h",
    "daybook list --filter 'duration_ms=[1000,*]' --filter model=-gpt-5",
    "daybook list --limit 1000 --json | jq .tool",
  ],
  async run(call) {
    const { settings, out } = call;
    const filter = conditionsOf(settings);
    await using trail = openExisting(call);
    const direction = settings.on("asc") ? "asc" : "desc";
    const asJson = settings.on("json");
    let left = settings.count("limit") ?? 0;
    let cursor = settings.text("cursor");
    const rows: AuditEvent[] = [];
    // A page may end early where it had to look at many rows; only a full answer or the end stops.
    while (left > 0) {
      const limit = Math.min(left, LIMITS.pageSize);
      const page = await trail.events.list({ filter, direction, limit, ...(cursor ? { cursor } : {}) });
      for (const event of page.events) {
        if (asJson) await out.json(toWire(event));
        else rows.push(event);
      }
      left -= page.events.length;
      cursor = page.next ?? undefined;
      if (cursor === undefined || out.gone.aborted) break;
    }
    if (!asJson) await printEvents(call, rows);
    if (cursor !== undefined) out.note(`More events follow; go on with --cursor ${cursor}`);
    return 0;
  },
};

async function printEvents({ out }: Call, events: readonly AuditEvent[]): Promise<void> {
  if (events.length === 0) out.note("No events.");
  else await printTable(out, EVENT_COLUMNS, events.map(eventRow));
}
