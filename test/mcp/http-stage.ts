import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach } from "vitest";
import type { AuditEvent } from "../../src/event/event.ts";
import { openTrail } from "../../src/index.ts";
import { createMcpMapper } from "../../src/ingest/mcp/mapper.ts";
import { startHttpProxy } from "../../src/mcp/proxy/http.ts";
import { McpRecorder } from "../../src/mcp/proxy/recorder.ts";
import type { Trail } from "../../src/trail/trail.ts";

type Handler = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

const endings: Array<() => Promise<unknown>> = [];

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

export function atEnd(end: () => Promise<unknown>): void {
  endings.push(end);
}

/** A real HTTP server on loopback; returns the address of its `/mcp`. */
export async function serve(handler: Handler): Promise<URL> {
  const server: Server = createServer(handler);
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  atEnd(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`);
}

export interface Stage {
  readonly url: URL;
  readonly trail: Trail;
  /** Everything that was recorded, oldest first. */
  events(): Promise<AuditEvent[]>;
}

/** The proxy before the server, over a trail in memory. */
export async function proxyBefore(target: URL): Promise<Stage> {
  const trail = openTrail(":memory:");
  const problems: string[] = [];
  const recorder = new McpRecorder(trail, (problem) => problems.push(problem));
  const mapper = createMcpMapper();
  const proxy = await startHttpProxy({ target, host: "127.0.0.1", port: 0, recorder, mapper });
  atEnd(async () => {
    await proxy.close();
    await trail.close();
    if (problems.length > 0) throw new Error(problems.join("\n"));
  });
  return {
    url: new URL(proxy.url),
    trail,
    async events() {
      await recorder.settled(5_000);
      await trail.flush();
      const events: AuditEvent[] = [];
      for await (const event of trail.events.export()) events.push(event);
      return events;
    },
  };
}

export interface Answer {
  readonly status: number | undefined;
  readonly headers: string[];
  readonly body: Buffer;
  /** The answer was cut off. */
  readonly isBroken: boolean;
}

/** One exchange without any library in between. */
export function ask(
  url: URL,
  { method = "POST", headers = {}, body }: { method?: string; headers?: object; body?: string | Buffer },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const json = body === undefined ? {} : { "Content-Type": "application/json" };
    const outgoing = request(url, { method, headers: { ...json, ...headers } }, (answer) => {
      const pieces: Buffer[] = [];
      answer.on("data", (piece: Buffer) => pieces.push(piece));
      const over = (isBroken: boolean) => () => {
        const { statusCode: status, rawHeaders } = answer;
        resolve({ status, headers: rawHeaders, body: Buffer.concat(pieces), isBroken });
      };
      answer.once("end", over(false)).once("error", over(true));
    });
    outgoing.once("error", reject);
    outgoing.end(body);
  });
}

export const call = (id: unknown, name: string, args: object = {}): string =>
  JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params: { name, arguments: args } });

export const result = (id: unknown, text: string): string =>
  JSON.stringify({ jsonrpc: "2.0", id, result: { content: [{ type: "text", text }] } });
