import {
  type ClientRequest,
  createServer,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { AddressInfo } from "node:net";
import { TrailError } from "../../base/error.ts";
import type { McpMapper } from "../../ingest/mcp/mapper.ts";
import { Exchange, Sessions } from "./exchange.ts";
import type { McpRecorder } from "./recorder.ts";
import type { Tap } from "./tap.ts";

export interface HttpProxyOptions {
  /** The address of the MCP server. What goes to its path is recorded; the rest of its origin only passes. */
  readonly target: URL;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly recorder: McpRecorder;
  readonly mapper: McpMapper;
}

export interface HttpProxy {
  /** Where clients find the server now. */
  readonly url: string;
  close(): Promise<void>;
}

/** Headers of one connection; each of the two has its own. */
const OF_CONNECTION: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "expect",
  "host",
]);
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;
const HEADERS_TIMEOUT_MS = 15_000;
/** Servers close idle connections after 5 s and more; a request sent into the closing would be lost. */
const IDLE_MS = 3_000;

/**
 * Stands before an MCP server that speaks Streamable HTTP. Bodies pass byte for byte and as they come,
 * and so do headers but those of the connection and `Host`. Rejects with `option.invalid` where it cannot
 * listen.
 */
export function startHttpProxy(options: HttpProxyOptions): Promise<HttpProxy> {
  const { target, host, port, recorder, mapper } = options;
  const sessions = new Sessions(mapper);
  const upstream = upstreamOf(target);
  const isLocal = LOOPBACK.test(host) || host === "::1";
  // A stream may be silent for as long as it likes.
  const limits = { headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: 0, requireHostHeader: false };
  const server = createServer(limits, (incoming, outgoing) => {
    if (isLocal && !LOOPBACK.test(incoming.headers.host ?? "localhost")) {
      refuse(outgoing, 403, "this proxy serves programs on this machine only");
      return;
    }
    const isMcp = pathOf(incoming.url ?? "/") === pathOf(target.pathname);
    const method = incoming.method ?? "GET";
    const exchange = isMcp ? new Exchange(recorder, sessions, method, incoming.headers) : undefined;
    forward(incoming, outgoing, upstream, exchange);
  });
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) =>
      reject(
        new TrailError("option.invalid", `Cannot listen on ${host}:${port}: ${cause.message}.`, {
          field: "--port",
          fix: "Choose another one with --port.",
          cause,
        }),
      ),
    );
    server.listen(port, host, () => {
      const taken = (server.address() as AddressInfo).port;
      const name = host.includes(":") ? `[${host}]` : host;
      resolve({ url: `http://${name}:${taken}${target.pathname}`, close: () => close(server, upstream) });
    });
  });
}

interface Upstream {
  /** A request to the server, of which the body is still to come. */
  ask(incoming: IncomingMessage): ClientRequest;
  close(): void;
}

function upstreamOf({ protocol, hostname, port, host }: URL): Upstream {
  const isSecure = protocol === "https:";
  const kept = { keepAlive: true, timeout: IDLE_MS };
  const agent = isSecure ? new HttpsAgent(kept) : new HttpAgent(kept);
  const request = isSecure ? httpsRequest : httpRequest;
  return {
    ask: (incoming) =>
      request({
        agent,
        protocol,
        hostname: hostname.replace(/^\[|\]$/g, ""),
        port,
        method: incoming.method,
        path: incoming.url,
        headers: ["Host", host, ...passed(incoming)],
      }),
    close: () => agent.destroy(),
  };
}

function forward(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { ask }: Upstream,
  exchange: Exchange | undefined,
): void {
  const upstream = ask(incoming);
  copy(incoming, exchange?.request());
  incoming.pipe(upstream);
  upstream.on("response", (answer) => {
    outgoing.sendDate = false;
    outgoing.writeHead(answer.statusCode ?? 502, answer.statusMessage, passed(answer));
    // Now and not with the first bytes of the body; `flushHeaders` would write them as UTF-8.
    outgoing.write(Buffer.alloc(0));
    copy(answer, exchange?.answer(answer.statusCode ?? 502, answer.headers));
    answer.pipe(outgoing);
    answer.once("error", () => {
      exchange?.failed("the connection to the server broke within its answer");
      // Cut off, as it is for us: an end would say that this was all.
      outgoing.destroy();
    });
  });
  upstream.once("error", (error: NodeJS.ErrnoException) => {
    exchange?.failed(`the server cannot be reached: ${error.code ?? error.message}`);
    if (outgoing.headersSent) outgoing.destroy();
    else refuse(outgoing, 502, `the server cannot be reached: ${error.code ?? error.message}`);
  });
  // Either side may go before the end; the other one learns of it.
  incoming.once("error", () => upstream.destroy());
  outgoing.once("close", () => {
    if (outgoing.writableFinished) return;
    exchange?.failed("the client closed the connection before the answer was complete");
    upstream.destroy();
  });
}

function copy(source: IncomingMessage, tap: Tap | undefined): void {
  if (tap === undefined) return;
  source.on("data", (bytes: Buffer) => tap.chunk(bytes));
  source.once("end", () => tap.end());
}

/** Names and values in their order and spelling, without those of the connection. */
function passed({ rawHeaders, headers }: IncomingMessage): string[] {
  const named = (headers.connection ?? "").toLowerCase().split(/\s*,\s*/);
  const kept: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const [name, value] = [rawHeaders[i] as string, rawHeaders[i + 1] as string];
    const plain = name.toLowerCase();
    if (!OF_CONNECTION.has(plain) && !named.includes(plain)) kept.push(name, value);
  }
  return kept;
}

/** As JSON-RPC errors look, for clients that read no other. */
function refuse(outgoing: ServerResponse, status: number, reason: string): void {
  const error = { code: -32_000, message: `daybook mcp-proxy: ${reason}` };
  outgoing.writeHead(status, { "content-type": "application/json" });
  outgoing.end(JSON.stringify({ jsonrpc: "2.0", id: null, error }));
}

function pathOf(url: string): string {
  return (url.split("?", 1)[0] ?? "/").replace(/\/+$/, "");
}

function close(server: Server, upstream: Upstream): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
    upstream.close();
  });
}
