import { isUtf8 } from "node:buffer";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import type { ReadableStream as NodeReadableStream } from "node:stream/web";
import type { Context } from "hono";
import type { Access } from "./access.ts";
import { drained, readBody } from "./body.ts";
import { refuseForeignPages } from "./origin.ts";
import { problemOf, toResponse } from "./problem.ts";
import type { ServerState } from "./server-state.ts";

/** Anything that has headers: a request of Hono's, or one of Node's. */
export interface Headed {
  header(name: string): string | undefined;
}

/** What a door reads of a request, whoever holds the socket. */
export interface Asked extends Headed {
  /** The body, decompressed; throws a `request.*` error. */
  body(maxBytes: number): Promise<Buffer>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** A route that only records: it is called by Hono, and straight from Node where every microsecond counts. */
export type Door = (asked: Asked, access: Access, state: ServerState) => Promise<Answer>;

/** Node's side of a request; absent where the app is called as a function. */
export function socketOf(c: Context): { incoming?: IncomingMessage; outgoing?: ServerResponse } {
  return c.env ?? {};
}

export function askedBy(c: Context): Asked {
  return {
    header: (name) => c.req.header(name),
    body: (maxBytes) => readBody(bodyStream(c), (name) => c.req.header(name), maxBytes),
  };
}

function bodyStream(c: Context): Readable {
  const { incoming } = socketOf(c);
  if (incoming !== undefined) return incoming;
  // Only now: the mere look at it takes the body away from the socket.
  const { body } = c.req.raw;
  return body === null ? Readable.from([]) : Readable.fromWeb(body as NodeReadableStream<Uint8Array>);
}

export async function throughDoor(
  c: Context,
  access: Access,
  door: Door,
  state: ServerState,
): Promise<Response> {
  return toResponse(await door(askedBy(c), access, state));
}

/** A door straight from Node's request, without the objects that a general route needs. */
export async function enter(
  door: Door,
  route: string,
  state: ServerState,
  { incoming, outgoing }: { incoming: IncomingMessage; outgoing: ServerResponse },
): Promise<void> {
  const begun = performance.now();
  const header = (name: string): string | undefined => {
    const value = incoming.headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  };
  let answer: Answer;
  try {
    refuseForeignPages({ header });
    const access = await state.gate.admit({ header }, "write", `POST ${route}`);
    answer = await door({ header, body: (maxBytes) => readBody(incoming, header, maxBytes) }, access, state);
  } catch (thrown) {
    answer = problemOf(thrown, state.log);
  }
  state.metrics.request("POST", route, answer.status, (performance.now() - begun) / 1000);
  if (!incoming.complete) await endBody({ incoming, outgoing });
  outgoing.writeHead(answer.status, {
    ...answer.headers,
    "Content-Length": Buffer.byteLength(answer.body),
  });
  outgoing.end(answer.body);
}

/** Lets the client finish its body; one that does not loses its connection after the answer. */
export async function endBody({ incoming, outgoing }: ReturnType<typeof socketOf>): Promise<void> {
  if (incoming === undefined || incoming.complete) return;
  await drained(incoming);
  if (!incoming.complete && outgoing !== undefined) outgoing.shouldKeepAlive = false;
}

/** A header as its writer meant it: HTTP carries bytes, and Node reads them as Latin-1. */
export function headerText(asked: Headed, name: string): string | undefined {
  const value = asked.header(name);
  if (value === undefined || value === "") return undefined;
  const bytes = Buffer.from(value, "latin1");
  return bytes.some((byte) => byte > 0x7f) && isUtf8(bytes) ? bytes.toString("utf8") : value;
}
