import type { JsonObject } from "../base/json.ts";
import { onlyIn, type Projection, perEvent, sortable } from "./projection.ts";

/** An event of a thread has the type `thread.<kind>`; moving the watermark has this one. */
export const THREAD_PREFIX = "thread.";
export const THREADS_ARCHIVED = "threads.archived";

/** Between two places that a row remembers: a load reads at most so many events that it does not want. */
const MARK_EVERY = 256;
const ARCHIVES_MAX = 32;

/**
 * One row per thread: how many events it has, which are the ordinals 1 to `head`, how many of them
 * are archived, and every 256th one's seq (`marks`). Archiving is an event that says what it wants;
 * here it is decided, so two that archive at once agree: never beyond the head, never back. The head
 * and the watermark stay when events are pruned, so no ordinal is ever used again. Key: the thread's id.
 */
export const threads: Projection = {
  name: "threads",
  version: 2,
  environment: "onlyIn",

  changes: perEvent({
    keys: ({ threadId, type }) =>
      threadId !== null && (type.startsWith(THREAD_PREFIX) || type === THREADS_ARCHIVED) ? [threadId] : [],

    fold(doc, event, key) {
      const row = doc ?? emptyThread(key, event.environment, event.occurredAt);
      row.onlyIn = onlyIn(doc, event);
      row.lastAt = Math.max(row.lastAt as number, event.occurredAt);
      row.agent ??= event.agent;
      if (event.type === THREADS_ARCHIVED) {
        archive(row, event.id, event.data.watermark);
        return row;
      }
      const head = (row.head as number) + 1;
      row.head = head;
      row.lastSeq = event.seq;
      if (head % MARK_EVERY === 1) (row.marks as number[][]).push([head, event.seq]);
      return row;
    },

    forget: (doc) => doc,
  }),

  entries: ({ lastAt, lastSeq }) => [
    { group: "all", sort: sortable(lastAt as number) + sortable(lastSeq as number) },
  ],
};

function emptyThread(id: string, environment: string, at: number): JsonObject {
  const counts = { head: 0, watermark: 0, lastSeq: 0 };
  return { id, environment, agent: null, ...counts, firstAt: at, lastAt: at, marks: [], archives: [] };
}

/** Remembers what the last ones archived, so that each can tell its caller. */
function archive(row: JsonObject, eventId: string, wanted: unknown): void {
  const before = row.watermark as number;
  const target = typeof wanted === "number" ? Math.min(Math.floor(wanted), row.head as number) : before;
  const count = Math.max(0, target - before);
  row.watermark = before + count;
  row.archives = [...(row.archives as Array<[string, number]>), [eventId, count]].slice(-ARCHIVES_MAX);
}
