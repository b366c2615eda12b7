import type { Command } from "../../command.ts";
import { visible } from "../../print.ts";
import { openExisting } from "../../wire.ts";

export const seal: Command = {
  name: "seal",
  summary:
    "Sign a checkpoint over what the logs hold now; a server does so by itself. Rotates and revokes keys.",
  examples: ["daybook seal", "daybook seal --rotate-key", "daybook seal --revoke-key BASE64"],
  async run(call) {
    const { settings, out } = call;
    await using trail = openExisting(call);
    const revoked = settings.text("revokeKey");
    if (revoked !== undefined) trail.log.revokeKey(revoked);
    if (settings.on("rotateKey")) trail.log.rotateKey();
    for (const sealed of await trail.seal()) {
      if (settings.on("json")) await out.json(sealed);
      else await out.line(`${visible(sealed.tenant)}  ${sealed.size} events  root ${sealed.root}`);
    }
    return 0;
  },
};
