import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { uuidv7 } from "../../src/base/uuid.ts";
import { monthOf } from "../../src/store/postgres/partitions.ts";
import { openPostgresStore } from "../../src/store/postgres/postgres-store.ts";
import type { Outcome, Store } from "../../src/store/store.ts";
import { line, lines, query } from "../conformance/drafts.ts";
import { freshSchema, server, withClient } from "./schemas.ts";

const APPENDER = fileURLToPath(new URL("./appender.ts", import.meta.url));

let at: ReturnType<typeof freshSchema>;
let store: Store;
const children = new Set<ChildProcess>();
beforeEach(async () => {
  at = freshSchema();
  store = await openPostgresStore(at.address);
});
afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  children.clear();
  await store.close();
  await at.drop();
});

const seqs = (outcomes: readonly Outcome[]): number[] =>
  outcomes.map((outcome) => (outcome.status === "appended" ? outcome.seq : 0));

describe("several writers", () => {
  it("give seqs without a gap, from several processes at once, one of them killed", async () => {
    const writers = ["a", "b", "c"].map((name) => {
      const child = spawn(process.execPath, [APPENDER, at.address, name], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      children.add(child);
      const acknowledged: Array<[id: string, seq: number]> = [];
      createInterface({ input: child.stdout }).on("line", (text) => {
        // A line that the kill cut short was not acknowledged to anybody.
        if (text.endsWith("]]")) acknowledged.push(...JSON.parse(text));
      });
      return { child, acknowledged };
    });
    for (const { acknowledged } of writers) {
      await expect.poll(() => acknowledged.length, { timeout: 15_000 }).toBeGreaterThan(200);
    }
    for (const { child } of writers) {
      const ended = once(child, "close");
      child.kill("SIGKILL");
      await ended;
    }
    const head = await store.head("default");
    const found = new Map<number, string>();
    for (let after = 0; ; ) {
      const page = await store.list(query([], { direction: "asc", after: { seq: after } }));
      for (const { seq, id } of page.events) found.set(seq, id);
      if (page.end === null) break;
      after = page.end.seq;
    }
    expect([...found.keys()]).toEqual(Array.from({ length: head }, (_, i) => i + 1));
    for (const { acknowledged } of writers)
      for (const [id, seq] of acknowledged) expect(found.get(seq)).toBe(id);
  });

  it("agree on whose an id is, whoever comes first", async () => {
    const other = await openPostgresStore(at.address);
    const ids = Array.from({ length: 50 }, () => uuidv7());
    const [mine, theirs] = await Promise.all([
      store.append(ids.map((id) => line({ id, tenant: "acme" }))),
      other.append(ids.toReversed().map((id) => line({ id, tenant: "globex" }))),
    ]);
    const won = (outcomes: readonly Outcome[]): number =>
      outcomes.filter(({ status }) => status === "appended").length;
    expect(won(mine) + won(theirs)).toBe(50);
    expect([...mine, ...theirs].filter(({ status }) => status === "rejected")).toHaveLength(50);
    await other.close();
  });

  it("wake the followers of other processes, also after the server cut their line", async () => {
    const other = await openPostgresStore(at.address);
    let woken = 0;
    const unwatch = other.watch(() => woken++);
    await expect.poll(() => woken).toBeGreaterThan(0);
    let before = woken;
    await store.append(lines(3));
    await expect.poll(() => woken).toBeGreaterThan(before);
    await withClient(server().admin, (client) =>
      client.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN daybook%'",
      ),
    );
    before = woken;
    await store.append(lines(1));
    await expect.poll(() => woken).toBeGreaterThan(before);
    unwatch();
    await other.close();
  });
});

describe("row-level security", () => {
  beforeEach(async () => {
    await store.append([
      line({ tenant: "acme", description: "acme's own", run_id: "r" }),
      line({ tenant: "globex", description: "globex's own", run_id: "r" }),
    ]);
    for (const tenant of ["acme", "globex"]) await store.row(tenant, "catalog", "x");
  });

  it("shows and changes nothing of another tenant, whatever SQL the connection runs", async () => {
    await withClient(at.address.replace(/\?.*/, ""), async (client) => {
      await client.query(`SET search_path = ${at.schema}; SET daybook.tenant = 'acme'`);
      const events = await client.query("SELECT tenant, description FROM events");
      expect(events.rows).toEqual([{ tenant: "acme", description: "acme's own" }]);
      const named = await client.query("SELECT 1 FROM events WHERE tenant = 'globex'");
      expect(named.rowCount).toBe(0);
      for (const table of ["event_ids", "view_rows", "view_entries", "view_cursors"]) {
        const { rows } = await client.query(`SELECT DISTINCT tenant FROM ${table}`);
        expect([table, rows]).toEqual([table, [{ tenant: "acme" }]]);
      }
      expect((await client.query("DELETE FROM events WHERE tenant = 'globex'")).rowCount).toBe(0);
      await expect(client.query("INSERT INTO blobs VALUES ('globex', 'name', 'bytes')")).rejects.toThrow(
        /row-level security/,
      );
      await client.query("RESET daybook.tenant");
      expect((await client.query("SELECT 1 FROM events")).rowCount).toBe(0);
    });
  });

  it("holds for the partitions, asked directly", async () => {
    const partition = monthOf(Date.now() * 1_000).name;
    await withClient(at.address.replace(/\?.*/, ""), async (client) => {
      await client.query(`SET search_path = ${at.schema}; SET daybook.tenant = 'acme'`);
      expect((await client.query(`SELECT 1 FROM ${partition}`)).rowCount).toBe(0);
    });
  });

  it("binds a role of the operator's to one tenant, which it cannot set itself", async () => {
    const role = `reader_${at.schema}`;
    await withClient(server().admin, (client) =>
      client.query(
        `CREATE ROLE ${role} LOGIN PASSWORD 'reader'; GRANT CONNECT ON DATABASE daybook_test TO ${role}`,
      ),
    );
    await withClient(at.address.replace(/\?.*/, ""), (client) =>
      client.query(`SET search_path = ${at.schema};
        GRANT USAGE ON SCHEMA ${at.schema} TO ${role};
        GRANT SELECT ON events TO ${role};
        INSERT INTO readers VALUES ('${role}', 'acme')`),
    );
    const url = new URL(server().app);
    [url.username, url.password] = [role, "reader"];
    await withClient(url.href, async (client) => {
      await client.query(`SET search_path = ${at.schema}; SET daybook.tenant = 'globex'`);
      const { rows } = await client.query("SELECT tenant FROM events");
      expect(rows).toEqual([{ tenant: "acme" }]);
      await expect(client.query("DELETE FROM events")).rejects.toThrow(/permission denied/);
      await expect(client.query("SELECT * FROM readers")).rejects.toThrow(/permission denied/);
    });
    await withClient(at.address.replace(/\?.*/, ""), (client) =>
      client.query(`DROP OWNED BY ${role} CASCADE`).catch(() => undefined),
    );
  });
});

describe("the schema", () => {
  it("is made once by servers that start together", async () => {
    const fresh = freshSchema();
    const stores = await Promise.all(Array.from({ length: 4 }, () => openPostgresStore(fresh.address)));
    const outcomes = await Promise.all(stores.map((one) => one.append([line()])));
    expect(outcomes.flatMap(seqs).sort()).toEqual([1, 2, 3, 4]);
    for (const one of stores) await one.close();
    await fresh.drop();
  });

  it("of a newer Daybook is refused loudly", async () => {
    await withClient(at.address.replace(/\?.*/, ""), (client) =>
      client.query(`UPDATE ${at.schema}.schema_version SET version = 99`),
    );
    await expect(openPostgresStore(at.address)).rejects.toMatchObject({
      code: "store.newer_schema",
      message: expect.stringContaining("has schema 99"),
    });
  });

  it("says in one line, without the password, that the server is away", async () => {
    const away = new URL(at.address);
    away.port = "9";
    const { message, code } = await openPostgresStore(away.href).catch((thrown) => thrown);
    expect(code).toBe("store.unavailable");
    expect(message).toMatch(/^postgres:\/\/127\.0\.0\.1:9\/daybook_test cannot serve: /);
    expect(message).not.toContain("daybook@");
  });

  it("parts the log by month, and drops a month that retention has emptied", async () => {
    await store.append(lines(5));
    const old = monthOf(Date.UTC(2024, 0, 15) * 1_000);
    await withClient(at.address.replace(/\?.*/, ""), (client) =>
      client.query(`SET search_path = ${at.schema};
        CREATE TABLE ${old.name} (LIKE events INCLUDING DEFAULTS);
        ALTER TABLE ${old.name} ENABLE ROW LEVEL SECURITY;
        ALTER TABLE ${old.name} FORCE ROW LEVEL SECURITY;
        ALTER TABLE events ATTACH PARTITION ${old.name} FOR VALUES FROM (${old.from}) TO (${old.to});
        SET daybook.tenant = 'default';
        UPDATE events SET created_at = ${old.from} WHERE seq <= 2`),
    );
    const partitions = () =>
      withClient(at.address.replace(/\?.*/, ""), async (client) => {
        const { rows } = await client.query(
          `SELECT inhrelid::regclass::text AS name FROM pg_inherits
            WHERE inhparent = '${at.schema}.events'::regclass ORDER BY 1`,
        );
        return rows.map(({ name }) => name.split(".").at(-1));
      });
    const current = monthOf(Date.now() * 1_000).name;
    expect(await partitions()).toEqual([old.name, current]);
    const order = { tenant: "default", except: [], limit: 1 };
    const before = [{ op: "range", field: "created_at", max: old.to }] as const;
    expect(await store.prune({ ...order, where: before })).toMatchObject({ removed: 1, end: 1 });
    expect(await partitions()).toEqual([old.name, current]);
    expect(await store.prune({ ...order, where: before, after: 1 })).toMatchObject({ removed: 1 });
    expect(await partitions()).toEqual([current]);
    expect((await store.list(query())).events.map(({ seq }) => seq)).toEqual([5, 4, 3]);
  });
});
