import { isObject } from "../base/json.ts";
import type { ContentPart, Message } from "./content.ts";
import { invalid, parseThreadEvent, type ThreadEvent } from "./thread-event.ts";

/** The JSON form of a graph. */
export interface ThreadGraphJson {
  readonly thread_id: string;
  readonly events: readonly ThreadEvent[];
  readonly archival_watermark: number;
}

/**
 * A conversation in memory, for replay. Places in it are indices, from 0; the log's ordinals count
 * from 1, so `index = ordinal - 1` for a thread of which nothing was archived. It keeps no derived
 * state: each question walks the events.
 */
export class ThreadGraph {
  readonly threadId: string;
  readonly #events: ThreadEvent[];
  #archivalWatermark: number;

  constructor(threadId: string, events: readonly ThreadEvent[] = [], archivalWatermark = 0) {
    if (threadId === "") throw invalid("thread_id", "must be non-empty");
    this.threadId = threadId;
    this.#events = [...events];
    this.#archivalWatermark = archivalWatermark;
  }

  get events(): readonly ThreadEvent[] {
    return this.#events;
  }

  get archivalWatermark(): number {
    return this.#archivalWatermark;
  }

  get length(): number {
    return this.#events.length;
  }

  isEmpty(): boolean {
    return this.#events.length === 0;
  }

  /** Adds the event and returns its index. */
  append(event: ThreadEvent): number {
    this.#events.push(event);
    return this.#events.length - 1;
  }

  /** The events from an index on; none where it is out of range. */
  eventsSince(cursor: number): readonly ThreadEvent[] {
    return this.#events.slice(Math.max(0, cursor));
  }

  /** Folds the events, oldest first. */
  replayInto<T>(initial: T, reducer: (state: T, event: ThreadEvent) => T): T {
    return this.#events.reduce(reducer, initial);
  }

  /** The conversation as a model takes it: messages of users and assistants, and results of tools. */
  currentBranchMessages(): Message[] {
    return this.#events.flatMap((event): Message[] => {
      const known = event as ThreadEvent & { content?: readonly ContentPart[] };
      if (known.kind === "user_message") return [{ role: "user", content: known.content ?? [] }];
      if (known.kind === "assistant_message") return [{ role: "assistant", content: known.content ?? [] }];
      return known.kind === "tool_result" ? [{ role: "tool", content: [resultPart(event)] }] : [];
    });
  }

  /**
   * A new thread with the events up to and with the one at `branchAt`, and nothing archived; this one
   * is told of it by a `branch_created`. Undefined, and nothing told, where the index is out of range.
   */
  fork(branchAt: number, newThreadId: string, timestamp = new Date().toISOString()): ThreadGraph | undefined {
    if (!Number.isInteger(branchAt) || branchAt < 0 || branchAt >= this.#events.length) return undefined;
    const child = new ThreadGraph(newThreadId, this.#events.slice(0, branchAt + 1));
    this.append({ kind: "branch_created", branch_id: newThreadId, parent_event: branchAt, timestamp });
    return child;
  }

  /** Moves the watermark up; does nothing unless `current < watermark ≤ length`. */
  archiveBefore(watermark: number): void {
    if (watermark > this.#archivalWatermark && watermark <= this.#events.length) {
      this.#archivalWatermark = watermark;
    }
  }

  /** The branches that were taken from this thread, and where. */
  *branchEvents(): Generator<readonly [branchId: string, parentEvent: number]> {
    for (const event of this.#events) {
      if (event.kind !== "branch_created") continue;
      const { branch_id, parent_event } = event as { branch_id: string; parent_event: number };
      yield [branch_id, parent_event];
    }
  }

  toJSON(): ThreadGraphJson {
    return {
      thread_id: this.threadId,
      events: this.#events,
      archival_watermark: this.#archivalWatermark,
    };
  }

  /** Throws `event.invalid` for what is no graph. */
  static fromJSON(value: unknown): ThreadGraph {
    if (!isObject(value) || !Array.isArray(value.events)) throw invalid("events", "must be a list");
    const { thread_id: threadId, archival_watermark: watermark = 0 } = value;
    if (typeof threadId !== "string") throw invalid("thread_id", "must be a text");
    if (typeof watermark !== "number") throw invalid("archival_watermark", "must be a number");
    return new ThreadGraph(threadId, value.events.map(parseThreadEvent), watermark);
  }
}

function resultPart(event: ThreadEvent): ContentPart {
  const { kind: _, timestamp: __, ...result } = event as unknown as Record<string, unknown>;
  return { type: "tool_result", ...result } as unknown as ContentPart;
}
