import { nowMicros } from "../base/clock.ts";
import { TrailError } from "../base/error.ts";
import type { AuditEvent } from "../event/event.ts";
import { PLATFORM_ENVIRONMENT } from "../event/vocabulary.ts";
import type { Condition } from "../query/filter.ts";
import type { Stats, Store } from "../store/store.ts";
import { environmentKey } from "../view/catalog.ts";
import { PROJECTIONS } from "../view/projections.ts";
import type { RowCondition, RowQuery } from "../view/row-query.ts";

/** What one holder of a key may see and write. */
export interface AccessScope {
  readonly tenant: string;
  /** Null: every environment of the tenant. */
  readonly environments: readonly string[] | null;
  /** Whether Daybook's own events of the tenant may be read: who read what, in every environment. */
  readonly platform: boolean;
}

const MICROS_PER_HOUR = 3_600_000_000;

export function mayRead(scope: AccessScope, environment: string): boolean {
  if (environment === PLATFORM_ENVIRONMENT) return scope.platform;
  return scope.environments === null || scope.environments.includes(environment);
}

/** Throws `access.denied`. */
export function checkWrite(scope: AccessScope, environment: string): void {
  if (environment !== PLATFORM_ENVIRONMENT && mayRead(scope, environment)) return;
  throw new TrailError("access.denied", `The key may not write to the environment "${environment}".`, {
    field: "environment",
    fix: "Name one of the key's environments.",
  });
}

/**
 * The store as the holder of a key sees it: the key's tenant stands in place of whatever is named,
 * and nothing of another environment is found, counted or told. Everything that reads for a key
 * reads through this one, so no route can forget to look.
 */
export function guardedStore(store: Store, scope: AccessScope): Store {
  const { tenant } = scope;
  const guarded = <Q extends { readonly tenant: string; readonly where: readonly Condition[] }>(
    query: Q,
  ): Q => ({
    ...query,
    tenant,
    where: [...query.where, ...environmentConditions(scope)],
  });
  return {
    append: () =>
      Promise.reject(new TrailError("access.denied", "Through a key events come by the doors only.")),
    get: async (_, id) => visible(await store.get(tenant, id), scope),
    list: (query) => store.list(guarded(query)),
    head: () => store.head(tenant),
    tenants: async () => (await store.tenants()).filter((name) => name === tenant),
    stats: async (_, since) =>
      (await seesAll(store, scope)) ? store.stats(tenant, since) : countStats(store, scope, since),
    emitters: async () => store.emitters(wholeTenant(scope)),
    async row(_, view, key) {
      const member = memberOf(view, scope);
      const row = await store.row(tenant, view, key);
      if (row === null || member === null) return row;
      const environment = row.doc[member];
      return typeof environment === "string" && mayRead(scope, environment) ? row : null;
    },
    rows: async (query) => store.rows(guardedRows(query, scope)),
    rebuild: async () => store.rebuild(wholeTenant(scope)),
    facets: (query) => store.facets(guarded(query)),
    count: (query) => store.count(guarded(query)),
    prune: async (order) => store.prune({ ...order, tenant: wholeTenant(scope) }),
    leaves: (query) => store.leaves({ ...query, tenant }),
    entries: async (query) => store.entries({ ...query, tenant: wholeTenant(scope) }),
    blob: (_, name) => store.blob(tenant, name),
    blobNames: (query) => store.blobNames({ ...query, tenant }),
    writeBlobs: (_, writes) => store.writeBlobs(tenant, writes),
    watch: (listener) => store.watch(listener),
    describe: () => store.describe(),
    close: async () => undefined,
  };
}

/** Where it is so, the store's own counts will do. */
async function seesAll(store: Store, { tenant, environments, platform }: AccessScope): Promise<boolean> {
  if (environments !== null || platform) return environments === null;
  return (await store.row(tenant, "catalog", environmentKey(PLATFORM_ENVIRONMENT))) === null;
}

function environmentConditions({ environments, platform }: AccessScope): Condition[] {
  if (environments !== null) {
    const values = platform ? [...environments, PLATFORM_ENVIRONMENT] : environments;
    return [{ op: "any", field: "environment", values }];
  }
  return platform ? [] : [{ op: "none", field: "environment", values: [PLATFORM_ENVIRONMENT] }];
}

function visible(event: AuditEvent | null, scope: AccessScope): AuditEvent | null {
  return event !== null && mayRead(scope, event.environment) ? event : null;
}

/** The tenant, for what cannot be told apart by environment. */
export function wholeTenant({ tenant, environments }: AccessScope): string {
  if (environments === null) return tenant;
  throw new TrailError("access.denied", "This needs a key for every environment of the tenant.", {
    fix: "Use such a key; yours is bound to some environments.",
  });
}

/** The member of the view's rows that names their environment; null where all may be seen. */
function memberOf(view: string, scope: AccessScope): string | null {
  if (scope.environments === null) return null;
  const member = PROJECTIONS.find(({ name }) => name === view)?.environment;
  if (member === undefined) wholeTenant(scope);
  return member ?? null;
}

const TOTALS_OF_ONE = /^(?:hour|day)\/environment=(.*)$/s;
const TOTALS_BY_ENVIRONMENT = /^(?:hour|day)\/environment$/;

function guardedRows(query: RowQuery, scope: AccessScope): RowQuery {
  const { tenant, environments } = scope;
  if (environments === null) return { ...query, tenant };
  const only = (member: string): RowQuery => {
    const condition: RowCondition = { op: "any", member, values: environments };
    return { ...query, tenant, where: [...(query.where ?? []), condition] };
  };
  if (query.view === "totals") {
    const one = TOTALS_OF_ONE.exec(query.group)?.[1];
    if (one !== undefined || TOTALS_BY_ENVIRONMENT.test(query.group)) return only("value");
  }
  const member = memberOf(query.view, scope);
  return member === null ? { ...query, tenant } : only(member);
}

/** The statistics of some environments, counted: the store keeps them for whole tenants. */
async function countStats(store: Store, scope: AccessScope, since: number | undefined): Promise<Stats> {
  const { tenant } = scope;
  const from = (min: number | undefined): Condition[] =>
    min === undefined ? [] : [{ op: "range", field: "created_at", min }];
  const where = environmentConditions(scope);
  const fields = ["category", "status", "event_type", "agent", "tool"] as const;
  const lastHour = [...where, ...from(nowMicros() - MICROS_PER_HOUR)];
  const [all, recent, head] = await Promise.all([
    store.count({ tenant, where: [...where, ...from(since)], fields }),
    store.count({ tenant, where: lastHour, fields: [] }),
    store.head(tenant),
  ]);
  const by = (field: string): Record<string, number> => ({ ...all.fields[field] });
  return {
    total: all.matched,
    head,
    eventsLastHour: recent.matched,
    byCategory: by("category"),
    byStatus: by("status"),
    byType: by("event_type"),
    byAgent: by("agent"),
    byTool: by("tool"),
  };
}
