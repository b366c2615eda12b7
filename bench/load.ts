/**
 * Clients in a process of their own: so many keep-alive connections, each sending the same request
 * again as soon as it is answered. Plain sockets, because a client that costs more than the server
 * would be what is measured. Prints one line of JSON.
 */
import { connect } from "node:net";
import { draftOf } from "./events.ts";

export interface Load {
  readonly port: number;
  readonly path: string;
  /** `bulk`: a hundred events as NDJSON. `one`: a single one in its envelope. */
  readonly kind: "bulk" | "one";
  readonly connections: number;
  readonly requests: number;
}

export interface Loaded {
  readonly seconds: number;
  readonly failed: number;
}

export const BULK_EVENTS = 100;

function attributes(i: number): Record<string, unknown> {
  const { type, summary, actor, resource, runId, callId, durationMs, ...rest } = draftOf(i);
  return {
    ...rest,
    event_type: type,
    description: summary,
    actor_type: actor?.type,
    actor_id: actor?.id,
    resource_type: resource?.type,
    resource_id: resource?.id,
    run_id: runId,
    call_id: callId,
    duration_ms: durationMs,
  };
}

function bodyOf(kind: Load["kind"]): string {
  if (kind === "one") return JSON.stringify({ data: { type: "event", attributes: attributes(1) } });
  return Array.from({ length: BULK_EVENTS }, (_, i) => JSON.stringify(attributes(i))).join("\n");
}

function requestOf({ path, kind }: Load): Buffer {
  const body = bodyOf(kind);
  const type = kind === "one" ? "application/vnd.api+json" : "application/x-ndjson";
  const head = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
  return Buffer.from(head + body);
}

/** How long the first whole answer in `text` is; 0 while it is not whole. */
function answerLength(text: string): number {
  const head = text.indexOf("\r\n\r\n");
  if (head < 0) return 0;
  const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, head))?.[1];
  if (length !== undefined) return text.length >= head + 4 + Number(length) ? head + 4 + Number(length) : 0;
  const end = text.indexOf("0\r\n\r\n", head + 2);
  return end < 0 ? 0 : end + 5;
}

function run(load: Load): Promise<Loaded> {
  const request = requestOf(load);
  let sent = 0;
  let answered = 0;
  let failed = 0;
  const begun = performance.now();
  return new Promise((resolve, reject) => {
    for (let i = 0; i < load.connections; i++) {
      const socket = connect(load.port, "127.0.0.1");
      socket.setNoDelay(true);
      let text = "";
      const send = (): void => {
        if (sent === load.requests) socket.end();
        else {
          sent++;
          socket.write(request);
        }
      };
      socket.on("connect", send);
      socket.on("error", reject);
      // One character a byte, so that lengths in bytes fit.
      socket.setEncoding("latin1").on("data", (chunk: string) => {
        text += chunk;
        const length = answerLength(text);
        if (length === 0) return;
        if (!/^HTTP\/1\.1 20[01] /.test(text)) failed++;
        text = text.slice(length);
        if (++answered === load.requests) resolve({ seconds: (performance.now() - begun) / 1_000, failed });
        send();
      });
    }
  });
}

const [given] = process.argv.slice(2);
if (import.meta.main && given !== undefined) {
  process.stdout.write(`${JSON.stringify(await run(JSON.parse(given) as Load))}\n`);
}
