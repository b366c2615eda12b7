import { uuidv7 } from "../base/uuid.ts";
import type { Flushed } from "../emit/health.ts";
import type { AuditEvent } from "../event/event.ts";
import type { EventPage, Trail } from "./trail.ts";

const NOTHING: Flushed = { complete: true, persisted: 0, dropped: 0, pending: 0 };
const NO_PAGE: EventPage = { events: [], next: null, scan: { scanned: 0, matched: 0, exhausted: false } };

const none = (): AsyncGenerator<AuditEvent, void, undefined> =>
  (async function* () {
    yield* [];
  })();

/** A trail that discards: for code that must hold one and has nowhere to write. Never fails. */
export const nopTrail: Trail = {
  record: () => uuidv7(),
  recordDurably: async () => ({ id: uuidv7(), seq: 0, recordedAt: 0 }),
  append: async (drafts) =>
    drafts.map((draft) => ({ status: "appended", id: draft.id, seq: 0, recordedAt: 0 })),
  flush: async () => NOTHING,
  close: async () => NOTHING,
  health: () => ({
    level: "memory",
    recorded: 0,
    queued: 0,
    queuedBytes: 0,
    persisted: 0,
    adopted: 0,
    dropped: 0,
    droppedBy: {},
    spilled: 0,
    lagMs: 0,
    lastError: null,
  }),
  events: {
    get: async () => null,
    list: async () => NO_PAGE,
    search: async () => NO_PAGE,
    stats: async () => ({
      total: 0,
      head: 0,
      eventsLastHour: 0,
      byCategory: {},
      byStatus: {},
      byType: {},
      byAgent: {},
      byTool: {},
    }),
    head: async () => 0,
    follow: none,
    export: none,
  },
  emitters: async () => [],
  describe: async () => ({ kind: "none", location: "none", schemaVersion: 0, bytes: null, events: 0 }),
  [Symbol.asyncDispose]: () => Promise.resolve(),
};
