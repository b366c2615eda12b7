import type { Context, Hono } from "hono";
import { parseMicros } from "../../base/clock.ts";
import { settlesWithin } from "../../base/deadline.ts";
import { TrailError } from "../../base/error.ts";
import type { EmitterState } from "../../store/store.ts";
import { scopeOf } from "../jsonapi.ts";
import type { ServerState } from "../server-state.ts";

const READY_MS = 1_000;

export function healthRoutes(app: Hono, state: ServerState): void {
  app.get("/healthz", (c) => c.json({ status: "ok" }));
  app.get("/readyz", (c) => ready(c, state));
  app.get("/metrics", async (c) => {
    const store = await describe(state);
    return c.text(state.metrics.render(state.trail.health(), store), 200, {
      "Content-Type": "text/plain; version=0.0.4; charset=utf-8",
    });
  });
  app.get("/api/v1/stats", (c) => stats(c, state));
  app.get("/api/v1/emitters", async (c) => {
    const emitters = await state.trail.emitters(scopeOf(c.req));
    return c.json({ data: emitters.map((emitter) => ({ ...emitter, verdict: verdictOf(emitter) })) });
  });
}

async function describe(state: ServerState) {
  const described = state.trail.describe();
  try {
    return (await settlesWithin(described, READY_MS)) ? await described : null;
  } catch {
    return null;
  }
}

async function ready(c: Context, state: ServerState): Promise<Response> {
  const store = await describe(state);
  if (store === null)
    throw new TrailError("store.unavailable", "The store does not serve.", { retryAfterMs: 1000 });
  return c.json({
    status: "ok",
    store: { kind: store.kind, schema_version: store.schemaVersion, events: store.events },
  });
}

async function stats(c: Context, state: ServerState): Promise<Response> {
  const { since, ...others } = c.req.query();
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    const field = unknown.slice(0, 100);
    throw new TrailError("query.invalid", `${field} is not a parameter of the statistics.`, { field });
  }
  if (since !== undefined && parseMicros(since) === undefined) {
    throw new TrailError("query.invalid", "since must be RFC 3339.", { field: "since" });
  }
  const found = await state.trail.events.stats({
    ...scopeOf(c.req),
    ...(since === undefined ? {} : { since }),
  });
  return c.json({
    total: found.total,
    head: found.head,
    events_last_hour: found.eventsLastHour,
    by_category: found.byCategory,
    by_status: found.byStatus,
    by_type: found.byType,
    by_agent: found.byAgent,
    by_tool: found.byTool,
  });
}

/** In words: what can be said of an emitter's completeness. */
export function verdictOf({ received, highest, sent, missing }: EmitterState): string {
  const holes = missing.map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`)).join(", ");
  if (missing.length > 0) return `missing ${holes} of ${sent ?? highest}`;
  return sent === null ? `open, ${received} of ${highest} so far` : `complete, ${received} of ${sent}`;
}
