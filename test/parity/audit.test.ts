import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openServer, type TestServer } from "../http/server.ts";

/** Section 1.1 of the five systems: the unified audit trail over HTTP, and what it got wrong (2, seed 1). */
let server: TestServer;
beforeAll(async () => {
  server = await openServer();
});
afterAll(() => server.close());

const tenants = new Set<string>();
/** A tenant of its own for each test. */
function fresh(): { "X-Daybook-Tenant": string } {
  const name = `tenant ${tenants.size}`;
  tenants.add(name);
  return { "X-Daybook-Tenant": name };
}
const record = async (headers: Record<string, string>, ...events: object[]) => {
  const lines = events.map((event) => JSON.stringify({ event_type: "execute", ...event })).join("\n");
  expect((await server.post("/api/v1/events/bulk", lines, headers)).json).toMatchObject({ rejected: 0 });
};
interface ListBody {
  events: Array<Record<string, unknown>>;
  total: number;
  limit: number;
  offset: number;
}
const list = async (headers: Record<string, string>, query = ""): Promise<ListBody> => {
  const { status, json } = await server.request(`/api/v1/audit${query}`, { headers });
  expect(status).toBe(200);
  return json as unknown as ListBody;
};
const stats = async (headers: Record<string, string>, query = "") =>
  (await server.request(`/api/v1/audit/stats${query}`, { headers })).json;
const at = (seconds: number): string => new Date(1_750_000_000_000 + seconds * 1_000).toISOString();

describe("GET /api/v1/audit", () => {
  it("gives every key of every event, and an empty list as a list", async () => {
    const tenant = fresh();
    expect(await list(tenant)).toEqual({ events: [], total: 0, limit: 50, offset: 0 });
    await record(
      tenant,
      { occurred_at: at(0) },
      {
        occurred_at: at(1),
        category: "tool_call",
        agent: "a",
        description: "ran it",
        status: "error",
        duration_ms: 7,
        source: "agent",
        conversation_id: "c",
        data: { tool: "fs.read" },
      },
    );
    expect((await list(tenant)).events).toEqual([
      {
        id: 2,
        timestamp: "2025-06-15T15:06:41.000000Z",
        category: "tool_call",
        action: "execute",
        agent: "a",
        summary: "ran it",
        detail: '{"tool":"fs.read"}',
        status: "error",
        duration_ms: 7,
        source: "agent",
        conversation_id: "c",
      },
      {
        id: 1,
        timestamp: "2025-06-15T15:06:40.000000Z",
        category: "",
        action: "execute",
        agent: "",
        summary: "",
        detail: "",
        status: "ok",
        duration_ms: 0,
        source: "",
        conversation_id: "",
      },
    ]);
  });

  it("filters by each of its parameters, several values as a union, in either spelling", async () => {
    const tenant = fresh();
    const categories = ["tool_call", "llm", "session"];
    const events = Array.from({ length: 30 }, (_, n) => ({
      occurred_at: at(n),
      category: categories[n % 3],
      status: n % 2 === 0 ? "ok" : "denied",
      agent: `agent ${n % 5}`,
      source: ["agent", "dryrun", "eval"][n % 3],
      description: `Event ${n} is 100% done`,
    }));
    await record(tenant, ...events);
    const seconds = async (query: string) => {
      const { events: found, total } = await list(tenant, query);
      expect(total).toBe(found.length);
      return found.map(({ id }) => (id as number) - 1);
    };
    const where = (keep: (n: number) => boolean) => [...Array(30).keys()].filter(keep).reverse();
    expect(await seconds("?category=llm")).toEqual(where((n) => n % 3 === 1));
    expect(await seconds("?category=llm,session")).toEqual(where((n) => n % 3 !== 0));
    expect(await seconds("?category=llm&category=,session,,llm")).toEqual(where((n) => n % 3 !== 0));
    expect(await seconds("?category=")).toEqual(where(() => true));
    expect(await seconds("?status=denied&agent=agent%202")).toEqual(where((n) => n % 2 === 1 && n % 5 === 2));
    expect(await seconds("?exclude_source=dryrun,eval")).toEqual(where((n) => n % 3 === 0));
    expect(await seconds("?source=eval")).toEqual(where((n) => n % 3 === 2));
    expect(await seconds(`?since=${at(10)}&until=${at(12)}`)).toEqual([12, 11, 10]);
    expect(await seconds("?search=event%207%20IS")).toEqual([7]);
  });

  it("means by ok also what says nothing of its status, as the list shows it", async () => {
    const tenant = fresh();
    await record(tenant, {}, { status: "ok" }, { status: "error" }, { status: "own" }, { category: "llm" });
    expect((await list(tenant, "?status=ok")).total).toBe(3);
    expect((await list(tenant, "?status=ok,own")).total).toBe(4);
    expect((await list(tenant, "?status=error,own")).total).toBe(2);
    expect((await list(tenant, "?status=ok&category=llm")).total).toBe(1);
    expect(await stats(tenant, "?exclude_source=none")).toMatchObject({
      by_status: { ok: 3, error: 1, own: 1 },
    });
  });

  it("takes the name of an agent or a source as it is, comma and all", async () => {
    const tenant = fresh();
    await record(tenant, { agent: "a, b", source: "x,y" }, { agent: "a", source: "x" });
    expect((await list(tenant, "?agent=a,%20b")).total).toBe(1);
    expect((await list(tenant, "?source=x,y")).total).toBe(1);
    expect((await list(tenant, "?agent=a")).total).toBe(1);
    expect((await list(tenant, "?agent=a&agent=a,%20b")).total).toBe(2);
    expect((await list(tenant, "?agent=")).total).toBe(2);
  });

  it("takes % and _ as what they are, and any letter case (weakness 4)", async () => {
    const tenant = fresh();
    await record(tenant, { description: "100% ÄRGER" }, { description: "1000 a_b" }, { description: "axb" });
    expect((await list(tenant, "?search=100%25")).total).toBe(1);
    expect((await list(tenant, "?search=a_b")).total).toBe(1);
    expect((await list(tenant, `?search=${encodeURIComponent("ärger")}`)).total).toBe(1);
  });

  it("orders by time to the microsecond and across zones, and gives no event twice (weaknesses 1, 2)", async () => {
    const tenant = fresh();
    await record(
      tenant,
      { occurred_at: "2026-01-01T12:00:00.5Z", description: "half" },
      { occurred_at: "2026-01-01T12:00:00Z", description: "whole" },
      { occurred_at: "2026-01-01T14:00:00.25+02:00", description: "zone" },
      ...Array.from({ length: 40 }, () => ({ occurred_at: "2025-01-01T00:00:00Z" })),
    );
    const { events } = await list(tenant, "?limit=3");
    expect(events.map(({ summary }) => summary)).toEqual(["half", "zone", "whole"]);
    expect((await list(tenant, "?since=2026-01-01T12:00:00.25Z")).total).toBe(2);
    const seen = new Set<unknown>();
    for (let offset = 0; offset < 43; offset += 7) {
      for (const { id } of (await list(tenant, `?limit=7&offset=${offset}`)).events) seen.add(id);
    }
    expect(seen.size).toBe(43);
  });

  it("says the limit that holds, and how many there are whatever the page (weaknesses 3, 5)", async () => {
    const tenant = fresh();
    await record(tenant, ...Array.from({ length: 260 }, (_, n) => ({ occurred_at: at(n) })));
    expect(await list(tenant, "?limit=200")).toMatchObject({ total: 260, limit: 200, offset: 0 });
    for (const limit of [201, 500]) {
      const page = await list(tenant, `?limit=${limit}`);
      expect(page).toMatchObject({ total: 260, limit: 50 });
      expect(page.events).toHaveLength(50);
    }
    const last = await list(tenant, "?limit=50&offset=250");
    expect(last).toMatchObject({ total: 260, offset: 250 });
    expect(last.events).toHaveLength(10);
    expect((await list(tenant, "?offset=1000")).events).toEqual([]);
  });

  it.each([
    ["since=yesterday", "invalid since: must be RFC3339"],
    ["until=2026", "invalid until: must be RFC3339"],
    ["limit=0", "invalid limit"],
    ["limit=x", "invalid limit"],
    ["limit=-5", "invalid limit"],
    ["offset=-1", "invalid offset"],
    ["offset=1.5", "invalid offset"],
  ])("refuses %s in its own words", async (query, error) => {
    for (const path of ["/api/v1/audit", ...(query.startsWith("since") ? ["/api/v1/audit/stats"] : [])]) {
      const { status, json } = await server.request(`${path}?${query}`);
      expect([status, json]).toEqual([400, { error }]);
    }
  });
});

describe("GET /api/v1/audit/stats", () => {
  it("counts by category and status, the sums being the total (weakness 3)", async () => {
    const tenant = fresh();
    const now = new Date().toISOString();
    expect(await stats(tenant)).toEqual({ total: 0, by_category: {}, by_status: {}, events_last_hour: 0 });
    await record(
      tenant,
      { occurred_at: at(0), category: "llm", status: "error", source: "eval" },
      { occurred_at: at(1), category: "llm" },
      { occurred_at: now, category: "session", status: "ok" },
      { occurred_at: now, source: "eval" },
    );
    expect(await stats(tenant)).toEqual({
      total: 4,
      by_category: { llm: 2, session: 1, "": 1 },
      by_status: { error: 1, ok: 3 },
      events_last_hour: 2,
    });
    expect(await stats(tenant, `?since=${at(1)}`)).toEqual({
      total: 3,
      by_category: { llm: 1, session: 1, "": 1 },
      by_status: { ok: 3 },
      events_last_hour: 2,
    });
    expect(await stats(tenant, "?exclude_source=eval")).toEqual({
      total: 2,
      by_category: { llm: 1, session: 1 },
      by_status: { ok: 2 },
      events_last_hour: 1,
    });
    expect(await stats(tenant, `?since=${now}&until=${now}`)).toMatchObject({ events_last_hour: 2 });
  });
});
