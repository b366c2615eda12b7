import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Context, Hono } from "hono";
import { TrailError } from "../base/error.ts";
import { PRICES } from "../price/prices.ts";
import type { PriceTable } from "../price/table.ts";
import { Rules } from "../rule/rules.ts";
import type { Verifier } from "../tlog/note.ts";
import type { Trail } from "../trail/trail.ts";
import type { Witness } from "../trail/witness/keeper.ts";
import { Gate, type GateOptions } from "./access.ts";
import { type Door, endBody, enter, socketOf } from "./door.ts";
import { Metrics } from "./metrics.ts";
import { openapiRoutes } from "./openapi/routes.ts";
import { refuseForeignPages } from "./origin.ts";
import { problemOf, toResponse } from "./problem.ts";
import { erasureRoutes } from "./routes/admin/erasure.ts";
import { keyRoutes } from "./routes/admin/keys.ts";
import { retentionRoutes } from "./routes/admin/retention.ts";
import { bulkRoute, recordMany } from "./routes/bulk.ts";
import { hookRoutes } from "./routes/capture/hooks.ts";
import { langSmithRoutes } from "./routes/capture/langsmith.ts";
import { openAiTraceRoutes } from "./routes/capture/openai-traces.ts";
import { otlpRoutes } from "./routes/capture/otlp.ts";
import { eventRoutes, recordOne } from "./routes/events.ts";
import { evidenceRoutes } from "./routes/evidence.ts";
import { exportRoutes } from "./routes/exports.ts";
import { deliveryRoutes } from "./routes/forwarding/deliveries.ts";
import { forwarderTypeRoutes } from "./routes/forwarding/forwarder-types.ts";
import { forwarderRoutes } from "./routes/forwarding/forwarders.ts";
import { healthRoutes } from "./routes/health.ts";
import { logRoutes } from "./routes/log.ts";
import { searchRoutes } from "./routes/search.ts";
import { storeRoutes } from "./routes/store.ts";
import { streamRoute } from "./routes/stream.ts";
import { verifyRoute } from "./routes/verify.ts";
import { approvalRoutes } from "./routes/views/approvals.ts";
import { auditRoutes } from "./routes/views/audit.ts";
import { callRoutes } from "./routes/views/calls.ts";
import { catalogRoutes } from "./routes/views/catalog.ts";
import { insightRoutes } from "./routes/views/insights.ts";
import { runRoutes } from "./routes/views/runs.ts";
import { threadRoutes } from "./routes/views/threads.ts";
import { witnessRoutes } from "./routes/witness.ts";
import { REST, type Route, routing } from "./routing.ts";
import type { ServerState } from "./server-state.ts";
import { serveStatic } from "./static.ts";

export interface AppOptions {
  trail: Trail;
  /** The folder of the built page; without one, `/` says how to build it. */
  pageDir?: string | null;
  log?: (line: string) => void;
  heartbeatMs?: number;
  slowReaderMs?: number;
  /** Keys of other logs that this Daybook witnesses. */
  watched?: readonly Verifier[];
  /** Those that our own logs are shown to. */
  witnesses?: readonly Witness[];
  /** Default: the table that comes with Daybook. */
  prices?: PriceTable;
  /** Keys, and whether reads are recorded. */
  access?: GateOptions;
}

export interface App {
  fetch: Hono["fetch"];
  /** Takes a request that has a short way, and says whether it did; `fetch` answers all of them too. */
  direct(incoming: IncomingMessage, outgoing: ServerResponse): boolean;
  /** The answer to a request that cannot be turned into one for `fetch`. */
  unreadable(): Response;
  /** Every route as `METHOD /path`, for the test that holds the OpenAPI document against them. */
  readonly routes: readonly string[];
  /** Ends the live streams, so that the server can stop. */
  stop(): void;
}

const HEARTBEAT_MS = 15_000;
const SLOW_READER_MS = 20_000;
/** Where agents send event after event. */
const DIRECT: ReadonlyMap<string, Door> = new Map([
  ["/api/v1/events", recordOne],
  ["/api/v1/events/bulk", recordMany],
]);
const WRITES: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH", "DELETE"]);

/** The HTTP side of a trail, as a function of requests. It opens no port and closes no trail. */
export function createApp(options: AppOptions): App {
  const { watched = [] } = options;
  const stopping = new AbortController();
  const log = options.log ?? ((line: string) => process.emitWarning(line));
  const state: ServerState = {
    trail: options.trail,
    gate: new Gate(options.trail, options.access),
    metrics: new Metrics(),
    rules: new Rules(),
    prices: options.prices ?? PRICES,
    exportKey: randomBytes(32),
    witnesses: options.witnesses ?? [],
    cosigner: watched.length === 0 ? null : options.trail.log.cosigner(watched),
    log,
    stopping: stopping.signal,
    heartbeatMs: options.heartbeatMs ?? HEARTBEAT_MS,
    slowReaderMs: options.slowReaderMs ?? SLOW_READER_MS,
  };
  const app = new Hono({ strict: false });
  const failed = (thrown: unknown): Response => toResponse(problemOf(thrown, log));
  app.use(async (c, next) => {
    const begun = performance.now();
    await next();
    await endBody(socketOf(c));
    state.metrics.request(c.req.method, routeOf(c), c.res.status, (performance.now() - begun) / 1000);
  });
  app.use(async (c, next) => {
    if (WRITES.has(c.req.method)) refuseForeignPages(c.req);
    await next();
  });
  app.onError(failed);

  addRoutes(routing(app, state), state);
  const routes = namesOf(app);
  const page = serveStatic(options.pageDir ?? null);
  app.notFound((c) => answerElsewhere(c, app, page, failed));
  return {
    fetch: app.fetch,
    routes,
    direct(incoming, outgoing) {
      const route = incoming.url ?? "";
      const door = incoming.method === "POST" ? DIRECT.get(route) : undefined;
      if (door !== undefined) void enter(door, route, state, { incoming, outgoing });
      return door !== undefined;
    },
    unreadable: () =>
      failed(new TrailError("request.malformed", "The address of the request cannot be read.")),
    stop: () => {
      stopping.abort();
      state.rules.close();
    },
  };
}

function addRoutes(route: Route, state: ServerState): void {
  streamRoute(route, state);
  bulkRoute(route, state);
  searchRoutes(route, state);
  exportRoutes(route, state);
  catalogRoutes(route, state);
  auditRoutes(route, state);
  keyRoutes(route, state);
  eventRoutes(route, state);
  healthRoutes(route, state);
  insightRoutes(route, state);
  callRoutes(route, state);
  approvalRoutes(route, state);
  runRoutes(route, state);
  threadRoutes(route, state);
  retentionRoutes(route, state);
  erasureRoutes(route, state);
  storeRoutes(route, state);
  otlpRoutes(route, state);
  hookRoutes(route, state);
  openAiTraceRoutes(route, state);
  langSmithRoutes(route, state);
  logRoutes(route, state);
  evidenceRoutes(route, state);
  verifyRoute(route, state);
  witnessRoutes(route, state);
  forwarderRoutes(route, state);
  deliveryRoutes(route, state);
  forwarderTypeRoutes(route, state);
  openapiRoutes(route);
}

/** What is no route: a file of the page, the page itself, or a clear no. */
function answerElsewhere(
  c: Context,
  app: Hono,
  page: ReturnType<typeof serveStatic>,
  failed: (thrown: unknown) => Response,
): Response {
  const { method, path } = c.req;
  const isRead = method === "GET" || method === "HEAD";
  const answer = isRead && !isApi(path) ? page(path, c.req.header("accept") ?? "") : null;
  if (answer !== null) return answer;
  const known = allowedMethods(app, path);
  if (known.length === 0) {
    return failed(
      new TrailError("route.not_found", "There is nothing at this address.", {
        fix: "See /docs for what there is.",
      }),
    );
  }
  const response = failed(
    new TrailError("route.method", `${method} is not allowed here.`, { fix: `Use ${known.join(" or ")}.` }),
  );
  response.headers.set("Allow", known.join(", "));
  return response;
}

function isApi(path: string): boolean {
  return ["/api/", "/v1/", "/langsmith/", "/witness/"].some((prefix) => path.startsWith(prefix));
}

/** The route's pattern, never the path: metrics must not grow with what strangers ask for. */
function routeOf(c: Context): string {
  const { routePath } = c.req;
  return routePath === "/*" || routePath === "*" ? "other" : routePath;
}

/** Each route once, as `METHOD /path`. */
function namesOf(app: Hono): string[] {
  const named = app.routes.filter(({ method }) => method !== "ALL");
  return [...new Set(named.map(({ method, path }) => `${method} ${path.replaceAll(REST, "")}`))];
}

function allowedMethods(app: Hono, path: string): string[] {
  const methods = app.routes
    .filter(
      (route) =>
        route.method !== "ALL" &&
        new RegExp(
          `^${route.path.replaceAll(/:[a-z]+\{\.\+\}/g, ".+").replaceAll(/:[a-z]+/g, "[^/]+")}/?$`,
        ).test(path),
    )
    .map((route) => route.method);
  return [...new Set(methods)];
}
