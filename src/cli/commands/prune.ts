import { formatMicros } from "../../base/clock.ts";
import { TrailError } from "../../base/error.ts";
import type { Command } from "../command.ts";
import { parseWhen } from "../when.ts";
import { openExisting } from "../wire.ts";

export const prune: Command = {
  name: "prune",
  summary: "Remove old events for good, and leave a receipt; holds are kept.",
  examples: [
    "daybook prune --before 90d --dry-run",
    "daybook prune --before 2025-01-01T00:00:00Z --category llm",
    "daybook prune",
  ],
  async run(call) {
    const { settings, out } = call;
    const text = settings.text("before");
    const dryRun = settings.on("dryRun");
    const category = settings.text("category");
    if (text === undefined && (dryRun || category !== undefined)) {
      throw new TrailError("option.invalid", "Say with --before what is old.", { field: "--before" });
    }
    await using trail = openExisting(call);
    const pruned =
      text === undefined
        ? await trail.retention.apply()
        : [
            await trail.prune({
              before: parseWhen("--before", text),
              dryRun,
              ...(category === undefined ? {} : { category }),
            }),
          ];
    if (settings.on("json")) {
      for (const one of pruned) await out.json({ ...one, cutoff: formatMicros(one.cutoff) });
      return 0;
    }
    if (pruned.length === 0) out.note("The policy keeps everything for ever; --before prunes by hand.");
    for (const { removed, held, cutoff, receiptId } of pruned) {
      const verb = dryRun ? "would go" : "went";
      await out.line(`${removed} events from before ${formatMicros(cutoff)} ${verb}, ${held} are held`);
      if (receiptId !== null) await out.line(`  receipt ${receiptId}`);
    }
    return 0;
  },
};
