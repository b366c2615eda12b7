import { hash, randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import type { Micros } from "../base/clock.ts";
import { TrailError } from "../base/error.ts";
import type { JsonValue } from "../base/json.ts";
import type { Actor } from "../event/event.ts";
import { LIMITS } from "../event/limits.ts";
import type { Settings } from "./settings.ts";

/**
 * What a key may do. `writer`: append, and nothing else. `reader`: read what was recorded. `auditor`:
 * also what Daybook recorded of itself: keys, policies, reads. `admin`: everything.
 */
export const ROLES = ["writer", "reader", "auditor", "admin"] as const;
export type Role = (typeof ROLES)[number];

/** A key as it is known: the secret is told once, at its making, and kept as a hash. */
export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** Null: every tenant. */
  readonly tenant: string | null;
  /** Null: every environment. */
  readonly environments: readonly string[] | null;
  readonly createdAt: Micros;
}

export interface KeyDraft {
  name: string;
  role: Role;
  tenant?: string | null;
  environments?: readonly string[] | null;
}

export interface Keys {
  /** The key, and its secret, which nobody can read again. Throws `option.invalid`. */
  create(draft: KeyDraft, actor?: Actor): Promise<{ key: ApiKey; secret: string }>;
  list(): Promise<ApiKey[]>;
  /** False where there is no such key. */
  revoke(id: string, actor?: Actor): Promise<boolean>;
  /** The keys by the hash of their secrets. */
  byHash(): Promise<Map<string, ApiKey>>;
}

interface Kept {
  readonly hash: string;
  readonly name: string;
  readonly role: Role;
  readonly tenant: string | null;
  readonly environments: string[] | null;
}

/** Keys stand above tenants. */
const EVERY_TENANT = "*";
const KIND = "key";
const PREFIX = "dbk_";
const SECRET_BYTES = 32;
/** 62^43 > 2^256, 62^6 > 2^32. */
const SECRET_CHARS = 43;
const CHECK_CHARS = 6;
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const NAME_CHARS = 200;

export function createKeys(settings: Settings): Keys {
  async function all(): Promise<Array<{ key: ApiKey; hash: string }>> {
    const kept = await settings.all({ kind: KIND, tenant: EVERY_TENANT });
    return kept.map(({ id, value, createdAt }) => {
      const { hash: hashed, ...rest } = value as unknown as Kept;
      return { hash: hashed, key: { id, ...rest, createdAt } };
    });
  }

  return {
    async create({ name, role, tenant = null, environments = null }, actor = {}) {
      if (typeof name !== "string" || name.trim() === "" || name.length > NAME_CHARS) {
        throw invalid("name", `must have 1 to ${NAME_CHARS} characters`);
      }
      if (tenant !== null && !isName(tenant)) throw invalid("tenant", NAME_RULE);
      if (environments?.every(isName) === false) throw invalid("environments", NAME_RULE);
      if (!ROLES.includes(role)) throw invalid("role", `must be one of ${ROLES.join(", ")}`);
      if (environments?.length === 0) throw invalid("environments", "must name one at least, or be left out");
      const secret = makeSecret();
      const id = `key_${randomBytes(6).toString("hex")}`;
      const own = environments === null ? null : [...environments];
      const value: Kept = { hash: hashSecret(secret), name, role, tenant, environments: own };
      const change = { tenant: EVERY_TENANT, kind: KIND, id, actor, expected: 0 };
      const { createdAt } = await settings.save({ ...change, value: value as unknown as JsonValue });
      return { key: { id, name, role, tenant, environments, createdAt }, secret };
    },

    list: async () => (await all()).map(({ key }) => key),
    revoke: (id, actor = {}) => settings.remove({ tenant: EVERY_TENANT, kind: KIND, id, actor }),
    byHash: async () => new Map((await all()).map(({ hash: hashed, key }) => [hashed, key])),
  };
}

/** `dbk_`, 256 random bits in base 62, and their CRC-32: scanners know a key when they see one. */
function makeSecret(): string {
  const body = base62(BigInt(`0x${randomBytes(SECRET_BYTES).toString("hex")}`), SECRET_CHARS);
  return PREFIX + body + checksum(body);
}

/** False for what begins as a key of ours and is none: cut off or mistyped. */
export function isWellFormed(secret: string): boolean {
  if (!secret.startsWith(PREFIX)) return true;
  const body = secret.slice(PREFIX.length, -CHECK_CHARS);
  return body.length === SECRET_CHARS && secret.endsWith(checksum(body));
}

function checksum(body: string): string {
  return base62(BigInt(crc32(body)), CHECK_CHARS);
}

function base62(value: bigint, chars: number): string {
  let text = "";
  for (let rest = value; text.length < chars; rest /= 62n) text = ALPHABET.charAt(Number(rest % 62n)) + text;
  return text;
}

const NAME_RULE = `must have 1 to ${LIMITS.tenantChars} characters`;

function isName(name: string): boolean {
  return name !== "" && name.length <= LIMITS.tenantChars;
}

/** SHA-256: a secret of 256 random bits needs no slow hash. */
export function hashSecret(secret: string): string {
  return hash("sha256", secret, "hex");
}

function invalid(field: string, rule: string): TrailError {
  return new TrailError("option.invalid", `${field} ${rule}.`, { field });
}
