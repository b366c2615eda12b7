import type { Command } from "../../command.ts";
import { openExisting } from "../../wire.ts";

export const rebuild: Command = {
  name: "rebuild",
  summary: "Throw away what is folded from the log (runs, calls, totals …) and fold it again.",
  examples: ["daybook rebuild", "daybook rebuild --tenant acme"],
  async run(call) {
    const { settings, out } = call;
    await using trail = openExisting(call);
    const begun = performance.now();
    const head = await trail.events.head();
    await trail.rebuild();
    const seconds = Math.round(performance.now() - begun) / 1_000;
    if (settings.on("json")) await out.json({ events: head, seconds });
    else await out.line(`Folded ${head} events in ${seconds} s`);
    return 0;
  },
};
