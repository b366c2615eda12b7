import { lookup } from "node:dns/promises";
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import { isIP } from "node:net";
import { isPublic } from "./address.ts";

/** Where forwarders may go. */
export interface EgressRules {
  /** Private, loopback, link-local and metadata addresses too, and every port. For self-hosting and tests. */
  readonly allowPrivate: boolean;
  /** Ports that may be reached where private addresses may not. Default: `PORTS`. */
  readonly ports?: readonly number[];
}

/** HTTP, and what the destinations that Daybook knows listen on. */
export const PORTS: readonly number[] = [
  80, 443, 514, 601, 3100, 4318, 6514, 8080, 8088, 8443, 9000, 9200, 9243,
];

export interface Outgoing {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
  /** From the beginning to the end of the answer. */
  readonly timeoutMs: number;
  readonly tlsVerify?: boolean;
  /** PEM, beside the authorities that the machine trusts. */
  readonly caCert?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Incoming {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** At most `ANSWER_BYTES`; the rest is not read. */
  readonly body: string;
  readonly latencyMs: number;
}

/** Thrown where the rules forbid the way; nothing was sent. */
export class EgressRefused extends Error {
  override readonly name = "EgressRefused";
}

export const ANSWER_BYTES = 64 * 1024;
const REDIRECTS = 3;

/**
 * The one way out of the forwarders. A name is resolved here, every address of it is judged, and the
 * connection goes to an address that was judged, not to the name, so that a name that changes its
 * mind between the two cannot lead inside. Each redirect is judged again (307 and 308 only; another one
 * is the destination's answer), and across origins it carries no header but the content type.
 */
export class Egress {
  readonly #rules: EgressRules;
  readonly #ports: ReadonlySet<number>;

  constructor(rules: EgressRules) {
    this.#rules = rules;
    this.#ports = new Set(rules.ports ?? PORTS);
  }

  /** The address to connect to. Throws `EgressRefused`, and what the resolver throws. */
  async resolve(host: string, port: number): Promise<{ address: string; family: 4 | 6 }> {
    if (!this.#rules.allowPrivate && !this.#ports.has(port)) {
      throw new EgressRefused(`Port ${port} is not one that forwarders may reach.`);
    }
    const name = host.replace(/^\[|\]$/g, "");
    const found = isIP(name) === 0 ? await lookup(name, { all: true, verbatim: true }) : [literal(name)];
    const [first] = found;
    if (first === undefined) throw new Error(`${name} has no address.`);
    // One private address among public ones is a name under somebody's control: none of them is used.
    const inside = this.#rules.allowPrivate ? undefined : found.find(({ address }) => !isPublic(address));
    if (inside !== undefined) {
      throw new EgressRefused(`${name} leads to an address that forwarders may not reach.`);
    }
    return { address: first.address, family: first.family === 6 ? 6 : 4 };
  }

  /** Sends and reads the whole answer, or as much as is allowed. Rejects when there is none. */
  async send(outgoing: Outgoing): Promise<Incoming> {
    const begun = performance.now();
    const deadline = AbortSignal.timeout(outgoing.timeoutMs);
    const signal = outgoing.signal === undefined ? deadline : AbortSignal.any([deadline, outgoing.signal]);
    let url = new URL(outgoing.url);
    let { headers } = outgoing;
    try {
      for (let hop = 0; ; hop++) {
        const { response, body } = await this.#once(url, headers, outgoing, signal);
        const status = response.statusCode ?? 0;
        const target = response.headers.location;
        if ((status !== 307 && status !== 308) || target === undefined || hop >= REDIRECTS) {
          return { status, headers: flat(response.headers), body, latencyMs: performance.now() - begun };
        }
        const next = new URL(target, url);
        if (next.protocol !== "http:" && next.protocol !== "https:") {
          throw new EgressRefused("The destination redirects to something that is not HTTP.");
        }
        if (next.origin !== url.origin) headers = onlyContent(headers);
        url = next;
      }
    } catch (thrown) {
      if (deadline.aborted) throw new Error(`No answer within ${outgoing.timeoutMs} ms.`);
      throw thrown;
    }
  }

  async #once(
    url: URL,
    headers: Outgoing["headers"],
    { method, body, tlsVerify = true, caCert }: Outgoing,
    signal: AbortSignal,
  ): Promise<{ response: IncomingMessage; body: string }> {
    const isTls = url.protocol === "https:";
    const { address, family } = await this.resolve(url.hostname, Number(url.port || (isTls ? 443 : 80)));
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<{ response: IncomingMessage; body: string }>();
    const options = {
      method,
      signal,
      headers: { "content-length": String(Buffer.byteLength(body)), ...headers },
      agent: isTls ? https : http,
      lookup: pinned(address, family),
      ...(isTls ? { rejectUnauthorized: tlsVerify, ...(caCert === undefined ? {} : { ca: caCert }) } : {}),
    };
    const request = (isTls ? requestHttps : requestHttp)(url, options);
    request.once("error", reject);
    request.once("response", (response) => {
      collect(response).then((text) => resolve({ response, body: text }), reject);
    });
    request.end(method === "GET" ? undefined : body);
    return promise;
  }
}

/** Connections are not kept: the next one is judged anew, and a receiver that comes back is not met by a dead socket. */
const http = new HttpAgent({ keepAlive: false });
const https = new HttpsAgent({ keepAlive: false });

type Found = (
  error: Error | null,
  address: string | Array<{ address: string; family: number }>,
  family?: number,
) => void;

function pinned(address: string, family: 4 | 6) {
  return (_: string, options: { all?: boolean }, callback: Found): void => {
    if (options.all === true) callback(null, [{ address, family }]);
    else callback(null, address, family);
  };
}

function literal(address: string): { address: string; family: number } {
  return { address, family: isIP(address) };
}

async function collect(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= ANSWER_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, ANSWER_BYTES).toString("utf8");
}

function flat(headers: IncomingMessage["headers"]): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => [name, String(value ?? "")] as const);
  return Object.fromEntries(entries);
}

function onlyContent(headers: Outgoing["headers"]): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => /^content-/i.test(name)));
}
