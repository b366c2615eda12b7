import { formatMicros, parseMicros } from "../../../base/clock.ts";
import { messageOf, TrailError } from "../../../base/error.ts";
import { isObject, type JsonObject, type JsonValue } from "../../../base/json.ts";
import type { EventDraft } from "../../../event/event.ts";
import { LIMITS } from "../../../event/limits.ts";
import {
  broken,
  type Importer,
  imported,
  importId,
  joined,
  type Read,
} from "../../../ingest/import/importer.ts";
import type { ImportKind } from "../../../ingest/import/kinds.ts";
import type { Row } from "../../../ingest/import/old-table.ts";
import { timeOf } from "../../../ingest/import/old-times.ts";
import { parseThreadEvent, type ThreadEvent } from "../../../thread/thread-event.ts";
import { archiveDraft, threadDraft } from "../../../trail/threads/drafts.ts";

const FROM = "threads";
/** What one event may be, less what stands beside the thread's own. */
const EVENT_BYTES_MAX = LIMITS.eventBytes - 65_536;

/** How many events of one thread, kind and moment there were: it tells them apart in their ids. */
type Seen = Map<string, number>;

interface Place {
  /** The tenant that the file names; part of ids, and no more. */
  readonly owner: string;
  readonly thread: string;
  /** Its ordinal in the file. */
  readonly ordinal: number;
}

/**
 * Conversations of the thread log that Daybook continues: its table, and its graphs as JSON
 * (`{"thread_id", "events", "archival_watermark"}`). Their events are those that `trail.threads.append` records, in
 * the order of the file, so ordinals, graphs and turns come out as they were.
 */
export const THREAD_KINDS: Readonly<Record<string, ImportKind>> = {
  threads: { names: /\.(?:jsonl?|ndjson)(?:\.gz|\.zst)?$/, form: "json", importer: threadsImporter },
  "sqlite-threads": {
    names: /\.(?:db|sqlite3?)$/,
    form: "sqlite",
    tables: [
      {
        name: "session_events",
        columns: ["thread_id", "seq", "event"],
        more: ["tenant_id", "ts"],
        owner: ["tenant_id"],
        order: ["thread_id", "seq"],
        reader: () => {
          const seen: Seen = new Map();
          return (row) => readRow(row, seen);
        },
      },
    ],
  },
};

function threadsImporter(): Importer {
  const seen: Seen = new Map();
  return { read: (record) => readGraph(record, seen), end: () => [] };
}

function readRow(row: Row, seen: Seen): Read {
  const { thread_id: thread, seq: ordinal, event, tenant_id: owner } = row;
  if (typeof thread !== "string" || thread === "") return broken("thread_id", "must be text");
  if (typeof ordinal !== "number") return broken("seq", "must be a whole number");
  let value: unknown = event;
  try {
    if (typeof event === "string") value = JSON.parse(event);
  } catch (thrown) {
    return broken("event", `is not JSON: ${messageOf(thrown)}`);
  }
  const place = { owner: typeof owner === "string" ? owner : OWNER, thread, ordinal };
  return readEvent(place, value, seen, timeOf(row.ts));
}

const OWNER = "default";

function readGraph(record: JsonValue, seen: Seen): Read {
  if (!isObject(record)) return broken("record", "must be a JSON object");
  const { thread_id: thread, events, archival_watermark: watermark } = record;
  if (typeof thread !== "string" || thread === "") return broken("thread_id", "must be text");
  if (!Array.isArray(events)) return broken("events", "must be a list");
  const reads = (events as unknown[]).map((event, i) =>
    readEvent({ owner: OWNER, thread, ordinal: i + 1 }, event, seen),
  );
  const hidden = typeof watermark === "number" ? reads.slice(0, watermark).filter(hasEvent).length : 0;
  const read = joined(reads, "a thread without events");
  if (hidden === 0) return read;
  const draft = archiveDraft({ tenant: OWNER, threadId: thread }, hidden);
  const id = importId(FROM, [OWNER, thread, "archived", String(hidden)]);
  return { ...read, drafts: [...read.drafts, ...imported(FROM, [{ ...draft, id }])] };
}

function hasEvent({ drafts }: Read): boolean {
  return drafts.length > 0;
}

function readEvent(place: Place, value: unknown, seen: Seen, otherwiseAt?: number): Read {
  let event: ThreadEvent;
  try {
    event = parseThreadEvent(value);
  } catch (thrown) {
    if (!(thrown instanceof TrailError)) throw thrown;
    return broken(`events[${place.ordinal}]`, thrown.message);
  }
  const at = parseMicros(event.timestamp) ?? otherwiseAt;
  const draft: EventDraft = {
    ...threadDraft({ tenant: OWNER, threadId: place.thread }, bounded(event)),
    id: idOf(place, event, at, seen),
    source: FROM,
    ...(at === undefined ? {} : { occurredAt: at }),
  };
  return { drafts: imported(FROM, [draft]).map((told) => ({ ...told, data: placed(told.data, place) })) };
}

/** By when it was, and never by what was said: an id outlives an erasure. The file's ordinal may be counted anew there. */
function idOf({ owner, thread }: Place, event: ThreadEvent, at: number | undefined, seen: Seen): string {
  const moment = at === undefined ? event.timestamp : formatMicros(at);
  const parts = [owner, thread, event.kind, moment];
  const key = JSON.stringify(parts);
  const before = seen.get(key) ?? 0;
  seen.set(key, before + 1);
  return importId(FROM, [...parts, String(before)], at);
}

/** What no store takes keeps its place in the thread, as a kind that readers pass over. */
function bounded(event: ThreadEvent): ThreadEvent {
  const bytes = Buffer.byteLength(JSON.stringify(event));
  if (bytes <= EVENT_BYTES_MAX) return event;
  return { kind: "truncated", timestamp: event.timestamp, was: event.kind, bytes };
}

function placed(data: JsonObject | undefined, { ordinal }: Place): JsonObject {
  return { ...data, imported: { ...(data?.imported as JsonObject), ordinal } };
}
