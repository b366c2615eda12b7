import { uuidv7 } from "../base/uuid.ts";
import type { Flushed } from "../emit/health.ts";
import { openVault } from "../protect/vault.ts";
import type { Store } from "../store/store.ts";
import { createApprovals } from "./approvals/approvals.ts";
import { createTools } from "./calls/tools.ts";
import { createCatalog } from "./catalog.ts";
import { lazyForwarders, SharedForwarding } from "./forwarding.ts";
import { createInsights } from "./insights/insights.ts";
import { createReader } from "./reader.ts";
import { createRetention } from "./retention.ts";
import { createRuns } from "./runs/runs.ts";
import { LogKeys } from "./seal/keys.ts";
import { proofsOf } from "./seal/proofs.ts";
import { createSettings } from "./settings.ts";
import { createThreads } from "./threads/threads.ts";
import type { Trail } from "./trail.ts";

const NOTHING: Flushed = { complete: true, persisted: 0, dropped: 0, pending: 0 };

/** A store that takes everything, keeps nothing, and is always empty. */
const emptyStore: Store = {
  append: async (lines) => lines.map(() => ({ status: "appended", id: uuidv7(), seq: 0, recordedAt: 0 })),
  get: async () => null,
  list: async () => ({ events: [], scan: { scanned: 0, matched: 0, exhausted: false }, end: null }),
  head: async () => 0,
  tenants: async () => [],
  stats: async () => ({
    total: 0,
    head: 0,
    eventsLastHour: 0,
    byCategory: {},
    byStatus: {},
    byType: {},
    byAgent: {},
    byTool: {},
  }),
  emitters: async () => [],
  row: async () => null,
  rows: async ({ total = false }) => ({ rows: [], end: null, total: total ? 0 : null }),
  rebuild: async () => undefined,
  facets: async () => ({ scanned: 0, matched: 0, exhausted: false, fields: {} }),
  count: async () => ({ matched: 0, fields: {} }),
  prune: async () => ({ removed: 0, kept: 0, range: null, end: null }),
  leaves: async () => ({ seqs: new Float64Array(), hashes: new Uint8Array() }),
  entries: async () => [],
  blob: async () => null,
  blobNames: async () => [],
  writeBlobs: async () => true,
  watch: () => () => undefined,
  describe: async () => ({ kind: "none", location: "none", schemaVersion: 0, bytes: null, events: 0 }),
  close: async () => undefined,
};

const open = async (): Promise<Store> => emptyStore;
const ground = {
  tenant: "",
  defaults: {},
  open,
  record: () => uuidv7(),
  recordDurably: async () => ({ id: uuidv7(), seq: 0, recordedAt: 0 }),
  flush: async () => NOTHING,
};

const settings = createSettings(open);
const retention = createRetention({ ...ground, seal: async () => null }, settings);

const tools = createTools(ground);
const views = {
  record: ground.record,
  events: createReader(open, ""),
  tools,
  approvals: createApprovals(ground, tools),
  runs: createRuns(ground, retention),
  threads: createThreads({ ...ground, append: async () => [] }),
  insights: createInsights(open, ""),
  catalog: createCatalog(open, ""),
  settings,
  forwarders: lazyForwarders({ ...ground, settings, forwarding: new SharedForwarding({}, null) }),
  retention,
  prune: retention.prune,
  rebuild: async () => undefined,
  emitters: async () => [],
};

const logGround = { open, tenant: "", keys: new LogKeys(null), vault: openVault(null) };

/** A trail that discards: for code that must hold one and has nowhere to write. Recording never fails. */
export const nopTrail: Trail = {
  ...views,
  forTenant: (tenant) => ({ ...views, tenant }),
  recordDurably: ground.recordDurably,
  append: async (drafts) =>
    drafts.map((draft) => ({ status: "appended", id: draft.id, seq: 0, recordedAt: 0 })),
  flush: ground.flush,
  close: ground.flush,
  health: () => ({
    level: "memory",
    recorded: 0,
    queued: 0,
    queuedBytes: 0,
    persisted: 0,
    adopted: 0,
    dropped: 0,
    droppedBy: {},
    spilled: 0,
    lagMs: 0,
    lastError: null,
  }),
  erase: async () => ({ pseudonym: "", events: 0, range: null, receiptId: null }),
  ...proofsOf(logGround),
  seal: async () => [],
  store: open,
  describe: emptyStore.describe,
  [Symbol.asyncDispose]: async () => undefined,
};
