import { isObject } from "../../base/json.ts";
import type { EventDraft } from "../../event/event.ts";
import { within } from "../../event/surroundings.ts";
import type { McpConnection } from "../../ingest/mcp/connection.ts";
import { createMcpMapper, type McpMapper } from "../../ingest/mcp/mapper.ts";
import type { McpSide } from "../../ingest/mcp/message.ts";
import { type AdapterOptions, Recorder, type Target } from "../recorder.ts";
import { observeHandler } from "./handler.ts";

export type { AdapterOptions, Target };

/** What is needed of a transport of the MCP SDK, of either generation. */
export interface McpTransport {
  send(message: never, options?: never): Promise<void>;
  onmessage?: unknown;
  onclose?: unknown;
  readonly sessionId?: string | undefined;
}

export interface McpOptions extends AdapterOptions {
  /** The server's name for the trail. Default: what it calls itself, which it can change as it likes. */
  readonly server?: string;
}

const recorded = new WeakSet<object>();
/** What is known of a server outlives a connection to it, where it has a name that is ours. */
const mappers = new WeakMap<Target, Map<string, McpMapper>>();

/**
 * Records what passes over a transport of the MCP SDK 1 or 2, a client's or a server's, and returns that
 * same transport: `client.connect(recordTransport(transport, trail))`. Messages are looked at, never
 * changed, never held up. Call it before the transport is connected.
 */
export function recordTransport<T extends McpTransport>(
  transport: T,
  trail: Target,
  options: McpOptions = {},
): T {
  if (recorded.has(transport)) return transport;
  recorded.add(transport);
  const { server, ...rest } = options;
  new Tap(
    transport,
    new Recorder(trail, { source: "mcp", origin: "mcp" }, rest),
    mapperOf(trail, server).connect(),
  );
  return transport;
}

/** What is needed of a client or a server of the MCP SDK. */
export interface McpPeer {
  connect: (transport: never, ...more: never[]) => Promise<void>;
}

/**
 * Records every connection of a client or a server of the MCP SDK, and returns that same object: for servers that
 * are given their transports by the SDK, `createMcpHandler(() => recordMcp(serverOf(), trail))`.
 */
export function recordMcp<P extends McpPeer>(peer: P, trail: Target, options: McpOptions = {}): P {
  observeConnect(peer, trail, options);
  // A server for tools has the one that speaks the protocol within, and the SDK connects either.
  const { server } = peer as { server?: unknown };
  if (isObject(server) && typeof server.connect === "function")
    observeConnect(server as unknown as McpPeer, trail, options);
  return peer;
}

function observeConnect(peer: McpPeer, trail: Target, options: McpOptions): void {
  const connect = peer.connect.bind(peer) as (...args: unknown[]) => Promise<void>;
  peer.connect = (...args: unknown[]) => {
    const [transport, ...more] = args as [McpTransport, ...unknown[]];
    return connect(recordTransport(transport, trail, options), ...more);
  };
}

function mapperOf(trail: Target, server: string | undefined): McpMapper {
  if (server === undefined) return createMcpMapper();
  const known = mappers.get(trail) ?? new Map<string, McpMapper>();
  mappers.set(trail, known);
  const mapper = known.get(server) ?? createMcpMapper({ server });
  known.set(server, mapper);
  return mapper;
}

/** One transport, with what goes out of it and what comes in. */
class Tap {
  readonly #transport: McpTransport;
  readonly #recorder: Recorder;
  readonly #connection: McpConnection;
  /** Who we are; whoever asks first is the client. */
  #side: McpSide | undefined;
  #hasEnded = false;
  /** Whether it was opened, and then used: the one exchange of a transport over HTTP is no session that ends. */
  #isOpen = false;
  #isSession = false;
  #incoming: unknown;

  constructor(transport: McpTransport, recorder: Recorder, connection: McpConnection) {
    this.#transport = transport;
    this.#recorder = recorder;
    this.#connection = connection;
    const send = transport.send as (...args: unknown[]) => Promise<void>;
    transport.send = (...args: unknown[]) => {
      this.#told("out", args[0]);
      const sent = send.apply(transport, args);
      sent?.then?.(undefined, (thrown: unknown) => this.#notSent(args[0], thrown));
      return sent;
    };
    observeHandler(transport, "onmessage", (handler, args) => this.#comesIn(handler, args));
    observeHandler(transport, "onclose", (handler, args) => {
      this.#closed();
      return handler(...args);
    });
  }

  /** Who connects may have put its handler around one that we are around already. */
  #comesIn(handler: (...args: unknown[]) => unknown, args: unknown[]): unknown {
    const [message] = args;
    if (message === this.#incoming) return handler(...args);
    const before = this.#incoming;
    this.#incoming = message;
    try {
      const call = this.#told("in", message);
      return call?.id ? within({ parentId: call.id }, () => handler(...args)) : handler(...args);
    } finally {
      this.#incoming = before;
    }
  }

  /** The call that comes in, where it is one: what its tool does belongs to it. */
  #told(direction: "in" | "out", message: unknown): EventDraft | undefined {
    return this.#recorder.guard("mcp message", () => {
      const from = this.#sender(direction, message);
      const { sessionId } = this.#transport;
      if (sessionId !== undefined) this.#connection.joins(sessionId);
      const drafts = this.#connection.message(from, message);
      this.#isSession ||= this.#isOpen;
      this.#isOpen ||= drafts.some(({ type }) => type === "mcp.connect");
      this.#recorder.relay(drafts, { knowsAgent: true });
      return direction === "in"
        ? drafts.find(({ category, phase }) => category === "tool_call" && phase === "started")
        : undefined;
    });
  }

  #sender(direction: "in" | "out", message: unknown): McpSide {
    const first = Array.isArray(message) ? message[0] : message;
    if (this.#side === undefined && isObject(first) && first.method !== undefined)
      this.#side = direction === "out" ? "client" : "server";
    const isOurs = direction === "out";
    return isOurs === (this.#side === "client") ? "client" : "server";
  }

  #notSent(message: unknown, thrown: unknown): void {
    this.#recorder.guard("mcp send", () => {
      const id = isObject(message) ? message.id : undefined;
      if (this.#side !== "client" || (typeof id !== "string" && typeof id !== "number")) return;
      const error = thrown instanceof Error ? thrown.message : String(thrown);
      const drafts = this.#connection.abandon(id, { status: "error", error, data: {} });
      this.#recorder.relay(drafts, { knowsAgent: true });
    });
  }

  #closed(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#recorder.guard("mcp close", () => {
      const drafts = this.#connection.end({ reason: "the connection was closed", status: "ok" });
      const told = drafts.filter(({ type }) => this.#isSession || type !== "mcp.disconnect");
      this.#recorder.relay(told, { knowsAgent: true });
    });
  }
}
