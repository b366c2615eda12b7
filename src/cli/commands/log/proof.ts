import type { Command } from "../../command.ts";
import { openExisting } from "../../wire.ts";

export const proof: Command = {
  name: "proof",
  summary: "Print what proves one event, as a .tlog-proof file that anyone can check without us.",
  argument: { name: "id", doc: "the event's id, or its seq" },
  examples: ["daybook proof 12 > 12.tlog-proof", "daybook proof 12 --json"],
  async run(call) {
    const { settings, out, argument } = call;
    await using trail = openExisting(call);
    const event = /^\d{1,15}$/.test(argument) ? Number(argument) : argument.toLowerCase();
    const tenant = settings.required("tenant");
    const checkpoint = await trail.log.checkpoint({ tenant });
    const head = await trail.events.head({ tenant });
    // Where no server runs, what was recorded since is sealed now; where one runs, the two agree.
    if (checkpoint === null || !checkpoint.includes(`\n${head}\n`)) await trail.seal({ tenant });
    const found = await trail.proof(event, { tenant });
    if (settings.on("json")) {
      const { file: _, ...rest } = found;
      await out.json(rest);
    } else {
      for (const line of found.file.replace(/\n$/, "").split("\n")) await out.line(line);
    }
    return 0;
  },
};
