import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { uuidv7 } from "../../src/base/uuid.ts";
import { createKeys } from "../../src/trail/keys.ts";
import { type Answer, envelope, openServer, type TestServer } from "../http/server.ts";

/** The inherited HTTP contract of events, row by row; forwarders have a file of their own. */
let server: TestServer;
const secrets = new Map<string, string>();
const EVENTS = "/api/v1/events";

beforeAll(async () => {
  server = await openServer({ access: { recordReads: false } });
  const keys = createKeys(server.trail.settings);
  for (const [name, environments] of [
    ["all", null],
    ["production", ["production"]],
    ["both", ["production", "staging"]],
  ] as const) {
    const { secret } = await keys.create({ name, role: "admin", tenant: "default", environments });
    secrets.set(name, secret);
  }
  for (const [n, environment] of ["production", "staging", "production"].entries()) {
    await post(
      {
        environment,
        event_type: `invoice.${["created", "paid", "voided"][n]}`,
        resource_type: "invoice",
        resource_id: `INV-${n}`,
        description: `Invoice number ${n}`,
        category: "billing",
        severity: ["INFO", "WARN", "ERROR"][n],
        actor_type: "user",
        actor_id: "ada,lovelace",
        occurred_at: new Date(Date.now() - 60_000 * (3 - n)).toISOString(),
        data: { total: 100 * n, nested: { currency: "EUR" } },
        do_not_forward: n === 2,
      },
      "all",
    );
  }
});
afterAll(() => server.close());

const as = (key: string): Record<string, string> => ({ Authorization: `Bearer ${secrets.get(key)}` });
const get = (path: string, key = "all"): Promise<Answer> => server.request(path, { headers: as(key) });
const post = (attributes: object, key = "all", headers: object = {}): Promise<Answer> =>
  server.post(EVENTS, envelope({ ...attributes }), { ...as(key), ...headers });
const search = (body: object, key = "all"): Promise<Answer> => server.post(`${EVENTS}/search`, body, as(key));
const ids = ({ json }: Answer): unknown[] => json.data.map(({ attributes }) => attributes.resource_id);
const invoices = (path: string): Promise<Answer> =>
  get(`${EVENTS}?filter[resource_type]=invoice&filter[category]=billing${path}`);

describe("POST /api/v1/events", () => {
  it("answers 201 with the resource, in JSON:API's media type, every attribute present", async () => {
    const { status, headers, json } = await post({ environment: "production", data: {} });
    expect([status, headers.get("content-type")]).toEqual([201, "application/vnd.api+json"]);
    expect(json.data).toMatchObject({ type: "event", id: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    expect(json.data.attributes).toMatchObject({
      severity: "INFO",
      data: {},
      do_not_forward: false,
      environment: "production",
      description: null,
      category: null,
      actor_type: null,
      actor_id: null,
      actor_label: null,
      created_at: expect.stringMatching(/Z$/),
    });
    // The default of occurred_at is created_at.
    expect(json.data.attributes.occurred_at).toBe(json.data.attributes.created_at);
  });

  it("requires type and resource, refuses a null data, and points at what is wrong", async () => {
    for (const [attributes, field] of [
      [{ event_type: "" }, "event_type"],
      [{ resource_type: undefined }, "resource_type"],
      [{ resource_id: "" }, "resource_id"],
      [{ data: null }, "data"],
      [{ severity: "LOUD" }, "severity"],
      [{ occurred_at: "yesterday" }, "occurred_at"],
      [{ do_not_forward: "yes" }, "do_not_forward"],
    ] as const) {
      const { status, json } = await post({ environment: "production", ...attributes });
      expect([field, status]).toEqual([field, 400]);
      expect(json.errors[0]).toMatchObject({
        status: "400",
        title: "Validation Error",
        source: { pointer: `/data/attributes/${field}` },
      });
      expect(json.errors[0]?.code).toMatch(/^[a-z_.]+$/);
    }
  });

  it("knows a key: the first event and 200, in another environment a second event", async () => {
    const key = { "Idempotency-Key": "inv-1" };
    const [first, again, other, elsewhere] = [
      await post({ environment: "production", data: { n: 1 } }, "all", key),
      await post({ environment: "production", data: { n: 1 } }, "all", key),
      await post({ environment: "production", data: { n: 2 } }, "all", key),
      await post({ environment: "staging", data: { n: 1 } }, "all", key),
    ];
    expect([first, again, other, elsewhere].map(({ status }) => status)).toEqual([201, 200, 200, 201]);
    expect([again.json.data.id, other.json.data.id]).toEqual([first.json.data.id, first.json.data.id]);
    expect(first.json.data.attributes.idempotency_key).toBe("inv-1");
    expect(other.json.data.attributes.data).toEqual({ n: 1 });
  });

  it("derives a key from what happened and when: the same again is the same event", async () => {
    const event = { environment: "production", occurred_at: "2026-02-03T04:05:06Z", resource_id: "derived" };
    const [first, again] = [await post(event), await post(event)];
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.json.data.id).toBe(first.json.data.id);
    expect(first.json.data.attributes.idempotency_key).toMatch(/^auto-[0-9a-f]+$/);
    // Without a time, two equal events are two (weakness 3).
    const untimed = { environment: "production", resource_id: "untimed" };
    expect([(await post(untimed)).status, (await post(untimed)).status]).toEqual([201, 201]);
  });

  it("finds the environment: the body's, else the header's, else the key's only one", async () => {
    const environmentOf = ({ json }: Answer) => json.data.attributes.environment;
    expect(environmentOf(await post({}, "production"))).toBe("production");
    expect(environmentOf(await post({}, "both", { "X-Smplkit-Environment": "staging" }))).toBe("staging");
    const ambiguous = await post({}, "both");
    expect([ambiguous.status, ambiguous.json.errors[0]]).toMatchObject([
      400,
      { source: { pointer: "/data/attributes/environment" } },
    ]);
    expect((await post({ environment: "staging" }, "production")).status).toBe(403);
  });

  it("keeps the names of the platform: 403", async () => {
    const { status, json } = await post({ environment: "production", resource_type: "smpl.account" });
    expect([status, json.errors[0]?.status]).toEqual([403, "403"]);
    expect((await get(`${EVENTS}?filter[resource_type]=smpl.account`)).json.data).toEqual([]);
  });

  it("takes any text of the actor as it is, and never fills it from the key", async () => {
    const { json } = await post({ environment: "production", actor_type: "robot arm", actor_label: "№ 5" });
    expect(json.data.attributes).toMatchObject({
      actor_type: "robot arm",
      actor_label: "№ 5",
      actor_id: null,
    });
  });
});

describe("GET /api/v1/events", () => {
  it.each([
    ["&filter[environment]=production", ["INV-2", "INV-0"]],
    ["&filter[environment]=production,staging", ["INV-2", "INV-1", "INV-0"]],
    ["&filter[event_type]=invoice.paid", ["INV-1"]],
    ["&filter[resource_id]=INV-2", ["INV-2"]],
    ["&filter[severity]=ERROR", ["INV-2"]],
    ["&filter[actor_type]=user&filter[actor_id]=ada\\,lovelace", ["INV-2", "INV-1", "INV-0"]],
    ["&filter[do_not_forward]=true", ["INV-2"]],
    ["&filter[search]=nUmBeR%201&filter[occurred_at]=[2026-01-01T00:00:00Z,*)", ["INV-1"]],
    ["&filter[search]=inv-2&filter[resource_id]=INV-2", ["INV-2"]],
    ["&sort=occurred_at", ["INV-0", "INV-1", "INV-2"]],
    ["&sort=-created_at", ["INV-2", "INV-1", "INV-0"]],
    ["&sort=created_at", ["INV-0", "INV-1", "INV-2"]],
  ])("filters and sorts: %s", async (query, expected) => {
    expect(ids(await invoices(query))).toEqual(expected);
  });

  it("takes intervals, each end open, inclusive or exclusive", async () => {
    const times = (await invoices("&sort=occurred_at")).json.data.map(
      ({ attributes }) => attributes.occurred_at,
    );
    const [first, , last] = times as [string, string, string];
    const within = async (interval: string) =>
      ids(await invoices(`&sort=occurred_at&filter[occurred_at]=${interval}`));
    expect(await within(`[${first},${last}]`)).toEqual(["INV-0", "INV-1", "INV-2"]);
    expect(await within(`(${first},${last})`)).toEqual(["INV-1"]);
    expect(await within(`[${first},${last})`)).toEqual(["INV-0", "INV-1"]);
    expect(await within(`[*,${last})`)).toEqual(["INV-0", "INV-1"]);
    expect(await within(`(${first},*)`)).toEqual(["INV-1", "INV-2"]);
  });

  it.each([
    "filter[resource_id]=INV-0",
    "filter[search]=INV",
    "filter[search]=INV&filter[resource_type]=invoice",
    "page[size]=0",
    "page[size]=1001",
    "page[size]=many",
    "sort=total",
    "format=XML",
    "filter[total]=1",
    "filter[occurred_at]=yesterday",
    "filter[occurred_at]=[2026-01-01T00:00:00Z",
    "page[after]=nonsense",
  ])("refuses %s with 400, and names the parameter", async (query) => {
    const { status, json } = await get(`${EVENTS}?${query}`);
    expect(status).toBe(400);
    expect(query).toContain(json.errors[0]?.source?.parameter ?? "nothing is named");
  });

  it("pages by a cursor that survives any encoding, and says null at the end (weakness 6)", async () => {
    let path = `${EVENTS}?filter[category]=billing&page[size]=2`;
    const first = await get(path);
    expect(first.json.meta.page_size).toBe(2);
    const next = first.json.links.next as string;
    expect(next).toContain("page[after]=");
    expect(next.split("page[after]=")[1]).toMatch(/^[A-Za-z0-9._~-]+(&|$)/);
    path = next
      .replace(/^https?:\/\/[^/]+/, "")
      .replaceAll("[", "%5B")
      .replaceAll("]", "%5D");
    const second = await get(path);
    expect(ids(second)).toEqual(["INV-0"]);
    expect(second.json.links.next).toBeNull();
  });

  it("streams everything as CSV, one row an event, and as JSONL, with data nested, whatever the page", async () => {
    const csv = await invoices("&format=CSV&page[size]=1");
    expect(csv.headers.get("content-type")).toMatch(/^text\/csv/);
    const [head, ...rows] = csv.text.trim().split(/\r?\n/);
    expect(head?.split(",")).toEqual(
      expect.arrayContaining(["event_type", "resource_id", "data", "created_at"]),
    );
    expect(rows).toHaveLength(3);
    expect(rows.join("\n")).toContain('""nested"":{""currency"":""EUR""}');
    const lines = (await invoices("&format=JSONL&page[size]=1")).text.trim().split("\n");
    expect(lines.map((text) => JSON.parse(text).data.total).sort()).toEqual([0, 100, 200]);
  });

  it("answers for every environment that the key reaches, and for no other", async () => {
    const environments = async (key: string) =>
      new Set((await get(EVENTS, key)).json.data.map(({ attributes }) => attributes.environment));
    expect(await environments("production")).toEqual(new Set(["production"]));
    expect(await environments("all")).toEqual(new Set(["production", "staging"]));
    expect((await get(`${EVENTS}?filter[environment]=staging`, "production")).json.data).toEqual([]);
    expect((await get(`${EVENTS}?filter[environment]=smplkit`, "production")).status).toBe(402);
  });

  it("gives one event, and 404 for one that the key does not reach as for one that is not there", async () => {
    const [staging] = (await invoices("&filter[environment]=staging")).json.data;
    const path = `${EVENTS}/${staging?.id}`;
    expect((await get(path)).json.data.attributes).toMatchObject({ resource_id: "INV-1" });
    const [hidden, absent] = [await get(path, "production"), await get(`${EVENTS}/${uuidv7()}`)];
    expect([hidden.status, absent.status]).toEqual([404, 404]);
    expect(hidden.json.errors[0]?.detail).toBe(absent.json.errors[0]?.detail);
  });
});

describe("POST /api/v1/events/search", () => {
  const billing = { "filter[category]": "billing", "filter[resource_type]": "invoice" };

  it("is the list with a body: same filters, sort and pages; null and {} are no rule", async () => {
    for (const filter of [undefined, null, {}]) {
      expect(ids(await search({ ...billing, filter }))).toEqual(["INV-2", "INV-1", "INV-0"]);
    }
    const first = await search({ ...billing, sort: "occurred_at", "page[size]": 2 });
    expect(ids(first)).toEqual(["INV-0", "INV-1"]);
    const token = first.json.links.next as string;
    expect(token).toMatch(/^[A-Za-z0-9._~-]+$/);
    const second = await search({ ...billing, sort: "occurred_at", "page[size]": 2, "page[after]": token });
    expect([ids(second), second.json.links.next]).toEqual([["INV-2"], null]);
  });

  it("evaluates JSON Logic over the whole event, with figures of the scan, and says its window (weakness 9)", async () => {
    const rule = {
      and: [{ ">": [{ var: "data.total" }, 50] }, { "==": [{ var: "data.nested.currency" }, "EUR"] }],
    };
    const { json } = await search({ ...billing, filter: rule });
    expect(json.data.map(({ attributes }) => attributes.resource_id)).toEqual(["INV-2", "INV-1"]);
    expect(json.meta.scan).toEqual({ scanned: 3, matched: 2, exhausted: false });
    const since = Date.parse(String((json.meta as unknown as { window: { since: string } }).window.since));
    expect(Math.abs(Date.now() - 30 * 86_400_000 - since)).toBeLessThan(60_000);
    // What is older than 30 days is not looked at; without a rule it is there.
    await post({ environment: "production", category: "old", occurred_at: "2020-01-01T00:00:00Z" });
    expect((await search({ "filter[category]": "old", filter: { "==": [1, 1] } })).json.data).toEqual([]);
    expect((await search({ "filter[category]": "old" })).json.data).toHaveLength(1);
  });

  it("counts what JSON Logic counts as true", async () => {
    for (const [rule, matched] of [
      [{ var: "data.total" }, 2],
      [{ var: "resource_id" }, 3],
      [{ var: "data.nothing" }, 0],
    ] as const) {
      expect([rule, (await search({ ...billing, filter: rule })).json.data.length]).toEqual([rule, matched]);
    }
  });

  it("refuses unknown keys, other types and rules that are none, with 400", async () => {
    for (const body of [
      { nonsense: 1 },
      { "filter[total]": 1 },
      { "page[size]": 1_001 },
      { format: "CSV" },
      { filter: { explode: [1] } },
      { filter: "total > 5" },
      { "filter[search]": "INV" },
    ]) {
      expect([body, (await search(body)).status]).toEqual([body, 400]);
    }
  });
});

describe("exports", () => {
  const mint = (attributes: object, key = "all") =>
    server.post("/api/v1/exports", { data: { type: "export", attributes } }, as(key));

  it("mints a link for one environment that needs no key and ends after half a minute", async () => {
    const { status, json } = await mint({
      format: "JSONL",
      environment: "production",
      "filter[category]": "billing",
    });
    expect(status).toBe(201);
    const { url, expires_at: expires } = json.data.attributes as { url: string; expires_at: string };
    expect(Date.parse(expires) - Date.now()).toBeGreaterThan(20_000);
    expect(Date.parse(expires) - Date.now()).toBeLessThanOrEqual(30_000);
    for (const _ of [1, 2]) {
      const file = await fetch(url);
      const lines = (await file.text()).trim().split("\n");
      expect(lines.map((text) => JSON.parse(text).resource_id)).toEqual(["INV-2", "INV-0"]);
    }
    const other = await mint({ format: "JSONL", environment: "production" });
    expect(other.json.data.id).not.toBe(json.data.id);
    // Altered, cut short, made up: the same nothing.
    const token = url.split("/").at(-1) as string;
    const answers = await Promise.all(
      [`${token}x`, token.slice(0, -4), "nonsense", token.split(".").toReversed().join(".")].map(
        async (bad) => {
          const answer = await fetch(`${server.url}/api/v1/exports/${bad}`);
          return [answer.status, await answer.text()];
        },
      ),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]?.[0]).toBe(404);
  });

  it("refuses at the mint: another format, two environments, one out of reach, filters that break a rule", async () => {
    expect((await mint({ format: "XML", environment: "production" })).status).toBe(400);
    expect((await mint({ format: "CSV", environment: ["production", "staging"] })).status).toBe(400);
    expect((await mint({ format: "CSV" }, "both")).status).toBe(400);
    expect((await mint({ format: "CSV", environment: "staging" }, "production")).status).toBe(403);
    expect((await mint({ format: "CSV", environment: "production", "filter[search]": "x" })).status).toBe(
      400,
    );
  });
});

describe("discovery and usage", () => {
  it.each([
    ["resource_types", "resource_type", "invoice"],
    ["event_types", "event_type", "invoice.paid"],
    ["categories", "category", "billing"],
  ])("GET /api/v1/%s lists each value once, with its first sighting", async (path, type, value) => {
    const { json } = await get(`/api/v1/${path}`);
    const found = json.data.filter(({ id }) => id === value);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ type, attributes: { [type]: value, created_at: expect.any(String) } });
    const keys = json.data.map(({ id }) => id);
    expect(keys).toEqual([...keys].sort());
    const reversed = await get(`/api/v1/${path}?sort=-key`);
    expect(reversed.json.data.map(({ id }) => id)).toEqual(keys.toReversed());
  });

  it("lists tools and agents by the same rules", async () => {
    const { trail } = server;
    trail.record({ type: "tool.execute", tool: "zip", agent: "packer" });
    trail.record({ type: "tool.execute", tool: "zip", agent: "packer" });
    await trail.flush();
    for (const [path, type, value] of [
      ["tools", "tool", "zip"],
      ["agents", "agent", "packer"],
    ]) {
      const { json } = await get(`/api/v1/${path}`);
      expect(json.data.filter(({ id }) => id === value)).toMatchObject([{ type }]);
    }
  });

  it("narrows by environment and, for event types, by resource type", async () => {
    const names = async (path: string) => (await get(path)).json.data.map(({ id }) => id);
    expect(await names("/api/v1/event_types?filter[environment]=staging")).toContain("invoice.paid");
    expect(await names("/api/v1/event_types?filter[environment]=staging")).not.toContain("invoice.voided");
    expect(await names("/api/v1/event_types?filter[resource_type]=invoice")).toContain("invoice.voided");
    expect(await names("/api/v1/event_types?filter[resource_type]=nothing")).toEqual([]);
  });

  it("pages by number, with totals only where they are asked for, and refuses what is out of range", async () => {
    const { json } = await get("/api/v1/event_types?page[size]=2&page[number]=2&meta[total]=true");
    const { pagination } = json.meta as unknown as { pagination: Record<string, number> };
    expect(pagination).toMatchObject({
      page: 2,
      size: 2,
      total: expect.any(Number),
      total_pages: expect.any(Number),
    });
    expect((await get("/api/v1/event_types")).json.meta).toEqual({ pagination: { page: 1, size: 1_000 } });
    for (const query of ["page[number]=0", "page[size]=0", "page[size]=1001", "page[number]=x"]) {
      expect([query, (await get(`/api/v1/event_types?${query}`)).status]).toEqual([query, 400]);
    }
  });

  it("GET /api/v1/usage counts the month, by its one required filter", async () => {
    expect((await get("/api/v1/usage")).status).toBe(400);
    expect((await get("/api/v1/usage?filter[period]=previous")).status).toBe(400);
    const { json } = await get("/api/v1/usage?filter[period]=current");
    const { total } = (await get("/api/v1/stats")).json as unknown as { total: number };
    expect(json.data[0]).toMatchObject({
      id: "audit.included_events_per_month",
      type: "usage",
      attributes: { limit_key: "audit.included_events_per_month", period: "current", value: total },
    });
  });

  it("answers 401 without a key, with the title that clients look for", async () => {
    const { status, json } = await server.request(EVENTS);
    expect([status, json.errors[0]]).toMatchObject([
      401,
      { status: "401", title: "Missing Authorization header" },
    ]);
  });
});
