/** The nine kinds of trouble, each with its HTTP status and its exit status. */
export const KINDS = {
  invalid: { http: 400, exit: 2 },
  unauthenticated: { http: 401, exit: 3 },
  forbidden: { http: 403, exit: 3 },
  not_found: { http: 404, exit: 4 },
  conflict: { http: 409, exit: 5 },
  too_large: { http: 413, exit: 6 },
  limited: { http: 429, exit: 7 },
  unavailable: { http: 503, exit: 8 },
  internal: { http: 500, exit: 1 },
} as const;

export type ErrorKind = keyof typeof KINDS;

/** Every code that Daybook can raise. `docs/errors.md` documents each; a test compares the two. */
export const ERROR_CODES = {
  "event.invalid": { kind: "invalid", title: "Validation Error" },
  "event.too_large": { kind: "too_large", title: "Event Too Large" },
  "event.not_found": { kind: "not_found", title: "Event Not Found" },
  "run.not_found": { kind: "not_found", title: "Run Not Found" },
  "thread.not_found": { kind: "not_found", title: "Thread Not Found" },
  "event.reserved": { kind: "forbidden", title: "Reserved Namespace" },
  "retention.floor": { kind: "conflict", title: "Retention Floor" },
  "forwarder.invalid": { kind: "invalid", title: "Validation Error" },
  "forwarder.not_found": { kind: "not_found", title: "Forwarder Not Found" },
  "delivery.not_found": { kind: "not_found", title: "Delivery Not Found" },
  "rule.invalid": { kind: "invalid", title: "Invalid Expression" },
  "rule.failed": { kind: "invalid", title: "Expression Failed" },
  "setting.conflict": { kind: "conflict", title: "Conflict" },
  "setting.not_found": { kind: "not_found", title: "Not Found" },
  "access.missing": { kind: "unauthenticated", title: "Missing Authorization header" },
  "access.unknown": { kind: "unauthenticated", title: "Invalid API Key" },
  "access.denied": { kind: "forbidden", title: "Not Permitted" },
  "query.invalid": { kind: "invalid", title: "Invalid Query" },
  "cursor.invalid": { kind: "invalid", title: "Invalid Cursor" },
  "cursor.foreign": { kind: "invalid", title: "Cursor Of Another Query" },
  "request.malformed": { kind: "invalid", title: "Malformed Request" },
  "request.too_large": { kind: "too_large", title: "Request Too Large" },
  "request.unsupported": { kind: "invalid", title: "Unsupported Content" },
  "request.forbidden": { kind: "forbidden", title: "Forbidden" },
  "route.not_found": { kind: "not_found", title: "Not Found" },
  "route.method": { kind: "invalid", title: "Method Not Allowed" },
  "option.invalid": { kind: "invalid", title: "Invalid Option" },
  "emitter.full": { kind: "limited", title: "Buffer Full" },
  "emitter.closed": { kind: "conflict", title: "Trail Closed" },
  "store.unavailable": { kind: "unavailable", title: "Store Unavailable" },
  "store.unsupported": { kind: "invalid", title: "Unsupported Store" },
  "store.newer_schema": { kind: "unavailable", title: "Store Written By A Newer Daybook" },
  "store.foreign_file": { kind: "unavailable", title: "Not A Daybook Store" },
  "store.corrupt": { kind: "unavailable", title: "Store Corrupt" },
  "store.closed": { kind: "unavailable", title: "Store Closed" },
  "log.not_sealed": { kind: "not_found", title: "Not Sealed Yet" },
  "log.key_unknown": { kind: "conflict", title: "Log Key Unknown" },
  "log.damaged": { kind: "unavailable", title: "Log Damaged" },
  "server.internal": { kind: "internal", title: "Internal Error" },
} as const satisfies Record<string, { kind: ErrorKind; title: string }>;

export type ErrorCode = keyof typeof ERROR_CODES;
