import { TrailError } from "../base/error.ts";
import { LIMITS } from "../event/limits.ts";
import { DEFAULT_TENANT, EVENT_TYPES, PLATFORM_ENVIRONMENT, SYSTEM_TENANT } from "../event/vocabulary.ts";
import type { WireDraft } from "../event/wire.ts";
import type { Condition } from "../query/filter.ts";
import { type AccessScope, checkWrite } from "../trail/access-scope.ts";
import { type ApiKey, createKeys, hashSecret, isWellFormed, type Keys, type Role } from "../trail/keys.ts";
import type { Trail } from "../trail/trail.ts";
import { type Headed, headerText } from "./door.ts";

/** What a route asks of a key: nothing, to append, to read, to read what Daybook tells of itself, everything. */
export type Need = "nothing" | "write" | "read" | "audit" | "admin";

/** Who came while there were no keys. */
const ANYBODY = "";
const MAY: Readonly<Record<Role, readonly Need[]>> = {
  writer: ["write"],
  reader: ["read"],
  auditor: ["read", "audit"],
  admin: ["write", "read", "audit", "admin"],
};

/** Who asks, and how far it reaches. */
export interface Access extends AccessScope {
  /** True where the key belongs to one tenant. */
  readonly isBound: boolean;
  readonly role: Role;
  /** The key's id; null where the server is open. */
  readonly keyId: string | null;
  /** Fires when the key is revoked, or, where the server was open, when it is no more. */
  readonly ended: AbortSignal;
}

export interface GateOptions {
  /** Secrets from the environment, each with the rights of an admin over every tenant. */
  secrets?: readonly string[];
  /** Asks for a key even while there is none: for a server that others can reach. */
  isClosed?: boolean;
  /** Writes an event for each read. */
  recordReads?: boolean;
}

/**
 * Lets requests in. A server without keys is open, and listens on loopback only; with keys, each
 * request needs one, and reaches no further than its tenant and environments. Keys are read anew when
 * a setting changes, by whatever process. A server that asked for keys once asks until it starts
 * again: revoking the last key opens nothing.
 */
export class Gate {
  readonly keys: Keys;
  readonly #trail: Trail;
  readonly #recordReads: boolean;
  readonly #own: ReadonlyMap<string, ApiKey>;
  /** What ends with each key: its live streams. */
  readonly #ends = new Map<string, AbortController>();
  #known: ReadonlyMap<string, ApiKey> = new Map();
  #isLocked: boolean;
  #loading: Promise<void> | null = null;

  constructor(trail: Trail, { secrets = [], isClosed = false, recordReads = false }: GateOptions = {}) {
    this.#trail = trail;
    this.#recordReads = recordReads;
    this.#isLocked = isClosed || secrets.length > 0;
    this.keys = createKeys(trail.settings);
    this.#own = new Map(
      secrets.map((secret, i) => [
        hashSecret(secret),
        { id: `env_${i + 1}`, name: "", role: "admin", tenant: null, environments: null, createdAt: 0 },
      ]),
    );
  }

  /** Reads the keys anew: what is revoked works no more when this resolves. */
  async reload(): Promise<void> {
    this.#known = new Map([...this.#own, ...(await this.keys.byHash())]);
    this.#isLocked ||= this.#known.size > 0;
    const ids = new Set([...this.#known.values()].map(({ id }) => id));
    if (!this.#isLocked) ids.add(ANYBODY);
    for (const [id, end] of this.#ends) {
      if (ids.has(id)) continue;
      this.#ends.delete(id);
      end.abort();
    }
  }

  /** Throws `access.missing`, `access.unknown` or `access.denied`. */
  async admit(asked: Headed, need: Need, route: string, address = ""): Promise<Access> {
    const named = tenantOf(asked);
    const open = { tenant: named ?? DEFAULT_TENANT, role: "admin", keyId: null } as const;
    if (need === "nothing") {
      return { ...open, environments: [], platform: false, isBound: true, ended: this.#endOf(ANYBODY) };
    }
    await this.#ready();
    if (!this.#isLocked) {
      if (named === SYSTEM_TENANT && need === "write") throw reserved();
      return { ...open, environments: null, platform: true, isBound: false, ended: this.#endOf(ANYBODY) };
    }
    const key = this.#holderOf(secretOf(asked));
    const may = MAY[key.role];
    if (!may.includes(need)) throw denied(`A key with the role ${key.role} may not do this.`);
    if (key.tenant !== null && named !== undefined && named !== key.tenant) {
      throw denied("The key belongs to another tenant than X-Daybook-Tenant names.");
    }
    const tenant = key.tenant ?? named ?? DEFAULT_TENANT;
    if (tenant === SYSTEM_TENANT && (need === "write" || !may.includes("audit"))) throw reserved();
    if (this.#recordReads && (need === "read" || need === "audit")) {
      this.#noteRead(key, tenant, route, address);
    }
    const { id, role, environments } = key;
    const reach = { tenant, environments, platform: environments === null && may.includes("audit") };
    return { ...reach, role, isBound: key.tenant !== null, keyId: id, ended: this.#endOf(id) };
  }

  /** Rejects with a store error, and is tried again; keys that were read once outlive the store's absence. */
  #ready(): Promise<void> {
    this.#loading ??= this.#begin().catch((thrown) => {
      this.#loading = null;
      throw thrown;
    });
    return this.#loading;
  }

  async #begin(): Promise<void> {
    await this.#trail.settings.watch(() => {
      // A store that is away keeps the keys as they are; its next change is told again.
      this.reload().catch(() => undefined);
    });
    await this.reload();
  }

  /** Found by its hash, which a stranger cannot come near to step by step. */
  #holderOf(secret: string): ApiKey {
    const key = isWellFormed(secret) ? this.#known.get(hashSecret(secret)) : undefined;
    if (key !== undefined) return key;
    throw new TrailError("access.unknown", "The API key is not known here.", {
      fix: "It may have been revoked; `daybook keys list` shows which there are.",
    });
  }

  #endOf(id: string): AbortSignal {
    const end = this.#ends.get(id) ?? new AbortController();
    this.#ends.set(id, end);
    return end.signal;
  }

  #noteRead(key: ApiKey, tenant: string, route: string, address: string): void {
    this.#trail.record({
      tenant,
      environment: PLATFORM_ENVIRONMENT,
      type: EVENT_TYPES.trailRead,
      category: "config",
      source: "daybook",
      actor: { type: "api_key", id: key.id, label: key.name },
      summary: `Read ${route}`,
      data: { address },
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

/** Throws `access.not_entitled` when the platform's own events are asked for by a key that does not see them. */
export function checkEntitled({ platform }: Access, where: readonly Condition[]): void {
  const asks = where.some(
    (it) => it.op === "any" && it.field === "environment" && it.values.includes(PLATFORM_ENVIRONMENT),
  );
  if (!asks || platform) return;
  throw new TrailError(
    "access.not_entitled",
    `The key does not see the environment ${PLATFORM_ENVIRONMENT}.`,
    {
      field: "filter[environment]",
      fix: "Leave it out, or use a key of an auditor or admin for every environment.",
    },
  );
}

/** Throws `access.denied` for a draft that the key may not write: another tenant's or environment's. */
export function checkReach(access: Access, draft: WireDraft): void {
  // An emitter that closes says so in the system's tenant, for the tenant that it names.
  const isClosing = draft.tenant === SYSTEM_TENANT;
  const tenant = isClosing ? draft.data?.tenant : draft.tenant;
  if (access.isBound && tenant !== access.tenant) throw denied("The key belongs to another tenant.");
  if (!isClosing) checkWrite(access, draft.environment);
}

/**
 * Where a foreign payload's events go. A key of few environments puts them in its first one, whatever
 * they say of themselves: a payload is not a credential.
 */
export function writerScope({ tenant, environments }: Access): { tenant: string; environment?: string } {
  const [environment] = environments ?? [];
  return environment === undefined ? { tenant } : { tenant, environment };
}
