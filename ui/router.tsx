import { createRootRoute, createRoute, createRouter, Outlet } from "@tanstack/react-router";
import { ApprovalsPage } from "./approvals/approvals-page.tsx";
import { ComparePage } from "./compare/compare-page.tsx";
import { EventPage } from "./event/event-page.tsx";
import { readRange } from "./explore/range.ts";
import { FeedPage } from "./feed/feed-page.tsx";
import { EditForwarderPage, NewForwarderPage } from "./forwarders/edit-page.tsx";
import { ForwardersPage } from "./forwarders/forwarders-page.tsx";
import { IntegrityPage } from "./integrity/integrity-page.tsx";
import { OverviewPage } from "./overview/overview-page.tsx";
import { setZone, type Zone } from "./parts/zone.ts";
import { RunPage } from "./runs/run-page.tsx";
import { RunsPage } from "./runs/runs-page.tsx";
import { SettingsPage } from "./settings/settings-page.tsx";
import { Shell } from "./shell/shell.tsx";
import { ThreadPage, ThreadsPage } from "./threads/threads-page.tsx";

type Search = Record<string, unknown>;

const text = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

/** Only what is there: an empty parameter would stand in the address. */
function given<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const kept = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

const zoneOf = (tz: unknown): Zone | undefined => (tz === "utc" || tz === "local" ? tz : undefined);

/** The zone of an address is this browser's from then on, so that links without it keep to it. */
const rootRoute = createRootRoute({
  validateSearch: ({ tz }: Search) => given({ tz: zoneOf(tz) }),
  beforeLoad: ({ search }) => {
    if (search.tz !== undefined) setZone(search.tz);
  },
  component: () => (
    <Shell>
      <Outlet />
    </Shell>
  ),
});

export const feedRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/",
  // The query as people write it, the event that is open, the time range, the columns, and whether calls are one row.
  validateSearch: ({ q, event, cols, join, ...search }: Search) => ({
    ...given({ q: text(q), event: text(event), cols: text(cols), join: join === "off" ? join : undefined }),
    ...readRange(search),
  }),
  component: FeedPage,
});

export const eventRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/events/$id",
  component: EventPage,
});

export const runsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/runs",
  validateSearch: ({ agent, status, page }: Search) =>
    given({
      agent: text(agent),
      status: text(status),
      page: Number(page) > 1 ? Math.floor(Number(page)) : undefined,
    }),
  component: RunsPage,
});

export const compareRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/runs/compare",
  validateSearch: ({ a, b, step }: Search) =>
    given({
      a: text(a),
      b: text(b),
      step: /^\d{1,6}$/.test(String(step ?? "")) ? String(step) : undefined,
    }),
  component: ComparePage,
});

export const runRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/runs/$id",
  validateSearch: ({ event }: Search) => given({ event: text(event) }),
  component: RunPage,
});

export const overviewRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/overview",
  validateSearch: ({ span }: Search) => given({ span: text(span) }),
  component: OverviewPage,
});

const threadsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/threads",
  component: ThreadsPage,
});

export const threadRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/threads/$id",
  component: ThreadPage,
});

const integrityRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/integrity",
  component: IntegrityPage,
});

const forwardersRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/forwarders",
  component: ForwardersPage,
});

const newForwarderRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/forwarders/new",
  component: NewForwarderPage,
});

export const forwarderRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/forwarders/$id",
  component: EditForwarderPage,
});

export const approvalsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/approvals",
  validateSearch: ({ state, page }: Search) =>
    given({ state: text(state), page: Number(page) > 1 ? Math.floor(Number(page)) : undefined }),
  component: ApprovalsPage,
});

const settingsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/settings",
  component: SettingsPage,
});

/** Plain text in the address, so that a person can read and write it. */
export const router = createRouter({
  routeTree: rootRoute.addChildren([
    feedRoute,
    eventRoute,
    runsRoute,
    compareRoute,
    runRoute,
    overviewRoute,
    threadsRoute,
    threadRoute,
    forwardersRoute,
    newForwarderRoute,
    forwarderRoute,
    integrityRoute,
    approvalsRoute,
    settingsRoute,
  ]),
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
