import type { Micros } from "../base/clock.ts";
import type { Store } from "../store/store.ts";
import { catalogGroup } from "../view/catalog.ts";

/** A value that was seen, and when it was first recorded. */
export interface Sighting {
  readonly value: string;
  readonly firstAt: Micros;
}

export interface CatalogQuery {
  /** Default: every environment that was ever seen. */
  environments?: readonly string[];
  /** Default `asc`. */
  direction?: "asc" | "desc";
}

/** What was ever seen, sorted by value. Costs what there are values, whatever the number of events. */
export interface Catalog {
  resourceTypes(query?: CatalogQuery): Promise<Sighting[]>;
  /** With `resourceType`, those that were seen with it, and since when. */
  eventTypes(query?: CatalogQuery & { resourceType?: string }): Promise<Sighting[]>;
  categories(query?: CatalogQuery): Promise<Sighting[]>;
  tools(query?: CatalogQuery): Promise<Sighting[]>;
  agents(query?: CatalogQuery): Promise<Sighting[]>;
  environments(): Promise<Sighting[]>;
}

const PAGE = 1_000;

export function createCatalog(open: () => Promise<Store>, tenant: string): Catalog {
  async function read(group: string): Promise<Sighting[]> {
    const store = await open();
    const found: Sighting[] = [];
    let after: { sort: string; key: string } | undefined;
    do {
      const page = await store.rows({
        tenant,
        view: "catalog",
        group,
        direction: "asc",
        limit: PAGE,
        ...(after === undefined ? {} : { after }),
      });
      for (const { doc } of page.rows) found.push({ value: doc.value as string, firstAt: doc.at as Micros });
      after = page.end ?? undefined;
    } while (after !== undefined);
    return found;
  }

  async function merged(kind: string, query: CatalogQuery, resourceType?: string): Promise<Sighting[]> {
    const names = query.environments ?? (await catalog.environments()).map(({ value }) => value);
    const first = new Map<string, Micros>();
    for (const environment of new Set(names)) {
      for (const { value, firstAt } of await read(catalogGroup(kind, environment, resourceType))) {
        first.set(value, Math.min(first.get(value) ?? firstAt, firstAt));
      }
    }
    const sign = query.direction === "desc" ? -1 : 1;
    return [...first]
      .map(([value, firstAt]) => ({ value, firstAt }))
      .sort((a, b) => sign * (a.value < b.value ? -1 : 1));
  }

  const catalog: Catalog = {
    resourceTypes: (query = {}) => merged("resource_type", query),
    eventTypes: ({ resourceType, ...query } = {}) => merged("event_type", query, resourceType),
    categories: (query = {}) => merged("category", query),
    tools: (query = {}) => merged("tool", query),
    agents: (query = {}) => merged("agent", query),
    environments: () => read(catalogGroup("environment", "")),
  };
  return catalog;
}
