import type { Micros } from "../../base/clock.ts";
import type { JsonObject, JsonValue } from "../../base/json.ts";
import type { EventDraft } from "../../event/event.ts";
import { oneLine } from "../values.ts";
import { definitionsIn, type KnownDefinitions } from "./definitions.ts";
import { type McpSide, type Members, metaOf } from "./message.ts";
import type { Outcome } from "./outcome.ts";
import { type Peer, peerOf, traceOf, versionOf } from "./peer.ts";
import type { Pending } from "./pending.ts";

/** What the connections to one server share. */
export interface Surroundings {
  readonly agent: string | undefined;
  readonly runId: string | undefined;
  /** The server's name as whoever runs it says it, which the server cannot change. */
  readonly label: string | undefined;
  server: Peer;
  readonly definitions: KnownDefinitions;
  readonly newId: () => string;
}

const SEVERITIES = { ok: "INFO", error: "ERROR", denied: "WARN" } as const;

/** How the facts of one connection read as drafts. */
export class Teller {
  readonly #around: Surroundings;
  #client: Peer = { name: undefined, version: undefined };
  /** The session's id, once it is known. */
  session: string | undefined;

  constructor(around: Surroundings, session: string | undefined) {
    this.#around = around;
    this.session = session;
  }

  newId(): string {
    return this.#around.newId();
  }

  /** Takes what a side says of itself; anything else changes nothing. */
  meet(side: McpSide, info: unknown): void {
    const peer = peerOf(info);
    if (peer === undefined) return;
    if (side === "client") this.#client = peer;
    else this.#around.server = peer;
  }

  /** Who speaks to whom, by its own words. */
  common(from: McpSide, meta: Members = {}): Partial<EventDraft> {
    const { agent, runId, label } = this.#around;
    const client = this.#client.name;
    const server = label ?? this.#around.server.name;
    return {
      source: "mcp",
      origin: (from === "client" ? client : server) ?? null,
      app: client ?? null,
      agent: agent ?? client ?? null,
      destination: (from === "client" ? server : client) ?? null,
      runId: runId ?? null,
      conversationId: this.session ?? null,
      ...traceOf(meta),
    };
  }

  started(pending: Pending, data: JsonObject, id: string | number, meta: Members): EventDraft {
    const { fields, operation, startId, label, at } = pending;
    const { tool } = fields;
    const digest = typeof tool === "string" ? this.#around.definitions.digestOf(tool) : undefined;
    const version = versionOf(meta["io.modelcontextprotocol/protocolVersion"]);
    return {
      ...fields,
      type: operation?.type ?? "mcp.request",
      category: operation?.category ?? "mcp",
      id: startId,
      phase: "started",
      status: "pending",
      occurredAt: at,
      summary: operation?.endType === undefined ? `${label} starts` : label,
      data: {
        ...data,
        jsonrpc_id: id,
        ...approvalOf(pending),
        ...(version === undefined ? {} : { protocol_version: version }),
        ...(digest === undefined ? {} : { definition_digest: digest }),
      },
    };
  }

  /** The end of a request; nothing for housekeeping. */
  completed(pending: Pending, { status, error, ...outcome }: Outcome, at: Micros): EventDraft[] {
    const { operation, startId, label, fields, progress, from } = pending;
    if (operation === undefined) return [];
    const isWhole = startId === null;
    return [
      {
        ...(isWhole ? this.common(from) : fields),
        ...outcome.fields,
        type: status === "error" ? operation.type : (operation.endType ?? operation.type),
        category: operation.category,
        id: this.newId(),
        phase: isWhole ? null : "completed",
        startId,
        status,
        severity: SEVERITIES[status],
        occurredAt: at,
        durationMs: Math.max(0, Math.round((at - pending.at) / 1_000)),
        error: error ?? null,
        summary: oneLine(error === undefined ? `${label} ${status}` : `${label}: ${error}`, 200),
        data: {
          ...pending.data,
          ...outcome.data,
          ...approvalOf(pending),
          ...(isWhole ? this.#peers() : {}),
          ...(progress > 0 ? { progress_messages: progress } : {}),
        },
      },
    ];
  }

  /**
   * An event for each definition in an answer to `tools/list` that is new, or another one than before: as
   * `trail.tools.define` tells them, which also knows what was said before this process began.
   */
  defined(result: JsonValue, at: Micros): EventDraft[] {
    return definitionsIn(result).flatMap(({ tool, digest, definition, description }) => {
      const { isNew, before } = this.#around.definitions.learn({ tool, digest });
      if (!isNew) return [];
      const common = this.common("client");
      const isKnown = before !== undefined;
      return [
        {
          ...common,
          type: isKnown ? "tool.definition_changed" : "tool.defined",
          category: "config",
          severity: isKnown ? ("WARN" as const) : ("INFO" as const),
          tool,
          source: `mcp:${this.#around.label ?? common.destination ?? "unknown"}`,
          resource: { type: "tool", id: tool },
          occurredAt: at,
          summary: `${oneLine(tool)} ${isKnown ? "is now defined differently" : "is defined"}: ${description}`,
          data: { definition, definition_digest: digest, ...(isKnown ? { before } : {}) },
        },
      ];
    });
  }

  /** What an answer says of who answered. */
  meetIn(result: JsonValue): void {
    this.meet("server", metaOf(result)["io.modelcontextprotocol/serverInfo"]);
  }

  #peers(): JsonObject {
    const said = ({ name, version }: Peer): JsonObject => ({ name: name ?? null, version: version ?? null });
    return { client: said(this.#client), server: said(this.#around.server) };
  }
}

/** By which a question and its decision are one approval. */
function approvalOf({ operation, startId }: Pending): JsonObject {
  return operation?.category === "approval" && startId !== null ? { approval_id: startId } : {};
}
