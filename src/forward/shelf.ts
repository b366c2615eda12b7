import { TrailError } from "../base/error.ts";
import type { JsonObject, JsonValue } from "../base/json.ts";
import { uuidv7 } from "../base/uuid.ts";
import type { Actor } from "../event/event.ts";
import type { Forwarder, ForwarderAttributes } from "./forwarder.ts";
import type { ForwardGround, Kept } from "./ground.ts";
import { Vault } from "./vault.ts";

const KIND = "forwarder";
const PAUSE = "forwarder_pause";

interface Stored extends Omit<ForwarderAttributes, "configuration" | "environments"> {
  readonly incarnation: string;
  readonly start: number;
  /** What an auditor may see of the part that is sealed. */
  readonly enabled: string[];
  readonly sealed: string;
}

/** What is changed, where, and by whom. */
export interface Place {
  readonly tenant: string;
  readonly id: string;
  readonly actor: Actor;
}

/**
 * Forwarders as they are kept: settings, so each change is an event of the system tenant, with the
 * configuration and the overrides, which hold tokens, sealed.
 */
export class Shelf {
  readonly #ground: ForwardGround;
  readonly #vault: Vault;

  constructor(ground: ForwardGround) {
    this.#ground = ground;
    this.#vault = new Vault(ground.secretKey);
  }

  async create(place: Place, attributes: ForwarderAttributes): Promise<Forwarder> {
    const { tenant } = place;
    const start = await (await this.#ground.open()).head(tenant);
    // A pause belongs to a life of the id.
    await this.#ground.settings.remove({ ...place, kind: PAUSE });
    return this.#save(place, attributes, { incarnation: uuidv7(), start }, 0);
  }

  /** Rejects with `forwarder.not_found` and, where somebody else was first, `setting.conflict`. */
  async replace(place: Place, attributes: ForwarderAttributes): Promise<Forwarder> {
    const { incarnation, start, version } = await this.get(place);
    return this.#save(place, attributes, { incarnation, start }, version);
  }

  remove({ tenant, id, actor }: Place): Promise<boolean> {
    return this.#ground.settings.remove({ tenant, kind: KIND, id, actor });
  }

  async get({ tenant, id }: Pick<Place, "tenant" | "id">): Promise<Forwarder> {
    const { settings } = this.#ground;
    const [kept, pause] = await Promise.all([
      settings.get({ tenant, kind: KIND, id }),
      settings.get({ tenant, kind: PAUSE, id }),
    ]);
    if (kept === null) {
      throw new TrailError("forwarder.not_found", `There is no forwarder "${id.slice(0, 200)}".`, {
        fix: "GET /api/v1/forwarders lists those that are there.",
      });
    }
    return this.#open(kept, pause !== null);
  }

  /** Of one tenant, or of all. One that cannot be opened hides no other one. */
  async all(tenant?: string): Promise<{ forwarders: Forwarder[]; broken: Error[] }> {
    const { settings } = this.#ground;
    const scope = tenant === undefined ? {} : { tenant };
    const [kept, pauses] = await Promise.all([
      settings.all({ kind: KIND, ...scope }),
      settings.all({ kind: PAUSE, ...scope }),
    ]);
    const paused = new Set(pauses.map((pause) => JSON.stringify([pause.tenant, pause.id])));
    const forwarders: Forwarder[] = [];
    const broken: Error[] = [];
    for (const one of kept) {
      try {
        forwarders.push(this.#open(one, paused.has(JSON.stringify([one.tenant, one.id]))));
      } catch (thrown) {
        broken.push(new Error(`forwarder ${one.id}: ${String(thrown)}`, { cause: thrown }));
      }
    }
    return { forwarders, broken };
  }

  async pause(place: Place): Promise<void> {
    await this.#ground.settings.save({ ...place, kind: PAUSE, value: true });
  }

  async resume(place: Place): Promise<void> {
    await this.#ground.settings.remove({ ...place, kind: PAUSE });
  }

  async #save(
    { tenant, id, actor }: Place,
    attributes: ForwarderAttributes,
    life: { incarnation: string; start: number },
    expected: number,
  ): Promise<Forwarder> {
    const { configuration, environments, ...plain } = attributes;
    const sealed = this.#vault.seal(JSON.stringify({ configuration, environments }), placeOf(tenant, id));
    const enabled = Object.keys(environments).filter((name) => environments[name]?.enabled === true);
    const value: Stored = { ...plain, ...life, enabled, sealed };
    const change = { tenant, kind: KIND, id, actor, expected };
    await this.#ground.settings.save({ ...change, value: value as unknown as JsonValue });
    return this.get({ tenant, id });
  }

  #open({ tenant, id, value, version, createdAt, updatedAt }: Kept, paused: boolean): Forwarder {
    const { sealed, enabled: _, ...plain } = value as unknown as Stored;
    const opened = JSON.parse(this.#vault.open(sealed, placeOf(tenant, id))) as JsonObject;
    const secret = opened as unknown as Pick<ForwarderAttributes, "configuration" | "environments">;
    return { ...plain, ...secret, tenant, id, version, createdAt, updatedAt, paused };
  }
}

function placeOf(tenant: string, id: string): string {
  return JSON.stringify([KIND, tenant, id]);
}
