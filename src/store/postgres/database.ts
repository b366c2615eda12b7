import pg from "pg";
import { isTrailError, messageOf, TrailError } from "../../base/error.ts";
import { SCHEMA_VERSION, schemaSql } from "./schema.ts";

export type Client = pg.PoolClient;

const CONNECTIONS_MAX = 6;
const CONNECT_TIMEOUT_MS = 10_000;
/** Object ids of `int8`, `json`: numbers of ours are safe integers, and JSON text is kept as it is. */
const INT8 = 20;
const JSON_TYPE = 114;
const SCHEMA_NAME = /^[a-z_][a-z0-9_]{0,62}$/;
/** Of an advisory lock: two servers that start at once make one schema. */
const SCHEMA_LOCK = 0x44617962;

/** A database with one schema of ours, and the connections to it. */
export class Database {
  readonly location: string;
  readonly schema: string;
  readonly #config: pg.ClientConfig;
  readonly #pool: pg.Pool;
  #ready: Promise<void> | undefined;

  /** Connects when it is first needed. Throws `option.invalid` for an address that cannot be read. */
  constructor(address: string) {
    const url = urlOf(address);
    this.schema = url.searchParams.get("schema") ?? "daybook";
    if (!SCHEMA_NAME.test(this.schema)) {
      throw new TrailError("option.invalid", "The schema's name must be letters, digits and _.", {
        field: "schema",
        fix: "Use a name like daybook.",
      });
    }
    url.searchParams.delete("schema");
    this.location = `postgres://${url.host}${url.pathname}`;
    this.#config = {
      connectionString: url.href,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      application_name: "daybook",
      options: `-c search_path=${this.schema}`,
      keepAlive: true,
      types: { getTypeParser: parserOf as typeof pg.types.getTypeParser },
    };
    this.#pool = new pg.Pool({ ...this.#config, max: CONNECTIONS_MAX, allowExitOnIdle: true });
    // A connection that breaks while nobody uses it is replaced at the next need.
    this.#pool.on("error", () => undefined);
  }

  /** Opens the schema, making it where there is none. Rejects with `store.newer_schema`. */
  open(): Promise<void> {
    this.#ready ??= this.#prepare().catch((thrown: unknown) => {
      this.#ready = undefined;
      throw thrown;
    });
    return this.#ready;
  }

  /** Work of one tenant, in one transaction: no row of another is seen or written. */
  write<T>(tenant: string, work: (client: Client) => Promise<T>): Promise<T> {
    return this.#transaction("BEGIN", tenant, work);
  }

  /** The same, reading one moment. */
  read<T>(tenant: string, work: (client: Client) => Promise<T>): Promise<T> {
    return this.#transaction("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", tenant, work);
  }

  /** A connection of its own, for LISTEN. */
  async listener(): Promise<pg.Client> {
    const client = new pg.Client(this.#config);
    await client.connect();
    return client;
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  async #transaction<T>(begin: string, tenant: string, work: (client: Client) => Promise<T>): Promise<T> {
    await this.open();
    return this.#withClient(async (client) => {
      await client.query(`${begin}; ${asTenant(tenant)}`);
      const result = await work(client);
      await client.query("COMMIT");
      return result;
    });
  }

  /** What fails leaves no transaction behind, and rejects with a store error. */
  async #withClient<T>(work: (client: Client) => Promise<T>): Promise<T> {
    let client: Client;
    try {
      client = await this.#pool.connect();
    } catch (thrown) {
      throw this.#unavailable(thrown);
    }
    let broken = false;
    const onError = (): void => {
      broken = true;
    };
    client.on("error", onError);
    try {
      return await work(client);
    } catch (thrown) {
      if (!broken) {
        await client.query("ROLLBACK").catch(() => {
          broken = true;
        });
      }
      throw isTrailError(thrown) ? thrown : this.#unavailable(thrown);
    } finally {
      client.off("error", onError);
      client.release(broken);
    }
  }

  #unavailable(thrown: unknown): TrailError {
    return new TrailError("store.unavailable", `${this.location} cannot serve: ${messageOf(thrown)}.`, {
      fix: "Check that PostgreSQL runs and that the role may use the database.",
      cause: thrown,
    });
  }

  #prepare(): Promise<void> {
    return this.#withClient(async (client) => {
      await client.query(`BEGIN; SELECT pg_advisory_xact_lock(${SCHEMA_LOCK})`);
      const found = await client.query(
        "SELECT 1 FROM information_schema.tables WHERE table_schema = $1 AND table_name = 'schema_version'",
        [this.schema],
      );
      if (found.rowCount === 0) {
        await client.query(`CREATE SCHEMA IF NOT EXISTS ${this.schema}; ${schemaSql(this.schema)}`);
      } else {
        const { rows } = await client.query("SELECT version FROM schema_version");
        const version = Number(rows[0]?.version);
        if (version > SCHEMA_VERSION) {
          throw new TrailError(
            "store.newer_schema",
            `${this.location} has schema ${version}; this Daybook knows up to ${SCHEMA_VERSION}.`,
            { fix: "Upgrade Daybook, or use a database that this version wrote." },
          );
        }
      }
      await client.query("COMMIT");
    });
  }
}

/** From here on the transaction is the tenant's. */
export function asTenant(tenant: string): string {
  return `SELECT set_config('daybook.tenant', ${pg.escapeLiteral(tenant)}, true)`;
}

function urlOf(address: string): URL {
  try {
    return new URL(address);
  } catch (cause) {
    throw new TrailError("option.invalid", "The address of the PostgreSQL database cannot be read.", {
      field: "target",
      fix: "Write it as postgres://role:password@host:5432/database.",
      cause,
    });
  }
}

function parserOf(type: number, format?: "text" | "binary"): (value: string) => unknown {
  if (type === INT8) return Number;
  if (type === JSON_TYPE) return (text) => text;
  return pg.types.getTypeParser(type, format as "text") as (value: string) => unknown;
}
