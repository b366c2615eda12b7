import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { TrailError } from "../base/error.ts";
import type { App } from "./app.ts";

export interface Listening {
  readonly url: string;
  readonly port: number;
  /** Takes no new connection, ends the streams, and gives requests under way `graceMs` to finish. */
  close(graceMs?: number): Promise<void>;
}

const HEADERS_TIMEOUT_MS = 15_000;
const REQUEST_TIMEOUT_MS = 120_000;
const KEEP_ALIVE_MS = 65_000;
const GRACE_MS = 5_000;
const SWEEP_MS = 20;
const CONNECTIONS_MAX = 4_096;
/** How often Node looks for requests that are over their time. */
const CHECK_MS = 5_000;

/** Serves the app; port 0 takes a free one. Rejects with `store.unavailable`'s kin when the port is taken. */
export function listen(app: App, { host, port }: { host: string; port: number }): Promise<Listening> {
  const server = makeServer(app);
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => reject(listenError(cause, host, port)));
    server.listen(port, host, () => {
      const taken = (server.address() as AddressInfo).port;
      const name = host.includes(":") ? `[${host}]` : host;
      resolve({
        url: `http://${name}:${taken}`,
        port: taken,
        close: (graceMs) => close(server, app, graceMs),
      });
    });
  });
}

function makeServer(app: App): Server {
  const general = getRequestListener(app.fetch, {
    overrideGlobalObjects: false,
    autoCleanupIncoming: false,
    errorHandler: () => app.unreadable(),
  });
  const limits = {
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: CHECK_MS,
    requireHostHeader: false,
  };
  const server = createServer(limits, (incoming, outgoing) => {
    if (app.direct(incoming, outgoing)) return;
    // Any Host will do, so none is read: the adapter would refuse what makes no URL. The header stays.
    incoming.headers.host = "daybook";
    void general(incoming, outgoing);
  });
  server.maxConnections = CONNECTIONS_MAX;
  return server;
}

function listenError(cause: NodeJS.ErrnoException, host: string, port: number): TrailError {
  const taken = cause.code === "EADDRINUSE";
  return new TrailError(
    "option.invalid",
    taken ? `Port ${port} is taken.` : `Cannot listen on ${host}:${port}: ${cause.message}.`,
    {
      field: taken ? "port" : "host",
      fix: taken ? "Stop what runs there, or choose another with --port." : "Choose another address or port.",
      cause,
    },
  );
}

function close(server: Server, app: App, graceMs = GRACE_MS): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  app.stop();
  server.close(() => resolve());
  // A connection whose stream has just ended becomes idle a moment later.
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  return promise.finally(() => {
    clearInterval(sweep);
    clearTimeout(timer);
  });
}
