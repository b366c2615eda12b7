import { type Context, Hono } from "hono";
import { TrailError } from "../base/error.ts";
import type { Trail } from "../trail/trail.ts";
import { Metrics } from "./metrics.ts";
import { openapiRoutes } from "./openapi.ts";
import { respondWithError } from "./problem.ts";
import { bulkRoute } from "./routes/bulk.ts";
import { eventRoutes } from "./routes/events.ts";
import { healthRoutes } from "./routes/health.ts";
import { hookRoutes } from "./routes/hooks.ts";
import { otlpRoutes } from "./routes/otlp.ts";
import { streamRoute } from "./routes/stream.ts";
import type { ServerState } from "./server-state.ts";
import { serveStatic } from "./static.ts";

export interface AppOptions {
  trail: Trail;
  /** The folder of the built page; without one, `/` says how to build it. */
  pageDir?: string | null;
  log?: (line: string) => void;
  heartbeatMs?: number;
  slowReaderMs?: number;
}

export interface App {
  fetch: Hono["fetch"];
  /** Every route as `METHOD /path`, for the test that holds the OpenAPI document against them. */
  readonly routes: readonly string[];
  /** Ends the live streams, so that the server can stop. */
  stop(): void;
}

const HEARTBEAT_MS = 15_000;
const SLOW_READER_MS = 20_000;
const WRITES: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH", "DELETE"]);

/** The HTTP side of a trail, as a function of requests. It opens no port and closes no trail. */
export function createApp(options: AppOptions): App {
  const stopping = new AbortController();
  const log = options.log ?? ((line: string) => process.emitWarning(line));
  const state: ServerState = {
    trail: options.trail,
    metrics: new Metrics(),
    log,
    stopping: stopping.signal,
    heartbeatMs: options.heartbeatMs ?? HEARTBEAT_MS,
    slowReaderMs: options.slowReaderMs ?? SLOW_READER_MS,
  };
  const app = new Hono({ strict: false });
  app.use(async (c, next) => {
    const begun = performance.now();
    refuseForeignPages(c);
    await next();
    state.metrics.request(c.req.method, routeOf(c), c.res.status, (performance.now() - begun) / 1000);
  });
  app.onError((thrown, c) => respondWithError(c, thrown, log));

  streamRoute(app, state);
  bulkRoute(app, state);
  eventRoutes(app, state);
  healthRoutes(app, state);
  otlpRoutes(app, state);
  hookRoutes(app, state);
  openapiRoutes(app);
  const routes = [
    ...new Set(
      app.routes.filter(({ method }) => method !== "ALL").map(({ method, path }) => `${method} ${path}`),
    ),
  ];
  const page = serveStatic(options.pageDir ?? null);
  app.notFound((c) => {
    const isRead = c.req.method === "GET" || c.req.method === "HEAD";
    const answer = isRead && !isApi(c.req.path) ? page(c.req.path, c.req.header("accept") ?? "") : null;
    if (answer !== null) return answer;
    const known = allowedMethods(app, c.req.path);
    if (known.length > 0) {
      c.header("Allow", known.join(", "));
      const error = new TrailError("route.method", `${c.req.method} is not allowed here.`, {
        fix: `Use ${known.join(" or ")}.`,
      });
      return respondWithError(c, error, log);
    }
    const error = new TrailError("route.not_found", "There is nothing at this address.", {
      fix: "See /docs for what there is.",
    });
    return respondWithError(c, error, log);
  });
  return { fetch: app.fetch, routes, stop: () => stopping.abort() };
}

function isApi(path: string): boolean {
  return path.startsWith("/api/") || path.startsWith("/v1/");
}

/** The route's pattern, never the path: metrics must not grow with what strangers ask for. */
function routeOf(c: Context): string {
  const { routePath } = c.req;
  return routePath === "/*" || routePath === "*" ? "other" : routePath;
}

function allowedMethods(app: Hono, path: string): string[] {
  const methods = app.routes
    .filter(
      (route) =>
        route.method !== "ALL" && new RegExp(`^${route.path.replaceAll(/:[a-z]+/g, "[^/]+")}/?$`).test(path),
    )
    .map((route) => route.method);
  return [...new Set(methods)];
}

/**
 * A page of another origin in the operator's browser must not write here. It cannot read either:
 * there are no CORS headers. Programs send no Origin, and any Host is fine.
 */
function refuseForeignPages(c: Context): void {
  if (!WRITES.has(c.req.method)) return;
  const origin = c.req.header("origin");
  if (origin === undefined) return;
  const host = URL.canParse(origin) ? new URL(origin).host : null;
  if (host !== null && host === c.req.header("host")) return;
  throw new TrailError("request.forbidden", "A page of another origin may not write here.");
}
