import type { AuditEvent } from "../../event/event.ts";
import { COLUMNS, toEvent as eventOf, type Row } from "../event-row.ts";
import { seqOf } from "./position.ts";

export type { Row };

export const INSERT_EVENT = `INSERT INTO events (pos, tenant_no, ${COLUMNS.join(", ")})
  VALUES (${Array(COLUMNS.length + 2)
    .fill("?")
    .join(", ")}) ON CONFLICT DO NOTHING`;

/** What `toEvent` reads, in its order. */
export const EVENT_COLUMNS = `pos, ${COLUMNS.join(", ")}`;

/** A row of EVENT_COLUMNS as the event. */
export function toEvent(row: Row, tenant: string): AuditEvent {
  return eventOf(row, tenant, seqOf(row[0] as number));
}
