import { hash } from "node:crypto";
import { isUuid, uuidFromBytes, uuidToBytes } from "../../base/uuid.ts";

/** Which event of which receipt. */
export interface DeliveryPlace {
  /** The receipt's seq in the log of the system tenant. */
  readonly receipt: number;
  /** The event's seq in its tenant's log. */
  readonly seq: number;
}

const VERSION_8 = 0x80;
const VARIANT = 0x80;

/**
 * The id of a delivery: a UUIDv8 (RFC 9562 §5.8) that holds its place, and 26 bits of check. So each
 * event of a receipt has an id without a row of its own.
 */
export function deliveryId({ receipt, seq }: DeliveryPlace): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(receipt, 0, 6);
  bytes.writeUIntBE(seq, 10, 6);
  const check = hash("sha256", `delivery ${receipt} ${seq}`, "buffer");
  bytes[6] = VERSION_8 | ((check[0] ?? 0) & 0x0f);
  bytes[7] = check[1] ?? 0;
  bytes[8] = VARIANT | ((check[2] ?? 0) & 0x3f);
  bytes[9] = check[3] ?? 0;
  return uuidFromBytes(bytes);
}

/** The place in an id, or null for an id that is none of ours. */
export function placeOf(id: string): DeliveryPlace | null {
  if (!isUuid(id)) return null;
  const bytes = Buffer.from(uuidToBytes(id));
  const place = { receipt: bytes.readUIntBE(0, 6), seq: bytes.readUIntBE(10, 6) };
  return deliveryId(place) === id.toLowerCase() ? place : null;
}
