import { formatMicros, type Micros } from "../../src/base/clock.ts";
import { uuidv7 } from "../../src/base/uuid.ts";
import { encodeDraft, type WireDraft } from "../../src/event/wire.ts";
import type { Condition, Query } from "../../src/query/filter.ts";

/** A draft as the emitter writes it: only what is required, and what the test says. */
export function draft(fields: Partial<WireDraft> = {}): WireDraft {
  return {
    id: uuidv7(),
    tenant: "default",
    environment: "production",
    event_type: "tool.execute",
    severity: "INFO",
    ...fields,
  };
}

export function line(fields: Partial<WireDraft> = {}): string {
  return encodeDraft(draft(fields));
}

/** Many drafts that differ by their number. */
export function lines(count: number, fields: (n: number) => Partial<WireDraft> = () => ({})): string[] {
  return Array.from({ length: count }, (_, i) => line(fields(i + 1)));
}

/** The emitter's word on how many events it sent. */
export function closingLine(tenant: string, emitter: { id: string; epoch: number }, sent: number): string {
  const data = { tenant, emitter_id: emitter.id, emitter_epoch: emitter.epoch, sent };
  return line({ tenant: "daybook", event_type: "emitter.closed", data });
}

export function query(where: readonly Condition[] = [], more: Partial<Query> = {}): Query {
  return {
    tenant: "default",
    where,
    order: "seq",
    direction: "desc",
    limit: 1_000,
    scanMax: 1_000_000,
    ...more,
  };
}

export function at(micros: Micros): string {
  return formatMicros(micros);
}
