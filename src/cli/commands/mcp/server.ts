import { TrailError } from "../../../base/error.ts";
import { serveStdio } from "../../../mcp/server/stdio.ts";
import type { Readable } from "../../../mcp/server/tool.ts";
import { type ApiKey, createKeys, hashSecret, isWellFormed } from "../../../trail/keys.ts";
import type { Trail } from "../../../trail/trail.ts";
import type { Call, Command } from "../../command.ts";
import { isServer } from "../../config/target.ts";
import { version } from "../../version.ts";
import { openExisting } from "../../wire.ts";

export const mcp: Command = {
  name: "mcp",
  summary:
    "An MCP server over the trail: an agent, or a person in a chat, asks what happened. It only reads.",
  examples: ["daybook mcp --db ~/daybook.db", "claude mcp add daybook -- daybook mcp --db ~/daybook.db"],
  async run(call) {
    const { io, out, settings } = call;
    const secret = settings.text("mcpKey");
    await using trail = openExisting(call, secret);
    const stop = new AbortController();
    const unlisten = io.onStop(() => stop.abort());
    try {
      // What cannot be read is said now, where whoever set this up looks, and not in the first answer.
      await trail.describe();
      const reach = await reachOf(call, trail, secret);
      if (io.stdin.isTTY === true) out.note("This speaks MCP on standard input and output; Ctrl-C ends it.");
      const signal = AbortSignal.any([stop.signal, out.gone]);
      await serveStdio({ trail: reach, version: version(), stdin: io.stdin, stdout: io.stdout, signal });
      return 0;
    } finally {
      unlisten();
    }
  },
};

/** The trail as the holder of the key sees it; the whole tenant without one. A server looks at the key itself. */
async function reachOf({ settings }: Call, trail: Trail, secret: string | undefined): Promise<Readable> {
  const tenant = settings.required("tenant");
  if (secret === undefined || isServer(settings.required("db"))) {
    return {
      ...readable(trail.forTenant(tenant)),
      verify: (options) => trail.verify({ ...options, tenant }),
    };
  }
  const key = await holderOf(trail, secret);
  const own = key.tenant ?? tenant;
  if (settings.given("tenant") && own !== tenant)
    throw denied("The key belongs to another tenant than --tenant names.");
  const { environments } = key;
  const platform = environments === null && (key.role === "auditor" || key.role === "admin");
  return {
    ...readable(trail.forTenant(own, { environments, platform })),
    verify(options) {
      if (environments !== null) throw denied("To verify the log takes a key for all of its environments.");
      return trail.verify({ ...options, tenant: own });
    },
  };
}

function readable({ events, runs, insights }: Omit<Readable, "verify">): Omit<Readable, "verify"> {
  return { events, runs, insights };
}

async function holderOf(trail: Trail, secret: string): Promise<ApiKey> {
  const keys = await createKeys(trail.settings).byHash();
  const key = isWellFormed(secret) ? keys.get(hashSecret(secret)) : undefined;
  if (key === undefined) {
    throw new TrailError("access.unknown", "The key is not known to this trail.", {
      field: "--key",
      fix: "`daybook keys list` shows which there are.",
    });
  }
  if (key.role === "writer") throw denied("A key with the role writer may not read.");
  return key;
}

function denied(message: string): TrailError {
  return new TrailError("access.denied", message, { field: "--key", fix: "Use a key that may." });
}
