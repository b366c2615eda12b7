import { type Micros, nowMicros } from "../../base/clock.ts";
import { isObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import type { EventDraft } from "../../event/event.ts";
import { firstName, oneLine } from "../values.ts";
import { Continuations } from "./continuations.ts";
import {
  keyOf,
  type McpMessage,
  type McpSide,
  type Members,
  metaOf,
  readMessage,
  withoutMeta,
} from "./message.ts";
import { anyRequest, askedIn, isHousekeeping, type Operation, operationOf } from "./operations.ts";
import { errorOutcome, type Outcome, resultOutcome } from "./outcome.ts";
import { capabilitiesOf, versionOf } from "./peer.ts";
import { bounded, kept, type Pending, PendingTable } from "./pending.ts";
import { type Surroundings, Teller } from "./teller.ts";

/** What the connections to one server share. */
export interface Shared extends Surroundings {
  readonly pendingMax: number;
  /** Requests that go on behind their first answer. */
  readonly continued: PendingTable;
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
type Answer = Extract<McpMessage, { kind: "result" | "error" }>;

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
  readonly #teller: Teller;
  readonly #pending: PendingTable;
  readonly #continuations: Continuations;
  readonly #counts = { client: 0, server: 0, housekeeping: 0, odd: 0, progress: 0 };

  constructor(shared: Shared, session: string | undefined) {
    this.#shared = shared;
    this.#teller = new Teller(shared, session);
    this.#pending = new PendingTable(shared.pendingMax);
    this.#continuations = new Continuations(shared.continued, this.#teller);
  }

  /** The session of what comes from now on. */
  joins(session: string): void {
    this.#teller.session = kept(session);
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

  /** What is wrong with a message that was read all the same: a header that says something else, say. */
  odd(from: McpSide, summary: string, data: JsonObject, at: Micros = nowMicros()): EventDraft[] {
    return this.#odd(at, from, { type: "mcp.mismatch", summary, data: { from, ...data } });
  }

  /** A request of the client can get no answer any more. Nothing where it has one, or goes on. */
  abandon(id: string | number, outcome: Outcome, at: Micros = nowMicros()): EventDraft[] {
    const pending = this.#pending.take(`client ${keyOf(id)}`);
    return pending === undefined ? [] : this.#teller.completed(pending, outcome, at);
  }

  /** What waits can get no answer any more: each request failed, for this reason. */
  fail(reason: string, at: Micros = nowMicros()): EventDraft[] {
    const outcome: Outcome = { status: "error", error: reason, data: {} };
    return this.#pending.drain().flatMap((pending) => this.#teller.completed(pending, outcome, at));
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
      ...this.#teller.common("client"),
      type: "mcp.disconnect",
      category: "mcp",
      status,
      severity: status === "ok" ? "INFO" : "ERROR",
      error: status === "ok" ? null : reason,
      summary: oneLine(reason, 200),
      occurredAt: at,
      data: { reason, ...data, ...counts },
    };
    const outcome: Outcome = { status: "error", error: reason, data: {} };
    const left = isLast ? this.#shared.continued.drain() : [];
    return [
      ...this.fail(reason, at),
      ...left.flatMap((pending) => this.#teller.completed(pending, outcome, at)),
      told,
    ];
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
    if (from === "client") this.#teller.meet(from, meta["io.modelcontextprotocol/clientInfo"]);
    const key = `${from} ${keyOf(id)}`;
    const resumed = this.#continuations.resumed(method, params);
    if (resumed !== undefined) {
      const answers = this.#continuations.answered(resumed, params, at);
      return [...answers, ...this.#remember(key, resumed, at)];
    }
    if (OPENING.has(method)) return this.#remember(key, this.#opening(from, method, params, at), at);
    const operation = operationOf(method) ?? (isHousekeeping(method) ? undefined : anyRequest(method));
    const subject = operation?.subject(params);
    const token = meta.progressToken;
    const pending: Pending = {
      method: kept(method),
      from,
      operation,
      label: kept(subject?.label ?? method),
      asked: operation === undefined ? "" : askedIn(method, params),
      fields: {
        ...this.#teller.common(from, meta),
        parentId: from === "server" ? this.#callUnderWay() : null,
        ...bounded(subject?.fields ?? {}),
      },
      data: {},
      startId: operation === undefined ? null : this.#shared.newId(),
      at,
      progressKey: typeof token === "string" || typeof token === "number" ? keyOf(token) : undefined,
      progress: 0,
    };
    if (operation === undefined) this.#counts.housekeeping++;
    const told = subject === undefined ? [] : [this.#teller.started(pending, subject.data, id, meta)];
    return [...told, ...this.#remember(key, pending, at)];
  }

  /** What a server asks belongs to the call that it works on; which that is, only a single one says. */
  #callUnderWay(): string | null {
    const calls = this.#pending.first(2, (it) => it.from === "client" && it.method === "tools/call");
    return calls.length === 1 ? (calls[0]?.startId ?? null) : null;
  }

  #opening(from: McpSide, method: string, params: Members, at: Micros): Pending {
    const meta = metaOf(params);
    if (from === "client") this.#teller.meet(from, params.clientInfo);
    const version = versionOf(params.protocolVersion ?? meta["io.modelcontextprotocol/protocolVersion"]);
    const capabilities = params.capabilities ?? meta["io.modelcontextprotocol/clientCapabilities"];
    return {
      method,
      from,
      operation: CONNECT,
      label: "connection",
      asked: "",
      fields: {},
      data: {
        method,
        ...(version === undefined ? {} : { protocol_version_asked: version }),
        client_capabilities: capabilitiesOf(capabilities),
      },
      startId: null,
      at,
      progressKey: undefined,
      progress: 0,
    };
  }

  /** Keeps the request for its answer; where too many wait, says so. */
  #remember(key: string, pending: Pending, at: Micros): EventDraft[] {
    return this.#pending.add(key, pending) ? [] : this.#forgotten(pending, at);
  }

  #forgotten({ from, label }: Pending, at: Micros): EventDraft[] {
    const reason = `too many requests wait: the answer to ${label} will not be joined to it`;
    return this.unread(from, { reason }, at);
  }

  #answer(from: McpSide, message: Answer, at: Micros): EventDraft[] {
    const asker: McpSide = from === "client" ? "server" : "client";
    const pending = message.id === null ? undefined : this.#pending.take(`${asker} ${keyOf(message.id)}`);
    if (from === "server" && message.kind === "result") this.#teller.meetIn(message.result);
    if (pending === undefined) return this.#unmatched(from, message, at);
    if (message.kind === "error") return this.#teller.completed(pending, errorOutcome(message.error), at);
    return this.#result(pending, message.result, at);
  }

  #unmatched(from: McpSide, message: Answer, at: Micros): EventDraft[] {
    const said: JsonObject =
      message.kind === "result"
        ? { result: message.result }
        : { error_code: message.error.code ?? null, message: message.error.message };
    return this.#odd(at, from, {
      type: "mcp.unmatched",
      summary: "an answer to no request",
      data: { from, jsonrpc_id: message.id, ...said },
    });
  }

  #result(pending: Pending, result: JsonValue, at: Micros): EventDraft[] {
    const { method } = pending;
    if (OPENING.has(method)) return this.#connected(pending, result, at);
    if (method === "tools/list") return this.#teller.defined(result, at);
    const goesOn = this.#continuations.goesOn(pending, result, at);
    if (goesOn === undefined) return this.#teller.completed(pending, resultOutcome(method, result), at);
    return goesOn.isKept ? goesOn.drafts : [...goesOn.drafts, ...this.#forgotten(pending, at)];
  }

  #connected(pending: Pending, result: JsonValue, at: Micros): EventDraft[] {
    const said = isObject(result) ? result : {};
    this.#teller.meet("server", said.serverInfo);
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
    return this.#teller.completed(pending, { status: "ok", data }, at);
  }

  #notification(from: McpSide, method: string, params: Members, at: Micros): EventDraft[] {
    if (method === "notifications/progress") return this.#progress(from, params, at);
    if (method === "notifications/cancelled") return this.#cancelled(from, params, at);
    if (method === "notifications/tasks/status") return this.#continuations.failed(params, at);
    if (isHousekeeping(method)) {
      this.#counts.housekeeping++;
      return [];
    }
    const list = /^notifications\/(tools|resources|prompts|roots)\/list_changed$/.exec(method)?.[1];
    return [
      {
        ...this.#teller.common(from, metaOf(params)),
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
    const { progressToken: token, ...said } = withoutMeta(params);
    const key = typeof token === "string" || typeof token === "number" ? keyOf(token) : undefined;
    const [pending] =
      key === undefined ? [] : this.#pending.first(1, (it) => it.from !== from && it.progressKey === key);
    if (pending === undefined || ++pending.progress > PROGRESS_MAX) {
      this.#counts.progress++;
      return [];
    }
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
    return this.#teller.completed(pending, { status: "error", error, data: { cancelled: true } }, at);
  }

  #odd(at: Micros, from: McpSide, what: { type: string; summary: string; data: JsonObject }): EventDraft[] {
    if (++this.#counts.odd > ODD_MAX) return [];
    const told = { status: "error", severity: "WARN", occurredAt: at } as const;
    return [{ ...this.#teller.common(from), ...what, category: "mcp", ...told }];
  }
}
