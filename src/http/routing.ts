import type { Context, Hono } from "hono";
import type { Access, Need } from "./access.ts";
import { ROUTE_DOCS, type RouteMethod } from "./openapi/document.ts";
import type { ServerState } from "./server-state.ts";

export const REST = "{.+}";

type Handler = (c: Context, access: Access) => Response | Promise<Response>;

/** Adds a route; whoever asks is admitted first, as the route's row of documentation says. */
export type Route = (method: RouteMethod, path: string, handler: Handler) => void;

export function routing(app: Hono, state: ServerState): Route {
  return (method, path, handler) => {
    const need = needOf(method, path);
    const name = `${method.toUpperCase()} ${path}`;
    // A parameter of this name takes the rest of the path.
    const pattern = path.replace("{path}", `:path${REST}`).replaceAll(/\{(\w+)\}/g, ":$1");
    app[method](pattern, async (c) => {
      const { pathname, search } = new URL(c.req.url);
      return handler(c, await state.gate.admit(c.req, need, name, pathname + search));
    });
  };
}

/** What a route asks of a key. A route without a row does not start. */
export function needOf(method: RouteMethod, path: string): Need {
  const row = ROUTE_DOCS.find((doc) => doc.method === method && doc.path === path);
  if (row === undefined) throw new Error(`${method} ${path} has no row in src/http/openapi`);
  return row.need;
}
