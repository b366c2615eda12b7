import { formatMicros, type Micros, nowMicros } from "../base/clock.ts";
import { TrailError } from "../base/error.ts";
import type { Actor } from "../event/event.ts";
import { EVENT_TYPES, SYSTEM_TENANT } from "../event/vocabulary.ts";
import { type EventFilter, toConditions } from "../query/event-filter.ts";
import type { Condition } from "../query/filter.ts";
import { microsOf, type Time } from "../query/time.ts";
import type { Store } from "../store/store.ts";
import type { Checkpoint } from "../tlog/checkpoint.ts";
import { tell } from "./erasure/receipt.ts";
import type { Settings } from "./settings.ts";

/**
 * Floors that law or rule books set, in days: a policy under one of them refuses less. They are what the
 * text says at the least; whether it applies to you is yours to know.
 */
export const PRESETS = {
  /** Regulation (EU) 2024/1689, Articles 19(1) and 26(6): logs of high-risk AI, six months. */
  "eu-ai-act": 183,
  /** PCI DSS 4.0, requirement 10.5.1: audit logs, twelve months. */
  "pci-dss": 365,
  /** 45 CFR 164.316(b)(2)(i): documentation, six years. */
  hipaa: 2_192,
  /** 17 CFR 240.17a-4(b)(4): communications of broker-dealers, three years; (a): records, six. */
  "sec-17a-4": 2_192,
  /** 17 CFR 210.2-06: audit workpapers, seven years. */
  sox: 2_557,
} as const;
export type Preset = keyof typeof PRESETS;

/** How long events are kept, in days; 0 is for ever. */
export interface RetentionPolicy {
  /** For every category that is not named. Default 0. */
  days: number;
  categories?: Record<string, number>;
  /** Refuses any of the figures above to be less. */
  preset?: Preset | null;
}

/** What must not be removed, whatever a policy says. */
export interface Hold {
  readonly id: string;
  readonly reason: string;
  /** Events that match are held; an empty filter holds the whole tenant. */
  readonly filter: EventFilter;
  readonly createdAt: Micros;
}

export interface PruneOptions {
  /** Events that occurred before this are removed. */
  before: Time;
  category?: string;
  environment?: string;
  /** Only counts. */
  dryRun?: boolean;
  /** Who asked. */
  actor?: Actor;
  /** What it was done under; stands in the receipt. Default `manual`. */
  policy?: string;
}

export interface Pruned {
  readonly removed: number;
  /** Matched, but held. */
  readonly held: number;
  /** The lowest and highest seq that went. */
  readonly range: readonly [number, number] | null;
  readonly cutoff: Micros;
  /** The receipt in the trail; null where nothing was removed. */
  readonly receiptId: string | null;
}

export interface Retention {
  /** Removes events, a piece at a time, and leaves a receipt. Reads as `trail.prune`. */
  prune(options: PruneOptions): Promise<Pruned>;
  /** The same by conditions; what runs and other views purge with. */
  pruneWhere(
    where: readonly Condition[],
    options: Omit<PruneOptions, "category" | "environment">,
  ): Promise<Pruned>;
  policy(): Promise<RetentionPolicy>;
  /** Rejects with `retention.floor` where a figure is under the preset's. */
  setPolicy(policy: RetentionPolicy, actor?: Actor): Promise<RetentionPolicy>;
  /** Applies the policy now. */
  apply(actor?: Actor): Promise<Pruned[]>;
  holds(): Promise<Hold[]>;
  hold(hold: { id: string; reason: string; filter: EventFilter }, actor?: Actor): Promise<Hold>;
  /** False where there is none. */
  release(id: string, actor?: Actor): Promise<boolean>;
}

const DAY = 86_400_000_000;
const CHUNK = 1_000;
const POLICY = "retention";
const HOLD = "hold";
/** What Daybook itself told of a tenant's log stays as long as the log. */
const RECEIPTS: Condition = {
  op: "any",
  field: "event_type",
  values: [EVENT_TYPES.pruneStarted, EVENT_TYPES.pruned, EVENT_TYPES.erased, EVENT_TYPES.trailDropped],
};

interface Ground {
  open(): Promise<Store>;
  readonly tenant: string;
  /** Signs what the log holds, so that what goes leaves its hash; null where nothing can be signed. */
  seal(store: Store, tenant: string): Promise<Checkpoint | null>;
}

export function createRetention({ open, tenant, seal }: Ground, settings: Settings): Retention {
  const retention: Retention = {
    prune({ category, environment, ...options }) {
      const where: Condition[] = [];
      if (category !== undefined) where.push({ op: "any", field: "category", values: [category] });
      if (environment !== undefined) where.push({ op: "any", field: "environment", values: [environment] });
      return retention.pruneWhere([...where, occurredBefore(microsOf(options.before, "before"))], options);
    },

    async pruneWhere(where, options) {
      if (tenant === SYSTEM_TENANT)
        throw new TrailError("query.invalid", "Daybook's own log is never pruned.");
      const except = [[RECEIPTS], ...(await retention.holds()).map(({ filter }) => toConditions(filter))];
      const store = await open();
      return prune({ store, tenant, seal: () => seal(store, tenant) }, where, except, options);
    },

    async policy() {
      const kept = await settings.get({ tenant, kind: POLICY, id: "policy" });
      return (kept?.value ?? { days: 0 }) as unknown as RetentionPolicy;
    },

    async setPolicy(policy, actor = {}) {
      checkPolicy(policy);
      const value = { days: policy.days, categories: policy.categories ?? {}, preset: policy.preset ?? null };
      await settings.save({ tenant, kind: POLICY, id: "policy", actor, value });
      return value;
    },

    async apply(actor) {
      const pruned: Pruned[] = [];
      const named = actor === undefined ? {} : { actor };
      for (const { where, days, policy } of dueOf(await retention.policy())) {
        const before = nowMicros() - days * DAY;
        pruned.push(
          await retention.pruneWhere([...where, occurredBefore(before)], { before, policy, ...named }),
        );
      }
      return pruned;
    },

    async holds() {
      const kept = await settings.all({ tenant, kind: HOLD });
      return kept.map(({ id, value, createdAt }) => {
        const { reason, filter } = value as unknown as Hold;
        return { id, reason, filter, createdAt };
      });
    },

    async hold({ id, reason, filter }, actor = {}) {
      if (typeof reason !== "string" || reason.trim() === "") {
        throw new TrailError("event.invalid", "A hold needs a reason.", { field: "reason" });
      }
      // What cannot be read as a filter would hold nothing.
      toConditions(filter);
      const value = { reason, filter: JSON.parse(JSON.stringify(filter)) };
      const { createdAt } = await settings.save({ tenant, kind: HOLD, id, actor, expected: 0, value });
      return { id, reason, filter, createdAt };
    },

    release: (id, actor = {}) => settings.remove({ tenant, kind: HOLD, id, actor }),
  };
  return retention;
}

/** What a policy lets go, by category and of the rest; 0 days is for ever. */
function dueOf({ days, categories = {} }: RetentionPolicy) {
  const named = Object.keys(categories);
  const others: Condition[] = named.length === 0 ? [] : [{ op: "none", field: "category", values: named }];
  const each = Object.entries(categories).map(([category, kept]) => {
    const where: Condition[] = [{ op: "any", field: "category", values: [category] }];
    return { where, days: kept, policy: `${category}: ${kept} days` };
  });
  return [...each, { where: others, days, policy: `${days} days` }].filter((due) => due.days > 0);
}

/** Strictly before: an event of that very moment stays. */
function occurredBefore(before: Micros): Condition {
  return { op: "range", field: "occurred_at", max: before - 1 };
}

/**
 * Says first what is going to be removed, then removes it in pieces between which others write, then
 * says what was removed. An end in between leaves a start without its end in the trail, and the next
 * time goes on.
 */
async function prune(
  { store, tenant, seal }: { store: Store; tenant: string; seal(): Promise<Checkpoint | null> },
  where: readonly Condition[],
  except: ReadonlyArray<readonly Condition[]>,
  { before, dryRun = false, actor = {}, policy = "manual" }: Omit<PruneOptions, "category" | "environment">,
): Promise<Pruned> {
  const cutoff = microsOf(before, "before");
  const order = { tenant, where, except, limit: CHUNK };
  const planned = await everyPiece(store, { ...order, dryRun: true });
  if (dryRun || planned.removed === 0) return { ...planned, cutoff, receiptId: null };
  const sealed = await seal();
  const facts = {
    cutoff: formatMicros(cutoff),
    policy,
    conditions: JSON.stringify(where),
    size_before: sealed?.size ?? 0,
    root_before: sealed === null ? null : Buffer.from(sealed.root).toString("base64"),
  };
  const startId = await tell(store, {
    tenant,
    type: EVENT_TYPES.pruneStarted,
    actor,
    summary: `Pruning: ${policy}`,
    data: { ...facts, planned: planned.removed },
  });
  const pruned = await everyPiece(store, order);
  const summary = `Pruned ${pruned.removed} events: ${policy}`;
  const receiptId = await tell(store, {
    tenant,
    type: EVENT_TYPES.pruned,
    actor,
    summary,
    data: {
      ...facts,
      removed: pruned.removed,
      held: pruned.held,
      first_seq: pruned.range?.[0] ?? null,
      last_seq: pruned.range?.[1] ?? null,
      start_id: startId,
    },
  });
  return { ...pruned, cutoff, receiptId };
}

async function everyPiece(
  store: Store,
  order: Parameters<Store["prune"]>[0],
): Promise<Pick<Pruned, "removed" | "held" | "range">> {
  let removed = 0;
  let held = 0;
  let range: [number, number] | null = null;
  let after: number | null = 0;
  while (after !== null) {
    const piece: Awaited<ReturnType<Store["prune"]>> = await store.prune({ ...order, after });
    removed += piece.removed;
    held += piece.kept;
    if (piece.range !== null) range = [range?.[0] ?? piece.range[0], piece.range[1]];
    after = piece.end;
  }
  return { removed, held, range };
}

function checkPolicy({ days, categories = {}, preset = null }: RetentionPolicy): void {
  const figures = Object.entries({ days, ...prefixed(categories) });
  for (const [field, value] of figures) {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new TrailError("event.invalid", `${field} must be a whole number of days, 0 for ever.`, {
        field,
      });
    }
  }
  if (preset === null) return;
  if (!Object.hasOwn(PRESETS, preset)) {
    const known = Object.keys(PRESETS).join(", ");
    throw new TrailError("event.invalid", `preset must be one of ${known}.`, { field: "preset" });
  }
  const floor = PRESETS[preset];
  for (const [field, value] of figures) {
    if (value === 0 || value >= floor) continue;
    throw new TrailError(
      "retention.floor",
      `${field} is ${value}; ${preset} asks for ${floor} days at the least.`,
      {
        field,
        fix: `Keep them ${floor} days or for ever (0), or drop the preset.`,
      },
    );
  }
}

function prefixed(categories: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(categories).map(([name, days]) => [`categories.${name}`, days]));
}
