import { createSocket } from "node:dgram";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { formatMicros } from "../../base/clock.ts";
import type { AuditEvent } from "../../event/event.ts";
import type { Configuration, Destination, Item, Message, Reach, Sent } from "../destination.ts";
import { option, unreachable } from "./over-http.ts";

/** Facility 13: log audit (RFC 5424 §6.2.1). */
const FACILITY = 13;
const SEVERITIES = { TRACE: 7, DEBUG: 7, INFO: 6, WARN: 4, ERROR: 3, FATAL: 2 } as const;
/** What every receiver must take by UDP is less, but 2048 is what they should (RFC 5424 §6.1). */
const DATAGRAM_BYTES = 2_048;
const DEFAULT_PORTS: Readonly<Record<string, number>> = { "udp:": 514, "tcp:": 601, "tls:": 6514 };

/**
 * Syslog as RFC 5424 writes it, by UDP (RFC 5426), TCP (octet counting, RFC 6587 §3.4.1) or TLS (RFC
 * 5425). Syslog has no acknowledgement. By TCP and TLS each message has a connection of its own, and
 * counts when the receiver has read to its end and closed; by UDP it counts when it was sent.
 */
export const syslog: Destination = {
  type: "syslog",
  name: "Syslog (RFC 5424)",
  docsUrl: "https://www.rfc-editor.org/rfc/rfc5424",
  limits: { events: 500, bytes: 1 << 20, eventBytes: 256 << 10, overheadBytes: 600, lingerMs: 1000 },
  format: "native",
  template: {
    method: "POST",
    url: "tls://{host}:6514",
    headers: {},
    placeholders: { host: { label: "Host" } },
    transform: null,
  },
  schemes: ["udp:", "tcp:", "tls:"],
  options: { app_name: { type: "text", doc: "APP-NAME. Default: daybook." } },
  async send(items, configuration, reach): Promise<Sent> {
    const frames = items.map((item) => frameOf(item, configuration));
    const message = messageOf(configuration, frames);
    const begun = performance.now();
    try {
      const refused = await deliver(frames, configuration, reach);
      const judgment = { verdict: "ok" as const, refused };
      return { judgment, message, status: null, body: "", latencyMs: performance.now() - begun, error: null };
    } catch (thrown) {
      return unreachable(thrown, message, performance.now() - begun);
    }
  },
};

function messageOf({ url }: Configuration, frames: readonly Buffer[]): Message {
  return { method: "SEND", url, headers: {}, body: Buffer.concat(frames) };
}

/** `<110>1 TIME HOST APP PROCID MSGID [SD] BOM MSG`. */
export function frameOf({ event, text }: Item, configuration: Configuration): Buffer {
  const priority = FACILITY * 8 + SEVERITIES[event.severity];
  const name = (value: string, max: number): string =>
    value.replace(/[^\x21-\x7e]/g, "_").slice(0, max) || "-";
  const head = [
    `<${priority}>1`,
    formatMicros(event.occurredAt),
    name(event.agent ?? "daybook", 255),
    name(option(configuration, "app_name", "daybook"), 48),
    "-",
    name(event.type, 32),
    structuredData(event),
  ].join(" ");
  // A line end inside would be a second message to receivers that do not count octets.
  return Buffer.from(`${head} \ufeff${text.replace(/[\r\n]+/g, " ")}`);
}

/** RFC 5424 §6.3.3: `"`, `\` and `]` are escaped. 32473 is the number for those who have none (RFC 5612). */
function structuredData({ id, seq, tenant, environment, status }: AuditEvent): string {
  const parameters = { id, seq: String(seq), tenant, environment, ...(status === null ? {} : { status }) };
  const written = Object.entries(parameters).map(
    ([key, value]) => `${key}="${value.replace(/["\\\]]/g, "\\$&").replace(/[\r\n]/g, " ")}"`,
  );
  return `[daybook@32473 ${written.join(" ")}]`;
}

async function deliver(
  frames: readonly Buffer[],
  configuration: Configuration,
  reach: Reach,
): Promise<ReadonlyMap<number, string>> {
  const url = new URL(configuration.url);
  const port = Number(url.port || DEFAULT_PORTS[url.protocol]);
  const { address, family } = await reach.egress.resolve(url.hostname, port);
  const signal = AbortSignal.any([reach.signal, AbortSignal.timeout(reach.timeoutMs)]);
  if (url.protocol === "udp:") return datagrams(frames, { address, family, port });
  const { tlsVerify, caCert } = configuration;
  const socket =
    url.protocol === "tcp:"
      ? connectTcp({ host: address, port })
      : connectTls({
          host: address,
          port,
          servername: /^[\d.]+$|:/.test(url.hostname) ? "" : url.hostname,
          rejectUnauthorized: tlsVerify,
          ...(caCert === null ? {} : { ca: caCert }),
        });
  await readToTheEnd(socket, Buffer.concat(frames.map(counted)), signal);
  return new Map();
}

function counted(frame: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${frame.length} `), frame]);
}

/** Resolves when the other side has closed after our end: it has read everything. */
async function readToTheEnd(socket: Socket, bytes: Buffer, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = (): void => void socket.destroy(new Error("The receiver did not take the events in time."));
  signal.addEventListener("abort", onAbort, { once: true });
  let ended = false;
  socket.once("end", () => {
    ended = true;
  });
  socket.once("error", reject);
  socket.once("close", () => (ended ? resolve() : reject(new Error("The receiver closed the connection."))));
  socket.resume();
  socket.end(bytes);
  try {
    await promise;
  } finally {
    signal.removeEventListener("abort", onAbort);
    socket.destroy();
  }
}

async function datagrams(
  frames: readonly Buffer[],
  { address, family, port }: { address: string; family: 4 | 6; port: number },
): Promise<ReadonlyMap<number, string>> {
  const refused = new Map<number, string>();
  const socket = createSocket(family === 6 ? "udp6" : "udp4");
  try {
    for (const [at, frame] of frames.entries()) {
      if (frame.length > DATAGRAM_BYTES) {
        refused.set(at, `The message has ${frame.length} bytes; a datagram takes ${DATAGRAM_BYTES}.`);
        continue;
      }
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      socket.send(frame, port, address, (error) => (error === null ? resolve() : reject(error)));
      await promise;
    }
  } finally {
    socket.close();
  }
  return refused;
}
