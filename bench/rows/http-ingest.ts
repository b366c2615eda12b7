import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { uuidv7 } from "../../src/base/uuid.ts";
import { openTrail } from "../../src/index.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import type { Store } from "../../src/store/store.ts";
import { BULK_EVENTS, type Load, type Loaded } from "../load.ts";
import { compare, inFolder, interleave, type Row, type Setting } from "../measure.ts";
import { output } from "../program.ts";

const BULK_PATH = "/api/v1/events/bulk";
const ONE_PATH = "/api/v1/events";

export const httpBulk: Row = {
  name: "http-bulk",
  title: "HTTP ingest, 100 events a request, committed before the answer",
  run: (setting) =>
    ingest(setting, { path: BULK_PATH, kind: "bulk", connections: 8, requests: setting.size(400) }, 0.8),
};

export const httpOne: Row = {
  name: "http-one",
  title: "HTTP ingest, one event a request, committed before the answer",
  run: (setting) =>
    ingest(setting, { path: ONE_PATH, kind: "one", connections: 32, requests: setting.size(10_000) }, 0.6),
};

function ingest({ rounds }: Setting, load: Omit<Load, "port">, atLeast: number) {
  return inFolder(async (dir) => {
    // Here, so that the other rows do not depend on the server and its packages.
    const { createApp } = await import("../../src/http/app.ts");
    const { listen } = await import("../../src/http/listen.ts");
    let made = 0;
    const eventsPerRequest = load.kind === "bulk" ? BULK_EVENTS : 1;
    const rateAt = async (port: number): Promise<number> => {
      const { seconds, failed } = await output<Loaded>("load.ts", JSON.stringify({ ...load, port }));
      if (failed > 0) throw new Error(`${failed} of ${load.requests} requests failed`);
      return (load.requests * eventsPerRequest) / seconds;
    };
    const { ours, bare } = await interleave(rounds, {
      async ours() {
        const trail = openTrail(`${dir}/ours-${made++}.db`);
        const server = await listen(createApp({ trail }), { host: "127.0.0.1", port: 0 });
        const rate = await rateAt(server.port);
        await server.close();
        await trail.close();
        return rate;
      },
      async bare() {
        const store = await openSqliteStore(`${dir}/bare-${made++}.db`);
        const server = await listenBare(store, load.kind);
        const rate = await rateAt((server.address() as AddressInfo).port);
        await new Promise((resolve) => server.close(resolve));
        await store.close();
        return rate;
      },
    });
    const baseline = { what: "bare node:http, the same store, nothing validated or redacted", rounds: bare };
    return [
      compare(`${load.connections} keep-alive connections`, "events/s", ours, baseline, {
        goal: { of: "ratio", atLeast },
      }),
    ];
  });
}

/** The least that a server can do with the same body and the same store. */
async function listenBare(store: Store, kind: Load["kind"]): Promise<Server> {
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request);
    const outcomes = await store.append(
      kind === "one" ? [lineOfEnvelope(body)] : body.split("\n").map(lineOf),
    );
    response.writeHead(201, { "content-type": "application/json" });
    response.end(JSON.stringify({ accepted: outcomes.length }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

function lineOfEnvelope(body: string): string {
  return complete((JSON.parse(body) as { data: { attributes: object } }).data.attributes);
}

function lineOf(text: string): string {
  return complete(JSON.parse(text) as object);
}

function complete(event: object): string {
  return JSON.stringify({
    id: uuidv7(),
    tenant: "default",
    environment: "production",
    severity: "INFO",
    ...event,
  });
}
