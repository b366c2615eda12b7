import { AssertionError } from "node:assert";
import { inspect } from "node:util";
import type { AuditEvent } from "../../event/event.ts";
import { openTrail, type ToolCall, type Trail, type TrailOptions } from "../../index.ts";
import { type Difference, differences } from "./pattern.ts";

export type { Trail, TrailOptions };

/**
 * What an event must have. Text may be a regular expression, an object needs only what stands here, and any value
 * may be a function that says whether it will do.
 */
export type EventPattern = {
  readonly [K in keyof AuditEvent]?: AuditEvent[K] extends string | number | boolean | null
    ? AuditEvent[K] | RegExp | ((value: AuditEvent[K]) => boolean)
    : object | null;
};

/** A trail in memory, with what a test asks of it. Each method waits for what was recorded before it. */
export interface TestTrail extends Trail {
  /** The events that match, oldest first; without a pattern all of them. */
  recorded(pattern?: EventPattern): Promise<AuditEvent[]>;
  /** Calls of the tool, oldest first, each with its arguments, its result and how it ended; without a name all. */
  calls(tool?: string): Promise<ToolCall[]>;
  /**
   * Throws an `AssertionError` unless an event matches (with `times`: exactly so many), which says what was
   * recorded and where the nearest event differs. Gives the events that match.
   */
  assertRecorded(pattern: EventPattern, options?: { times?: number }): Promise<AuditEvent[]>;
  /** Throws an `AssertionError` if an event matches. */
  assertNotRecorded(pattern: EventPattern): Promise<void>;
  /** Throws an `AssertionError` if a call began and did not end. */
  assertNoOpenCalls(): Promise<void>;
}

const PAGE = 1_000;
/** Events that a failure shows. */
const SHOWN_MAX = 20;

/**
 * A trail for tests: in memory, with everything that a real one does, redaction too. For any test framework.
 *
 *     await using trail = testTrail();
 *     await agentUnderTest(trail);
 *     await trail.assertRecorded({ tool: "refund", status: "error", error: /declined/ });
 */
export function testTrail(options: TrailOptions = {}): TestTrail {
  const trail = openTrail(":memory:", options);

  async function recorded(pattern: EventPattern = {}): Promise<AuditEvent[]> {
    await trail.flush();
    const found: AuditEvent[] = [];
    for await (const event of trail.events.export()) {
      if (differences(event, pattern).length === 0) found.push(event);
    }
    return found;
  }

  return {
    ...trail,
    recorded,

    async calls(tool) {
      await trail.flush();
      const filter = tool === undefined ? {} : { tool };
      const calls: ToolCall[] = [];
      for (let cursor: string | null | undefined; cursor !== null; ) {
        const page = await trail.tools.query({
          filter,
          limit: PAGE,
          ...(cursor === undefined ? {} : { cursor }),
        });
        calls.push(...page.calls);
        cursor = page.next;
      }
      return calls.reverse();
    },

    async assertRecorded(pattern, { times } = {}) {
      const found = await recorded(pattern);
      if (times === undefined ? found.length > 0 : found.length === times) return found;
      const wanted = times === undefined ? "No event" : `${found.length} events, not ${times},`;
      throw failed(`${wanted} matched ${show(pattern)}.`, pattern, await recorded());
    },

    async assertNotRecorded(pattern) {
      const found = await recorded(pattern);
      if (found.length === 0) return;
      throw failed(`${found.length} events matched ${show(pattern)}, which should be none.`, pattern, found);
    },

    async assertNoOpenCalls() {
      await trail.flush();
      const open = await trail.tools.open();
      if (open.length === 0) return;
      const started = open.map(({ call }) => call.started);
      throw failed(`${open.length} calls began and did not end.`, {}, started);
    },
  };
}

function failed(message: string, pattern: EventPattern, events: readonly AuditEvent[]): AssertionError {
  const shown = events.slice(-SHOWN_MAX).map(line);
  const left = events.length - shown.length;
  const list = [...(left > 0 ? [`  (${left} before)`] : []), ...shown].join("\n");
  const nearest = nearestTo(pattern, events);
  return new AssertionError({
    message: [
      message,
      ...(nearest === undefined
        ? []
        : [`Nearest is event ${nearest.event.seq}:`, ...nearest.differences.map(saying)]),
      events.length === 0 ? "Nothing was recorded." : `Recorded:\n${list}`,
    ].join("\n"),
    actual: nearest?.event ?? null,
    expected: pattern,
    operator: "matches",
  });
}

function nearestTo(
  pattern: EventPattern,
  events: readonly AuditEvent[],
): { event: AuditEvent; differences: Difference[] } | undefined {
  const judged = events.map((event) => ({ event, differences: differences(event, pattern) }));
  const wrong = judged.filter((each) => each.differences.length > 0);
  return wrong.sort((a, b) => a.differences.length - b.differences.length)[0];
}

function saying({ path, actual, expected }: Difference): string {
  return `  ${path} is ${show(actual)}, not ${show(expected)}`;
}

function line({ seq, type, phase, status, agent, tool, error }: AuditEvent): string {
  const parts = [seq, type, phase, status, agent, tool, error === null ? null : `“${error}”`];
  return `  ${parts.filter((part) => part !== null).join("  ")}`;
}

function show(value: unknown): string {
  return inspect(value, { depth: 4, breakLength: Number.POSITIVE_INFINITY });
}
