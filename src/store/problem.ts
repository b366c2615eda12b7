import { messageOf, TrailError } from "../base/error.ts";
import { ERROR_CODES, type ErrorCode } from "../base/error-codes.ts";

/** The server cannot be reached, or broke off, or answers what is no answer. */
export function unreachable(url: string, cause: unknown): TrailError {
  const inner =
    cause instanceof Error && cause.cause !== undefined ? messageOf(cause.cause) : messageOf(cause);
  return new TrailError("store.unavailable", `${url} does not answer: ${inner}.`, {
    fix: "What was recorded waits in the spool until it does.",
    cause,
  });
}

/** What the server said, as the same error that it was there. */
export function problemOf(response: Response, body: string, url: string): TrailError {
  const { code, detail } = readError(body);
  const retryAfterMs = waitOf(response.headers.get("retry-after"));
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
  if (code !== undefined && detail !== undefined) return new TrailError(code, detail, wait);
  return new TrailError("store.unavailable", `${url} answers with status ${response.status}.`, wait);
}

function readError(body: string): { code?: ErrorCode; detail?: string } {
  try {
    const [error] = (JSON.parse(body) as { errors: Array<{ code: string; detail: string }> }).errors;
    if (error === undefined || !Object.hasOwn(ERROR_CODES, error.code)) return {};
    return { code: error.code as ErrorCode, detail: String(error.detail) };
  } catch {
    // A proxy in between, or no Daybook at all.
    return {};
  }
}

const WAIT_MAX_MS = 300_000;

/** Seconds, or a date (RFC 9110, section 10.2.3), as milliseconds from now. */
function waitOf(header: string | null): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d{1,9}$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), WAIT_MAX_MS) : undefined;
}
