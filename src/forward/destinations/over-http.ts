import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { messageOf } from "../../base/error.ts";
import type { Configuration, Destination, Item, Judgment, Message, Reach, Sent } from "../destination.ts";
import { EgressRefused, type Incoming } from "../egress/egress.ts";

const gzipped = promisify(gzip);

/** A destination that is told by what its message looks like and how its answer is to be read. */
export interface HttpShape extends Omit<Destination, "send" | "schemes"> {
  /** Compress the body; every receiver that is told so takes it. */
  readonly gzip?: true;
  /** Pure. The forwarder's own headers are laid over these. */
  encode(items: readonly Item[], configuration: Configuration): Message;
  /** What the answer means beyond its status; null: the status says it all. */
  judge?(answer: Incoming, items: readonly Item[], configuration: Configuration): Judgment | null;
  /** Further requests until it is known that the events are there. */
  confirm?(answer: Incoming, configuration: Configuration, reach: Reach): Promise<Judgment>;
}

/** Sending, timeouts and trouble with the network are the same for all of them. */
export function overHttp(shape: HttpShape): Destination {
  const { encode, judge, confirm, gzip: compress, ...described } = shape;
  return {
    ...described,
    schemes: ["http:", "https:"],
    async send(items, configuration, reach) {
      const message = withHeaders(encode(items, configuration), configuration);
      const begun = performance.now();
      try {
        const answer = await post(message, compress === true, configuration, reach);
        let judgment =
          judge?.(answer, items, configuration) ?? judgeStatus(answer, configuration.successStatus);
        // What was taken in part is sent again anyway, and has nothing to confirm.
        const isWhole = judgment.verdict === "ok" && judgment.again === undefined;
        if (isWhole && confirm !== undefined) {
          judgment = await confirm(answer, configuration, reach);
        }
        const { status, body, latencyMs } = answer;
        return { judgment, message, status, body, latencyMs, error: judgment.reason ?? null };
      } catch (thrown) {
        return unreachable(thrown, message, performance.now() - begun);
      }
    },
  };
}

/** No answer: a way that is forbidden waits for somebody to change it, anything else for the network. */
export function unreachable(thrown: unknown, message: Message, latencyMs: number): Sent {
  const reason = messageOf(thrown) || "The connection failed.";
  const verdict = thrown instanceof EgressRefused ? "hold" : "retry";
  return { judgment: { verdict, reason }, message, status: null, body: "", latencyMs, error: reason };
}

async function post(
  message: Message,
  compress: boolean,
  { tlsVerify, caCert }: Configuration,
  { egress, timeoutMs, signal }: Reach,
): Promise<Incoming> {
  const body = compress ? await gzipped(message.body) : message.body;
  const headers = compress ? { ...message.headers, "content-encoding": "gzip" } : message.headers;
  const { method, url } = message;
  return egress.send({
    method,
    url,
    headers,
    body,
    timeoutMs,
    tlsVerify,
    caCert: caCert ?? undefined,
    signal,
  });
}

/** Names of headers compare without case; the forwarder's win. */
function withHeaders(message: Message, { headers }: Configuration): Message {
  const own = new Map(
    Object.entries(message.headers).map(([name, value]) => [name.toLowerCase(), [name, value]]),
  );
  for (const [name, value] of Object.entries(headers)) own.set(name.toLowerCase(), [name, value]);
  return { ...message, headers: Object.fromEntries([...own.values()]) };
}

/** "2xx" or "204" against a status. */
export function isSuccess(status: number, wanted: string): boolean {
  return /^[1-5]xx$/i.test(wanted) ? String(status)[0] === wanted[0] : String(status) === wanted;
}

/** Statuses that say something about the forwarder and nothing about its events. */
const HELD: ReadonlySet<number> = new Set([401, 402, 403, 404, 405, 407, 410]);
const LATER: ReadonlySet<number> = new Set([408, 425, 429]);

export function judgeStatus({ status, headers }: Incoming, wanted: string): Judgment {
  if (isSuccess(status, wanted)) return { verdict: "ok" };
  const reason = `The receiver answered ${status}.`;
  if (status >= 500 || LATER.has(status)) {
    const retryAfterMs = retryAfter(headers["retry-after"]);
    return { verdict: "retry", reason, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  }
  if (HELD.has(status) || (status >= 300 && status < 400)) return { verdict: "hold", reason };
  return { verdict: "refuse", reason };
}

const RETRY_AFTER_MAX_MS = 3_600_000;

/** RFC 9110 §10.2.3: seconds or a date. */
export function retryAfter(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), RETRY_AFTER_MAX_MS);
}

/** JSON of an answer, or null: receivers say what they like. */
export function answerJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return null;
    throw thrown;
  }
}

/** A text option, or its default. */
export function option(configuration: Configuration, name: string, otherwise: string): string {
  const value = configuration.options[name];
  return typeof value === "string" && value !== "" ? value : otherwise;
}
