import type { WireEvent } from "../../src/event/wire.ts";

/** As `GET /api/v1/log/proof/inclusion?id=` answers. Nothing of it is believed before it is checked. */
export interface Proof {
  readonly leaf_index: number;
  readonly tree_size: number;
  readonly hashes: readonly string[];
  readonly checkpoint: string;
  readonly leaf: {
    readonly entry: string;
    readonly payload: string;
    readonly salt: string;
    readonly key?: string;
  } | null;
}

export interface Check {
  readonly holds: boolean;
  readonly says: string;
}

/** Places in an entry (docs: src/event/leaf.ts), by the event's field. */
const ENTRY_FIELDS = {
  id: 1,
  seq: 2,
  tenant: 3,
  environment: 4,
  event_type: 7,
  category: 8,
  phase: 9,
  status: 10,
  severity: 11,
  actor_type: 12,
  actor_id: 13,
  agent: 14,
  tool: 19,
  resource_type: 20,
  resource_id: 21,
  run_id: 24,
  start_id: 26,
  duration_ms: 30,
} as const satisfies Partial<Record<keyof WireEvent, number>>;
const COMMITMENT = 39;
const PROTECTED = "daybook.protected";
const HASH_BYTES = 32;
const ED25519 = 1;
/** The key itself may hold a plus. */
const VERIFIER = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/;

/**
 * Checks an event against its proof with WebCrypto: that what is shown is what was sealed, that it stands
 * in the tree (RFC 9162 §2.1.3.2), and that the tree's root is signed (C2SP signed-note). `verifier` is the key,
 * `name+id+key`.
 */
export async function checkProof(event: WireEvent, proof: Proof, verifier: string): Promise<Check[]> {
  const { leaf, leaf_index: index, tree_size: size, checkpoint } = proof;
  if (leaf === null)
    return [{ holds: false, says: "The event is gone; only its place in the log can be proved." }];
  const [origin = "", sizeLine, rootLine = ""] = checkpoint.split("\n");
  const root = await rootOf(await leafHash(leaf.entry), index, size, proof.hashes.map(fromBase64));
  const stands = root !== null && sizeLine === String(size) && same(root, fromBase64(rootLine));
  const signed = await isSigned(checkpoint, verifier);
  return [
    (await isShown(event, leaf))
      ? { holds: true, says: "What you see is what was sealed." }
      : { holds: false, says: "What you see is NOT what was sealed." },
    stands
      ? { holds: true, says: `It is number ${index + 1} of the ${size} events that the checkpoint covers.` }
      : { holds: false, says: "Its place in the log does NOT lead to the checkpoint's root." },
    signed
      ? {
          holds: true,
          says: `The checkpoint of ${origin} is signed by the key ${VERIFIER.exec(verifier)?.[2]}.`,
        }
      : { holds: false, says: "The checkpoint's signature does NOT hold." },
  ];
}

async function isShown(event: WireEvent, leaf: NonNullable<Proof["leaf"]>): Promise<boolean> {
  const entry = JSON.parse(leaf.entry) as unknown[];
  for (const [field, at] of Object.entries(ENTRY_FIELDS)) {
    if ((event[field as keyof typeof ENTRY_FIELDS] ?? null) !== entry[at]) return false;
  }
  const header = new TextEncoder().encode("daybook/payload/v1\n");
  const committed = await sha256(joined(header, fromHex(leaf.salt), new TextEncoder().encode(leaf.payload)));
  if (toHex(committed) !== entry[COMMITMENT]) return false;
  const shown = await shownIn(event, leaf);
  if (shown === null) return false;
  const [description, label, data, error] = shown;
  return (
    (event.description ?? null) === description &&
    (event.actor_label ?? null) === label &&
    (event.error ?? null) === error &&
    sorted(event.data) === sorted(data)
  );
}

type Shown = [description: unknown, label: unknown, data: unknown, error: unknown];

/**
 * What a reader should see of the payload: what is under a subject's key is opened with the event's own, or
 * shows as erased where the key is gone. Null where the key is not the one that the log names.
 */
async function shownIn(event: WireEvent, leaf: NonNullable<Proof["leaf"]>): Promise<Shown | null> {
  const [description, label, text, error] = JSON.parse(leaf.payload) as Array<string | null>;
  const { [PROTECTED]: sealed, ...data } = JSON.parse(text ?? "{}") as Record<string, unknown>;
  if (sealed === undefined) return [description, label, data, error];
  const { arguments_digest: _, ...open } = data;
  const { key, check, nonce, text: hidden } = sealed as Record<string, string>;
  if (leaf.key === undefined) return [null, null, { ...open, "daybook.erased": { key } }, null];
  const eventKey = fromBase64(leaf.key);
  const named = await sha256(joined(new TextEncoder().encode("daybook/check/v1\n"), eventKey));
  if (toHex(named) !== check) return null;
  const bound = new TextEncoder().encode(`daybook/protected/v1\n${event.tenant}\n${event.id}`);
  try {
    const imported = await crypto.subtle.importKey("raw", Uint8Array.from(eventKey), "AES-GCM", false, [
      "decrypt",
    ]);
    const algorithm = {
      name: "AES-GCM",
      iv: Uint8Array.from(fromBase64(nonce ?? "")),
      additionalData: bound,
    };
    const bytes = await crypto.subtle.decrypt(algorithm, imported, Uint8Array.from(fromBase64(hidden ?? "")));
    const [said, who, rest, failure] = JSON.parse(new TextDecoder().decode(bytes)) as Shown;
    return [said, who, { ...open, ...(rest as object) }, failure];
  } catch {
    return null;
  }
}

/** JSON with its members in one order, so that only what it says is compared. */
function sorted(value: unknown): string {
  return JSON.stringify(value, (_, item) =>
    typeof item === "object" && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}

function leafHash(entry: string): Promise<Uint8Array> {
  return sha256(joined(Uint8Array.of(0), new TextEncoder().encode(entry)));
}

/** Null where the path does not fit the place. */
async function rootOf(
  leaf: Uint8Array,
  index: number,
  size: number,
  path: readonly Uint8Array[],
): Promise<Uint8Array | null> {
  if (!(index >= 0 && index < size) || path.some(({ length }) => length !== HASH_BYTES)) return null;
  let [fn, sn, hash] = [index, size - 1, leaf];
  for (const other of path) {
    if (sn === 0) return null;
    if (fn % 2 === 1 || fn === sn) {
      hash = await nodeHash(other, hash);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
    } else hash = await nodeHash(hash, other);
    [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  }
  return sn === 0 ? hash : null;
}

function nodeHash(left: Uint8Array, right: Uint8Array): Promise<Uint8Array> {
  return sha256(joined(Uint8Array.of(1), left, right));
}

/** Whether one signature of the note is the verifier's, and holds. */
async function isSigned(note: string, verifier: string): Promise<boolean> {
  const [, name = "", id = "", key = ""] = VERIFIER.exec(verifier) ?? [];
  const [type, ...publicKey] = fromBase64(key);
  const end = note.indexOf("\n\n");
  if (type !== ED25519 || publicKey.length !== HASH_BYTES || end < 0) return false;
  const text = new TextEncoder().encode(note.slice(0, end + 1));
  const imported = await crypto.subtle.importKey("raw", Uint8Array.from(publicKey), "Ed25519", false, [
    "verify",
  ]);
  for (const line of note.slice(end + 2).split("\n")) {
    const [dash, signer, encoded = ""] = line.split(" ");
    const bytes = fromBase64(encoded);
    if (dash !== "—" || signer !== name || toHex(bytes.subarray(0, 4)) !== id) continue;
    if (await crypto.subtle.verify("Ed25519", imported, bytes.slice(4), text)) return true;
  }
  return false;
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** Nothing where the text is no base64. */
function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  } catch {
    return new Uint8Array();
  }
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
