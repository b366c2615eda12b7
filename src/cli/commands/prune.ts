import { formatMicros, nowMicros } from "../../base/clock.ts";
import { TrailError } from "../../base/error.ts";
import { actor } from "../actor.ts";
import type { Call, Command } from "../command.ts";
import { parseWhen } from "../when.ts";
import { openExisting } from "../wire.ts";

export const prune: Command = {
  name: "prune",
  summary: "Remove old events for good, and leave a receipt; holds are kept.",
  examples: [
    "daybook prune --before 90d --dry-run",
    "daybook prune --before 2025-01-01T00:00:00Z --category llm",
    "daybook prune --seqs 12-14 --reason 'a password in the arguments'",
    "daybook prune",
  ],
  async run(call) {
    const { settings, out } = call;
    const text = settings.text("before");
    const dryRun = settings.on("dryRun");
    const category = settings.text("category");
    const seqs = settings.text("pruneSeqs");
    if (seqs !== undefined) return await takeOut(call, seqs);
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

/** What should never have been recorded: these events go, and the receipt says who took them out, and why. */
async function takeOut(call: Call, seqs: string): Promise<number> {
  const { settings, out } = call;
  const [, first, last] = /^(\d{1,15})(?:-(\d{1,15}))?$/.exec(seqs) ?? [];
  const reason = settings.text("reason");
  if (first === undefined || settings.text("before") !== undefined || settings.text("category") !== undefined)
    throw new TrailError("option.invalid", "--seqs must be SEQ or FIRST-LAST, and stands alone.", {
      field: "--seqs",
    });
  if (reason === undefined)
    throw new TrailError("option.invalid", "Say with --reason why these events go.", { field: "--reason" });
  await using trail = openExisting(call);
  const [min, max] = [Number(first), Number(last ?? first)];
  const dryRun = settings.on("dryRun");
  const pruned = await trail
    .forTenant(settings.required("tenant"))
    .retention.pruneWhere([{ op: "range", field: "seq", min, max }], {
      before: nowMicros(),
      policy: `redaction: ${reason}`,
      actor: actor(),
      dryRun,
    });
  if (settings.on("json")) await out.json({ ...pruned, cutoff: formatMicros(pruned.cutoff) });
  else await out.line(`${pruned.removed} events ${dryRun ? "would go" : "went"}, ${pruned.held} are held`);
  return 0;
}
