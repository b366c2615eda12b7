import type { Micros } from "../../base/clock.ts";
import { TrailError } from "../../base/error.ts";
import type { AuditEvent } from "../../event/event.ts";
import { SYSTEM_TENANT } from "../../event/vocabulary.ts";
import type { Store } from "../../store/store.ts";
import { deliveryGroup, receiptKey } from "../../view/deliveries.ts";
import { sortable } from "../../view/projection.ts";
import type { RowCondition, ViewRow } from "../../view/row-query.ts";
import { effective } from "../configuration.ts";
import { planEvents } from "../dispatch/plan.ts";
import type { Forwarder } from "../forwarder.ts";
import type { ForwardGround } from "../ground.ts";
import { destinationOf } from "../registry.ts";
import { type DeliveryPlace, deliveryId, placeOf } from "./delivery-id.ts";
import type { DeliveryStatus, Receipt, ReceiptOutcome } from "./receipt.ts";
import { BODY_CHARS, Redaction, type ShownRequest } from "./redaction.ts";

/** What one try to deliver one event came to. */
export interface Delivery {
  readonly id: string;
  readonly forwarder: string;
  /** The event's id; null where retention took the event away. */
  readonly event: string | null;
  /** The event's place in its tenant's log. */
  readonly seq: number;
  readonly environment: string;
  readonly attemptNumber: number;
  readonly status: DeliveryStatus;
  /** Without secrets; null where nothing was sent. */
  readonly request: ShownRequest | null;
  readonly responseStatus: number | null;
  readonly responseBody: string | null;
  readonly latencyMs: number | null;
  readonly error: string | null;
  readonly createdAt: Micros;
}

export interface DeliveriesQuery {
  environment?: readonly string[];
  status?: readonly DeliveryStatus[];
  createdAt?: { min?: Micros; max?: Micros };
  /** The id of an event. */
  event?: string;
  /** Default: `desc`, newest first. */
  direction?: "asc" | "desc";
  /** 1 to 1000, default 1000. */
  limit?: number;
  /** The `next` of the page before. */
  cursor?: string;
}

export interface DeliveryPage {
  readonly deliveries: Delivery[];
  readonly next: string | null;
}

interface Found extends DeliveryPlace {
  readonly receiptDoc: StoredReceipt;
  readonly outcome: ReceiptOutcome;
}

type StoredReceipt = Receipt & { readonly seq: number; readonly at: Micros };

const RECEIPTS_A_PAGE = 100;
const DEFAULT_LIMIT = 1_000;

/** Makes the rows of the delivery log from the receipts. */
export class Deliveries {
  readonly #ground: ForwardGround;

  constructor(ground: ForwardGround) {
    this.#ground = ground;
  }

  async list(forwarder: Pick<Forwarder, "tenant" | "id">, query: DeliveriesQuery): Promise<DeliveryPage> {
    const { limit = DEFAULT_LIMIT, direction = "desc" } = query;
    const store = await this.#ground.open();
    const event = query.event === undefined ? undefined : await store.get(forwarder.tenant, query.event);
    if (event === null) return { deliveries: [], next: null };
    const from = query.cursor === undefined ? null : cursorOf(query.cursor);
    const found: Found[] = [];
    for await (const receipt of receiptsOf(store, forwarder, { ...query, direction }, event?.seq, from)) {
      const places = expand(receipt, query, event?.seq, direction).filter(
        ({ seq }) => from === null || from.receipt !== receipt.seq || isBehind(seq, from.seq, direction),
      );
      found.push(...places);
      if (found.length > limit) break;
    }
    const page = found.slice(0, limit);
    const last = page.at(-1);
    const next = found.length > limit && last !== undefined ? deliveryId(last).replaceAll("-", "") : null;
    return { deliveries: await this.#told(store, forwarder, page), next };
  }

  /** Rejects with `delivery.not_found`. */
  async get(forwarder: Pick<Forwarder, "tenant" | "id">, id: string): Promise<Delivery> {
    const store = await this.#ground.open();
    const place = placeOf(id);
    const row =
      place === null
        ? null
        : await store.row(
            SYSTEM_TENANT,
            "deliveries",
            receiptKey(forwarder.tenant, forwarder.id, place.receipt),
          );
    const receipt = row === null ? null : (row.doc as unknown as StoredReceipt);
    const found = receipt === null || place === null ? [] : expand(receipt, {}, place.seq, "asc");
    const [delivery] = await this.#told(store, forwarder, found);
    if (delivery !== undefined) return delivery;
    throw new TrailError("delivery.not_found", "The forwarder has no delivery with this id.", {
      fix: "Use an id that its deliveries list.",
    });
  }

  async #told(
    store: Store,
    forwarder: Pick<Forwarder, "tenant" | "id"> & Partial<Forwarder>,
    found: readonly Found[],
  ): Promise<Delivery[]> {
    const events = await eventsOf(store, forwarder.tenant, found);
    const bodies = await this.#bodies(forwarder, found, events);
    return found.map(({ receipt, seq, receiptDoc, outcome }): Delivery => {
      const { request, body } = outcome;
      return {
        id: deliveryId({ receipt, seq }),
        forwarder: forwarder.id,
        event: events.get(seq)?.id ?? null,
        seq,
        environment: outcome.environment,
        attemptNumber: outcome.attempt,
        status: outcome.status,
        request: request === null ? null : { ...request, body: body ?? bodies.get(seq) ?? null },
        responseStatus: outcome.responseStatus,
        responseBody: outcome.responseBody,
        latencyMs: outcome.latencyMs,
        error: outcome.error,
        createdAt: receiptDoc.at,
      };
    });
  }

  /** What was sent of each event, made again where the forwarder is still the same. */
  async #bodies(
    forwarder: Partial<Forwarder>,
    found: readonly Found[],
    events: ReadonlyMap<number, AuditEvent>,
  ): Promise<Map<number, string>> {
    const bodies = new Map<number, string>();
    const { forwarder_type: type = "", version, incarnation } = forwarder;
    const destination = destinationOf(type);
    if (destination === undefined) return bodies;
    const wanted = found.filter(
      ({ outcome, receiptDoc }) =>
        outcome.request !== null &&
        outcome.body === null &&
        receiptDoc.version === version &&
        receiptDoc.incarnation === incarnation,
    );
    const some = [
      ...new Set(wanted.map(({ seq }) => events.get(seq)).filter((event) => event !== undefined)),
    ];
    const same = { ...(forwarder as Forwarder), filter: null };
    for (const planned of await planEvents(some, same, destination, this.#ground.rules)) {
      if (planned.kind !== "send") continue;
      const redaction = new Redaction(type, planned.configuration);
      bodies.set(planned.event.seq, redaction.text(planned.item.text).slice(0, BODY_CHARS));
    }
    return bodies;
  }
}

/** Whether the forwarder may still send to an environment; here so that routes need not know how. */
export function isEnabled(forwarder: Forwarder, environment: string): boolean {
  return effective(forwarder, environment) !== null;
}

async function* receiptsOf(
  store: Store,
  { tenant, id }: Pick<Forwarder, "tenant" | "id">,
  query: DeliveriesQuery & { direction: "asc" | "desc" },
  seq: number | undefined,
  from: DeliveryPlace | null,
): AsyncGenerator<StoredReceipt> {
  const { direction } = query;
  const bound = from === null ? {} : { [direction === "desc" ? "to" : "from"]: sortable(from.receipt) };
  let after: { sort: string; key: string } | undefined;
  for (;;) {
    const page = await store.rows({
      tenant: SYSTEM_TENANT,
      view: "deliveries",
      group: deliveryGroup("receipt", tenant, id),
      where: conditionsOf(query, seq),
      direction,
      ...bound,
      ...(after === undefined ? {} : { after }),
      limit: RECEIPTS_A_PAGE,
    });
    for (const row of page.rows as ViewRow[]) yield row.doc as unknown as StoredReceipt;
    if (page.end === null) return;
    after = page.end;
  }
}

/** What can be told from a receipt as a whole; the rest is told from its outcomes. */
function conditionsOf(
  { status, environment, createdAt }: DeliveriesQuery,
  seq: number | undefined,
): RowCondition[] {
  const where: RowCondition[] = [];
  if (status?.length === 1 && status[0] !== undefined)
    where.push({ op: "has", member: "statuses", value: status[0] });
  if (environment?.length === 1 && environment[0] !== undefined) {
    where.push({ op: "has", member: "environments", value: environment[0] });
  }
  if (createdAt !== undefined) where.push({ op: "range", member: "at", ...createdAt });
  if (seq !== undefined) {
    where.push({ op: "range", member: "low", max: seq }, { op: "range", member: "high", min: seq });
  }
  return where;
}

function expand(
  receipt: StoredReceipt,
  { status, environment }: DeliveriesQuery,
  only: number | undefined,
  direction: "asc" | "desc",
): Found[] {
  const found: Found[] = [];
  for (const outcome of receipt.outcomes) {
    if (status !== undefined && !status.includes(outcome.status)) continue;
    if (environment !== undefined && !environment.includes(outcome.environment)) continue;
    for (const [first, last] of outcome.ranges) {
      for (let seq = first; seq <= last; seq++) {
        if (only !== undefined && seq !== only) continue;
        found.push({ receipt: receipt.seq, seq, receiptDoc: receipt, outcome });
      }
    }
  }
  return found.sort((a, b) => (direction === "asc" ? a.seq - b.seq : b.seq - a.seq));
}

function isBehind(seq: number, last: number, direction: "asc" | "desc"): boolean {
  return direction === "asc" ? seq > last : seq < last;
}

function cursorOf(token: string): DeliveryPlace {
  const hex = /^[0-9a-f]{32}$/.test(token) ? token : "";
  const place = placeOf(hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5"));
  if (place !== null) return place;
  throw new TrailError("cursor.invalid", "The cursor is not one that this server gave.", {
    field: "page[after]",
    fix: "Use the cursor of links.next as it stands, or start again without one.",
  });
}

async function eventsOf(
  store: Store,
  tenant: string,
  found: readonly Found[],
): Promise<Map<number, AuditEvent>> {
  const events = new Map<number, AuditEvent>();
  const missing = [...new Set(found.map(({ seq }) => seq))].sort((a, b) => a - b);
  for (let at = 0; at < missing.length; ) {
    const [first = 0] = missing.slice(at);
    // Neighbors in one read; a wide gap begins another.
    let end = at;
    while (end + 1 < missing.length && (missing[end + 1] ?? 0) - first < DEFAULT_LIMIT) end++;
    const page = await store.list({
      tenant,
      where: [{ op: "range", field: "seq", min: first, max: missing[end] ?? first }],
      order: "seq",
      direction: "asc",
      limit: DEFAULT_LIMIT,
      scanMax: DEFAULT_LIMIT,
    });
    for (const event of page.events) events.set(event.seq, event);
    at = end + 1;
  }
  return events;
}
