import { createCipheriv, createDecipheriv, createHmac, hash, randomBytes } from "node:crypto";
import { isObject, type JsonObject, type JsonValue } from "../base/json.ts";
import type { AuditEvent } from "../event/event.ts";
import { callDigest } from "../event/fingerprint.ts";
import type { WireDraft } from "../event/wire.ts";

/**
 * Payload under the key of the person that it is about. What people and models write (description,
 * actor_label, data, error) is encrypted with AES-256-GCM (NIST SP 800-38D) before it touches a disk; what
 * the log commits to is the ciphertext, so every proof still holds when the key is gone.
 *
 * event key = HMAC-SHA-256(subject key, "daybook/event-key/v1\n" ‖ tenant ‖ "\n" ‖ id ‖ 0x01)
 * check     = SHA-256("daybook/check/v1\n" ‖ event key), in hex: one ciphertext has one key that counts
 * bound to  = "daybook/protected/v1\n" ‖ tenant ‖ "\n" ‖ id, as additional data
 * text      = ciphertext ‖ tag of the JSON of [description, actor_label, data, error]
 *
 * An event has a key of its own, so that evidence can open one and no other.
 */
export const PROTECTED = "daybook.protected";
/** What stands in `data` where the key is gone, or where nothing was kept because it was gone already. */
const ERASED = "daybook.erased";

/** Members of `data` that views are folded from; they say how, never who or what. */
const STRUCTURE = new Set([
  ...["skill_id", "channel_id", "parent_run_id", "status", "finished_at", "tool_calls", "runtime_seconds"],
  ...["total_input_tokens", "total_output_tokens", "total_thinking_tokens", "watermark", "ordinal", "kind"],
  ...["approval_id", "decision", "expires_at"],
]);

const STRUCTURE_CHARS = 100;
/** How keys begin that Daybook makes of an event's content. */
const DERIVED_KEY = "auto-";

/** What stands in `data` under `PROTECTED`. */
export interface Protected {
  readonly v: 1;
  /** The subject key's id. */
  readonly key: string;
  readonly nonce: string;
  readonly text: string;
  readonly check: string;
}

export function protectedIn(data: JsonObject): Protected | null {
  const found = data[PROTECTED];
  if (!isObject(found) || found.v !== 1) return null;
  const { key, nonce, text, check } = found;
  const isWhole = [key, nonce, text, check].every((part) => typeof part === "string");
  return isWhole ? (found as unknown as Protected) : null;
}

export function eventKey(subjectKey: Uint8Array, tenant: string, id: string): Buffer {
  const info = Buffer.from(`daybook/event-key/v1\n${tenant}\n${id}\u0001`);
  return createHmac("sha256", subjectKey).update(info).digest();
}

/** Encrypts the draft's payload in place. */
export function protect(draft: WireDraft, keyId: string, subjectKey: Uint8Array): void {
  const { tenant, id, data = {} } = draft;
  const open: JsonObject = {};
  const rest: JsonObject = {};
  for (const [name, value] of Object.entries(data)) (isOpen(name, value) ? open : rest)[name] = value;
  const payload = JSON.stringify([
    draft.description ?? null,
    draft.actor_label ?? null,
    rest,
    draft.error ?? null,
  ]);
  const key = eventKey(subjectKey, tenant, id);
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(boundTo(tenant, id));
  const text = Buffer.concat([cipher.update(payload, "utf8"), cipher.final(), cipher.getAuthTag()]);
  draft.data = {
    ...open,
    ...digestOf(draft, data, subjectKey),
    [PROTECTED]: {
      v: 1,
      key: keyId,
      nonce: nonce.toString("base64"),
      text: text.toString("base64"),
      check: checkOf(key),
    },
  };
  draft.idempotency_key = keyedKey(draft.idempotency_key, subjectKey);
  withoutPayload(draft);
}

/** A key that a door derived from what an event says would let it be guessed; under the subject's key it is still the same for the same event. */
function keyedKey(key: string | undefined, subjectKey: Uint8Array): string | undefined {
  if (key?.startsWith(DERIVED_KEY) !== true) return key;
  return DERIVED_KEY + createHmac("sha256", subjectKey).update(key).digest("hex").slice(0, 32);
}

/** The draft without what it says: its subject was erased before. */
export function withhold(draft: WireDraft, keyId: string | null): void {
  const open = Object.entries(draft.data ?? {}).filter(([name, value]) => isOpen(name, value));
  draft.data = { ...Object.fromEntries(open), [ERASED]: { key: keyId } };
  draft.idempotency_key = keyedKey(draft.idempotency_key, randomBytes(32));
  withoutPayload(draft);
}

function isOpen(name: string, value: JsonValue): boolean {
  if (typeof value === "object" && value !== null) return false;
  return STRUCTURE.has(name) && (typeof value !== "string" || value.length <= STRUCTURE_CHARS);
}

function withoutPayload(draft: WireDraft): void {
  delete draft.description;
  delete draft.actor_label;
  delete draft.error;
}

/** Approvals compare arguments; under a key of its own nobody can guess them. */
function digestOf(draft: WireDraft, data: JsonObject, subjectKey: Uint8Array): JsonObject {
  if (data.arguments === undefined || (draft.category !== "approval" && data.approval_id === undefined))
    return {};
  const digest = callDigest(draft.tool ?? null, data.arguments);
  return { arguments_digest: `subject:${createHmac("sha256", subjectKey).update(digest).digest("hex")}` };
}

/** The JSON text that was encrypted, or null where the key is not the one. */
export function openText(sealed: Protected, key: Uint8Array, tenant: string, id: string): string | null {
  const bytes = Buffer.from(sealed.text, "base64");
  if (bytes.length < 16 || checkOf(key) !== sealed.check) return null;
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(sealed.nonce, "base64"));
    decipher.setAAD(boundTo(tenant, id)).setAuthTag(bytes.subarray(-16));
    return Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]).toString("utf8");
  } catch {
    return null;
  }
}

/** Events that were opened here: what is told of them elsewhere must not keep what they say. */
const opened = new WeakSet<AuditEvent>();

/** Whether the event's payload is kept under a subject's key. */
export function isProtected(event: AuditEvent): boolean {
  return opened.has(event);
}

/** The event as it was recorded; as an erased one where the subject's key is gone. */
export function openEvent(event: AuditEvent, subjectKey: Uint8Array | null): AuditEvent {
  const sealed = protectedIn(event.data);
  if (sealed === null) return event;
  const { [PROTECTED]: _, arguments_digest: __, ...open } = event.data;
  const key = subjectKey === null ? null : eventKey(subjectKey, event.tenant, event.id);
  const text = key === null ? null : openText(sealed, key, event.tenant, event.id);
  if (text === null) return { ...event, data: { ...open, [ERASED]: { key: sealed.key } } };
  const [summary, label, rest, error] = JSON.parse(text) as [JsonValue, JsonValue, JsonObject, JsonValue];
  const readable = {
    ...event,
    summary: summary as string | null,
    actor: { ...event.actor, label: label as string | null },
    data: { ...open, ...rest },
    error: error as string | null,
  };
  opened.add(readable);
  return readable;
}

function boundTo(tenant: string, id: string): Buffer {
  return Buffer.from(`daybook/protected/v1\n${tenant}\n${id}`);
}

function checkOf(key: Uint8Array): string {
  return hash("sha256", Buffer.concat([Buffer.from("daybook/check/v1\n"), key]), "hex");
}
