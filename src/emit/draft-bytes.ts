import type { JsonValue } from "../base/json.ts";
import type { WireDraft } from "../event/wire.ts";

/** What an event without data weighs, names and short values together. */
const ENVELOPE_BYTES = 400;

/** About what a draft takes in memory and on disk. A bound needs the size, not the last byte. */
export function draftBytes(draft: WireDraft): number {
  let bytes = ENVELOPE_BYTES;
  if (draft.description !== undefined) bytes += draft.description.length;
  if (draft.error !== undefined) bytes += draft.error.length;
  return draft.data === undefined ? bytes : bytes + valueBytes(draft.data);
}

function valueBytes(value: JsonValue): number {
  if (typeof value === "string") return value.length + 3;
  if (typeof value !== "object" || value === null) return 8;
  let bytes = 2;
  if (Array.isArray(value)) {
    for (const item of value) bytes += valueBytes(item);
    return bytes;
  }
  for (const key in value) bytes += key.length + 4 + valueBytes(value[key] as JsonValue);
  return bytes;
}
