/**
 * The log and its views. `pos` is tenant number times 2^36 plus seq. Columns have wire names; what
 * filters read comes first, what may be large last, so that a scan does not touch overflow pages.
 */
export const sql = `
CREATE TABLE tenants (
  no INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  head INTEGER NOT NULL,
  last_at INTEGER NOT NULL
);

CREATE TABLE events (
  pos INTEGER PRIMARY KEY,
  tenant_no INTEGER NOT NULL,
  id BLOB NOT NULL,
  environment TEXT NOT NULL,
  occurred_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  event_type TEXT NOT NULL,
  category TEXT,
  phase TEXT,
  status TEXT,
  severity TEXT NOT NULL,
  actor_type TEXT,
  actor_id TEXT,
  actor_label TEXT,
  agent TEXT,
  origin TEXT,
  source TEXT,
  app TEXT,
  destination TEXT,
  tool TEXT,
  resource_type TEXT,
  resource_id TEXT,
  conversation_id TEXT,
  thread_id TEXT,
  run_id TEXT,
  parent_id TEXT,
  start_id TEXT,
  trace_id TEXT,
  span_id TEXT,
  call_id TEXT,
  duration_ms INTEGER,
  model TEXT,
  usage TEXT,
  cost_usd TEXT,
  idempotency_key TEXT,
  do_not_forward INTEGER NOT NULL,
  emitter_id TEXT,
  emitter_epoch INTEGER,
  emitter_number INTEGER,
  description TEXT,
  error TEXT,
  data TEXT NOT NULL
);
CREATE UNIQUE INDEX events_by_id ON events (id);
CREATE UNIQUE INDEX events_by_key ON events (tenant_no, environment, idempotency_key)
  WHERE idempotency_key IS NOT NULL;
CREATE INDEX events_by_occurred ON events (tenant_no, occurred_at);

CREATE TABLE blocks (
  block INTEGER PRIMARY KEY,
  events INTEGER NOT NULL,
  occurred_min INTEGER NOT NULL,
  occurred_max INTEGER NOT NULL,
  duration_min INTEGER,
  duration_max INTEGER,
  kept_back INTEGER NOT NULL,
  hashes BLOB NOT NULL
);
CREATE TABLE block_blooms (key INTEGER PRIMARY KEY, bits BLOB NOT NULL);
CREATE TABLE tallies (key INTEGER PRIMARY KEY, counts TEXT NOT NULL);

CREATE TABLE emitters (
  no INTEGER PRIMARY KEY,
  tenant_no INTEGER NOT NULL,
  id TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  first_seq INTEGER NOT NULL,
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  UNIQUE (tenant_no, id, epoch)
);
CREATE TABLE emitter_ranges (
  emitter_no INTEGER NOT NULL,
  low INTEGER NOT NULL,
  high INTEGER NOT NULL,
  PRIMARY KEY (emitter_no, low)
) WITHOUT ROWID;
CREATE TABLE closings (
  tenant TEXT NOT NULL,
  emitter_id TEXT NOT NULL,
  emitter_epoch INTEGER NOT NULL,
  sent INTEGER NOT NULL,
  closed_at INTEGER NOT NULL,
  PRIMARY KEY (tenant, emitter_id, emitter_epoch)
) WITHOUT ROWID;
`;
