import type { Context } from "hono";
import { settlesWithin } from "../../base/deadline.ts";
import { TrailError } from "../../base/error.ts";
import type { Route } from "../routing.ts";
import type { ServerState } from "../server-state.ts";

const READY_MS = 1_000;

export function healthRoutes(route: Route, state: ServerState): void {
  route("get", "/healthz", (c) => c.json({ status: "ok" }));
  route("get", "/readyz", (c) => ready(c, state));
  route("get", "/metrics", async (c) => {
    const store = await describe(state);
    return c.text(state.metrics.render(state.trail.health(), store), 200, {
      "Content-Type": "text/plain; version=0.0.4; charset=utf-8",
    });
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
