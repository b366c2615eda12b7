import pg from "pg";
import { inject } from "vitest";

let made = 0;

/** The addresses of the run's PostgreSQL. */
export function server(): { readonly app: string; readonly admin: string } {
  const found = inject("postgres");
  if (found === undefined) throw new Error("this test belongs to the project postgres");
  return found;
}

/** The address of a schema that nobody uses yet; `drop` takes it away. */
export function freshSchema(): { address: string; schema: string; drop: () => Promise<void> } {
  const schema = `t${process.pid}_${Date.now().toString(36)}_${made++}`;
  const url = new URL(server().app);
  url.searchParams.set("schema", schema);
  return {
    address: url.href,
    schema,
    drop: async () => {
      await withClient(server().app, (client) => client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`));
    },
  };
}

/** Hand-written SQL over a connection of its own. */
export async function withClient<T>(address: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: address });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
