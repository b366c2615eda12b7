import { settlesWithin } from "../base/deadline.ts";
import { messageOf, TrailError } from "../base/error.ts";
import { Emitter } from "../emit/emitter.ts";
import type { EventDraft } from "../event/event.ts";
import { DEFAULT_ENVIRONMENT, DEFAULT_TENANT, EVENT_TYPES, SYSTEM_TENANT } from "../event/vocabulary.ts";
import { encodeDraft, type WireDraft } from "../event/wire.ts";
import { Protector } from "../protect/protector.ts";
import { openVault } from "../protect/vault.ts";
import { createRedactor, noRedactor, type Redactor } from "../redact/redactor.ts";
import type { Outcome, Store } from "../store/store.ts";
import type { Checkpoint } from "../tlog/checkpoint.ts";
import { type AccessScope, checkWrite, guardedStore, wholeTenant } from "./access-scope.ts";
import { createApprovals } from "./approvals/approvals.ts";
import { createTools } from "./calls/tools.ts";
import { createCatalog } from "./catalog.ts";
import { readableStore } from "./erasure/readable-store.ts";
import { lazyForwarders, SharedForwarding } from "./forwarding.ts";
import { createInsights } from "./insights/insights.ts";
import { bufferLimits, checkOptions, type TrailOptions } from "./options.ts";
import { createReader } from "./reader.ts";
import { createRetention, type Retention } from "./retention.ts";
import { createRuns, type RunsGround } from "./runs/runs.ts";
import { LogKeys } from "./seal/keys.ts";
import { proofsOf } from "./seal/proofs.ts";
import { RemoteLog } from "./seal/remote-log.ts";
import { sealTenant } from "./seal/sealer.ts";
import { createSettings, settingsOf } from "./settings.ts";
import { createThreads, type ThreadsGround } from "./threads/threads.ts";
import type { Receipt, Scope, TenantTrail, Trail } from "./trail.ts";

const DEFAULT_TIMEOUT_MS = 5_000;
const DEFAULT_FLUSH_INTERVAL_MS = 20;
/** Readers wait this long for what a process that died left behind. */
const ADOPTION_WAIT_MS = 10_000;

/** What a trail stands on: a store that is opened when it is needed, and a place for segment files. */
export interface Ground {
  openStore(): Promise<Store>;
  /** Null where there is no disk to use. */
  spoolDir: string | null;
  /** Where the keys of its Merkle log are; null keeps them in memory. */
  keyFile: string | null;
  /** The key that seals tokens of forwarders; null keeps it in memory, undefined: a server has it. */
  secretFile: string | null | undefined;
  /** The address of the server that holds the trail, where one does. */
  server?: string;
}

/** A trail over any store. `openTrail` chooses the store by its address. */
export function createTrail(
  { openStore, spoolDir, keyFile, secretFile, server }: Ground,
  options: TrailOptions = {},
): Trail {
  checkOptions(options);
  const tenant = options.tenant ?? DEFAULT_TENANT;
  const redactor = options.redact === false ? noRedactor : createRedactor(options.redact);
  const vault = openVault(keyFile === null ? null : keyFile.replace(/(?:\.keys)?$/, ".subjects"));
  // Who has the trail of a server leaves the keys to it.
  const protector =
    server === undefined ? new Protector(vault, options.subjectFrom, (it) => emitter.problem(it)) : null;
  const store = new LazyStore(openStore);
  const emitter = createEmitter(store, protectedBy(redactor, protector), spoolDir, options);
  const adopted = emitter.adopt();

  /** The store as a reader should see it: with what dead processes had recorded. */
  async function openForReading(): Promise<Store> {
    return readableStore(await openRaw(), vault);
  }

  async function openRaw(): Promise<Store> {
    const opened = await store.open();
    await settlesWithin(adopted, ADOPTION_WAIT_MS);
    return opened;
  }

  const forwarding = new SharedForwarding(options.forwarding ?? {}, secretFile);
  const keys = new LogKeys(keyFile);
  const ground = {
    tenant,
    defaults: options,
    forwarding,
    open: openForReading,
    record: (draft: EventDraft) => emitter.record(draft),
    recordDurably: (draft: EventDraft) => trail.recordDurably(draft),
    flush: () => trail.flush(),
    append: (drafts: readonly WireDraft[]) => trail.append(drafts),
    seal: (opened: Store, sealed: string) => sealTenant(opened, sealed, keys),
  };

  const trail: Trail = {
    recordDurably: (draft, { timeoutMs = DEFAULT_TIMEOUT_MS } = {}) =>
      commitDurably(emitter, commit, draft, timeoutMs),

    append(drafts) {
      refuseSystemTenant(drafts);
      // Nobody else holds these drafts, so without rules there is nothing to copy them for.
      if (redactor !== noRedactor) for (const draft of drafts) redactor.redact(draft);
      if (protector !== null) for (const draft of drafts) protector.protect(draft);
      return commit(drafts);
    },
    flush: ({ timeoutMs = DEFAULT_TIMEOUT_MS } = {}) => emitter.flush(timeoutMs),

    async close({ timeoutMs = DEFAULT_TIMEOUT_MS } = {}) {
      await forwarding.close();
      const flushed = await emitter.close(timeoutMs);
      await store.close();
      vault.close();
      return flushed;
    },

    health: () => emitter.health(),
    ...viewsOf(ground),
    forTenant: (name, reach) => tenantTrail(trail, ground, name, reach),
    ...proofsOf({ open: openForReading, tenant, keys, vault }),
    async erase(erased) {
      if (server !== undefined) throw atTheServer();
      const { eraseSubject } = await import("./erasure/erase.ts");
      const retention = (name: string): Retention => trail.forTenant(name).retention;
      return eraseSubject({ ...ground, openRaw, vault, retention }, erased);
    },
    ...(server === undefined ? {} : readProofs(new RemoteLog(server, options.apiKey, tenant))),
    store: openForReading,
    describe: async () => (await store.open()).describe(),
    async [Symbol.asyncDispose]() {
      await trail.close();
    },
  };

  async function commit(drafts: readonly WireDraft[]): Promise<Outcome[]> {
    return (await store.open()).append(drafts.map(encodeDraft));
  }

  return trail;
}

function protectedBy(redactor: Redactor, protector: Protector | null): Redactor {
  if (protector === null) return redactor;
  return {
    redact(draft) {
      redactor.redact(draft);
      protector.protect(draft);
      return draft;
    },
    text: (text) => redactor.text(text),
  };
}

function atTheServer(): TrailError {
  return new TrailError("store.unsupported", "The keys of subjects are with the server.", {
    fix: "Erase there: daybook erase, or POST /api/v1/erase.",
  });
}

function createEmitter(
  store: LazyStore,
  redactor: Redactor,
  spoolDir: string | null,
  options: TrailOptions,
): Emitter {
  const level = options.level ?? (spoolDir === null ? "memory" : "spooled");
  return new Emitter({
    sink: { append: async (lines) => (await store.open()).append(lines) },
    redactor,
    defaults: options,
    id: options.emitterId,
    level,
    spoolDir,
    limits: bufferLimits(options, level),
    flushIntervalMs: options.flushIntervalMs ?? DEFAULT_FLUSH_INTERVAL_MS,
    failClosed: options.failClosed ?? false,
    onProblem: options.onProblem,
  });
}

/** Every door of the server ends here, whatever it has checked itself. */
function refuseSystemTenant(drafts: readonly WireDraft[]): void {
  const forged = drafts.some(
    ({ tenant, event_type }) => tenant === SYSTEM_TENANT && event_type !== EVENT_TYPES.emitterClosed,
  );
  if (!forged) return;
  throw new TrailError("event.invalid", `The tenant must not be the reserved "${SYSTEM_TENANT}".`, {
    field: "tenant",
  });
}

/** In order: what was recorded before is in the store first. */
async function commitDurably(
  emitter: Emitter,
  commit: (drafts: readonly WireDraft[]) => Promise<Outcome[]>,
  draft: EventDraft,
  timeoutMs: number,
): Promise<Receipt> {
  const accepted = emitter.accept(draft);
  const until = performance.now() + timeoutMs;
  const before = await emitter.flush(timeoutMs);
  if (!before.complete) throw notCommitted("events before it are still waiting", timeoutMs);
  const committed = commit([accepted]);
  if (!(await settlesWithin(committed, until - performance.now())))
    throw notCommitted("the store did not answer", timeoutMs);
  return receiptOf((await committed)[0]);
}

type TenantGround = RunsGround &
  ThreadsGround & {
    readonly forwarding: SharedForwarding;
    seal(store: Store, tenant: string): Promise<Checkpoint | null>;
  };

/** The same ground with another tenant as the one that is meant where none is named. */
function forTenant(ground: TenantGround, tenant: string): TenantGround {
  return {
    ...ground,
    tenant,
    record: (draft) => ground.record({ ...draft, tenant: draft.tenant ?? tenant }),
    recordDurably: (draft) => ground.recordDurably({ ...draft, tenant: draft.tenant ?? tenant }),
  };
}

function tenantTrail(
  trail: Trail,
  ground: TenantGround,
  tenant: string,
  reach: Omit<AccessScope, "tenant"> | undefined,
): TenantTrail {
  if (reach === undefined) return { ...viewsOf(forTenant(ground, tenant)), tenant };
  const scope = { ...reach, tenant };
  const whole = async () => {
    wholeTenant(scope);
    return ground.open();
  };
  const settings = settingsOf(trail.settings, scope);
  const retention = createRetention({ open: whole, tenant, seal: ground.seal }, settings);
  const views = viewsOf(withinScope(ground, scope), settings, retention);
  return { ...views, tenant };
}

/** The same ground as the holder of a key has it. */
function withinScope(ground: TenantGround, scope: AccessScope): TenantGround {
  const own = (draft: EventDraft): EventDraft => {
    const environment = draft.environment ?? DEFAULT_ENVIRONMENT;
    checkWrite(scope, environment);
    return { ...draft, tenant: scope.tenant, environment };
  };
  return {
    ...ground,
    tenant: scope.tenant,
    open: async () => guardedStore(await ground.open(), scope),
    record: (draft) => ground.record(own(draft)),
    recordDurably: async (draft) => ground.recordDurably(own(draft)),
    async append(drafts) {
      for (const { environment } of drafts) checkWrite(scope, environment);
      return ground.append(drafts.map((draft) => ({ ...draft, tenant: scope.tenant })));
    },
  };
}

/** What is read from the log, and recorded by more than one event. */
function viewsOf(
  ground: TenantGround,
  settings = createSettings(ground.open),
  retention = createRetention(ground, settings),
) {
  const { open, tenant } = ground;
  const tools = createTools(ground);
  return {
    record: ground.record,
    catalog: createCatalog(open, tenant),
    events: createReader(open, tenant),
    tools,
    approvals: createApprovals(ground, tools),
    runs: createRuns(ground, retention),
    threads: createThreads(ground),
    insights: createInsights(open, tenant),
    settings,
    forwarders: lazyForwarders({ ...ground, settings }),
    retention,
    prune: retention.prune,
    rebuild: async (scope: Scope = {}) => (await open()).rebuild(scope.tenant ?? tenant),
    emitters: async (scope: Scope = {}) => (await open()).emitters(scope.tenant ?? tenant),
  };
}

/** What a server sealed is read from it; the rest rejects where it touches the store. */
function readProofs(remote: RemoteLog) {
  return { log: remote.log, proof: (event: string | number, scope?: Scope) => remote.proof(event, scope) };
}

function notCommitted(why: string, timeoutMs: number): TrailError {
  return new TrailError(
    "store.unavailable",
    `The event is not known to be committed after ${timeoutMs} ms: ${why}.`,
    {
      fix: "Do not go on as if it were recorded; try again when the store answers.",
    },
  );
}

function receiptOf(outcome: Outcome | undefined): Receipt {
  if (outcome === undefined || outcome.status === "rejected") {
    throw new TrailError(
      "store.unavailable",
      `The store refused the event: ${outcome?.reason ?? "no answer"}.`,
    );
  }
  return { id: outcome.id, seq: outcome.seq, recordedAt: outcome.recordedAt };
}

/** Opens the store at the first need and, after a failure, at the next one again. */
class LazyStore {
  readonly #openStore: () => Promise<Store>;
  #opening: Promise<Store> | null = null;
  #closed = false;

  constructor(openStore: () => Promise<Store>) {
    this.#openStore = openStore;
  }

  open(): Promise<Store> {
    if (this.#closed)
      return Promise.reject(new TrailError("store.closed", "The trail is closed. Open it again."));
    if (this.#opening === null) {
      const opening = this.#openStore();
      this.#opening = opening;
      opening.catch(() => {
        if (this.#opening === opening) this.#opening = null;
      });
    }
    return this.#opening;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const opening = this.#opening;
    if (opening === null) return;
    try {
      await (await opening).close();
    } catch (thrown) {
      // A store that never opened has nothing to close; what it held is in the spool.
      if (messageOf(thrown) === "") return;
    }
  }
}
