import { TrailError } from "../base/error.ts";
import { LIMITS } from "../event/limits.ts";
import { DEFAULT_TENANT, EVENT_TYPES, SYSTEM_TENANT } from "../event/vocabulary.ts";
import type { Condition } from "../query/filter.ts";
import { type ApiKey, createKeys, hashSecret, type Keys, type Role } from "../trail/keys.ts";
import type { Trail } from "../trail/trail.ts";
import { type Headed, headerText } from "./door.ts";

/** What a route asks of a key: nothing, to append, to read, to read what Daybook tells of itself, everything. */
export type Need = "nothing" | "write" | "read" | "audit" | "admin";

const MAY: Readonly<Record<Role, readonly Need[]>> = {
  writer: ["write"],
  reader: ["read"],
  auditor: ["read", "audit"],
  admin: ["write", "read", "audit", "admin"],
};

/** Who asks, and how far it reaches. */
export interface Access {
  readonly tenant: string;
  /** Null: every environment. */
  readonly environments: readonly string[] | null;
  /** True where the key belongs to one tenant. */
  readonly isBound: boolean;
  /** The key's id; null where the server is open. */
  readonly keyId: string | null;
}

export interface GateOptions {
  /** Secrets from the environment, each with the rights of an admin over every tenant. */
  secrets?: readonly string[];
  /** Writes an event for each read. */
  recordReads?: boolean;
}

/** A revoked key stops within this time, in whatever process it was revoked. */
const KNOWN_FOR_MS = 1_000;

/**
 * Lets requests in. A server without keys is open, and listens on loopback only; with keys, each
 * request needs one, and reaches no further than its tenant and environments.
 */
export class Gate {
  readonly keys: Keys;
  readonly #trail: Trail;
  readonly #recordReads: boolean;
  readonly #own: ReadonlyMap<string, ApiKey>;
  #known: Map<string, ApiKey> = new Map();
  #knownUntil = 0;

  constructor(trail: Trail, { secrets = [], recordReads = false }: GateOptions = {}) {
    this.#trail = trail;
    this.#recordReads = recordReads;
    this.keys = createKeys(trail.settings);
    this.#own = new Map(
      secrets.map((secret, i) => [
        hashSecret(secret),
        { id: `env_${i + 1}`, name: "", role: "admin", tenant: null, environments: null, createdAt: 0 },
      ]),
    );
  }

  /** What was read of the keys counts no more: one was made or revoked here. */
  forget(): void {
    this.#knownUntil = 0;
  }

  /** Throws `access.missing`, `access.unknown` or `access.denied`. */
  async admit(asked: Headed, need: Need, route: string): Promise<Access> {
    const named = tenantOf(asked);
    if (need === "nothing")
      return { tenant: named ?? DEFAULT_TENANT, environments: [], isBound: true, keyId: null };
    const known = await this.#keysNow();
    if (known.size === 0) {
      if (named === SYSTEM_TENANT && need === "write") throw reserved();
      return { tenant: named ?? DEFAULT_TENANT, environments: null, isBound: false, keyId: null };
    }
    const key = known.get(hashSecret(secretOf(asked)));
    if (key === undefined) {
      throw new TrailError("access.unknown", "The API key is not known here.", {
        fix: "It may have been revoked; `daybook keys list` shows which there are.",
      });
    }
    if (!MAY[key.role].includes(need)) throw denied(`A key with the role ${key.role} may not do this.`);
    if (key.tenant !== null && named !== undefined && named !== key.tenant) {
      throw denied("The key belongs to another tenant than X-Daybook-Tenant names.");
    }
    const tenant = key.tenant ?? named ?? DEFAULT_TENANT;
    if (tenant === SYSTEM_TENANT && (need === "write" || !MAY[key.role].includes("audit"))) throw reserved();
    if (this.#recordReads && (need === "read" || need === "audit")) this.#noteRead(key, tenant, route);
    return { tenant, environments: key.environments, isBound: key.tenant !== null, keyId: key.id };
  }

  async #keysNow(): Promise<ReadonlyMap<string, ApiKey>> {
    const now = performance.now();
    if (now < this.#knownUntil) return this.#known;
    this.#known = new Map([...this.#own, ...(await this.keys.byHash())]);
    this.#knownUntil = now + KNOWN_FOR_MS;
    return this.#known;
  }

  #noteRead(key: ApiKey, tenant: string, route: string): void {
    this.#trail.record({
      tenant,
      type: EVENT_TYPES.trailRead,
      category: "config",
      source: "daybook",
      actor: { type: "api_key", id: key.id, label: key.name },
      summary: `Read ${route}`,
      doNotForward: true,
    });
  }
}

function tenantOf(asked: Headed): string | undefined {
  const tenant = headerText(asked, "x-daybook-tenant");
  if (tenant !== undefined && tenant.length > LIMITS.tenantChars) {
    throw new TrailError(
      "query.invalid",
      `X-Daybook-Tenant must be at most ${LIMITS.tenantChars} characters.`,
      {
        field: "X-Daybook-Tenant",
      },
    );
  }
  return tenant;
}

function secretOf(asked: Headed): string {
  const header = asked.header("authorization") ?? "";
  const secret = /^Bearer +(\S+)$/i.exec(header)?.[1] ?? asked.header("x-api-key");
  if (secret !== undefined && secret !== "") return secret;
  throw new TrailError("access.missing", "This server needs an API key.", {
    fix: "Send it as Authorization: Bearer <key>.",
  });
}

export function denied(message: string): TrailError {
  return new TrailError("access.denied", message, { fix: "Use a key that may." });
}

function reserved(): TrailError {
  return denied(`The tenant "${SYSTEM_TENANT}" is Daybook's own.`);
}

/** The conditions that keep a reader within its environments. */
export function within({ environments }: Access): Condition[] {
  return environments === null ? [] : [{ op: "any", field: "environment", values: environments }];
}

/** Throws `access.denied` for a draft that the key may not write: another tenant's or environment's. */
export function checkReach(access: Access, draft: { tenant: string; environment: string }): void {
  if (access.isBound && draft.tenant !== access.tenant) throw denied("The key belongs to another tenant.");
  if (!reaches(access, draft.environment)) throw denied("The key does not reach this environment.");
}

/**
 * Where a foreign payload's events go. A key of few environments puts them in its first one, whatever
 * they say of themselves: a payload is not a credential.
 */
export function writerScope({ tenant, environments }: Access): { tenant: string; environment?: string } {
  const [environment] = environments ?? [];
  return environment === undefined ? { tenant } : { tenant, environment };
}

/** Whether something of this environment may be shown. */
export function reaches({ environments }: Access, environment: string): boolean {
  return environments === null || environments.includes(environment);
}
