import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";

/** What a receiver got, decompressed. */
export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** As it came. */
  readonly bytes: Buffer;
}

export interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

/** What a receiver says to a request; "hang" never answers, "cut" drops the connection. */
export type Behavior = (
  request: Received,
  response: ServerResponse,
) => Reply | "hang" | "cut" | Promise<Reply | "hang" | "cut">;

export interface Receiver {
  readonly url: string;
  readonly requests: Received[];
  behave(behavior: Behavior): void;
  close(): Promise<void>;
}

/** A real HTTP server on a free port of this machine. */
export async function openReceiver(first: Behavior = () => ({ status: 200 })): Promise<Receiver> {
  let behavior = first;
  const requests: Received[] = [];
  const server: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    const body = request.headers["content-encoding"] === "gzip" ? gunzipSync(bytes) : bytes;
    const received: Received = {
      method: request.method ?? "",
      url: request.url ?? "",
      headers: request.headers,
      body: body.toString("utf8"),
      bytes,
    };
    const reply = await behavior(received, response);
    requests.push(received);
    if (reply === "hang") return;
    if (reply === "cut") {
      response.destroy();
      return;
    }
    const text = typeof reply.body === "string" ? reply.body : JSON.stringify(reply.body ?? {});
    response.writeHead(reply.status, { "content-type": "application/json", ...reply.headers });
    response.end(reply.status === 204 ? undefined : text);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    behave: (next) => {
      behavior = next;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
