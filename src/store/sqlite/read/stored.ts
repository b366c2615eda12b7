import { uuidFromBytes } from "../../../base/uuid.ts";
import { FIELD_BY_WIRE } from "../../../event/fields.ts";
import { ENVELOPE, PAYLOAD, type StoredValue } from "../../../event/leaf.ts";
import type { LeafQuery, StoredEvent } from "../../leaves.ts";
import { posOf, seqOf } from "../position.ts";
import type { Row } from "../rows.ts";
import { findTenant, type Snapshot } from "./snapshot.ts";

/** In the order of the table's columns does not matter: each is named. */
const COLUMNS = [...ENVELOPE, ...PAYLOAD].filter((column) => column !== "seq" && column !== "tenant");
const AT: ReadonlyMap<string, number> = new Map(COLUMNS.map((column, i) => [column, i + 1]));
const UUIDS: ReadonlySet<string> = new Set(
  COLUMNS.filter((column) => FIELD_BY_WIRE.get(column)?.kind === "uuid"),
);

/** Rows with the bytes that the file holds, in the order of `seq`. */
export function readStored(view: Snapshot, { tenant: name, after, limit }: LeafQuery): StoredEvent[] {
  const tenant = findTenant(view, name);
  if (tenant === undefined) return [];
  const rows = view.all(
    `SELECT pos, ${COLUMNS.join(", ")} FROM events WHERE pos > ? AND pos < ? ORDER BY pos LIMIT ?`,
    posOf(tenant.no, after),
    posOf(tenant.no + 1, 0),
    limit,
  );
  return rows.map((row) => toStored(row, name));
}

function toStored(row: Row, tenant: string): StoredEvent {
  const seq = seqOf(row[0] as number);
  return {
    seq,
    read(column): StoredValue {
      if (column === "seq") return seq;
      if (column === "tenant") return tenant;
      const value = row[AT.get(column) as number] ?? null;
      return UUIDS.has(column) && value instanceof Uint8Array ? uuidFromBytes(value) : value;
    },
  };
}
