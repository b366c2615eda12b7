import { parseMicros } from "../base/clock.ts";
import { TrailError } from "../base/error.ts";
import type { AuditEvent } from "../event/event.ts";
import { LIMITS } from "../event/limits.ts";
import { decodeCursor, encodeCursor } from "../query/cursor.ts";
import { type EventFilter, toConditions } from "../query/event-filter.ts";
import type { Condition, Query } from "../query/filter.ts";
import type { Store } from "../store/store.ts";
import { followLog, readLog } from "./feed.ts";
import type { EventPage, EventReader, ListOptions } from "./trail.ts";

const DEFAULT_LIMIT = 50;

/** The reading half of a trail, over whatever store `open` gives. */
export function createReader(open: () => Promise<Store>, ownTenant: string): EventReader {
  const reader: EventReader = {
    async get(id, options = {}) {
      const store = await open();
      return store.get(options.tenant ?? ownTenant, id);
    },

    async list(options = {}) {
      const query = toQuery(options, ownTenant);
      const store = await open();
      const page = await store.list(query);
      const next = page.end === null ? null : encodeCursor(query, page.end);
      return { events: page.events, next, scan: page.scan };
    },

    search(text, options = {}): Promise<EventPage> {
      const where: Condition[] = [...conditionsOf(options.filter), { op: "contains", text }];
      return reader.list({ ...options, filter: where });
    },

    async count({ tenant = ownTenant, filter, fields = [] } = {}) {
      return (await open()).count({ tenant, where: conditionsOf(filter), fields });
    },

    async stats(options = {}) {
      const { since } = options;
      const micros =
        typeof since === "string"
          ? parseMicros(since)
          : since instanceof Date
            ? since.getTime() * 1000
            : since;
      if (since !== undefined && micros === undefined) {
        throw new TrailError("query.invalid", "since must be RFC 3339.", { field: "since" });
      }
      const store = await open();
      return store.stats(options.tenant ?? ownTenant, micros);
    },

    async head(options = {}) {
      const store = await open();
      return store.head(options.tenant ?? ownTenant);
    },

    follow(options = {}): AsyncIterableIterator<AuditEvent> {
      const where = conditionsOf(options.filter);
      return followLog(open, { ...options, tenant: options.tenant ?? ownTenant, where });
    },

    export(options = {}): AsyncIterableIterator<AuditEvent> {
      const where = conditionsOf(options.filter);
      return readLog(open, {
        ...options,
        after: options.after ?? 0,
        tenant: options.tenant ?? ownTenant,
        where,
      });
    },
  };
  return reader;
}

function conditionsOf(filter: EventFilter | readonly Condition[] | undefined): readonly Condition[] {
  if (filter === undefined) return [];
  return isConditions(filter) ? filter : toConditions(filter);
}

function isConditions(filter: EventFilter | readonly Condition[]): filter is readonly Condition[] {
  return Array.isArray(filter);
}

function toQuery(options: ListOptions, ownTenant: string): Query {
  const { limit = DEFAULT_LIMIT, scanMax = LIMITS.scanRows } = options;
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > LIMITS.pageSize) {
    throw new TrailError("query.invalid", `limit must be a whole number from 1 to ${LIMITS.pageSize}.`, {
      field: "limit",
    });
  }
  if (!Number.isSafeInteger(scanMax) || scanMax < 1) {
    throw new TrailError("query.invalid", "scanMax must be a whole number of at least 1.", {
      field: "scanMax",
    });
  }
  const bound = {
    tenant: options.tenant ?? ownTenant,
    where: conditionsOf(options.filter),
    order: options.order ?? ("seq" as const),
    direction: options.direction ?? ("desc" as const),
  };
  const after = options.cursor === undefined ? undefined : decodeCursor(bound, options.cursor);
  return { ...bound, limit, scanMax, ...(after === undefined ? {} : { after }) };
}
