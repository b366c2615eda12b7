import { TrailError } from "../../../base/error.ts";
import { uuidv7 } from "../../../base/uuid.ts";
import { createMcpMapper, type McpMapper } from "../../../ingest/mcp/mapper.ts";
import { startHttpProxy } from "../../../mcp/proxy/http.ts";
import { McpRecorder } from "../../../mcp/proxy/recorder.ts";
import { type Ended, runStdioProxy } from "../../../mcp/proxy/stdio.ts";
import type { Call, Command } from "../../command.ts";
import { targetOf } from "../../config/target.ts";
import { visible } from "../../print.ts";
import { openOrMake } from "../../wire.ts";

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
    "daybook mcp-proxy --http https://mcp.example.com/mcp --port 4320",
    "claude mcp add files -- daybook mcp-proxy --db ~/daybook.db -- npx -y @modelcontextprotocol/server-filesystem .",
  ],
  async run(call) {
    const { settings, out, rest } = call;
    const target = settings.text("mcpTarget");
    check(call, target);
    const url = target === undefined ? undefined : addressOf(target);
    const trail = openOrMake(call);
    const recorder = new McpRecorder(trail, (problem) => out.note(`daybook: ${visible(problem)}`));
    const mapper = mapperOf(call);
    let ended: Ended = { how: "exit", status: 0 };
    try {
      const [command = "", ...args] = rest;
      if (url !== undefined) await proxyHttp(call, url, recorder, mapper);
      else ended = await proxyStdio(call, { command, args }, recorder, mapper);
      await recorder.settled(SETTLE_MS);
    } finally {
      await trail.close({ timeoutMs: CLOSE_MS });
    }
    return asItEnded(ended, call);
  },
};

function check({ settings, rest }: Call, target: string | undefined): void {
  if ((target === undefined) === (rest.length === 0)) {
    throw new TrailError("option.invalid", "mcp-proxy needs the command of an MCP server, or --http.", {
      field: "command",
      fix: "Write the command behind --: daybook mcp-proxy -- npx -y some-server.",
    });
  }
  if (targetOf(settings.required("db")).spoolDir !== null) return;
  throw new TrailError("option.invalid", "A trail in memory would be gone at once.", {
    field: "--db",
    fix: "Name a file, or the address of a Daybook server.",
  });
}

function addressOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.username === "") return url;
  throw new TrailError("option.invalid", "--http must be an http or https address, without a password.", {
    field: "--http",
  });
}

function mapperOf({ settings }: Call): McpMapper {
  const agent = settings.text("agent");
  const runId = settings.text("run");
  const server = settings.text("mcpServer");
  return createMcpMapper({
    ...(agent === undefined ? {} : { agent }),
    ...(runId === undefined ? {} : { runId }),
    ...(server === undefined ? {} : { server }),
  });
}

function proxyStdio(
  { io }: Call,
  server: { command: string; args: readonly string[] },
  recorder: McpRecorder,
  mapper: McpMapper,
): Promise<Ended> {
  const { stdin, stdout, onSignal } = io;
  return runStdioProxy({ ...server, stdin, stdout, onSignal, recorder, mapper, session: uuidv7() });
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

/** Until somebody asks it to end. */
async function proxyHttp(
  { settings, io, out }: Call,
  target: URL,
  recorder: McpRecorder,
  mapper: McpMapper,
): Promise<void> {
  const host = settings.required("mcpHost");
  const port = settings.count("mcpPort") ?? 0;
  const proxy = await startHttpProxy({ target, host, port, recorder, mapper });
  const stopped = new Promise<void>((resolve) => void io.onStop(resolve));
  if (settings.on("json")) await out.json({ url: proxy.url, target: target.href, pid: process.pid });
  else await out.line(`${visible(target.href)} is at ${out.paint("cyan", proxy.url)}; Ctrl-C stops it.`);
  await stopped;
  await proxy.close();
}
