import { hash } from "node:crypto";
import type { AuditEvent } from "./event.ts";

/**
 * What an event is in the Merkle log. Version 1, fixed for good; `docs/verify.md` says the same in words.
 *
 * entry      = JSON, as JSON.stringify writes it, of ["daybook/entry/v1", …ENVELOPE, commitment]
 * payload    = the same of [description, actor_label, data, error]: what people and models write
 * commitment = SHA-256("daybook/payload/v1\n" ‖ salt ‖ payload), in hex
 * salt       = HKDF-Expand (RFC 5869 §2.3) of the tenant's salt key, with "daybook/salt/v1\n" ‖ id
 *
 * Values stand as they are stored: times in integer microseconds, ids in lower case, flags 0 or 1,
 * `usage` and `data` as the stored text. Whoever verifies hashes the text of the entry, and makes none.
 */
export const ENTRY_VERSION = "daybook/entry/v1";

export const ENVELOPE = [
  "id",
  "seq",
  "tenant",
  "environment",
  "occurred_at",
  "created_at",
  "event_type",
  "category",
  "phase",
  "status",
  "severity",
  "actor_type",
  "actor_id",
  "agent",
  "origin",
  "source",
  "app",
  "destination",
  "tool",
  "resource_type",
  "resource_id",
  "conversation_id",
  "thread_id",
  "run_id",
  "parent_id",
  "start_id",
  "trace_id",
  "span_id",
  "call_id",
  "duration_ms",
  "model",
  "usage",
  "cost_usd",
  "idempotency_key",
  "do_not_forward",
  "emitter_id",
  "emitter_epoch",
  "emitter_number",
] as const;
export const PAYLOAD = ["description", "actor_label", "data", "error"] as const;

export type Column = (typeof ENVELOPE)[number] | (typeof PAYLOAD)[number];
/** A column as it is stored, whatever that is: a file may have been tampered with. */
export type StoredValue = string | number | bigint | Uint8Array | null;

/** An entry with what opens its commitment. */
export interface LeafEntry {
  readonly seq: number;
  readonly entry: string;
  readonly payload: string;
  readonly salt: Uint8Array;
}

export const SALT_KEY_BYTES = 32;
const SALT_INFO = "daybook/salt/v1\n";
const COMMITMENT_HEADER = Buffer.from("daybook/payload/v1\n");
const HMAC_BLOCK = 64;
const DIGEST = 32;

/** Encodes events of a tenant; holds buffers, because it runs over every event of a log. */
export class LeafEncoder {
  readonly #inner = Buffer.alloc(HMAC_BLOCK + 256, 0x36);
  readonly #outer = Buffer.alloc(HMAC_BLOCK + DIGEST, 0x5c);
  #committed = Buffer.alloc(16_384);

  constructor(saltKey: Uint8Array) {
    if (saltKey.length !== SALT_KEY_BYTES) throw new RangeError(`a salt key has ${SALT_KEY_BYTES} bytes`);
    for (const [i, byte] of saltKey.entries()) {
      this.#inner[i] = byte ^ 0x36;
      this.#outer[i] = byte ^ 0x5c;
    }
  }

  encode(seq: number, read: (column: Column) => StoredValue): LeafEntry {
    const salt = this.#salt(String(read("id")));
    const payload = encodeValues(PAYLOAD.map(read));
    const values = ENVELOPE.map(read);
    const entry = encodeValues([ENTRY_VERSION, ...values, this.#commitTo(payload, salt)]);
    return { seq, entry, payload, salt };
  }

  /** `commitTo` without a new buffer for each event. */
  #commitTo(payload: string, salt: Uint8Array): string {
    const most = COMMITMENT_HEADER.length + DIGEST + 3 * payload.length;
    if (this.#committed.length < most) this.#committed = Buffer.alloc(2 * most);
    const buffer = this.#committed;
    buffer.set(COMMITMENT_HEADER);
    buffer.set(salt, COMMITMENT_HEADER.length);
    const start = COMMITMENT_HEADER.length + DIGEST;
    return hash("sha256", buffer.subarray(0, start + buffer.write(payload, start)), "hex");
  }

  /** HMAC-SHA-256 (RFC 2104) by two plain hashes: a third of the cost of an object for each event. */
  #salt(id: string): Uint8Array {
    const info = `${SALT_INFO}${id.slice(0, 64)}`;
    const length = this.#inner.write(info, HMAC_BLOCK);
    this.#inner[HMAC_BLOCK + length] = 1;
    this.#outer.set(hash("sha256", this.#inner.subarray(0, HMAC_BLOCK + length + 1), "buffer"), HMAC_BLOCK);
    return Uint8Array.from(hash("sha256", this.#outer, "buffer"));
  }
}

/** The commitment to a payload, in hex. */
export function commitTo(payload: string, salt: Uint8Array): string {
  return hash("sha256", Buffer.concat([COMMITMENT_HEADER, salt, Buffer.from(payload)]), "hex");
}

/** Numbers too large for JSON, and bytes in place of text, were never written by us; whatever text they give will do. */
function encodeValues(values: readonly StoredValue[]): string {
  // A function that is asked about each value makes the text of an entry cost three times as much.
  if (!values.some((value) => typeof value === "bigint")) return JSON.stringify(values);
  return JSON.stringify(values, (_, value) => (typeof value === "bigint" ? `bigint ${value}` : value));
}

/** An event that a store holds as an object, column by column. */
export function columnsOf(event: AuditEvent): (column: Column) => StoredValue {
  const columns: Record<Column, StoredValue> = {
    id: event.id,
    seq: event.seq,
    tenant: event.tenant,
    environment: event.environment,
    occurred_at: event.occurredAt,
    created_at: event.recordedAt,
    event_type: event.type,
    category: event.category,
    phase: event.phase,
    status: event.status,
    severity: event.severity,
    description: event.summary,
    actor_type: event.actor.type,
    actor_id: event.actor.id,
    actor_label: event.actor.label,
    agent: event.agent,
    origin: event.origin,
    source: event.source,
    app: event.app,
    destination: event.destination,
    tool: event.tool,
    resource_type: event.resource.type,
    resource_id: event.resource.id,
    conversation_id: event.conversationId,
    thread_id: event.threadId,
    run_id: event.runId,
    parent_id: event.parentId,
    start_id: event.startId,
    trace_id: event.traceId,
    span_id: event.spanId,
    call_id: event.callId,
    duration_ms: event.durationMs,
    model: event.model,
    usage: event.usage === null ? null : JSON.stringify(event.usage),
    cost_usd: event.costUsd,
    data: JSON.stringify(event.data),
    error: event.error,
    idempotency_key: event.idempotencyKey,
    do_not_forward: event.doNotForward ? 1 : 0,
    emitter_id: event.emitter?.id ?? null,
    emitter_epoch: event.emitter?.epoch ?? null,
    emitter_number: event.emitter?.number ?? null,
  };
  return (column) => columns[column];
}

/** An entry's values by their names, or null for text that is no entry of this version. */
export function readEntry(
  entry: string,
): (Record<(typeof ENVELOPE)[number], string | number | null> & { commitment: string }) | null {
  let values: unknown;
  try {
    values = JSON.parse(entry);
  } catch {
    return null;
  }
  if (!Array.isArray(values) || values[0] !== ENTRY_VERSION || values.length !== ENVELOPE.length + 2)
    return null;
  const named = ENVELOPE.map((column, i) => [column, values[i + 1]]);
  return { ...Object.fromEntries(named), commitment: values.at(-1) };
}
