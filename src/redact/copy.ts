import type { JsonObject, JsonValue } from "../base/json.ts";
import { cut } from "../event/accept.ts";
import { LIMITS } from "../event/limits.ts";
import type { KeyNames } from "./key-names.ts";
import type { TextCleaner } from "./text.ts";

const NODES_MAX = 20_000;
/** Behind the place where a text is cut: a secret that stands across it is found whole. */
const SECRET_CHARS = 4_096;
const KEY_MARK = "[redacted:key_name]";
const MARK = /^\[redacted:[a-z0-9_]+\]$/;

/**
 * A deep copy as plain JSON, cleaned on the way. Whatever an agent can put there comes out as
 * something: cycles, proxies that throw, depth and size without end are marked where they stand.
 */
export class Copier {
  readonly #keys: KeyNames;
  readonly #texts: TextCleaner;
  #nodes = 0;
  readonly #path: object[] = [];

  constructor(keys: KeyNames, texts: TextCleaner) {
    this.#keys = keys;
    this.#texts = texts;
  }

  copy(data: unknown): JsonObject {
    this.#nodes = 0;
    this.#path.length = 0;
    const copied = this.#value(data, false);
    return typeof copied === "object" && copied !== null && !Array.isArray(copied)
      ? copied
      : { value: copied ?? null };
  }

  #value(value: unknown, secret: boolean): JsonValue | undefined {
    switch (typeof value) {
      case "string":
        return this.#text(value, secret);
      case "number":
        if (secret) return KEY_MARK;
        return Number.isFinite(value) ? value : null;
      case "boolean":
        return value;
      case "bigint":
        return secret ? KEY_MARK : value.toString();
      case "object":
        return value === null ? null : this.#object(value, secret);
      default:
        return undefined;
    }
  }

  #text(text: string, secret: boolean): string {
    if (secret) return text === "" || MARK.test(text) ? text : KEY_MARK;
    if (text.length <= LIMITS.dataStringChars) return this.#texts.clean(text);
    const head = this.#texts.clean(cut(text, LIMITS.dataStringChars + SECRET_CHARS));
    const mark = `[cut ${text.length - LIMITS.dataStringChars} characters]`;
    return `${cut(head, LIMITS.dataStringChars - mark.length)}${mark}`;
  }

  #object(value: object, secret: boolean): JsonValue | undefined {
    if (++this.#nodes > NODES_MAX) return "[cut]";
    if (this.#path.length >= LIMITS.dataDepth - 1) return "[too deep]";
    if (this.#path.includes(value)) return "[circular]";
    this.#path.push(value);
    try {
      return this.#inside(value, secret);
    } catch {
      // A getter or a proxy of the agent's threw: what it hides is not ours to find out.
      return "[unreadable]";
    } finally {
      this.#path.pop();
    }
  }

  #inside(value: object, secret: boolean): JsonValue | undefined {
    if (Array.isArray(value)) return this.#items(value, secret);
    const prototype = Object.getPrototypeOf(value) as object | null;
    if (prototype === Object.prototype || prototype === null) {
      const { toJSON } = value as { toJSON?: unknown };
      if (typeof toJSON !== "function") return this.#entries(value);
    }
    return this.#special(value, secret);
  }

  #items(items: readonly unknown[], secret: boolean): JsonValue[] {
    const copied: JsonValue[] = [];
    for (const item of items) {
      if (++this.#nodes > NODES_MAX) {
        copied.push("[cut]");
        break;
      }
      copied.push(this.#value(item, secret) ?? null);
    }
    return copied;
  }

  #entries(value: object): JsonObject {
    const copied: JsonObject = {};
    for (const key of Object.keys(value)) {
      if (++this.#nodes > NODES_MAX) {
        copied["[cut]"] = true;
        break;
      }
      this.#put(copied, key, (value as Record<string, unknown>)[key]);
    }
    return copied;
  }

  #put(copied: JsonObject, key: string, value: unknown): void {
    const item = this.#value(value, this.#keys.isSecret(key));
    if (item === undefined) return;
    // Cleaned first: a mark is longer than what it stands for, and half a secret is not found.
    const name = cut(this.#texts.clean(cut(key, LIMITS.dataStringChars)), LIMITS.nameChars);
    if (name === "__proto__")
      Object.defineProperty(copied, name, {
        value: item,
        enumerable: true,
        configurable: true,
        writable: true,
      });
    else copied[name] = item;
  }

  #special(value: object, secret: boolean): JsonValue | undefined {
    if (value instanceof Map) {
      const copied: JsonObject = {};
      for (const [key, item] of value) {
        if (++this.#nodes > NODES_MAX) break;
        this.#put(copied, String(key), item);
      }
      return copied;
    }
    if (value instanceof Set) return this.#items([...value], secret);
    if (value instanceof Error)
      return { name: value.name, message: this.#texts.clean(String(value.message)) };
    if (ArrayBuffer.isView(value)) return `[bytes:${value.byteLength}]`;
    if (value instanceof ArrayBuffer) return `[bytes:${value.byteLength}]`;
    const { toJSON } = value as { toJSON?: () => unknown };
    if (typeof toJSON !== "function") return this.#entries(value);
    const json: unknown = toJSON.call(value);
    return json === value ? this.#entries(value) : this.#value(json, secret);
  }
}
