import { ERROR_CODES, type ErrorCode, type ErrorKind, KINDS } from "./error-codes.ts";

const BRAND = Symbol.for("daybook.TrailError");

/** What more an error can say. */
export interface ErrorDetails {
  /** The field that is wrong, by its name on the wire: `duration_ms`. */
  field?: string;
  /** What the reader should do, as a sentence. */
  fix?: string;
  /** Wait this long before the next try. */
  retryAfterMs?: number;
  /** More, for machines. Never a secret. */
  meta?: Record<string, unknown>;
  cause?: unknown;
}

/**
 * The one error that Daybook raises on purpose. `code` is stable and documented in `docs/errors.md`;
 * `message` is for people and may change.
 */
export class TrailError extends Error {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly field: string | undefined;
  readonly fix: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly meta: Record<string, unknown> | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "TrailError";
    this.code = code;
    this.kind = ERROR_CODES[code].kind;
    this.field = details.field;
    this.fix = details.fix;
    this.retryAfterMs = details.retryAfterMs;
    this.meta = details.meta;
    Object.defineProperty(this, BRAND, { value: true });
  }

  get title(): string {
    return ERROR_CODES[this.code].title;
  }

  get httpStatus(): number {
    return KINDS[this.kind].http;
  }

  get exitStatus(): number {
    return KINDS[this.kind].exit;
  }
}

/** True for a TrailError of this or of another copy of Daybook in the process. */
export function isTrailError(value: unknown): value is TrailError {
  return typeof value === "object" && value !== null && BRAND in value;
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
