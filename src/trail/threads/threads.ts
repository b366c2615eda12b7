import type { Micros } from "../../base/clock.ts";
import { TrailError } from "../../base/error.ts";
import type { JsonObject } from "../../base/json.ts";
import { acceptDraft, type DraftDefaults } from "../../event/accept.ts";
import type { EventDraft } from "../../event/event.ts";
import { LIMITS } from "../../event/limits.ts";
import type { WireDraft } from "../../event/wire.ts";
import type { Condition } from "../../query/filter.ts";
import type { Outcome, Store } from "../../store/store.ts";
import { type ThreadKey, threadKey } from "../../thread/keys.ts";
import { checkCount, parseThreadEvent, type ThreadEvent } from "../../thread/thread-event.ts";
import { THREAD_PREFIX } from "../../view/threads.ts";
import { type Completeness, judgeCompleteness } from "../completeness.ts";
import { archiveDraft, threadDraft } from "./drafts.ts";
import { createSink, type ThreadSink } from "./sink.ts";

/** A thread event and its place in the thread: 1, 2, 3 …, no gaps, never reused. */
export interface Ordered {
  readonly ordinal: number;
  readonly event: ThreadEvent;
  /** The event that it is in the tenant's log. */
  readonly seq: number;
  readonly id: string;
}

export interface ThreadHead {
  /** The highest ordinal; 0 for a thread without events. */
  readonly head: number;
  /** Ordinals up to this one are archived. */
  readonly watermark: number;
}

export interface ThreadInfo extends ThreadHead {
  readonly id: string;
  readonly environment: string;
  readonly agent: string | null;
  readonly firstAt: Micros;
  readonly lastAt: Micros;
}

/** A thread by its id, in the trail's tenant or in another one. */
export type ThreadRef = string | { tenant?: string; threadId: string };

/** The conversations of a tenant, each an append-only log of its own within the tenant's. */
export interface Threads {
  /** Appends all of the events or none, and returns the highest ordinal after it. `[]` writes nothing. */
  append(thread: ThreadRef, events: readonly ThreadEvent[]): Promise<number>;
  /** The events behind an ordinal, in order, without archived ones; 0 is from the beginning. */
  loadSince(thread: ThreadRef, cursor: number): Promise<Ordered[]>;
  /**
   * Archives ordinals up to the watermark: they are shown no more. Never beyond the head, never back.
   * Returns how many this call archived.
   */
  archiveBefore(thread: ThreadRef, watermark: number): Promise<number>;
  head(thread: ThreadRef): Promise<ThreadHead>;
  /** Newest activity first. */
  list(options?: { limit?: number; offset?: number }): Promise<{ threads: ThreadInfo[]; total: number }>;
  find(thread: ThreadRef): Promise<ThreadInfo | null>;
  /** Whether everything that was recorded of the thread is there: "412 of 412", or what never arrived. */
  completeness(thread: ThreadRef): Promise<Completeness>;
  /** Records what happens in a thread without waiting. Throws `event.invalid` for an empty name. */
  sink(thread: ThreadRef): ThreadSink;
}

export interface ThreadsGround {
  open(): Promise<Store>;
  flush(): Promise<unknown>;
  record(draft: EventDraft): string;
  append(drafts: readonly WireDraft[]): Promise<Outcome[]>;
  readonly tenant: string;
  /** What drafts get that say nothing. */
  readonly defaults: DraftDefaults;
}

const VIEW = "threads";
const PAGE_EVENTS = 500;

export function createThreads(ground: ThreadsGround): Threads {
  const keyOf = (thread: ThreadRef): ThreadKey =>
    typeof thread === "string"
      ? threadKey(ground.tenant, thread)
      : threadKey(thread.tenant ?? ground.tenant, thread.threadId);

  async function rowOf({ tenant, threadId }: ThreadKey): Promise<JsonObject | null> {
    return (await (await ground.open()).row(tenant, VIEW, threadId))?.doc ?? null;
  }

  const commit = (drafts: readonly EventDraft[]) => commitAll(ground, drafts);

  const threads: Threads = {
    async append(thread, events) {
      const key = keyOf(thread);
      const drafts = events.map((event) => threadDraft(key, parseThreadEvent(event)));
      if (drafts.length > 0) await commit(drafts);
      return (await threads.head(thread)).head;
    },

    async loadSince(thread, cursor) {
      checkCount("cursor", cursor);
      const key = keyOf(thread);
      const row = await rowOf(key);
      if (row === null) return [];
      const after = Math.max(cursor, row.watermark as number);
      return after >= (row.head as number) ? [] : load(await ground.open(), key, row, after);
    },

    async archiveBefore(thread, watermark) {
      checkCount("watermark", watermark);
      const key = keyOf(thread);
      const before = await rowOf(key);
      // Nothing to move: nothing is written.
      if (before === null || watermark <= (before.watermark as number)) return 0;
      const draft = archiveDraft(key, watermark);
      await commit([draft]);
      const archives = ((await rowOf(key))?.archives ?? []) as Array<[string, number]>;
      return archives.find(([eventId]) => eventId === draft.id)?.[1] ?? 0;
    },

    async head(thread) {
      const row = await rowOf(keyOf(thread));
      return { head: (row?.head ?? 0) as number, watermark: (row?.watermark ?? 0) as number };
    },

    async list({ limit = 50, offset = 0 } = {}) {
      const query = { tenant: ground.tenant, view: VIEW, group: "all", direction: "desc" as const };
      const store = await ground.open();
      const { rows, total } = await store.rows({
        ...query,
        offset,
        limit: Math.min(Math.max(1, limit), LIMITS.pageSize),
        total: true,
      });
      return { threads: rows.map(({ doc }) => toInfo(doc)), total: total ?? 0 };
    },

    async find(thread) {
      const row = await rowOf(keyOf(thread));
      return row === null ? null : toInfo(row);
    },

    completeness: (thread) => judgeThread(ground, keyOf(thread)),

    sink: (thread) => createSink(keyOf(thread), ground.record),
  };
  return threads;
}

function judgeThread(ground: ThreadsGround, { tenant, threadId }: ThreadKey): Promise<Completeness> {
  return judgeCompleteness(ground.open, tenant, [{ op: "any", field: "thread_id", values: [threadId] }]);
}

/** After what was recorded before, so that the order of calls is the order in the thread. */
async function commitAll(ground: ThreadsGround, drafts: readonly EventDraft[]): Promise<void> {
  await ground.flush();
  const outcomes = await ground.append(drafts.map((draft) => acceptDraft(draft, ground.defaults)));
  const refused = outcomes.find((outcome) => outcome.status === "rejected");
  if (refused !== undefined) {
    throw new TrailError("store.unavailable", `The store refused a thread event: ${refused.reason}.`);
  }
}

/** Reads from the last remembered place before the first wanted ordinal. */
async function load(
  store: Store,
  { tenant, threadId }: ThreadKey,
  row: JsonObject,
  after: number,
): Promise<Ordered[]> {
  const marks = row.marks as Array<[ordinal: number, seq: number]>;
  const [first, seq] = marks.findLast(([ordinal]) => ordinal <= after + 1) ?? [1, 1];
  const where: Condition[] = [{ op: "any", field: "thread_id", values: [threadId] }];
  const found: Ordered[] = [];
  let ordinal = first - 1;
  let at: { seq: number } | null = { seq: seq - 1 };
  while (at !== null && ordinal < (row.head as number)) {
    const page = await store.list({
      tenant,
      where,
      order: "seq",
      direction: "asc",
      after: at,
      limit: PAGE_EVENTS,
      scanMax: LIMITS.scanRows,
    });
    for (const event of page.events) {
      if (!event.type.startsWith(THREAD_PREFIX)) continue;
      ordinal++;
      if (ordinal <= after) continue;
      const told = event.data.event as unknown as ThreadEvent;
      found.push({ ordinal, event: told, seq: event.seq, id: event.id });
    }
    at = page.end;
  }
  return found;
}

function toInfo(doc: JsonObject): ThreadInfo {
  const { id, environment, agent, head, watermark, firstAt, lastAt } = doc;
  return { id, environment, agent, head, watermark, firstAt, lastAt } as unknown as ThreadInfo;
}
