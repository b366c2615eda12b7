import { TrailError } from "../base/error.ts";
import type { Forwarders } from "../forward/forwarders.ts";
import type { Rules } from "../rule/rules.ts";
import type { Store } from "../store/store.ts";
import type { Settings } from "./settings.ts";

/** How forwarders may reach the world, and where their secrets' key is. */
export interface ForwardingRules {
  /** Lets them reach private and loopback addresses, and every port. Default: false. */
  allowPrivate?: boolean;
  /** Ports that they may reach otherwise. Default: those of HTTP and of the destinations that are known. */
  ports?: readonly number[];
  /** 32 bytes in base64 that seal tokens at rest. Default: a file beside the database, made at the first need. */
  secretKey?: string;
  /** The folder below which `file` forwarders write. Default: none may. */
  fileRoot?: string;
}

export interface ForwardingGround {
  readonly tenant: string;
  readonly open: () => Promise<Store>;
  readonly settings: Settings;
  readonly forwarding: SharedForwarding;
}

/** What the forwarders of all tenants of one trail share. */
export class SharedForwarding {
  readonly rules: ForwardingRules;
  /** Where the key is; null: it lives as long as the trail; undefined: a server has it. */
  readonly secretFile: string | null | undefined;
  #key: Buffer | undefined;
  #evaluator: Rules | undefined;
  readonly #ends: Array<() => Promise<void>> = [];

  constructor(rules: ForwardingRules, secretFile: string | null | undefined) {
    this.rules = rules;
    this.secretFile = secretFile;
  }

  /** Loaded when it is asked for: an agent that records needs none of it. */
  async load({ tenant, open, settings }: ForwardingGround): Promise<Forwarders> {
    if (this.rules.secretKey === undefined && this.secretFile === undefined) throw elsewhere();
    const [{ createForwarders }, vault, { Rules: Evaluator }] = await Promise.all([
      import("../forward/forwarders.ts"),
      import("../forward/vault.ts"),
      import("../rule/rules.ts"),
    ]);
    const { allowPrivate = false, ports, secretKey, fileRoot = null } = this.rules;
    this.#evaluator ??= new Evaluator();
    const forwarders = createForwarders({
      tenant,
      open,
      settings,
      rules: this.#evaluator,
      secretKey: () => {
        this.#key ??=
          secretKey === undefined
            ? vault.secretKeyAt(this.secretFile ?? null)
            : vault.secretKeyFrom(secretKey);
        return this.#key;
      },
      egress: { allowPrivate, ...(ports === undefined ? {} : { ports }) },
      fileRoot,
    });
    return {
      ...forwarders,
      run: async (options) => {
        const end = await forwarders.run(options);
        this.#ends.push(end);
        return end;
      },
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.#ends.map((end) => end()));
    this.#evaluator?.close();
  }
}

/** Tokens sealed here could not be opened by the server that would send them. */
function elsewhere(): TrailError {
  return new TrailError("store.unsupported", "Forwarders belong to the server that holds the trail.", {
    field: "forwarders",
    fix: "Use the server's /api/v1/forwarders, or the command line beside its database.",
  });
}

/** The forwarders of a trail, loaded at the first call. */
export function lazyForwarders(ground: ForwardingGround): Forwarders {
  let loading: Promise<Forwarders> | undefined;
  const load = (): Promise<Forwarders> => {
    loading ??= ground.forwarding.load(ground);
    return loading;
  };
  return {
    create: async (...given) => (await load()).create(...given),
    list: async (...given) => (await load()).list(...given),
    get: async (...given) => (await load()).get(...given),
    update: async (...given) => (await load()).update(...given),
    delete: async (...given) => (await load()).delete(...given),
    pause: async (...given) => (await load()).pause(...given),
    resume: async (...given) => (await load()).resume(...given),
    deliveries: async (...given) => (await load()).deliveries(...given),
    retry: async (...given) => (await load()).retry(...given),
    retryFailed: async (...given) => (await load()).retryFailed(...given),
    reconcile: async (...given) => (await load()).reconcile(...given),
    test: async (...given) => (await load()).test(...given),
    preview: async (...given) => (await load()).preview(...given),
    types: async () => (await load()).types(),
    run: async (...given) => (await load()).run(...given),
  };
}
