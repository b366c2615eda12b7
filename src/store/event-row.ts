import type { Micros } from "../base/clock.ts";
import { uuidFromBytes, uuidToBytes } from "../base/uuid.ts";
import type { AuditEvent } from "../event/event.ts";
import { FIELDS, type Field } from "../event/fields.ts";
import type { WireDraft } from "../event/wire.ts";

export type SqlValue = string | number | bigint | null | Uint8Array;
export type Row = SqlValue[];

/** The fields that a row holds under their own names, behind two by which a store knows tenant and seq. */
const STORED: readonly Field[] = FIELDS.filter((field) => field.wire !== "tenant" && field.wire !== "seq");
export const COLUMNS: readonly string[] = STORED.map((field) => field.wire);

const placeOf = (wire: string): number => 2 + COLUMNS.indexOf(wire);
const ID = placeOf("id");
const OCCURRED_AT = placeOf("occurred_at");
const CREATED_AT = placeOf("created_at");
const DATA = placeOf("data");
const USAGE = placeOf("usage");
const DO_NOT_FORWARD = placeOf("do_not_forward");

/** A draft as a row: the two, then COLUMNS; its id as 16 bytes, its flags as 0 or 1. */
export function toRow(
  draft: WireDraft,
  first: SqlValue,
  second: SqlValue,
  occurredAt: Micros,
  recordedAt: Micros,
): SqlValue[] {
  const values = draft as unknown as Record<string, SqlValue | undefined>;
  const row: SqlValue[] = [first, second];
  for (let i = 0; i < COLUMNS.length; i++) row.push(values[COLUMNS[i] as string] ?? null);
  row[ID] = uuidToBytes(draft.id);
  row[OCCURRED_AT] = occurredAt;
  row[CREATED_AT] = recordedAt;
  row[DATA] = draft.data === undefined ? "{}" : JSON.stringify(draft.data);
  row[USAGE] = draft.usage === undefined ? null : JSON.stringify(draft.usage);
  row[DO_NOT_FORWARD] = draft.do_not_forward === true ? 1 : 0;
  return row;
}

interface Reading {
  readonly index: number;
  readonly field: Field;
  readonly group: string | undefined;
  readonly key: string;
}

const READ_PLAN: readonly Reading[] = STORED.map((field, at) => {
  const [first, second] = field.path.split(".") as [string, string?];
  return {
    index: at + 1,
    field,
    group: second === undefined ? undefined : first,
    key: second ?? first,
  };
});
const EMITTER_INDEX = 1 + COLUMNS.indexOf("emitter_id");

/** The event of a row: one value that the store reads itself, then COLUMNS. */
export function toEvent(row: Row, tenant: string, seq: number): AuditEvent {
  const actor: Record<string, unknown> = {};
  const resource: Record<string, unknown> = {};
  const emitter: Record<string, unknown> = {};
  const groups: Record<string, Record<string, unknown>> = { actor, resource, emitter };
  const event: Record<string, unknown> = { id: "", seq, tenant };
  for (const { index, field, group, key } of READ_PLAN) {
    const value = readValue(field, row[index] ?? null);
    if (group === undefined) event[key] = value;
    else (groups[group] as Record<string, unknown>)[key] = value;
  }
  event.actor = actor;
  event.resource = resource;
  event.emitter =
    row[EMITTER_INDEX] === null || emitter.epoch === null || emitter.number === null ? null : emitter;
  return event as unknown as AuditEvent;
}

function readValue(field: Field, value: SqlValue): unknown {
  switch (field.kind) {
    case "uuid":
      return value instanceof Uint8Array ? uuidFromBytes(value) : value;
    case "json":
      return JSON.parse(value as string);
    case "usage":
      return value === null ? null : JSON.parse(value as string);
    case "flag":
      return value === 1;
    default:
      return value;
  }
}
