import type { Micros } from "../base/clock.ts";
import { TrailError } from "../base/error.ts";
import type { JsonObject, JsonValue } from "../base/json.ts";
import { uuidv7 } from "../base/uuid.ts";
import type { Actor } from "../event/event.ts";
import { LIMITS } from "../event/limits.ts";
import { EVENT_TYPES, SYSTEM_TENANT } from "../event/vocabulary.ts";
import { encodeDraft, type WireDraft } from "../event/wire.ts";
import type { Store } from "../store/store.ts";
import { settingGroup, settingKey } from "../view/settings.ts";
import { type AccessScope, wholeTenant } from "./access-scope.ts";

/** What of a kind of setting is meant. */
export interface SettingName {
  /** Whose it is. */
  readonly tenant: string;
  /** `key`, `forwarder`, `environment`, `hold` … */
  readonly kind: string;
  /** 1 to 512 characters. */
  readonly id: string;
}

export interface Setting extends SettingName {
  readonly value: JsonValue;
  /** 1 when it was made, one more with each save; 1 again when it was removed and made anew. */
  readonly version: number;
  readonly createdAt: Micros;
  readonly updatedAt: Micros;
  /** Who changed it last. */
  readonly actor: Actor;
  /** Its last change, in the log of the system tenant. */
  readonly seq: number;
}

export interface SettingChange extends SettingName {
  /** Who changes it; stands in the log. */
  readonly actor: Actor;
  /** The version that must be there, 0 for "must not exist yet". Default: whatever is there. */
  readonly expected?: number;
}

export interface SettingsQuery {
  readonly kind: string;
  /** Default: those of all tenants. */
  readonly tenant?: string;
  /** Default: `created`. */
  readonly order?: "created" | "updated";
  /** Default: `desc`, newest first. */
  readonly direction?: "asc" | "desc";
  /** Default: 0. */
  readonly offset?: number;
  /** 1 to 1000, default 1000. */
  readonly limit?: number;
}

/**
 * What administrators have set: keys, environments, forwarders, rules of retention. Nothing of it is a
 * table that somebody edits: each change is an event in the log of the system tenant, with who made
 * it, and what holds now is folded from them (`src/view/settings.ts`).
 *
 * A value is stored exactly as given and read back exactly so: it does not pass the redactor, which
 * is there for what agents write and would damage a hash or a ciphertext. So whoever saves a
 * setting makes its secrets unreadable first: a key as its hash, a header encrypted.
 */
export interface Settings {
  /** Rejects with `setting.conflict` when another version is there, or was there first. */
  save(change: SettingChange & { value: JsonValue }): Promise<Setting>;
  /** False when there is nothing to remove. Rejects with `setting.conflict`. */
  remove(change: SettingChange): Promise<boolean>;
  /** What holds now, or null. */
  get(name: SettingName): Promise<Setting | null>;
  /** One page, and how many there are at the same moment. */
  list(query: SettingsQuery): Promise<{ settings: Setting[]; total: number }>;
  /** Every one of a kind, oldest first. */
  all(query: Pick<SettingsQuery, "kind" | "tenant">): Promise<Setting[]>;
  /** Calls the listener soon after a change of any setting, by whatever process. Returns what ends it. */
  watch(listener: () => void): Promise<() => void>;
}

export function createSettings(open: () => Promise<Store>): Settings {
  const settings: Settings = {
    async save(change) {
      const store = await open();
      const seq = await append(store, EVENT_TYPES.settingSaved, change, { value: change.value });
      const doc = await readBack(store, change, seq);
      return { ...toSetting(doc), value: change.value };
    },

    async remove(change) {
      if ((await settings.get(change)) === null) return false;
      const store = await open();
      const seq = await append(store, EVENT_TYPES.settingRemoved, change, {});
      if (change.expected !== undefined) await readBack(store, change, seq);
      else return wasApplied(await rowOf(store, change), seq);
      return true;
    },

    async get(name) {
      const doc = await rowOf(await open(), name);
      return doc === null || doc.removedAt !== null ? null : toSetting(doc);
    },

    async list({ kind, tenant, order = "created", direction = "desc", offset = 0, limit = LIMITS.pageSize }) {
      const { rows, total } = await (await open()).rows({
        tenant: SYSTEM_TENANT,
        view: "settings",
        group: settingGroup(order, kind, tenant),
        direction,
        offset,
        limit,
        total: true,
      });
      return { settings: rows.map(({ doc }) => toSetting(doc)), total: total ?? 0 };
    },

    async all(query) {
      const found: Setting[] = [];
      for (;;) {
        const { settings: page, total } = await settings.list({
          ...query,
          direction: "asc",
          offset: found.length,
        });
        found.push(...page);
        if (page.length === 0 || found.length >= total) return found;
      }
    },

    watch: async (listener) => watchHead(await open(), listener),
  };
  return settings;
}

/** The settings of one tenant, whatever is named. Who is bound to some environments changes none. */
export function settingsOf(settings: Settings, scope: AccessScope): Settings {
  const { tenant } = scope;
  return {
    save: async (change) => settings.save({ ...change, tenant: wholeTenant(scope) }),
    remove: async (change) => settings.remove({ ...change, tenant: wholeTenant(scope) }),
    get: (name) => settings.get({ ...name, tenant }),
    list: (query) => settings.list({ ...query, tenant }),
    all: (query) => settings.all({ ...query, tenant }),
    watch: (listener) => settings.watch(listener),
  };
}

/** Commits the change, as it is, and returns its seq. */
async function append(
  store: Store,
  type: string,
  { tenant, kind, id, actor, expected }: SettingChange,
  more: JsonObject,
): Promise<number> {
  if (id === "" || id.length > LIMITS.nameChars) {
    throw new TrailError(
      "event.invalid",
      `The id of a ${kind} must have 1 to ${LIMITS.nameChars} characters.`,
      {
        field: "id",
      },
    );
  }
  const data: JsonObject = { tenant, kind, id, ...more };
  if (expected !== undefined) data.expected = expected;
  const draft: Partial<WireDraft> = {
    id: uuidv7(),
    tenant: SYSTEM_TENANT,
    environment: "production",
    event_type: type,
    category: "config",
    severity: "INFO",
    source: "daybook",
    resource_type: kind,
    resource_id: id,
    data,
  };
  if (typeof actor.type === "string") draft.actor_type = actor.type;
  if (typeof actor.id === "string") draft.actor_id = actor.id;
  if (typeof actor.label === "string") draft.actor_label = actor.label;
  const line = encodeDraft(draft as WireDraft);
  if (Buffer.byteLength(line) > LIMITS.eventBytes) {
    throw new TrailError("event.too_large", `The ${kind} is larger than ${LIMITS.eventBytes} bytes.`);
  }
  const [outcome] = await store.append([line]);
  if (outcome?.status !== "appended") {
    throw new TrailError("store.unavailable", `The store refused the ${kind}.`);
  }
  return outcome.seq;
}

async function rowOf(store: Store, { tenant, kind, id }: SettingName): Promise<JsonObject | null> {
  return (await store.row(SYSTEM_TENANT, "settings", settingKey(tenant, kind, id)))?.doc ?? null;
}

/** The row, where the change at this seq counted. */
async function readBack(store: Store, change: SettingChange, seq: number): Promise<JsonObject> {
  const doc = await rowOf(store, change);
  if (doc !== null && wasApplied(doc, seq)) return doc;
  const isCreation = change.expected === 0;
  throw new TrailError(
    "setting.conflict",
    isCreation
      ? `There is a ${change.kind} with the id "${change.id}" already.`
      : `The ${change.kind} "${change.id}" was changed meanwhile, or is gone.`,
    { field: "id", fix: isCreation ? "Choose another id." : "Read it again and repeat your change." },
  );
}

function wasApplied(doc: JsonObject | null, seq: number): boolean {
  return Array.isArray(doc?.applied) && doc.applied.includes(seq);
}

function toSetting(doc: JsonObject): Setting {
  const { tenant, kind, id, value, version, createdAt, updatedAt, actor, seq } = doc;
  return { tenant, kind, id, value, version, createdAt, updatedAt, actor, seq } as unknown as Setting;
}

/** A commit anywhere costs one look at the system tenant's head; commits during a look cost one more. */
async function watchHead(store: Store, listener: () => void): Promise<() => void> {
  let known = await store.head(SYSTEM_TENANT);
  let looking = false;
  let again = false;
  let ended = false;
  const look = async (): Promise<void> => {
    again = looking;
    if (looking) return;
    looking = true;
    try {
      do {
        again = false;
        const head = await store.head(SYSTEM_TENANT);
        if (head !== known && !ended) listener();
        known = head;
      } while (again && !ended);
    } catch (thrown) {
      // The next commit looks again; a store that is closed has none.
      if (!(thrown instanceof Error)) throw thrown;
    } finally {
      looking = false;
    }
  };
  const stop = store.watch(() => void look());
  return () => {
    ended = true;
    stop();
  };
}
