import { COLUMNS } from "../event-row.ts";

export const SCHEMA_VERSION = 1;

/** btree entries end at 2704 bytes, and a value may be longer: indexes know the begin of it. */
export const INDEXED_CHARS = 256;

/** Fields that are looked up: an index of each, in the order of the log. */
export const INDEXED_FIELDS = [
  "run_id",
  "thread_id",
  "parent_id",
  "start_id",
  "trace_id",
  "call_id",
  "resource_id",
  "actor_id",
  "agent",
  "tool",
] as const;

export function begin(sql: string): string {
  return `left(${sql}, ${INDEXED_CHARS})`;
}

const TYPES: Readonly<Record<string, string>> = {
  id: "uuid",
  occurred_at: "bigint",
  created_at: "bigint",
  duration_ms: "bigint",
  emitter_epoch: "bigint",
  emitter_number: "bigint",
  do_not_forward: "smallint",
  data: "json",
  usage: "json",
};

/** The SQL type of a column of `events`. Texts compare as their bytes. */
export function typeOf(column: string): string {
  return TYPES[column] ?? "text";
}

const REQUIRED: ReadonlySet<string> = new Set([
  "id",
  "environment",
  "occurred_at",
  "created_at",
  "event_type",
  "severity",
  "do_not_forward",
  "data",
]);

function columnSql(column: string): string {
  const type = typeOf(column);
  return `${column} ${type}${type === "text" ? ' COLLATE "C"' : ""}${REQUIRED.has(column) ? " NOT NULL" : ""}`;
}

/** Tables whose rows belong to the tenant that they name. */
const TENANT_TABLES = [
  "events",
  "event_ids",
  "event_keys",
  "emitters",
  "emitter_ranges",
  "closings",
  "view_cursors",
  "view_rows",
  "view_entries",
  "blobs",
] as const;

/**
 * The first schema. `events` is parted by the month of `created_at`; a unique index across parts
 * is not to be had, so `event_ids` and `event_keys` are the registers of what is known. `folded` holds
 * a text in the case that `contains` compares, where it differs from the text itself.
 */
export function schemaSql(schema: string): string {
  const text = 'text COLLATE "C" NOT NULL';
  const indexes = INDEXED_FIELDS.map(
    (field) => `CREATE INDEX ON events (tenant, ${begin(field)}, seq) WHERE ${field} IS NOT NULL;`,
  );
  const guards = TENANT_TABLES.map(
    (table) => `ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
      ALTER TABLE ${table} FORCE ROW LEVEL SECURITY;
      CREATE POLICY of_the_transaction ON ${table} TO CURRENT_USER
        USING (tenant = current_setting('daybook.tenant', true));
      CREATE POLICY of_the_reader ON ${table} FOR SELECT USING (tenant = ${schema}.tenant_of_reader());`,
  );
  return `
CREATE TABLE schema_version (version integer NOT NULL);
INSERT INTO schema_version VALUES (${SCHEMA_VERSION});
CREATE TABLE tenants (
  name ${text} PRIMARY KEY,
  head bigint NOT NULL,
  last_at bigint NOT NULL,
  events bigint NOT NULL
);
CREATE TABLE readers (role ${text} PRIMARY KEY, tenant ${text});
CREATE FUNCTION tenant_of_reader() RETURNS text LANGUAGE sql STABLE SECURITY DEFINER
  SET search_path = ${schema} AS 'SELECT tenant FROM readers WHERE role = session_user';

CREATE TABLE events (
  seq bigint NOT NULL,
  tenant ${text},
  ${COLUMNS.map(columnSql).join(",\n  ")},
  description_folded text COLLATE "C",
  resource_folded text COLLATE "C"
) PARTITION BY RANGE (created_at);
CREATE INDEX ON events (tenant, seq);
CREATE INDEX ON events (tenant, occurred_at, seq);
CREATE INDEX ON events (id);
CREATE INDEX ON events (tenant, created_at);
${indexes.join("\n")}

CREATE TABLE event_ids (id uuid PRIMARY KEY, tenant ${text});
CREATE TABLE event_keys (tenant ${text}, digest bytea NOT NULL, id uuid NOT NULL, PRIMARY KEY (tenant, digest));

CREATE TABLE emitters (
  tenant ${text}, id ${text}, epoch bigint NOT NULL,
  first_seq bigint NOT NULL, first_at bigint NOT NULL, last_at bigint NOT NULL
);
CREATE UNIQUE INDEX ON emitters (tenant, md5(id), epoch);
CREATE TABLE emitter_ranges (
  tenant ${text}, id ${text}, epoch bigint NOT NULL, low bigint NOT NULL, high bigint NOT NULL
);
CREATE UNIQUE INDEX ON emitter_ranges (tenant, md5(id), epoch, low);
CREATE TABLE closings (tenant ${text}, id ${text}, epoch bigint NOT NULL, sent bigint NOT NULL, at bigint NOT NULL);
CREATE UNIQUE INDEX ON closings (tenant, md5(id), epoch);

CREATE TABLE view_cursors (
  tenant ${text}, view ${text}, version integer NOT NULL, seq bigint NOT NULL, PRIMARY KEY (tenant, view)
);
CREATE TABLE view_rows (tenant ${text}, view ${text}, key ${text}, doc json NOT NULL);
CREATE UNIQUE INDEX view_rows_by_key ON view_rows (tenant, view, md5(key));
CREATE TABLE view_entries (tenant ${text}, view ${text}, list ${text}, sort ${text}, key ${text});
CREATE INDEX ON view_entries (tenant, view, md5(list), ${begin("sort")});
CREATE INDEX ON view_entries (tenant, view, md5(key));

CREATE TABLE blobs (tenant ${text}, name ${text}, bytes bytea NOT NULL, PRIMARY KEY (tenant, name));
${guards.join("\n")}
`;
}
