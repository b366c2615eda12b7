import type { JsonObject, JsonValue } from "../base/json.ts";
import type { AuditEvent } from "../event/event.ts";
import { EVENT_TYPES, SYSTEM_TENANT } from "../event/vocabulary.ts";
import { type Entry, type Projection, perEvent, sortable } from "./projection.ts";

/** Changes that a row remembers, so that their writers learn whether they counted. */
const APPLIED_MAX = 64;

/**
 * What administrators have set, folded from the system tenant's log: one row for each tenant, kind and
 * id, `{ tenant, kind, id, value, version, createdAt, updatedAt, removedAt, actor, seq, applied }`.
 * A removed one stays, without its value; saved again it begins anew with version 1.
 *
 * The log decides races: a change that says which version it expects (`expected`, 0 for none)
 * counts only where that is the version there is, so of two that create one id the first in `seq`
 * wins. `applied` holds the `seq` of the last changes that counted.
 */
export const settings: Projection = {
  name: "settings",
  version: 1,

  changes: perEvent({
    keys(event) {
      const change = changeOf(event);
      return change === null ? [] : [settingKey(change.tenant, change.kind, change.id)];
    },

    fold(doc, event) {
      const change = changeOf(event);
      const version = doc === null || doc.removedAt !== null ? 0 : (doc.version as number);
      if (change === null || (change.expected !== null && change.expected !== version)) return doc;
      const { tenant, kind, id } = change;
      const isRemoval = event.type === EVENT_TYPES.settingRemoved;
      if (isRemoval && version === 0) return doc;
      const applied = [...((doc?.applied as number[] | undefined) ?? []), event.seq].slice(-APPLIED_MAX);
      const actor = { ...event.actor };
      const at = { seq: event.seq, applied, actor, updatedAt: event.recordedAt };
      if (isRemoval) return { ...doc, ...at, value: null, removedAt: event.recordedAt };
      const saved: JsonObject = {
        ...doc,
        tenant,
        kind,
        id,
        ...at,
        value: change.value,
        version: version + 1,
      };
      saved.removedAt = null;
      if (version === 0) {
        saved.createdAt = event.recordedAt;
        saved.firstSeq = event.seq;
      }
      return saved;
    },
  }),

  // Administrative state has no age: the system tenant is never pruned.
  entries(doc) {
    if (doc.removedAt !== null) return [];
    const created = sortable(doc.createdAt as number) + sortable(doc.firstSeq as number);
    const updated = sortable(doc.updatedAt as number) + sortable(doc.seq as number);
    const of = (order: string, sort: string): Entry[] => [
      { group: settingGroup(order, doc.kind as string), sort },
      { group: settingGroup(order, doc.kind as string, doc.tenant as string), sort },
    ];
    return [...of("created", created), ...of("updated", updated)];
  },
};

export function settingKey(tenant: string, kind: string, id: string): string {
  return JSON.stringify([kind, tenant, id]);
}

/** The list of a kind, of one tenant or of all, by `created` or `updated`. */
export function settingGroup(order: string, kind: string, tenant?: string): string {
  return JSON.stringify(tenant === undefined ? [order, kind] : [order, kind, tenant]);
}

interface Change {
  readonly tenant: string;
  readonly kind: string;
  readonly id: string;
  readonly value: JsonValue;
  readonly expected: number | null;
}

function changeOf({ tenant, type, data }: AuditEvent): Change | null {
  if (tenant !== SYSTEM_TENANT) return null;
  if (type !== EVENT_TYPES.settingSaved && type !== EVENT_TYPES.settingRemoved) return null;
  const { tenant: owner, kind, id, value = null, expected } = data as JsonObject;
  if (typeof owner !== "string" || typeof kind !== "string" || typeof id !== "string") return null;
  return { tenant: owner, kind, id, value, expected: typeof expected === "number" ? expected : null };
}
