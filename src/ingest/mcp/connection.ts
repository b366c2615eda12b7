import { hash } from "node:crypto";
import { type Micros, nowMicros } from "../../base/clock.ts";
import { isObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import type { EventDraft } from "../../event/event.ts";
import { firstName, oneLine } from "../values.ts";
import { definitionsIn, type KnownDefinitions } from "./definitions.ts";
import {
  keyOf,
  type McpMessage,
  type McpSide,
  type Members,
  metaOf,
  readMessage,
  withoutMeta,
} from "./message.ts";
import { anyRequest, isHousekeeping, type Operation, operationOf } from "./operations.ts";
import { errorOutcome, type Outcome, resultOutcome } from "./outcome.ts";
import { capabilitiesOf, type Peer, peerOf, traceOf, versionOf } from "./peer.ts";
import { bounded, kept, type Pending, type PendingTable } from "./pending.ts";

/** What the connections to one server share. */
export interface Shared {
  readonly agent: string | undefined;
  readonly runId: string | undefined;
  server: Peer;
  readonly definitions: KnownDefinitions;
  /** Requests whose answer was a question, by what their retry repeats. */
  readonly continued: PendingTable;
  readonly newId: () => string;
}

/** Why a connection ended. */
export interface McpEnd {
  /** As a sentence without its end: `the server ended with exit status 1`. */
  readonly reason: string;
  readonly status: "ok" | "error";
  readonly data?: JsonObject;
  /** No other connection to the server goes on: what waits to be continued on one fails too. */
  readonly isLast?: boolean;
}

type Request = Extract<McpMessage, { kind: "request" }>;

/** Oddities of one connection that are events; further ones are counted. */
const ODD_MAX = 100;
/** Progress of one request that is events; further progress is counted. */
const PROGRESS_MAX = 100;
const BATCH_MAX = 1_000;
const BEGINNING_CHARS = 200;
const OPENING: ReadonlySet<string> = new Set(["initialize", "server/discover"]);
const CONNECT: Operation = {
  type: "mcp.connect",
  category: "mcp",
  subject: () => ({ label: "connection", fields: {}, data: {} }),
};

/** One connection. Never throws, whatever is said on it. */
export class McpConnection {
  readonly #shared: Shared;
  readonly #pending: PendingTable;
  readonly #session: string | undefined;
  readonly #counts = { client: 0, server: 0, housekeeping: 0, odd: 0, progress: 0 };
  #client: Peer = { name: undefined, version: undefined };

  constructor(shared: Shared, pending: PendingTable, session: string | undefined) {
    this.#shared = shared;
    this.#pending = pending;
    this.#session = session;
  }

  /** What one message gives, which `from` sent: parsed JSON of any shape, also a batch. */
  message(from: McpSide, value: unknown, at: Micros = nowMicros()): EventDraft[] {
    if (!Array.isArray(value)) return this.#one(from, value, at);
    const drafts = value.slice(0, BATCH_MAX).flatMap((one) => this.#one(from, one, at));
    const left = value.length - BATCH_MAX;
    return left > 0
      ? [...drafts, ...this.unread(from, { reason: `${left} messages of a batch of ${value.length}` }, at)]
      : drafts;
  }

  /** Bytes passed that were not understood. `beginning` is as they came; it is kept as text. */
  unread(
    from: McpSide,
    what: { reason: string; bytes?: number; beginning?: string },
    at: Micros = nowMicros(),
  ): EventDraft[] {
    const { reason, bytes, beginning } = what;
    return this.#odd(at, from, {
      type: "mcp.unread",
      summary: `not read: ${reason}`,
      data: {
        from,
        reason,
        ...(bytes === undefined ? {} : { bytes }),
        ...(beginning === undefined ? {} : { beginning: beginning.slice(0, BEGINNING_CHARS) }),
      },
    });
  }

  /** What waits can get no answer any more: each request failed, for this reason. */
  fail(reason: string, at: Micros = nowMicros()): EventDraft[] {
    return this.#pending
      .drain()
      .flatMap((pending) => this.#completed(pending, { status: "error", error: reason, data: {} }, at));
  }

  /** The connection is over: fails what waits, and says what was only counted. */
  end({ reason, status, data = {}, isLast = false }: McpEnd, at: Micros = nowMicros()): EventDraft[] {
    const { client, server, housekeeping, odd, progress } = this.#counts;
    const counts = {
      messages_from_client: client,
      messages_from_server: server,
      housekeeping_messages: housekeeping,
      ...(odd > ODD_MAX ? { oddities_not_told: odd - ODD_MAX } : {}),
      ...(progress > 0 ? { progress_not_told: progress } : {}),
    };
    const told: EventDraft = {
      ...this.#common("client", {}),
      type: "mcp.disconnect",
      category: "mcp",
      status,
      severity: status === "ok" ? "INFO" : "ERROR",
      error: status === "ok" ? null : reason,
      summary: oneLine(reason, 200),
      occurredAt: at,
      data: { reason, ...data, ...counts },
    };
    const left = isLast ? this.#shared.continued.drain() : [];
    const failed = left.flatMap((it) =>
      this.#completed(it, { status: "error", error: reason, data: {} }, at),
    );
    return [...this.fail(reason, at), ...failed, told];
  }

  #one(from: McpSide, value: unknown, at: Micros): EventDraft[] {
    this.#counts[from]++;
    const message = readMessage(value);
    switch (message?.kind) {
      case "request":
        return this.#request(from, message, at);
      case "notification":
        return this.#notification(from, message.method, message.params, at);
      case "result":
      case "error":
        return this.#answer(from, message, at);
      case undefined:
        return this.unread(from, { reason: "not a JSON-RPC message" }, at);
    }
  }

  #request(from: McpSide, { id, method, params }: Request, at: Micros): EventDraft[] {
    const meta = metaOf(params);
    if (from === "client") this.#client = peerOf(meta["io.modelcontextprotocol/clientInfo"]) ?? this.#client;
    const key = `${from} ${keyOf(id)}`;
    const continued = this.#continue(method, params);
    if (continued !== undefined) {
      const answers = this.#inputAnswers(continued, params, at);
      return [...answers, ...this.#remember(key, continued, from, at)];
    }
    if (OPENING.has(method)) return this.#opening(from, key, method, params, at);
    const operation = operationOf(method) ?? (isHousekeeping(method) ? undefined : anyRequest(method));
    const subject = operation?.subject(params);
    const token = meta.progressToken;
    const pending: Pending = {
      method,
      from,
      operation,
      label: kept(subject?.label ?? method),
      fields: { ...this.#common(from, meta), ...bounded(subject?.fields ?? {}) },
      data: {},
      startId: operation === undefined ? null : this.#shared.newId(),
      at,
      progressKey: typeof token === "string" || typeof token === "number" ? keyOf(token) : undefined,
      progress: 0,
    };
    if (operation === undefined) this.#counts.housekeeping++;
    const told = subject === undefined ? [] : [this.#started(pending, subject.data, id, meta)];
    return [...told, ...this.#remember(key, pending, from, at)];
  }

  /** Keeps the request for its answer; where too many wait, says so. */
  #remember(key: string, pending: Pending, from: McpSide, at: Micros): EventDraft[] {
    if (this.#pending.add(key, pending)) return [];
    return this.unread(
      from,
      { reason: "too many requests wait: the answer to one will not be joined to it" },
      at,
    );
  }

  #opening(from: McpSide, key: string, method: string, params: Members, at: Micros): EventDraft[] {
    const meta = metaOf(params);
    const client = peerOf(params.clientInfo) ?? this.#client;
    if (from === "client") this.#client = client;
    const version =
      versionOf(params.protocolVersion) ?? versionOf(meta["io.modelcontextprotocol/protocolVersion"]);
    const pending: Pending = {
      method,
      from,
      operation: CONNECT,
      label: "connection",
      fields: {},
      data: {
        method,
        ...(version === undefined ? {} : { protocol_version_asked: version }),
        client_capabilities: capabilitiesOf(
          params.capabilities ?? meta["io.modelcontextprotocol/clientCapabilities"],
        ),
      },
      startId: null,
      at,
      progressKey: undefined,
      progress: 0,
    };
    return this.#remember(key, pending, from, at);
  }

  #started(pending: Pending, data: JsonObject, id: string | number, meta: Members): EventDraft {
    const { fields, operation, startId, label, at } = pending;
    const tool = fields.tool ?? null;
    const digest = tool === null ? undefined : this.#shared.definitions.digestOf(tool);
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
        ...(version === undefined ? {} : { protocol_version: version }),
        ...(digest === undefined ? {} : { definition_digest: digest }),
      },
    };
  }

  #answer(
    from: McpSide,
    message: Extract<McpMessage, { kind: "result" | "error" }>,
    at: Micros,
  ): EventDraft[] {
    const asker: McpSide = from === "client" ? "server" : "client";
    const pending = message.id === null ? undefined : this.#pending.take(`${asker} ${keyOf(message.id)}`);
    if (from === "server" && message.kind === "result") {
      const told = metaOf(message.result)["io.modelcontextprotocol/serverInfo"];
      this.#shared.server = peerOf(told) ?? this.#shared.server;
    }
    if (pending === undefined) {
      const { id } = message;
      return this.#odd(at, from, {
        type: "mcp.unmatched",
        summary: "an answer to no request",
        data: {
          from,
          jsonrpc_id: id,
          ...(message.kind === "result"
            ? { result: message.result }
            : { error_code: message.error.code ?? null, message: message.error.message }),
        },
      });
    }
    if (message.kind === "error") return this.#completed(pending, errorOutcome(message.error), at);
    return this.#result(pending, message.result, at);
  }

  #result(pending: Pending, result: JsonValue, at: Micros): EventDraft[] {
    const { method } = pending;
    if (OPENING.has(method)) return this.#connected(pending, result, at);
    if (method === "tools/list") return this.#defined(result, at);
    if (isObject(result) && result.resultType === "input_required")
      return this.#inputRequired(pending, result, at);
    const task = taskOf(result);
    if (method === "tools/call" && task !== undefined) {
      return this.#shared.continued.add(`task ${task}`, pending) ? [] : this.#forgotten(pending, at);
    }
    return this.#completed(pending, resultOutcome(method, result), at);
  }

  #connected(pending: Pending, result: JsonValue, at: Micros): EventDraft[] {
    const said = isObject(result) ? result : {};
    this.#shared.server = peerOf(said.serverInfo) ?? this.#shared.server;
    const version = versionOf(said.protocolVersion);
    const versions = Array.isArray(said.supportedVersions)
      ? said.supportedVersions.slice(0, 20).flatMap((it) => versionOf(it) ?? [])
      : undefined;
    const data: JsonObject = {
      ...(version === undefined ? {} : { protocol_version: version }),
      ...(versions === undefined ? {} : { supported_versions: versions }),
      server_capabilities: capabilitiesOf(said.capabilities),
      ...(typeof said.instructions === "string" ? { instructions: said.instructions } : {}),
    };
    return this.#completed(pending, { status: "ok", data }, at);
  }

  /** An event for each definition that is new or another one than before. */
  #defined(result: JsonValue, at: Micros): EventDraft[] {
    return definitionsIn(result).flatMap((definition) => {
      const { isNew, before } = this.#shared.definitions.learn(definition);
      if (!isNew) return [];
      const { tool, digest, canonical, description } = definition;
      return [
        {
          ...this.#common("client", {}),
          type: "mcp.tool.defined",
          category: "mcp",
          tool,
          resource: { type: "tool", id: tool },
          status: "ok",
          severity: before === undefined ? ("INFO" as const) : ("WARN" as const),
          occurredAt: at,
          summary: `${oneLine(tool)} ${before === undefined ? "is defined" : "is now defined differently"}: ${description}`,
          data: {
            definition_digest: digest,
            ...(before === undefined ? {} : { previous_digest: before }),
            definition: canonical,
          },
        },
      ];
    });
  }

  /** The answer is questions: the request stays open until its retry is answered. */
  #inputRequired(pending: Pending, result: JsonObject, at: Micros): EventDraft[] {
    const asked = isObject(result.inputRequests)
      ? Object.entries(result.inputRequests).slice(0, BATCH_MAX)
      : [];
    const drafts = asked.flatMap(([name, input]) => {
      if (!isObject(input) || typeof input.method !== "string") return [];
      const operation = operationOf(input.method) ?? anyRequest(input.method);
      const subject = operation.subject(isObject(input.params) ? input.params : {});
      const question: Pending = {
        method: input.method,
        from: "server",
        operation,
        label: kept(subject.label),
        fields: { ...pending.fields, parentId: pending.startId, ...bounded(subject.fields) },
        data: {},
        startId: this.#shared.newId(),
        at,
        progressKey: undefined,
        progress: 0,
      };
      const isKept = this.#shared.continued.add(inputKey(pending, name), question);
      const told = this.#started(question, { ...subject.data, input: name }, name, {});
      return isKept ? [told] : [told, ...this.#forgotten(question, at)];
    });
    const key = continuationKey(pending.method, pending.label, result.requestState);
    return this.#shared.continued.add(key, pending) ? drafts : [...drafts, ...this.#forgotten(pending, at)];
  }

  /** The request that this one goes on with, if it does. */
  #continue(method: string, params: Members): Pending | undefined {
    if (method === "tasks/result" && typeof params.taskId === "string")
      return this.#shared.continued.take(`task ${keyOf(params.taskId)}`);
    if (params.inputResponses === undefined && params.requestState === undefined) return undefined;
    const label = operationOf(method)?.subject(params).label ?? "";
    return this.#shared.continued.take(continuationKey(method, label, params.requestState));
  }

  #inputAnswers(pending: Pending, { inputResponses }: Members, at: Micros): EventDraft[] {
    const given = isObject(inputResponses) ? Object.entries(inputResponses).slice(0, BATCH_MAX) : [];
    return given.flatMap(([name, response]) => {
      const question = this.#shared.continued.take(inputKey(pending, name));
      return question === undefined
        ? []
        : this.#completed(question, resultOutcome(question.method, response as JsonValue), at);
    });
  }

  #forgotten(pending: Pending, at: Micros): EventDraft[] {
    const reason = `too many requests are being continued: the end of ${pending.label} will not be joined to it`;
    return this.unread(pending.from, { reason }, at);
  }

  #completed(pending: Pending, outcome: Outcome, at: Micros): EventDraft[] {
    const { operation, startId, label, fields, progress, from } = pending;
    if (operation === undefined) return [];
    const { status, error } = outcome;
    const isWhole = startId === null;
    return [
      {
        ...(isWhole ? this.#common(from, {}) : fields),
        ...outcome.fields,
        type: operation.endType ?? operation.type,
        category: operation.category,
        id: this.#shared.newId(),
        phase: isWhole ? null : "completed",
        startId,
        status,
        severity: status === "error" ? "ERROR" : status === "denied" ? "WARN" : "INFO",
        occurredAt: at,
        durationMs: Math.max(0, Math.round((at - pending.at) / 1_000)),
        error: error ?? null,
        summary: oneLine(error === undefined ? `${label} ${status}` : `${label}: ${error}`, 200),
        data: {
          ...pending.data,
          ...outcome.data,
          ...(isWhole ? this.#peers() : {}),
          ...(progress > 0 ? { progress_messages: progress } : {}),
        },
      },
    ];
  }

  #notification(from: McpSide, method: string, params: Members, at: Micros): EventDraft[] {
    if (method === "notifications/progress") return this.#progress(from, params, at);
    if (method === "notifications/cancelled") return this.#cancelled(from, params, at);
    if (method === "notifications/tasks/status") return this.#taskStatus(params, at);
    if (isHousekeeping(method)) {
      this.#counts.housekeeping++;
      return [];
    }
    const list = /^notifications\/(tools|resources|prompts|roots)\/list_changed$/.exec(method)?.[1];
    return [
      {
        ...this.#common(from, metaOf(params)),
        type: list === undefined ? "mcp.notification" : "mcp.list_changed",
        category: "mcp",
        status: "ok",
        occurredAt: at,
        resource: { type: "mcp_method", id: method },
        summary: list === undefined ? oneLine(method) : `the list of ${list} changed`,
        data: list === undefined ? { from, method, params: withoutMeta(params) } : { from, list },
      },
    ];
  }

  #progress(from: McpSide, params: Members, at: Micros): EventDraft[] {
    const { progressToken: token } = params;
    const key = typeof token === "string" || typeof token === "number" ? keyOf(token) : undefined;
    const pending =
      key === undefined ? undefined : this.#pending.find((it) => it.from !== from && it.progressKey === key);
    if (pending === undefined || ++pending.progress > PROGRESS_MAX) {
      this.#counts.progress++;
      return [];
    }
    const { progressToken: _, ...said } = withoutMeta(params);
    return [
      {
        ...pending.fields,
        type: "mcp.progress",
        category: "mcp",
        severity: "DEBUG",
        status: "ok",
        parentId: pending.startId,
        occurredAt: at,
        summary: oneLine(`${pending.label}: ${firstName(params, ["message", "progress"]) ?? "goes on"}`, 200),
        data: said,
      },
    ];
  }

  /** Whoever asked takes it back. An answer that comes all the same is an answer to no request. */
  #cancelled(from: McpSide, params: Members, at: Micros): EventDraft[] {
    const { requestId: id } = params;
    const pending =
      typeof id === "string" || typeof id === "number"
        ? this.#pending.take(`${from} ${keyOf(id)}`)
        : undefined;
    if (pending === undefined) return [];
    const reason = firstName(params, ["reason"]);
    const error = `cancelled by the ${from}${reason === undefined ? "" : `: ${reason}`}`;
    return this.#completed(pending, { status: "error", error, data: { cancelled: true } }, at);
  }

  #taskStatus(params: Members, at: Micros): EventDraft[] {
    const { taskId, status } = params;
    if (typeof taskId !== "string" || (status !== "failed" && status !== "cancelled")) return [];
    const pending = this.#shared.continued.take(`task ${keyOf(taskId)}`);
    if (pending === undefined) return [];
    const error = firstName(params, ["statusMessage"]) ?? `the task ${status}`;
    return this.#completed(pending, { status: "error", error, data: { task_status: status } }, at);
  }

  #odd(at: Micros, from: McpSide, what: { type: string; summary: string; data: JsonObject }): EventDraft[] {
    if (++this.#counts.odd > ODD_MAX) return [];
    return [
      {
        ...this.#common(from, {}),
        ...what,
        category: "mcp",
        status: "error",
        severity: "WARN",
        occurredAt: at,
      },
    ];
  }

  /** Who speaks to whom, by its own words. */
  #common(from: McpSide, meta: Members): Partial<EventDraft> {
    const { agent, runId, server } = this.#shared;
    const client = this.#client.name;
    return {
      source: "mcp",
      origin: from === "client" ? (client ?? null) : (server.name ?? null),
      app: client ?? null,
      agent: agent ?? client ?? null,
      destination: from === "client" ? (server.name ?? null) : (client ?? null),
      runId: runId ?? null,
      conversationId: this.#session ?? null,
      ...traceOf(meta),
    };
  }

  #peers(): JsonObject {
    const said = ({ name, version }: Peer): JsonObject => ({ name: name ?? null, version: version ?? null });
    return { client: said(this.#client), server: said(this.#shared.server) };
  }
}

/** The task that will have the result, where a call was made one. */
function taskOf(result: JsonValue): string | undefined {
  if (!isObject(result)) return undefined;
  const { taskId } = isObject(result.task) ? result.task : result.resultType === "task" ? result : {};
  return typeof taskId === "string" ? keyOf(taskId) : undefined;
}

/** A retry repeats the method and what it is about, and hands back the server's state. */
function continuationKey(method: string, label: string, state: unknown): string {
  return `retry ${method} ${hash("sha256", JSON.stringify([label, typeof state === "string" ? state : null]))}`;
}

function inputKey({ startId }: Pending, name: string): string {
  return `input ${startId ?? ""} ${keyOf(name)}`;
}
