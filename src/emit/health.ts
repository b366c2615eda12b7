/** Why events were lost. Each loss is counted, and written into the trail when the store is back. */
export type LossReason =
  | "buffer_full"
  | "rejected_by_store"
  | "closed"
  | "spool_failed"
  | "unreadable_spool"
  | "internal";

/** How the recording side of a trail is doing. Counts are events since the trail was opened. */
export interface Health {
  /** `spooled`: on disk before `record()` returns; `memory`: not. A spool that failed falls back to memory. */
  level: "spooled" | "memory";
  /** Accepted by `record()`. */
  recorded: number;
  /** Not yet in the store. */
  queued: number;
  queuedBytes: number;
  /** Known to be in the store. */
  persisted: number;
  /** Events of earlier processes, found in their spools and delivered. */
  adopted: number;
  /** Lost for good, and by reason. */
  dropped: number;
  droppedBy: Partial<Record<LossReason, number>>;
  /** Now on disk, in segment files. */
  spilled: number;
  /** Age of the oldest event that is not yet in the store, in milliseconds. */
  lagMs: number;
  /** The last trouble with the store, or null when the last delivery went well. */
  lastError: string | null;
}

/** What `flush` and `close` reached. They resolve, they never reject and never hang. */
export interface Flushed {
  /** Nothing that was recorded before the call is pending any more. */
  complete: boolean;
  persisted: number;
  dropped: number;
  pending: number;
}
