import type { IncomingHttpHeaders } from "node:http";
import { type Micros, nowMicros } from "../../base/clock.ts";
import { isObject } from "../../base/json.ts";
import type { McpConnection } from "../../ingest/mcp/connection.ts";
import type { McpMapper } from "../../ingest/mcp/mapper.ts";
import type { Outcome } from "../../ingest/mcp/outcome.ts";
import { bodyTap } from "./body.ts";
import type { McpRecorder } from "./recorder.ts";
import type { Tap } from "./tap.ts";

const SESSIONS_MAX = 1_000;
const NAME_CHARS = 200;

/** Connections by `Mcp-Session-Id`. The oldest is forgotten where there are too many. */
export class Sessions {
  readonly #mapper: McpMapper;
  readonly #known = new Map<string, McpConnection>();

  constructor(mapper: McpMapper) {
    this.#mapper = mapper;
  }

  /** The session's connection; without a session, one for this exchange alone. */
  connectionOf(session: string | undefined): McpConnection {
    if (session === undefined) return this.#mapper.connect();
    const connection = this.#known.get(session) ?? this.#mapper.connect({ session });
    this.keep(session, connection);
    return connection;
  }

  keep(session: string, connection: McpConnection): void {
    this.#known.delete(session);
    this.#known.set(session, connection);
    const [oldest] = this.#known.keys();
    if (this.#known.size > SESSIONS_MAX && oldest !== undefined) this.#known.delete(oldest);
  }

  forget(session: string): void {
    this.#known.delete(session);
  }
}

/** What one request over HTTP and its answer say, read from copies of both. */
export class Exchange {
  readonly #recorder: McpRecorder;
  readonly #sessions: Sessions;
  readonly #method: string;
  readonly #headers: IncomingHttpHeaders;
  readonly #session: string | undefined;
  #connection: McpConnection;
  /** Ids of the requests in the body. */
  #asked: Array<string | number> = [];

  constructor(recorder: McpRecorder, sessions: Sessions, method: string, headers: IncomingHttpHeaders) {
    this.#recorder = recorder;
    this.#sessions = sessions;
    this.#method = method;
    this.#headers = headers;
    this.#session = textOf(headers["mcp-session-id"]);
    this.#connection = sessions.connectionOf(this.#session);
  }

  request(): Tap {
    return bodyTap(this.#recorder, typeOf(this.#headers), {
      message: (bytes, at) => {
        const value = this.#recorder.read(this.#connection, "client", bytes, at);
        this.#asked = (Array.isArray(value) ? value : [value]).flatMap(idOf);
        if (isObject(value)) this.#compare(value, at);
      },
      unread: (what, at) => this.#recorder.tell(this.#connection.unread("client", what, at)),
      end: () => undefined,
    });
  }

  answer(status: number, headers: IncomingHttpHeaders): Tap {
    const session = textOf(headers["mcp-session-id"]);
    if (session !== undefined && this.#session === undefined) {
      this.#recorder.later(0, () => {
        this.#connection.joins(session);
        this.#sessions.keep(session, this.#connection);
      });
    }
    const isOk = status < 400;
    let reason: string | undefined;
    return bodyTap(this.#recorder, typeOf(headers), {
      message: (bytes, at) => {
        if (isOk) this.#recorder.read(this.#connection, "server", bytes, at);
        else reason = this.#refusal(bytes, at);
      },
      unread: (what, at) => this.#recorder.tell(this.#connection.unread("server", what, at)),
      end: (at) => {
        if (isOk) this.#over(headers, at);
        else this.#refused(status, reason, at);
        this.#endSession(status, at);
      },
    });
  }

  /** The answer will not come, or not to its end. */
  failed(reason: string): void {
    const at = nowMicros();
    this.#recorder.later(0, () => {
      // Within a session the answer may still come, over another stream.
      if (this.#session === undefined) this.#abandon({ status: "error", error: reason, data: {} }, at);
    });
  }

  /** A gateway decides by the headers what the server then does by the body. */
  #compare({ method, params }: Record<string, unknown>, at: Micros): void {
    const about = isObject(params) ? (params.name ?? params.uri) : undefined;
    const differs = (header: string, body: unknown): void => {
      const said = textOf(this.#headers[header]);
      // Encoded where it is not plain ASCII.
      if (said === undefined || said === body || said.startsWith("=?")) return;
      const data = { header, header_says: said, body_says: textOf(body) ?? null };
      this.#recorder.tell(
        this.#connection.odd("client", `the header ${header} says something else than the body`, data, at),
      );
    };
    differs("mcp-method", method);
    if (about !== undefined) differs("mcp-name", about);
  }

  /** What a refusal says, where it says it in an error that names no request. */
  #refusal(bytes: Buffer, at: Micros): string | undefined {
    let value: unknown;
    try {
      value = JSON.parse(bytes.toString("utf8"));
    } catch {
      // A page for people; the status says enough.
      return undefined;
    }
    if (!isObject(value)) return undefined;
    const { id, error } = value;
    if (isObject(error) && (id === null || id === undefined)) return textOf(error.message);
    if (value.jsonrpc === "2.0") this.#recorder.tell(this.#connection.message("server", value, at));
    return undefined;
  }

  #refused(status: number, reason: string | undefined, at: Micros): void {
    const error = `HTTP ${status}${reason === undefined ? "" : `: ${reason}`}`;
    const isDenied = status === 401 || status === 403;
    this.#abandon({ status: isDenied ? "denied" : "error", error, data: { http_status: status } }, at);
  }

  #over(headers: IncomingHttpHeaders, at: Micros): void {
    const session = this.#session ?? textOf(headers["mcp-session-id"]);
    if (session !== undefined) return;
    this.#abandon({ status: "error", error: "the server's answer ended without a result", data: {} }, at);
  }

  #abandon(outcome: Outcome, at: Micros): void {
    for (const id of this.#asked) this.#recorder.tell(this.#connection.abandon(id, outcome, at));
  }

  #endSession(status: number, at: Micros): void {
    const session = this.#session;
    if (session === undefined) return;
    const isEnded = this.#method === "DELETE" && status < 300;
    if (!isEnded && status !== 404) return;
    this.#sessions.forget(session);
    this.#recorder.tell(
      this.#connection.end(
        isEnded
          ? { reason: "the client ended the session", status: "ok" }
          : { reason: "the server does not know the session any more", status: "error" },
        at,
      ),
    );
  }
}

function idOf(message: unknown): Array<string | number> {
  if (!isObject(message) || typeof message.method !== "string") return [];
  const { id } = message;
  return typeof id === "string" || typeof id === "number" ? [id] : [];
}

function typeOf(headers: IncomingHttpHeaders) {
  return { type: headers["content-type"], encoding: headers["content-encoding"] };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value.slice(0, NAME_CHARS) : undefined;
}
