import { hash } from "node:crypto";
import { isObject, type JsonObject, type JsonValue } from "../../base/json.ts";

/** Who sent a message. Both sides may ask, and both number their requests from where they like. */
export type McpSide = "client" | "server";

/** A JSON-RPC 2.0 message, read as far as the mapper needs it; what is hostile in it stays inside. */
export type McpMessage =
  | {
      readonly kind: "request";
      readonly id: string | number;
      readonly method: string;
      readonly params: Members;
    }
  | { readonly kind: "notification"; readonly method: string; readonly params: Members }
  | { readonly kind: "result"; readonly id: string | number; readonly result: JsonValue }
  | { readonly kind: "error"; readonly id: string | number | null; readonly error: McpError };

export interface McpError {
  readonly code: number | undefined;
  readonly message: string;
  readonly data: JsonValue | undefined;
}

export type Members = Readonly<Record<string, unknown>>;

const NOTHING: Members = {};

/** The message, or undefined for what is no JSON-RPC message. */
export function readMessage(value: unknown): McpMessage | undefined {
  if (!isObject(value)) return undefined;
  const { method, id, params } = value;
  if (typeof method === "string") {
    const members = isObject(params) ? params : NOTHING;
    if (isId(id)) return { kind: "request", id, method, params: members };
    return Object.hasOwn(value, "id") ? undefined : { kind: "notification", method, params: members };
  }
  if (Object.hasOwn(value, "error") && (isId(id) || id === null || id === undefined))
    return { kind: "error", id: id ?? null, error: readError(value.error) };
  if (Object.hasOwn(value, "result") && isId(id))
    return { kind: "result", id, result: value.result as JsonValue };
  return undefined;
}

function isId(id: unknown): id is string | number {
  return typeof id === "string" || (typeof id === "number" && Number.isFinite(id));
}

function readError(error: unknown): McpError {
  if (!isObject(error))
    return { code: undefined, message: "an error without a description", data: undefined };
  const { code, message, data } = error;
  return {
    code: typeof code === "number" ? code : undefined,
    message: typeof message === "string" && message !== "" ? message : `error ${String(code)}`,
    data: data as JsonValue | undefined,
  };
}

const KEY_CHARS = 128;

/** What tells one id from another. A request may be as long as a line; what is kept of it must not be. */
export function keyOf(id: string | number): string {
  const text = typeof id === "string" ? `s:${id}` : `n:${id}`;
  return text.length <= KEY_CHARS ? text : `h:${hash("sha256", text)}`;
}

/** `_meta` of a request's params or of a result. */
export function metaOf(members: unknown): Members {
  return isObject(members) && isObject(members._meta) ? members._meta : NOTHING;
}

/** The members that say something, as JSON; `_meta` speaks to programs and is read by itself. */
export function withoutMeta(members: Members): JsonObject {
  const { _meta, ...said } = members;
  return said as JsonObject;
}
