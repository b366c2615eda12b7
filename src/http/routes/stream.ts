import type { Context } from "hono";
import { TrailError } from "../../base/error.ts";
import { toWire } from "../../event/wire.ts";
import { parseFilters } from "../../query/params.ts";
import type { Access } from "../access.ts";
import { socketOf } from "../door.ts";
import type { Route } from "../routing.ts";
import type { ServerState } from "../server-state.ts";

const BUFFER_BYTES = 256 * 1024;
const RETRY_MS = 1_000;
const HEADERS = {
  "Content-Type": "text/event-stream; charset=utf-8",
  "Cache-Control": "no-cache, no-transform",
  "X-Accel-Buffering": "no",
};

export function streamRoute(route: Route, state: ServerState): void {
  route("get", "/api/v1/events/stream", (c, access) => stream(c, access, state));
}

/**
 * The live tail as Server-Sent Events. `id:` is the seq, so a browser that comes back says by
 * itself where it was (`Last-Event-ID`); what is sent is read from the log, so nothing is missed or
 * repeated. A reader that does not take what there is loses its own connection and nothing else.
 */
async function stream(c: Context, access: Access, state: ServerState): Promise<Response> {
  const url = new URL(c.req.url);
  const filters: Array<[string, string]> = [];
  let after = seqOf("Last-Event-ID", c.req.header("last-event-id"));
  for (const [key, value] of url.searchParams) {
    const name = /^filter\[([^\]]{1,100})\]$/.exec(key)?.[1];
    if (name !== undefined) filters.push([name, value]);
    else if (key === "after") after ??= seqOf("after", value);
    else
      throw new TrailError("query.invalid", `${key.slice(0, 100)} is not a parameter of the stream.`, {
        field: key.slice(0, 100),
      });
  }
  const { events } = state.trail.forTenant(access.tenant, access);
  const filter = parseFilters(filters);
  // Nobody would end what nobody reads.
  if (c.req.method === "HEAD") return new Response(null, { headers: HEADERS });
  const ended = new AbortController();
  // "From now on" begins before the answer does: who has read the answer and then records sees it.
  after ??= await events.head();
  const follow = events.follow({ filter, after, signal: ended.signal });
  const cutOff = (): void => void socketOf(c).outgoing?.destroy();
  return new Response(
    new EventStream(follow, ended, state, AbortSignal.any([state.stopping, access.ended]), cutOff).body,
    { headers: HEADERS },
  );
}

function seqOf(field: string, text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  if (!/^\d{1,15}$/.test(text)) {
    throw new TrailError("query.invalid", `${field} must be a seq, a whole number.`, { field });
  }
  return Number(text);
}

type Follow = ReturnType<ServerState["trail"]["events"]["follow"]>;

class EventStream {
  readonly body: ReadableStream<Uint8Array>;
  readonly #follow: Follow;
  readonly #ended: AbortController;
  readonly #state: ServerState;
  readonly #stopping: AbortSignal;
  readonly #cutOff: () => void;
  readonly #encoder = new TextEncoder();
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  #drained = Promise.withResolvers<void>();
  #heartbeat: NodeJS.Timeout | null = null;

  constructor(
    follow: Follow,
    ended: AbortController,
    state: ServerState,
    stopping: AbortSignal,
    cutOff: () => void,
  ) {
    this.#follow = follow;
    this.#ended = ended;
    this.#state = state;
    this.#stopping = stopping;
    this.#cutOff = cutOff;
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => this.#start(controller),
        pull: () => this.#drained.resolve(),
        cancel: () => this.#end(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: BUFFER_BYTES }),
    );
  }

  #start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#controller = controller;
    this.#state.metrics.streams++;
    this.#stopping.addEventListener("abort", this.#onStop, { once: true });
    this.#heartbeat = setInterval(() => {
      if ((controller.desiredSize ?? 0) > 0) this.#write(": still here\n\n");
    }, this.#state.heartbeatMs);
    this.#write(`retry: ${RETRY_MS}\n: following\n\n`);
    void this.#run();
  }

  readonly #onStop = (): void => this.#end();

  async #run(): Promise<void> {
    try {
      for await (const event of this.#follow) {
        this.#write(`id: ${event.seq}\ndata: ${JSON.stringify(toWire(event))}\n\n`);
        if (!(await this.#hasRoom())) break;
      }
    } catch (thrown) {
      this.#state.log(`a live stream ended: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
    }
    this.#end();
  }

  /** False when the reader took nothing for too long, or is gone. */
  async #hasRoom(): Promise<boolean> {
    if (this.#ended.signal.aborted) return false;
    if ((this.#controller?.desiredSize ?? 0) > 0) return true;
    this.#drained = Promise.withResolvers();
    const timer = setTimeout(() => {
      this.#end();
      // What waits for this reader would keep its connection open.
      this.#cutOff();
    }, this.#state.slowReaderMs);
    await this.#drained.promise;
    clearTimeout(timer);
    return !this.#ended.signal.aborted;
  }

  #write(text: string): void {
    if (!this.#ended.signal.aborted) this.#controller?.enqueue(this.#encoder.encode(text));
  }

  #end(): void {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    this.#drained.resolve();
    if (this.#heartbeat !== null) clearInterval(this.#heartbeat);
    this.#stopping.removeEventListener("abort", this.#onStop);
    this.#state.metrics.streams--;
    try {
      this.#controller?.close();
    } catch (thrown) {
      // A reader that went away has closed it already.
      if (!(thrown instanceof TypeError)) throw thrown;
    }
  }
}
