import { hash } from "node:crypto";
import { TrailError } from "../base/error.ts";
import type { Position, Query } from "./filter.ts";

const VERSION = "1";
const FINGERPRINT_CHARS = 11;

type Bound = Pick<Query, "tenant" | "where" | "order" | "direction">;

/**
 * A page's end as an opaque token of `[A-Za-z0-9_-]`. It carries a fingerprint of the query, so
 * that it cannot be used with another one and silently skip events.
 */
export function encodeCursor(query: Bound, position: Required<Position>): string {
  const key = `${VERSION}.${position.seq.toString(36)}.${position.occurredAt.toString(36)}.${fingerprint(query)}`;
  return Buffer.from(key, "latin1").toString("base64url");
}

/** The position in a token; throws `cursor.invalid` or `cursor.foreign`. */
export function decodeCursor(query: Bound, token: string): Required<Position> {
  const parts = /^[A-Za-z0-9_-]{1,200}$/.test(token)
    ? Buffer.from(token, "base64url").toString("latin1").split(".")
    : [];
  const [version, seqText, occurredText, print] = parts;
  const seq = Number.parseInt(seqText ?? "", 36);
  const occurredAt = Number.parseInt(occurredText ?? "", 36);
  if (
    version !== VERSION ||
    !Number.isSafeInteger(seq) ||
    !Number.isSafeInteger(occurredAt) ||
    parts.length !== 4
  ) {
    throw new TrailError("cursor.invalid", "The cursor is not one that this server gave.", {
      field: "page[after]",
      fix: "Use the cursor of links.next as it stands, or start again without one.",
    });
  }
  if (print !== fingerprint(query)) {
    throw new TrailError("cursor.foreign", "The cursor belongs to another query.", {
      field: "page[after]",
      fix: "Keep tenant, filters and sort the same from page to page, or start again without a cursor.",
    });
  }
  return { seq, occurredAt };
}

function fingerprint(query: Bound): string {
  const bound = JSON.stringify([query.tenant, query.where, query.order, query.direction]);
  return hash("sha256", bound, "base64url").slice(0, FINGERPRINT_CHARS);
}
