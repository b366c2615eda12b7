import type { Context } from "hono";
import { TrailError } from "../../base/error.ts";
import { isObject } from "../../base/json.ts";
import { LIMITS } from "../../event/limits.ts";
import { SYSTEM_TENANT } from "../../event/vocabulary.ts";
import type { Store } from "../../store/store.ts";
import { guardedStore } from "../../trail/access-scope.ts";
import { type Access, denied } from "../access.ts";
import { parseJson } from "../body.ts";
import { askedBy } from "../door.ts";
import type { Route } from "../routing.ts";
import type { ServerState } from "../server-state.ts";
import {
  optionalWhole,
  readCountQuery,
  readFacetQuery,
  readPruneOrder,
  readQuery,
  readRowQuery,
  text,
} from "./store-input.ts";

type Input = Readonly<Record<string, unknown>> & { readonly tenant: string };
type Call = (store: Store, input: Input) => Promise<unknown>;

/** The calls of the store port that another Daybook makes, by name. */
export const STORE_READS: Readonly<Record<string, Call>> = {
  get: (store, input) => store.get(input.tenant, text(input, "id")),
  list: (store, input) => store.list(readQuery(input)),
  head: (store, { tenant }) => store.head(tenant),
  stats: (store, input) => store.stats(input.tenant, optionalWhole(input, "since")),
  emitters: (store, { tenant }) => store.emitters(tenant),
  row: (store, input) => store.row(input.tenant, text(input, "view"), text(input, "key")),
  rows: (store, input) => store.rows(readRowQuery(input)),
  facets: (store, input) => store.facets(readFacetQuery(input)),
  count: (store, input) => store.count(readCountQuery(input)),
};
export const STORE_WRITES: Readonly<Record<string, Call>> = {
  rebuild: (store, { tenant }) => store.rebuild(tenant),
  prune: (store, input) => store.prune(readPruneOrder(input)),
};

/** That wait for a reader. */
const WAKE_UPS_MAX = 16;

/** Lets another Daybook open this one by its address (`src/store/remote`). */
export function storeRoutes(route: Route, state: ServerState): void {
  for (const [name, call] of [...Object.entries(STORE_READS), ...Object.entries(STORE_WRITES)]) {
    route("post", `/api/v1/store/${name}`, async (c, access) => {
      const input = await readInput(c, access, state);
      const store = guardedStore(await state.trail.store(), { ...access, tenant: input.tenant });
      return c.json({ output: (await call(store, input)) ?? null });
    });
  }

  route("post", "/api/v1/store/describe", async (c) => c.json({ output: await state.trail.describe() }));

  route("post", "/api/v1/store/tenants", async (c, access) => {
    if (access.isBound) return c.json({ output: [access.tenant] });
    return c.json({ output: await (await state.trail.store()).tenants() });
  });

  route("get", "/api/v1/store/watch", async () => watch(state));
}

/** A key of one tenant reads that one; the store is guarded for the rest of what it may not see. */
async function readInput(c: Context, access: Access, state: ServerState): Promise<Input> {
  const input = parseJson(await askedBy(c).body(LIMITS.eventBytes));
  if (!isObject(input) || typeof input.tenant !== "string") {
    throw new TrailError("request.malformed", "The body must be a JSON object with a tenant.");
  }
  if (access.isBound && input.tenant !== access.tenant) throw denied("The key belongs to another tenant.");
  if (input.tenant === SYSTEM_TENANT && access.keyId !== null)
    await state.gate.admit(c.req, "audit", "the system's log");
  return input as Input;
}

/** A line at each commit, several commits in one; and a comment now and then, so that silence means a dead line. */
async function watch(state: ServerState): Promise<Response> {
  const store = await state.trail.store();
  const encoder = new TextEncoder();
  const ended = new AbortController();
  const start = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
    const say = (text: string): void => {
      // A reader that takes nothing needs no further wake-up: one is waiting for it.
      const hasRoom = !ended.signal.aborted && (controller.desiredSize ?? 0) > 0;
      if (hasRoom) controller.enqueue(encoder.encode(text));
    };
    const unwatch = store.watch(() => say("data: committed\n\n"));
    const heartbeat = setInterval(() => say(": still here\n\n"), state.heartbeatMs);
    const stop = (): void => {
      if (!ended.signal.aborted) controller.close();
      ended.abort();
    };
    state.stopping.addEventListener("abort", stop, { once: true, signal: ended.signal });
    ended.signal.addEventListener("abort", () => {
      unwatch();
      clearInterval(heartbeat);
    });
    say(": watching\n\n");
  };
  const room = new CountQueuingStrategy({ highWaterMark: WAKE_UPS_MAX });
  const body = new ReadableStream<Uint8Array>({ start, cancel: () => ended.abort() }, room);
  return new Response(body, {
    headers: { "Content-Type": "text/event-stream", "Cache-Control": "no-cache, no-transform" },
  });
}
