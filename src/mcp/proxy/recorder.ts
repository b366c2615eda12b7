import type { Micros } from "../../base/clock.ts";
import { settlesWithin } from "../../base/deadline.ts";
import { messageOf } from "../../base/error.ts";
import { isObject } from "../../base/json.ts";
import type { EventDraft } from "../../event/event.ts";
import type { McpConnection } from "../../ingest/mcp/connection.ts";
import type { McpSide } from "../../ingest/mcp/message.ts";
import type { ToolDefinition } from "../../trail/calls/definitions.ts";
import type { Trail } from "../../trail/trail.ts";

/** Copies of what passed that wait to be read; what comes beyond is not read, and that is told. */
const QUEUE_BYTES_MAX = 64 * 1_048_576;
/** How long reading may keep the bytes of the traffic waiting at a time. */
const SLICE_MS = 5;
/** A message that is longer passes like any other, and is not read. */
export const MESSAGE_BYTES_MAX = 4 * 1_048_576;
const DEFINITION_TYPES: ReadonlySet<string> = new Set(["tool.defined", "tool.definition_changed"]);

interface Work {
  readonly bytes: number;
  run(): void;
}

/**
 * Reads copies of the traffic behind its back: never where the bytes are passed on, and a few
 * milliseconds at a time, in the order in which they came.
 */
export class McpRecorder {
  readonly #trail: Trail;
  readonly #onProblem: (problem: string) => void;
  readonly #queue: Work[] = [];
  #bytes = 0;
  #isRunning = false;
  #idle: Array<() => void> = [];
  #defining: Promise<void> = Promise.resolve();

  constructor(trail: Trail, onProblem: (problem: string) => void) {
    this.#trail = trail;
    this.#onProblem = onProblem;
  }

  /** Puts work behind what waits; false, and nothing kept, where too much does. */
  later(bytes: number, run: () => void): boolean {
    if (this.#bytes + bytes > QUEUE_BYTES_MAX) return false;
    this.#queue.push({ bytes, run });
    this.#bytes += bytes;
    if (!this.#isRunning) {
      this.#isRunning = true;
      setImmediate(() => this.#work());
    }
    return true;
  }

  /** One message as it was sent, of which the bytes are whole. */
  read(connection: McpConnection, from: McpSide, bytes: Buffer, at: Micros): unknown {
    const text = bytes.toString("utf8");
    if (text.trim() === "") return undefined;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      const what = { reason: "not JSON", bytes: bytes.length, beginning: text };
      this.tell(connection.unread(from, what, at));
      return undefined;
    }
    this.tell(connection.message(from, value, at));
    return value;
  }

  tell(drafts: readonly EventDraft[]): void {
    const definitions = drafts.filter(({ type }) => DEFINITION_TYPES.has(type));
    if (definitions.length > 0) this.#define(definitions);
    for (const draft of drafts) if (!DEFINITION_TYPES.has(draft.type)) this.#trail.record(draft);
  }

  /** Resolves when everything that waited is recorded; what is not in this time is given up, and told. */
  async settled(timeoutMs: number): Promise<void> {
    const worked = this.#isRunning
      ? new Promise<void>((resolve) => {
          this.#idle.push(resolve);
        })
      : Promise.resolve();
    const isOver = await settlesWithin(
      worked.then(() => this.#defining),
      timeoutMs,
    );
    if (!isOver) this.#giveUp();
  }

  #giveUp(): void {
    const left = this.#queue.splice(0);
    const bytes = this.#bytes;
    if (bytes > 0) {
      const reason = "the proxy ended before it was read";
      this.#trail.record({
        type: "mcp.unread",
        category: "mcp",
        source: "mcp",
        status: "error",
        severity: "WARN",
        summary: `not read: ${reason}`,
        data: { reason, bytes },
      });
    }
    this.#bytes = 0;
    // What costs nothing is still done: the ends of connections, with the calls that were open.
    for (const work of left) if (work.bytes === 0) this.#run(work);
  }

  #work(): void {
    const until = performance.now() + SLICE_MS;
    let done = 0;
    while (done < this.#queue.length && performance.now() < until) {
      const work = this.#queue[done++] as Work;
      this.#bytes -= work.bytes;
      this.#run(work);
    }
    this.#queue.splice(0, done);
    if (this.#queue.length > 0) {
      setImmediate(() => this.#work());
      return;
    }
    this.#isRunning = false;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #run({ run }: Work): void {
    try {
      run();
    } catch (thrown) {
      // A fault of ours must not end what passes through here.
      this.#onProblem(`a message was not recorded: ${messageOf(thrown)}`);
    }
  }

  /** The trail knows what was said of a tool before this process; where it is away, our own memory counts. */
  #define(drafts: readonly EventDraft[]): void {
    const tools = drafts.flatMap(({ data }) => (isDefined(data) ? [data.definition] : []));
    const rest = drafts.filter(({ data }) => !isDefined(data));
    const source = drafts[0]?.source ?? "mcp";
    this.#defining = this.#defining
      .then(() => this.#trail.tools.define({ source, tools }))
      .then(
        () => undefined,
        () => {
          for (const draft of drafts) if (!rest.includes(draft)) this.#trail.record(draft);
        },
      );
    for (const draft of rest) this.#trail.record(draft);
  }
}

function isDefined(data: unknown): data is { definition: ToolDefinition } {
  return isObject(data) && isObject(data.definition) && typeof data.definition.name === "string";
}
