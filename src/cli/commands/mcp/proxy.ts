import { TrailError } from "../../../base/error.ts";
import { uuidv7 } from "../../../base/uuid.ts";
import { createMcpMapper } from "../../../ingest/mcp/mapper.ts";
import { McpRecorder } from "../../../mcp/proxy/recorder.ts";
import { type Ended, runStdioProxy } from "../../../mcp/proxy/stdio.ts";
import type { Call, Command } from "../../command.ts";
import { visible } from "../../print.ts";
import { openOrMake, targetOf } from "../../wire.ts";

/** The client waits for the end; what the store does not take in this time stays in the spool. */
const SETTLE_MS = 2_000;
const CLOSE_MS = 1_000;
/** As shells have it. */
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;

export const mcpProxy: Command = {
  name: "mcp-proxy",
  summary: "Stand between an MCP client and a server, pass every byte on, and record what is called.",
  rest: { name: "command", doc: "behind --: the server's command and its arguments" },
  examples: [
    "daybook mcp-proxy -- npx -y @modelcontextprotocol/server-filesystem .",
    "claude mcp add files -- daybook mcp-proxy --db ~/daybook.db -- npx -y @modelcontextprotocol/server-filesystem .",
  ],
  async run(call) {
    const { io, out, settings, rest } = call;
    const [command, ...args] = rest;
    if (command === undefined) {
      throw new TrailError("option.invalid", "mcp-proxy needs the command of an MCP server.", {
        field: "command",
        fix: "Write it behind --: daybook mcp-proxy -- npx -y some-server.",
      });
    }
    if (targetOf(settings.required("db")).spoolDir === null) {
      throw new TrailError("option.invalid", "A trail in memory would be gone at once.", {
        field: "--db",
        fix: "Name a file, or the address of a Daybook server.",
      });
    }
    const trail = openOrMake(call);
    const recorder = new McpRecorder(trail, (problem) => out.note(`daybook: ${visible(problem)}`));
    const ended = await runStdioProxy({
      command,
      args,
      stdin: io.stdin,
      stdout: io.stdout,
      onSignal: io.onSignal,
      recorder,
      mapper: mapperOf(call),
      session: uuidv7(),
    });
    await recorder.settled(SETTLE_MS);
    await trail.close({ timeoutMs: CLOSE_MS });
    return asItEnded(ended, call);
  },
};

function mapperOf({ settings }: Call) {
  const agent = settings.text("agent");
  const runId = settings.text("run");
  const server = settings.text("mcpServer");
  return createMcpMapper({
    ...(agent === undefined ? {} : { agent }),
    ...(runId === undefined ? {} : { runId }),
    ...(server === undefined ? {} : { server }),
  });
}

function asItEnded(ended: Ended, { io, out }: Call): number {
  switch (ended.how) {
    case "exit":
      return ended.status;
    case "signal":
      io.die(ended.signal);
      // A signal that cannot end us, or that somebody ignores for us.
      return 1;
    case "not started":
      out.note(`daybook: the server did not start: ${visible(ended.message)}`);
      return ended.code === "ENOENT" ? NOT_FOUND : NOT_EXECUTABLE;
  }
}
