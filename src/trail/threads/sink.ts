import { formatMicros, nowMicros } from "../../base/clock.ts";
import type { EventDraft } from "../../event/event.ts";
import { type ThreadKey, threadKey } from "../../thread/keys.ts";
import { type Breach, checkBreach, checkCount, type KnownThreadEvent } from "../../thread/thread-event.ts";
import { threadDraft } from "./drafts.ts";

type WithoutTime<T> = T extends unknown ? Omit<T, "timestamp"> : never;

/**
 * A one-way door into one thread, for what an agent's run time does. Each method takes the time at the
 * call, returns at once, and keeps the order of the calls. Throws `event.invalid` for counts that are none.
 */
export interface ThreadSink {
  /** Once for each dispatch, before it runs. */
  recordSubAgentInvoked(agentId: string, subThreadId: string): void;
  /** Once for each turn that was routed; `from` is null on the first. */
  recordAgentHandoff(from: string | null, to: string): void;
  /** Once for each resumption; "" where there was no checkpoint. */
  recordResumed(fromCheckpoint: string): void;
  /** The act, never what was recalled. */
  recordMemoryRecall(tier: string, namespaceKey: string, hits: number): void;
  /** Once for each breach, before the run's failure. */
  recordUsageLimitExceeded(breach: Breach): void;
  recordContextCompacted(droppedChars: number, retainedChars: number): void;
  /** The same for another thread of the same tenant. */
  withThread(threadId: string): ThreadSink;
}

export function createSink(key: ThreadKey, record: (draft: EventDraft) => string): ThreadSink {
  const tell = (event: WithoutTime<KnownThreadEvent>): void => {
    record(threadDraft(key, { ...event, timestamp: formatMicros(nowMicros()) }));
  };
  return {
    recordSubAgentInvoked: (agentId, subThreadId) =>
      tell({ kind: "sub_agent_invoked", agent_id: agentId, sub_thread_id: subThreadId }),
    recordAgentHandoff: (from, to) => tell({ kind: "agent_handoff", from, to }),
    recordResumed: (fromCheckpoint) => tell({ kind: "resumed", from_checkpoint: fromCheckpoint }),
    recordMemoryRecall(tier, namespaceKey, hits) {
      checkCount("hits", hits);
      tell({ kind: "memory_recall", tier, namespace_key: namespaceKey, hits });
    },
    recordUsageLimitExceeded(breach) {
      checkBreach(breach);
      tell({ kind: "usage_limit_exceeded", breach });
    },
    recordContextCompacted(droppedChars, retainedChars) {
      checkCount("dropped_chars", droppedChars);
      checkCount("retained_chars", retainedChars);
      tell({ kind: "context_compacted", dropped_chars: droppedChars, retained_chars: retainedChars });
    },
    withThread: (threadId) => createSink(threadKey(key.tenant, threadId), record),
  };
}
