import { TrailError } from "../../base/error.ts";
import { actor } from "../actor.ts";
import type { Command } from "../command.ts";
import { openExisting } from "../wire.ts";

export const erase: Command = {
  name: "erase",
  summary: "Make unreadable for good what was recorded about one subject, and leave a receipt; holds refuse.",
  examples: [
    "daybook erase --subject customer-42 --dry-run",
    "daybook erase --subject customer-42 --reason 'request 2026-118'",
  ],
  async run(call) {
    const { settings, out } = call;
    const subject = settings.text("subject");
    if (subject === undefined)
      throw new TrailError("option.invalid", "Say with --subject whom.", { field: "--subject" });
    await using trail = openExisting(call);
    const reason = settings.text("reason");
    const dryRun = settings.on("dryRun");
    const erased = await trail.erase({
      subject,
      tenant: settings.required("tenant"),
      actor: actor(),
      dryRun,
      ...(reason === undefined ? {} : { reason }),
    });
    if (settings.on("json")) {
      await out.json(erased);
      return 0;
    }
    const verb = dryRun ? "would be" : "are";
    await out.line(`${erased.events} events ${verb} unreadable from now on`);
    if (erased.receiptId !== null) await out.line(`  receipt ${erased.receiptId}`);
    else if (!dryRun) out.note("Nothing is kept under a key of this subject.");
    return 0;
  },
};
