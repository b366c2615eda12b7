import { formatMicros, nowMicros } from "../../base/clock.ts";
import { derivedUuid } from "../../base/derived-uuid.ts";
import { messageOf } from "../../base/error.ts";
import type { JsonObject } from "../../base/json.ts";
import type { AuditEvent } from "../../event/event.ts";
import { EVENT_TYPES } from "../../event/vocabulary.ts";
import { encodeDraft, toWire } from "../../event/wire.ts";
import type { Condition } from "../../query/filter.ts";
import type { Store } from "../../store/store.ts";
import { effective } from "../configuration.ts";
import type { Forwarder } from "../forwarder.ts";
import type { ForwardGround } from "../ground.ts";
import type { Shelf } from "../shelf.ts";

const MINUTE_MICROS = 60_000_000;
const PAGE = 500;

interface Firing {
  /** The same for the same occasion: it fires once, however often it is looked at. */
  readonly occasion: string;
  readonly summary: string;
  readonly data: JsonObject;
}

/** What a watch remembers between two looks; all of it is read from the log again after a start. */
interface Memory {
  incarnation: string;
  version: number;
  /** Looked at up to this seq. */
  at: number;
  lastMatch: number;
  /** `recordedAt` of the failures within the window. */
  failures: number[];
  silent: boolean;
  tooMany: boolean;
}

/**
 * Looks at the log for every forwarder that is an alert. What fires is an event (`alert.fired`) in the
 * tenant's own log; the forwarder's follower then delivers that event like any other.
 */
export class AlertWatches {
  readonly #ground: ForwardGround;
  readonly #shelf: Shelf;
  readonly #options: { intervalMs: number; onProblem: (problem: Error) => void };
  readonly #memories = new Map<string, Memory>();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();

  constructor(
    ground: ForwardGround,
    shelf: Shelf,
    options: { intervalMs: number; onProblem: (problem: Error) => void },
  ) {
    this.#ground = ground;
    this.#shelf = shelf;
    this.#options = options;
  }

  start(): void {
    const look = async (): Promise<void> => {
      try {
        await this.#look();
      } catch (thrown) {
        this.#options.onProblem(new Error(`alerts: ${messageOf(thrown)}`, { cause: thrown }));
      }
      if (this.#timer !== undefined) this.#timer = setTimeout(turn, this.#options.intervalMs);
    };
    const turn = (): void => {
      this.#looking = look();
    };
    this.#timer = setTimeout(turn, 0);
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#looking;
  }

  async #look(): Promise<void> {
    const { forwarders } = await this.#shelf.all();
    const store = await this.#ground.open();
    for (const forwarder of forwarders) {
      if (forwarder.alert === null || forwarder.paused) continue;
      for (const firing of await this.#firings(store, forwarder)) await fire(store, forwarder, firing);
    }
  }

  async #firings(store: Store, forwarder: Forwarder): Promise<Firing[]> {
    const { alert } = forwarder;
    if (alert === null) return [];
    if (alert.kind === "gap") return gapsOf(store, forwarder);
    const memory = await this.#memoryOf(store, forwarder);
    const matched = await this.#advance(store, forwarder, memory);
    if (alert.kind === "match") return matched.map((event) => matchOf(event));
    return alert.kind === "silence"
      ? silenceOf(memory, forwarder, alert.minutes)
      : failuresOf(memory, matched, alert);
  }

  async #memoryOf(store: Store, forwarder: Forwarder): Promise<Memory> {
    const { tenant, id, incarnation, version, updatedAt } = forwarder;
    const key = JSON.stringify([tenant, id]);
    const known = this.#memories.get(key);
    if (known?.incarnation === incarnation && known.version === version) return known;
    const at = known?.incarnation === incarnation ? known.at : await lastFired(store, forwarder);
    const fresh = {
      incarnation,
      version,
      at,
      lastMatch: updatedAt,
      failures: [],
      silent: false,
      tooMany: false,
    };
    this.#memories.set(key, fresh);
    return fresh;
  }

  /** The events since the last look that meet the filter. */
  async #advance(store: Store, forwarder: Forwarder, memory: Memory): Promise<AuditEvent[]> {
    const matched: AuditEvent[] = [];
    const head = await store.head(forwarder.tenant);
    const where: Condition[] = [
      { op: "range", field: "seq", max: head },
      { op: "none", field: "event_type", values: [EVENT_TYPES.alertFired] },
      ...windowOf(forwarder),
    ];
    while (memory.at < head) {
      const page = await store.list({
        tenant: forwarder.tenant,
        where,
        order: "seq",
        direction: "asc",
        after: { seq: memory.at },
        limit: PAGE,
        scanMax: 20_000,
      });
      const here = page.events.filter(({ environment }) => effective(forwarder, environment) !== null);
      matched.push(...(await this.#filtered(forwarder, here)));
      memory.at = page.end === null ? head : page.end.seq;
    }
    memory.lastMatch = matched.at(-1)?.recordedAt ?? memory.lastMatch;
    return matched;
  }

  async #filtered({ filter }: Forwarder, events: readonly AuditEvent[]): Promise<AuditEvent[]> {
    if (filter === null || events.length === 0) return [...events];
    const results = await this.#ground.rules.evaluate("logic", filter, events.map(toWire));
    return events.filter((_, at) => results[at]?.value === true);
  }
}

/** What is older cannot fire any more. */
function windowOf({ alert }: Forwarder): Condition[] {
  if (alert?.kind !== "silence" && alert?.kind !== "failures") return [];
  return [{ op: "range", field: "created_at", min: nowMicros() - alert.minutes * MINUTE_MICROS }];
}

/** Where the looks of a process before ended: what fired there fires once all the same. */
async function lastFired(store: Store, { tenant, id, start }: Forwarder): Promise<number> {
  const page = await store.list({
    tenant,
    where: [
      { op: "any", field: "event_type", values: [EVENT_TYPES.alertFired] },
      { op: "any", field: "resource_id", values: [id] },
    ],
    order: "seq",
    direction: "desc",
    limit: 1,
    scanMax: 20_000,
  });
  const seq = page.events[0]?.data.event_seq;
  return typeof seq === "number" ? Math.max(start, seq) : start;
}

function matchOf({ id, seq, type, summary }: AuditEvent): Firing {
  return {
    occasion: id,
    summary: `${type}: ${summary ?? "an event matched"}`,
    data: { event: id, event_seq: seq },
  };
}

function silenceOf(memory: Memory, { id }: Forwarder, minutes: number): Firing[] {
  const isSilent = nowMicros() - memory.lastMatch > minutes * MINUTE_MICROS;
  if (!isSilent || memory.silent) {
    memory.silent = isSilent;
    return [];
  }
  memory.silent = true;
  const since = formatMicros(memory.lastMatch);
  return [
    {
      occasion: `silence ${memory.lastMatch}`,
      summary: `${id}: no event since ${since}`,
      data: { since, minutes },
    },
  ];
}

function failuresOf(
  memory: Memory,
  matched: readonly AuditEvent[],
  { minutes, count }: { minutes: number; count: number },
): Firing[] {
  const failed = matched.filter(({ status }) => status === "error" || status === "denied");
  const since = nowMicros() - minutes * MINUTE_MICROS;
  memory.failures = [...memory.failures, ...failed.map(({ recordedAt }) => recordedAt)].filter(
    (at) => at >= since,
  );
  const isTooMany = memory.failures.length > count;
  const hasBegun = isTooMany && !memory.tooMany;
  memory.tooMany = isTooMany;
  if (!hasBegun) return [];
  const failures = memory.failures.length;
  const summary = `${failures} failures within ${minutes} minutes, more than ${count}`;
  return [{ occasion: `failures ${memory.failures[0]}`, summary, data: { failures, minutes, count } }];
}

async function gapsOf(store: Store, { tenant }: Forwarder): Promise<Firing[]> {
  const states = await store.emitters(tenant);
  return states
    .filter(({ missing }) => missing.length > 0)
    .map(({ id, epoch, missing }) => ({
      occasion: `gap ${id} ${epoch} ${JSON.stringify(missing)}`,
      summary: `numbers of the emitter ${id} never arrived`,
      data: {
        emitter_id: id,
        emitter_epoch: epoch,
        missing: missing.slice(0, 100).map((range) => [...range]),
      },
    }));
}

/** Its id is made of the occasion, so the store takes it once. */
async function fire(store: Store, forwarder: Forwarder, { occasion, summary, data }: Firing): Promise<void> {
  const { tenant, id, incarnation, environments, alert } = forwarder;
  const environment = Object.keys(environments).find((name) => environments[name]?.enabled === true);
  if (environment === undefined) return;
  const line = encodeDraft({
    id: derivedUuid(["alert", tenant, id, incarnation, occasion]),
    tenant,
    environment,
    event_type: EVENT_TYPES.alertFired,
    category: "safety",
    severity: "WARN",
    description: summary.slice(0, 1_000),
    source: "daybook",
    resource_type: "forwarder",
    resource_id: id,
    data: { forwarder: id, kind: alert?.kind ?? "", ...data },
  });
  await store.append([line]);
}
