import { uuidv7 } from "../../base/uuid.ts";
import { McpConnection } from "./connection.ts";
import { KnownDefinitions } from "./definitions.ts";
import { PendingTable } from "./pending.ts";

export interface McpMapperOptions {
  /** Which agent calls; default: what the client calls itself. */
  readonly agent?: string;
  /** The server's name for the trail. Default: what it calls itself, which it can change as it likes. */
  readonly server?: string;
  readonly runId?: string;
  /** Requests that wait for their answer, per connection. Default 4096. */
  readonly pendingMax?: number;
  /** Ids of events. Default: UUIDv7. */
  readonly newId?: () => string;
}

/**
 * What passes between MCP clients and one server, as drafts of events. Pure: messages in, drafts out;
 * whoever carries the bytes decides what becomes of them. Holds what outlives a connection: the
 * definitions of the server's tools, and requests that are continued by another one.
 */
export interface McpMapper {
  /**
   * One connection, within which ids of requests tell requests apart: a process, a session, or, where a
   * server knows no sessions, one exchange over HTTP.
   */
  connect(options?: { readonly session?: string }): McpConnection;
}

const PENDING_MAX = 4_096;

export function createMcpMapper(options: McpMapperOptions = {}): McpMapper {
  const { pendingMax = PENDING_MAX, newId = uuidv7 } = options;
  const shared = {
    agent: options.agent,
    runId: options.runId,
    label: options.server,
    server: { name: undefined, version: undefined },
    definitions: new KnownDefinitions(),
    continued: new PendingTable(pendingMax),
    pendingMax,
    newId,
  };
  return { connect: ({ session } = {}) => new McpConnection(shared, session) };
}
