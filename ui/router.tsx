import { createRootRoute, createRoute, createRouter, Outlet } from "@tanstack/react-router";
import { FeedPage } from "./feed/feed-page.tsx";
import { Shell } from "./shell/shell.tsx";

/** What the address says: the query as people write it, and the event that is open. */
export interface FeedSearch {
  q?: string;
  event?: string;
}

const rootRoute = createRootRoute({
  component: () => (
    <Shell>
      <Outlet />
    </Shell>
  ),
});

export const feedRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/",
  validateSearch: (search: Record<string, unknown>): FeedSearch => ({
    ...(typeof search.q === "string" && search.q !== "" ? { q: search.q } : {}),
    ...(typeof search.event === "string" && search.event !== "" ? { event: search.event } : {}),
  }),
  component: FeedPage,
});

/** Plain text in the address, so that a person can read and write it. */
export const router = createRouter({
  routeTree: rootRoute.addChildren([feedRoute]),
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: (search) => {
    const params = new URLSearchParams();
    for (const [key, value] of Object.entries(search))
      if (value !== undefined) params.set(key, String(value));
    const text = params.toString();
    return text === "" ? "" : `?${text}`;
  },
  defaultNotFoundComponent: () => <p className="notice">There is no page at this address.</p>,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
