import { TrailError } from "../../base/error.ts";
import { problemOf, unreachable } from "../../store/problem.ts";
import { encodeProofFile } from "../../tlog/proof-file.ts";
import type { Scope } from "../trail.ts";
import type { WitnessState } from "../witness/follower.ts";
import type { PublicKey } from "./keys.ts";
import type { EventProof, Log } from "./log.ts";

const TIMEOUT_MS = 30_000;
const PATH = "/api/v1/log";

interface Consistency {
  readonly second: number;
  readonly hashes: string[];
}

interface Inclusion {
  readonly leaf_index: number;
  readonly tree_size: number;
  readonly hashes: string[];
  readonly checkpoint: string;
  readonly leaf: EventProof["leaf"];
}

/** The Merkle log that a server seals, read over its HTTP API. Sealing and its keys stay there. */
export class RemoteLog {
  readonly log: Log;
  readonly #url: string;
  readonly #headers: Record<string, string>;

  constructor(url: string, apiKey: string | undefined, tenant: string) {
    this.#url = url.replace(/\/+$/, "");
    this.#headers = {
      "X-Daybook-Tenant": tenant,
      ...(apiKey === undefined ? {} : { Authorization: `Bearer ${apiKey}` }),
    };
    this.log = {
      checkpoint: async (scope) => (await this.#find("/checkpoint", scope))?.toString() ?? null,
      tile: async (path, scope) => {
        const bytes = await this.#find(`/${path}`, scope);
        return bytes === null ? null : Uint8Array.from(bytes);
      },
      inclusion: async (index, size, scope) => {
        const asked = { leaf_index: index, tree_size: size };
        const found = await this.#json<Inclusion>("/proof/inclusion", asked, scope);
        return { size: found.tree_size, hashes: found.hashes };
      },
      consistency: async (first, second, scope) => {
        const found = await this.#json<Consistency>("/proof/consistency", { first, second }, scope);
        return { second: found.second, hashes: found.hashes };
      },
      keys: async (scope) => (await this.#json<{ data: PublicKey[] }>("/keys", {}, scope)).data,
      tenants: () => Promise.reject(atTheServer()),
      rotateKey: () => {
        throw atTheServer();
      },
      revokeKey: () => {
        throw atTheServer();
      },
      keepSealed: () => Promise.reject(atTheServer()),
      witnesses: async (scope) => (await this.#json<{ data: WitnessState[] }>("/witnesses", {}, scope)).data,
      keepWitnessed: () => Promise.reject(atTheServer()),
      cosigner: () => null,
      identity: () => null,
    };
  }

  async proof(event: string | number, scope?: Scope): Promise<EventProof> {
    const asked = typeof event === "number" ? { seq: event } : { id: event };
    const found = await this.#json<Inclusion>("/proof/inclusion", asked, scope);
    const { leaf_index: index, tree_size: size, hashes, checkpoint, leaf } = found;
    const path = hashes.map((hash) => Uint8Array.from(Buffer.from(hash, "base64")));
    const extra = leaf === null ? {} : { extra: Buffer.from(JSON.stringify(leaf)) };
    return {
      index,
      size,
      hashes,
      checkpoint,
      leaf,
      file: encodeProofFile({ index, hashes: path, checkpoint, ...extra }),
    };
  }

  async #json<T>(path: string, asked: object, scope: Scope | undefined): Promise<T> {
    const params = new URLSearchParams();
    for (const [name, value] of Object.entries(asked)) {
      if (value !== undefined) params.set(name, String(value));
    }
    return JSON.parse((await this.#get(`${path}?${params}`, scope)).toString()) as T;
  }

  /** Null for what is not there. */
  async #find(path: string, scope: Scope | undefined): Promise<Buffer | null> {
    try {
      return await this.#get(path, scope);
    } catch (thrown) {
      if (thrown instanceof TrailError && thrown.kind === "not_found") return null;
      throw thrown;
    }
  }

  async #get(path: string, { tenant }: Scope = {}): Promise<Buffer> {
    let response: Response;
    let body: Buffer;
    try {
      response = await fetch(this.#url + PATH + path, {
        headers: { ...this.#headers, ...(tenant === undefined ? {} : { "X-Daybook-Tenant": tenant }) },
        signal: AbortSignal.timeout(TIMEOUT_MS),
        redirect: "error",
      });
      body = Buffer.from(await response.arrayBuffer());
    } catch (cause) {
      throw unreachable(this.#url, cause);
    }
    if (!response.ok) throw problemOf(response, body.toString(), this.#url);
    return body;
  }
}

function atTheServer(): TrailError {
  return new TrailError("store.unsupported", "Sealing and its keys are with the server.", {
    fix: "Do it there: daybook seal, daybook verify.",
  });
}
