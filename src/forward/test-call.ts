import { messageOf } from "../base/error.ts";
import { isObject } from "../base/json.ts";
import { certOf, headersOf, methodOf, statusOf, urlOf } from "./configuration.ts";
import { isSuccess } from "./destinations/over-http.ts";
import type { Egress } from "./egress/egress.ts";
import { flag, invalid } from "./field.ts";

export interface TestRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly success_status: string;
  readonly timeout_ms: number;
  readonly tls_verify: boolean;
  readonly ca_cert: string | null;
  readonly body: string;
}

/** What came back of a test; under the names of the HTTP API. */
export interface TestResult {
  readonly succeeded: boolean;
  readonly response_status: number | null;
  readonly response_headers: Readonly<Record<string, string>>;
  readonly response_body: string;
  readonly latency_ms: number;
  readonly error: string | null;
}

const BODY_BYTES = 1_048_576;
const TIMEOUT_MS_MAX = 30_000;
const KNOWN: ReadonlySet<string> = new Set([
  ...["url", "method", "headers", "success_status", "timeout_ms", "tls_verify", "ca_cert", "body"],
]);

/** Throws `forwarder.invalid`. */
export function parseTest(input: unknown): TestRequest {
  if (!isObject(input)) throw invalid("body", "must be a JSON object");
  for (const key of Object.keys(input)) if (!KNOWN.has(key)) throw invalid(key.slice(0, 100), "is not known");
  const { timeout_ms: timeoutMs = 10_000, method = "POST", success_status: wanted = "2xx" } = input;
  if (
    !Number.isSafeInteger(timeoutMs) ||
    (timeoutMs as number) < 1 ||
    (timeoutMs as number) > TIMEOUT_MS_MAX
  ) {
    throw invalid("timeout_ms", `must be a whole number from 1 to ${TIMEOUT_MS_MAX}`);
  }
  return {
    url: urlOf("url", input.url, ["http:", "https:"]),
    method: methodOf("method", method ?? "POST"),
    headers: headersOf(input.headers, "headers"),
    success_status: statusOf("success_status", wanted ?? "2xx"),
    timeout_ms: timeoutMs as number,
    tls_verify: flag("tls_verify", input.tls_verify, true),
    ca_cert: certOf("ca_cert", input.ca_cert),
    body: bodyOf(input.body),
  };
}

function bodyOf(body: unknown): string {
  if (body === undefined || body === null) return "";
  const text = typeof body === "string" ? body : JSON.stringify(body);
  if (Buffer.byteLength(text) <= BODY_BYTES) return text;
  throw invalid("body", `must be at most ${BODY_BYTES} bytes`);
}

/** Never rejects for what the receiver does. */
export async function sendTest(request: TestRequest, egress: Egress): Promise<TestResult> {
  const begun = performance.now();
  try {
    const answer = await egress.send({
      method: request.method,
      url: request.url,
      headers: request.headers,
      body: request.body,
      timeoutMs: request.timeout_ms,
      tlsVerify: request.tls_verify,
      caCert: request.ca_cert ?? undefined,
    });
    const succeeded = isSuccess(answer.status, request.success_status);
    return {
      succeeded,
      response_status: answer.status,
      response_headers: answer.headers,
      response_body: answer.body,
      latency_ms: Math.round(answer.latencyMs),
      error: succeeded ? null : `The receiver answered ${answer.status}, not ${request.success_status}.`,
    };
  } catch (thrown) {
    return {
      succeeded: false,
      response_status: null,
      response_headers: {},
      response_body: "",
      latency_ms: Math.round(performance.now() - begun),
      error: messageOf(thrown) || "The connection failed.",
    };
  }
}
