import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openServer, type Resource, type TestServer } from "./server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await openServer();
  const lines = Array.from({ length: 45 }, (_, i) => ({
    event_type: i % 2 === 0 ? "tool.execute" : "llm.complete",
    agent: ["planner", "coder", "a,b"][i % 3],
    status: ["ok", "error", "denied", undefined][i % 4],
    resource_type: "file",
    resource_id: `/tmp/${i}`,
    description: i === 7 ? "The REFUND of Zoë" : `number ${i}`,
    occurred_at: new Date(Date.UTC(2026, 0, 1) + ((i * 7) % 45) * 60_000).toISOString(),
    duration_ms: i * 100,
  }));
  await server.post("/api/v1/events/bulk", lines);
  await server.post("/api/v1/events/bulk", [{ event_type: "secret" }], { "X-Daybook-Tenant": "other" });
});
afterAll(() => server.close());

const list = (query: string) => server.request(`/api/v1/events?${query}`);
const seqs = (resources: Resource[]): number[] =>
  resources.map((resource) => Number(resource.attributes.seq));

async function walk(query: string): Promise<Resource[]> {
  const found: Resource[] = [];
  for (let next: string | null = `/api/v1/events?${query}`; next !== null; ) {
    const { status, json } = await server.request(next);
    expect(status).toBe(200);
    found.push(...json.data);
    next = json.links.next;
    if (next !== null) expect(next).toMatch(/[?&]page\[after\]=[A-Za-z0-9_-]+$/);
  }
  return found;
}

describe("GET /api/v1/events", () => {
  it("is newest first by what the emitters said, unless asked otherwise", async () => {
    const times = (await list("")).json.data.map((resource) => String(resource.attributes.occurred_at));
    expect(times).toEqual([...times].sort().reverse());
    expect(times).toHaveLength(45);
    expect(seqs((await list("sort=-seq")).json.data)).toEqual(Array.from({ length: 45 }, (_, i) => 45 - i));
    expect(seqs((await list("sort=created_at&page[size]=3")).json.data)).toEqual([1, 2, 3]);
    expect((await list("sort=-created_at")).json.meta).toMatchObject({
      page_size: 1000,
      scan: { scanned: 45 },
    });
  });

  it.each([
    "",
    "sort=-seq",
    "sort=occurred_at",
    "sort=-seq&filter[agent]=planner,coder",
    "filter%5Bstatus%5D=-ok&sort=seq",
  ])("pages through everything once: %s", async (query) => {
    const all = seqs((await list(query)).json.data);
    const paged = seqs(await walk(`${query}&page[size]=4`));
    expect(paged).toEqual(all);
    expect(new Set(paged).size).toBe(paged.length);
  });

  it.each([
    ["filter[event_type]=tool.execute", 23],
    ["filter[status]=error,denied", 22],
    ["filter[status]=-ok", 33],
    ["filter[status]=-ok,-error", 22],
    ["filter[agent]=a\\,b", 15],
    ["filter[status]=ok&filter[agent]=planner", 4],
    ["filter[status]=ok&filter[status]=error", 23],
    ["filter[status]=", 45],
    ["filter[duration_ms]=[1000,1200)", 2],
    ["filter[seq]=(40,*)", 5],
    ["filter[occurred_at]=[2026-01-01T00:10:00Z,2026-01-01T00:12:00Z]", 3],
    ["filter[text]=refund of zoë", 1],
    ["filter[resource_type]=file&filter[resource_id]=/tmp/3", 1],
    ["filter[resource]=/tmp/3", 1],
    ["filter[occurred_at]=[*,*)&filter[search]=NUMBER 4", 6],
    ["filter[do_not_forward]=true", 0],
    ["filter[agent]=planner'%20OR%201=1", 0],
  ])("filters: %s", async (query, count) => {
    const { status, json } = await list(query);
    expect(status).toBe(200);
    expect(json.data).toHaveLength(count);
  });

  it.each([
    ["page[size]=0", "page[size]"],
    ["page[size]=1001", "page[size]"],
    ["page[size]=ten", "page[size]"],
    ["sort=name", "sort"],
    ["sort=constructor", "sort"],
    ["format=XML", "format"],
    ["limit=5", "limit"],
    ["filter[nonsense]=1", "filter[nonsense]"],
    ["filter[duration_ms]=fast", "filter[duration_ms]"],
    ["filter[occurred_at]=[yesterday,*)", "filter[occurred_at]"],
    ["filter[do_not_forward]=maybe", "filter[do_not_forward]"],
    ["filter[resource_id]=x", "filter[resource_id]"],
    ["filter[search]=x", "filter[search]"],
    ["page[after]=!!!", "page[after]"],
    ["page[after]=abc", "page[after]"],
  ])("refuses %s and names the parameter", async (query, parameter) => {
    const { status, json } = await list(query);
    expect(status).toBe(400);
    expect(json.errors[0]?.source).toEqual({ parameter });
  });

  it("refuses the cursor of another query", async () => {
    const { json } = await list("sort=-seq&page[size]=2");
    const cursor = json.links.next?.split("page[after]=")[1];
    expect((await list(`sort=seq&page[size]=2&page[after]=${cursor}`)).json.errors[0]?.code).toBe(
      "cursor.foreign",
    );
  });

  it("streams everything as CSV and as JSONL, safely for spreadsheets", async () => {
    await server.post("/api/v1/events/bulk", [
      { event_type: "csv", description: '=HYPERLINK("x"), "quoted"\nline', tenant: "csv" },
    ]);
    const csv = await server.request("/api/v1/events?format=CSV&page[size]=1", {
      headers: { "X-Daybook-Tenant": "csv" },
    });
    expect(csv.headers.get("content-type")).toContain("text/csv");
    expect(csv.text).toContain(`"'=HYPERLINK(""x""), ""quoted""\nline"`);
    const lines = (await list("format=jsonl&filter[status]=denied")).text.trim().split("\n");
    expect(lines).toHaveLength(11);
    expect(JSON.parse(lines[0] as string)).toMatchObject({ status: "denied", tenant: "default" });
  });

  it("keeps tenants apart", async () => {
    const headers = { "X-Daybook-Tenant": "other" };
    const other = await server.request("/api/v1/events", { headers });
    expect(other.json.data.map((resource) => resource.attributes.event_type)).toEqual(["secret"]);
    const id = other.json.data[0]?.id;
    expect((await server.request(`/api/v1/events/${id}`)).status).toBe(404);
    expect((await server.request(`/api/v1/events/${id}`, { headers })).status).toBe(200);
    expect((await server.request("/api/v1/events/not-an-id")).json.errors[0]?.code).toBe("event.not_found");
  });

  it("counts and shows emitters", async () => {
    const stats = (await server.request("/api/v1/stats")).json;
    expect(stats).toMatchObject({ total: 45, head: 45, by_status: { ok: 12, error: 11, denied: 11 } });
    expect((await server.request("/api/v1/stats?since=never")).status).toBe(400);
    const one = { event_type: "e", tenant: "counted", emitter_id: "agent-7", emitter_epoch: 1 };
    await server.post(
      "/api/v1/events/bulk",
      [1, 2, 5].map((emitter_number) => ({ ...one, emitter_number })),
    );
    const { json } = await server.request("/api/v1/emitters", { headers: { "X-Daybook-Tenant": "counted" } });
    expect(json.data).toMatchObject([
      { id: "agent-7", received: 3, missing: [[3, 4]], verdict: "missing 3–4 of 5" },
    ]);
  });
});
