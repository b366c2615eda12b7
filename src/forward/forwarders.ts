import { TrailError } from "../base/error.ts";
import type { JsonObject } from "../base/json.ts";
import type { Actor, AuditEvent } from "../event/event.ts";
import { SYSTEM_TENANT } from "../event/vocabulary.ts";
import type { Store } from "../store/store.ts";
import { deliveryGroup } from "../view/deliveries.ts";
import { sortable } from "../view/projection.ts";
import { AlertWatches } from "./alert/watches.ts";
import {
  Deliveries,
  type DeliveriesQuery,
  type Delivery,
  type DeliveryPage,
  isEnabled,
} from "./delivery/deliveries.ts";
import { deliveryId } from "./delivery/delivery-id.ts";
import { sendAgain } from "./dispatch/again.ts";
import { Dispatcher } from "./dispatch/dispatcher.ts";
import { Egress } from "./egress/egress.ts";
import { type Forwarder, parseForwarder, parseId } from "./forwarder.ts";
import type { ForwardGround } from "./ground.ts";
import { type PreviewedEvent, previewForwarder } from "./preview.ts";
import { DESTINATIONS } from "./registry.ts";
import { Shelf } from "./shelf.ts";
import { parseTest, sendTest, type TestResult } from "./test-call.ts";

export interface ForwardScope {
  /** Default: the trail's own tenant. */
  tenant?: string;
  /** Who does it; stands in the log. */
  actor?: Actor;
  /** Environments that the caller may manage; null or absent: all. Overrides of others stay as they are. */
  environments?: readonly string[] | null;
}

export interface ForwardersQuery extends ForwardScope {
  type?: string;
  sort?: "created_at" | "-created_at" | "updated_at" | "-updated_at";
  /** Default 0. */
  offset?: number;
  /** Default 1000. */
  limit?: number;
}

export interface RetryCount {
  readonly attempted: number;
  readonly succeeded: number;
  readonly failed: number;
}

/** What was sent and what was confirmed in one hour. */
export interface ReconciledHour {
  /** The hour's beginning. */
  readonly hour: number;
  readonly sent: number;
  readonly confirmed: number;
  readonly failed: number;
  readonly filteredOut: number;
  readonly skipped: number;
}

export interface ForwardingOptions {
  onProblem?: (problem: Error) => void;
  /** How long a receiver may take for an answer. Default: 30 000. */
  timeoutMs?: number;
  /** Between tries, doubling from the first to the second. Default: 500 and 300 000. */
  backoff?: { baseMs: number; maxMs: number };
  /** How often alerts look. Default: 10 000. */
  alertIntervalMs?: number;
}

/**
 * Rules that send events elsewhere. Attributes have the names of the HTTP API. Saving resolves no
 * name and opens no connection; sending happens where `run` is: in `daybook serve`.
 */
export interface Forwarders {
  /** Rejects with `forwarder.invalid`, `rule.invalid`, and `setting.conflict` for an id that is taken. */
  create(draft: { id: string } & Record<string, unknown>, scope?: ForwardScope): Promise<Forwarder>;
  list(query?: ForwardersQuery): Promise<{ forwarders: Forwarder[]; total: number }>;
  /** Rejects with `forwarder.not_found`. */
  get(id: string, scope?: ForwardScope): Promise<Forwarder>;
  /** Replaces everything that can be written. */
  update(id: string, attributes: Record<string, unknown>, scope?: ForwardScope): Promise<Forwarder>;
  /** False where there is none. Its deliveries stay. */
  delete(id: string, scope?: ForwardScope): Promise<boolean>;
  pause(id: string, scope?: ForwardScope): Promise<Forwarder>;
  resume(id: string, scope?: ForwardScope): Promise<Forwarder>;
  deliveries(id: string, query?: DeliveriesQuery & ForwardScope): Promise<DeliveryPage>;
  /** Sends the event of a delivery again, as the forwarder is now; the new delivery. */
  retry(id: string, delivery: string, scope?: ForwardScope): Promise<Delivery>;
  /** Sends every event whose last delivery failed again. */
  retryFailed(id: string, options?: ForwardScope & { environment?: string | undefined }): Promise<RetryCount>;
  /** Per hour, oldest first. */
  reconcile(id: string, options?: ForwardScope & { limit?: number }): Promise<ReconciledHour[]>;
  /** One request, and what came back; nothing of it is kept. */
  test(request: Record<string, unknown>): Promise<TestResult>;
  /** What a forwarder with these attributes would make of the newest events (20, at most 100). Nothing is sent or kept. */
  preview(
    attributes: Record<string, unknown>,
    options?: ForwardScope & { limit?: number },
  ): Promise<PreviewedEvent[]>;
  /** The catalogue. */
  types(): Promise<typeof DESTINATIONS>;
  /** Forwards until the function that it resolves with is called. */
  run(options?: ForwardingOptions): Promise<() => Promise<void>>;
}

const TIMEOUT_MS = 30_000;
const RETRY_MS = 60_000;
const PAGE = 500;
const PREVIEWED = 20;
const PREVIEWED_MAX = 100;
const LIST_LIMIT = 1_000;

interface Desk {
  readonly ground: ForwardGround;
  readonly shelf: Shelf;
  readonly egress: Egress;
  at(id: string, scope?: ForwardScope): { tenant: string; id: string; actor: Actor };
}

export function createForwarders(ground: ForwardGround): Forwarders {
  const desk: Desk = {
    ground,
    shelf: new Shelf(ground),
    egress: new Egress(ground.egress),
    at: (id, { tenant = ground.tenant, actor = {} } = {}) => ({ tenant, id, actor }),
  };
  return {
    ...resourceOf(desk),
    ...deliveriesOf(desk),
    test: async (request) => sendTest(parseTest(request), desk.egress),
    preview: async (attributes, { tenant = ground.tenant, environments = null, limit = PREVIEWED } = {}) =>
      previewForwarder(ground, attributes, {
        tenant,
        environments,
        limit: Math.min(Math.max(1, limit), PREVIEWED_MAX),
      }),
    types: async () => DESTINATIONS,
    run: (options) => run(desk, options),
  };
}

function resourceOf({ ground, shelf, at }: Desk) {
  return {
    async create({ id, ...attributes }: { id: string } & Record<string, unknown>, scope: ForwardScope = {}) {
      return shelf.create(at(parseId(id), scope), parseForwarder(attributes));
    },

    async list(query: ForwardersQuery = {}) {
      const { type, sort = "-created_at", offset = 0, limit = LIST_LIMIT, tenant = ground.tenant } = query;
      const { forwarders: all } = await shelf.all(tenant);
      const key = sort.endsWith("created_at") ? "createdAt" : "updatedAt";
      const sign = sort.startsWith("-") ? -1 : 1;
      const found = all.filter((one) => type === undefined || one.forwarder_type === type);
      found.sort((a, b) => sign * (a[key] - b[key] || (a.id < b.id ? -1 : 1)));
      return { forwarders: found.slice(offset, offset + limit), total: found.length };
    },

    get: (id: string, scope?: ForwardScope) => shelf.get(at(id, scope)),

    async update(id: string, attributes: Record<string, unknown>, scope: ForwardScope = {}) {
      const parsed = parseForwarder(attributes);
      const before = await shelf.get(at(id, scope));
      const { environments: mine = null } = scope;
      const foreign = Object.entries(before.environments).filter(([name]) => mine?.includes(name) === false);
      const kept = { ...parsed.environments, ...Object.fromEntries(foreign) };
      return shelf.replace(at(id, scope), { ...parsed, environments: kept });
    },

    delete: (id: string, scope?: ForwardScope) => shelf.remove(at(id, scope)),

    async pause(id: string, scope?: ForwardScope) {
      await shelf.get(at(id, scope));
      await shelf.pause(at(id, scope));
      return shelf.get(at(id, scope));
    },

    async resume(id: string, scope?: ForwardScope) {
      await shelf.get(at(id, scope));
      await shelf.resume(at(id, scope));
      return shelf.get(at(id, scope));
    },
  };
}

function deliveriesOf({ ground, shelf, egress, at }: Desk) {
  const log = new Deliveries(ground);
  const wayOf = (store: Store) => {
    const signal = AbortSignal.timeout(RETRY_MS);
    return { ground, store, reach: { egress, timeoutMs: TIMEOUT_MS, fileRoot: ground.fileRoot, signal } };
  };
  return {
    async deliveries(id: string, query: DeliveriesQuery & ForwardScope = {}) {
      return log.list(await shelf.get(at(id, query)), within(query));
    },

    async retry(id: string, delivery: string, scope: ForwardScope = {}) {
      const forwarder = await shelf.get(at(id, scope));
      const before = await log.get(forwarder, delivery);
      if (scope.environments?.includes(before.environment) === false) {
        throw new TrailError("delivery.not_found", "The forwarder has no delivery with this id.");
      }
      const store = await ground.open();
      const event = before.event === null ? null : await store.get(forwarder.tenant, before.event);
      if (event === null) throw new TrailError("event.not_found", "The event of this delivery was removed.");
      const { receipt } = await sendAgain(wayOf(store), forwarder, event, before.attemptNumber + 1);
      return log.get(forwarder, deliveryId({ receipt, seq: event.seq }));
    },

    async retryFailed(
      id: string,
      { environment, ...scope }: ForwardScope & { environment?: string | undefined } = {},
    ): Promise<RetryCount> {
      const forwarder = await shelf.get(at(id, scope));
      const store = await ground.open();
      const count = { attempted: 0, succeeded: 0, failed: 0 };
      for await (const { seq, attempt, place } of openFailures(store, forwarder)) {
        if (environment !== undefined && place !== environment) continue;
        if (scope.environments?.includes(place) === false || !isEnabled(forwarder, place)) continue;
        const event = await eventAt(store, forwarder.tenant, seq);
        if (event === null) continue;
        count.attempted++;
        const { succeeded } = await sendAgain(wayOf(store), forwarder, event, attempt + 1);
        count[succeeded ? "succeeded" : "failed"]++;
      }
      return count;
    },

    async reconcile(id: string, { limit = PAGE, ...scope }: ForwardScope & { limit?: number } = {}) {
      const { tenant } = await shelf.get(at(id, scope));
      const store = await ground.open();
      const group = deliveryGroup("hour", tenant, id);
      const query = { tenant: SYSTEM_TENANT, view: "deliveries", group, direction: "desc" as const, limit };
      return (await store.rows(query)).rows.map(({ doc }) => hourOf(doc)).reverse();
    },
  };
}

async function run(
  { ground, shelf, egress }: Desk,
  options: ForwardingOptions = {},
): Promise<() => Promise<void>> {
  const { onProblem = () => undefined, timeoutMs = TIMEOUT_MS, alertIntervalMs = 10_000 } = options;
  const { backoff = { baseMs: 500, maxMs: 300_000 } } = options;
  const pause = ({ tenant, id }: Forwarder): Promise<void> =>
    shelf.pause({ tenant, id, actor: { type: "daybook", label: "the receiver wants no more" } });
  const dispatcher = new Dispatcher(
    { ...ground, egressWay: egress, timeoutMs, backoff, onProblem, pause },
    shelf,
  );
  const alerts = new AlertWatches(ground, shelf, { intervalMs: alertIntervalMs, onProblem });
  await dispatcher.start();
  alerts.start();
  return async () => {
    await alerts.stop();
    await dispatcher.stop();
  };
}

/** A caller that may see some environments only sees their deliveries only. */
function within(query: DeliveriesQuery & ForwardScope): DeliveriesQuery {
  const { environments = null, environment, ...rest } = query;
  if (environments === null) return environment === undefined ? rest : { ...rest, environment };
  const asked = environment ?? environments;
  return { ...rest, environment: asked.filter((name) => environments?.includes(name)) };
}

async function eventAt(store: Store, tenant: string, seq: number): Promise<AuditEvent | null> {
  const where = [{ op: "range" as const, field: "seq" as const, min: seq, max: seq }];
  const page = await store.list({ tenant, where, order: "seq", direction: "asc", limit: 1, scanMax: 1_000 });
  return page.events[0] ?? null;
}

/** Those that were open at the call; what fails again meanwhile comes not again. */
async function* openFailures(
  store: Store,
  { tenant, id }: Forwarder,
): AsyncGenerator<{ seq: number; attempt: number; place: string }> {
  let from = 0;
  for (;;) {
    const { rows } = await store.rows({
      tenant: SYSTEM_TENANT,
      view: "deliveries",
      group: deliveryGroup("failure", tenant, id),
      from: sortable(from),
      direction: "asc",
      limit: PAGE,
    });
    for (const { doc } of rows) {
      yield { seq: doc.seq as number, attempt: doc.attempt as number, place: String(doc.environment) };
    }
    const last = rows.at(-1)?.doc.seq;
    if (rows.length < PAGE || typeof last !== "number") return;
    from = last + 1;
  }
}

function hourOf(doc: JsonObject): ReconciledHour {
  const count = (name: string): number => (typeof doc[name] === "number" ? doc[name] : 0);
  return {
    hour: count("hour"),
    sent: count("SUCCEEDED") + count("FAILED"),
    confirmed: count("SUCCEEDED"),
    failed: count("FAILED"),
    filteredOut: count("FILTERED_OUT"),
    skipped: count("SKIPPED_DO_NOT_FORWARD"),
  };
}
