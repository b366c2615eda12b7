import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openReceiver, type Receiver } from "../forward/receiver.ts";
import { envelope, openServer, type Resource, type TestServer } from "../http/server.ts";

/** Section 1.3.2 of the five systems: forwarders, their deliveries, retries, overrides, catalog and test call. */
let server: TestServer;
let receiver: Receiver;
let end: () => Promise<void>;
beforeAll(async () => {
  server = await openServer({ trail: { forwarding: { allowPrivate: true } } });
  receiver = await openReceiver();
  end = await server.trail.forwarders.run({ backoff: { baseMs: 200, maxMs: 400 }, alertIntervalMs: 50 });
});
afterAll(async () => {
  await end();
  await server.close();
  await receiver.close();
});
beforeEach(() => {
  receiver.requests.length = 0;
  receiver.behave(() => ({ status: 200, body: { taken: true } }));
});

let made = 0;
const freshTenant = () => ({ "X-Daybook-Tenant": `tenant-${++made}` });

function draft(more: Record<string, unknown> = {}, configuration: Record<string, unknown> = {}) {
  return {
    name: "To the collector",
    forwarder_type: "http",
    configuration: {
      url: `${receiver.url}/in`,
      headers: { "X-Token": "very-secret-token" },
      ...configuration,
    },
    environments: { production: { enabled: true } },
    ...more,
  };
}

const create = (id: string, attributes: unknown, headers: Record<string, string>) =>
  server.post("/api/v1/forwarders", { data: { id, type: "forwarder", attributes } }, headers);

const put = (id: string, attributes: unknown, headers: Record<string, string>) =>
  server.request(`/api/v1/forwarders/${id}`, {
    method: "PUT",
    headers,
    body: JSON.stringify({ data: { id, type: "forwarder", attributes } }),
  });

async function record(
  headers: Record<string, string>,
  attributes: Record<string, unknown> = {},
): Promise<string> {
  const { json, status } = await server.post("/api/v1/events", envelope(attributes), headers);
  expect(status).toBe(201);
  return json.data.id;
}

async function deliveries(id: string, headers: Record<string, string>, query = ""): Promise<Resource[]> {
  const { json, status, text } = await server.request(`/api/v1/forwarders/${id}/deliveries${query}`, {
    headers,
  });
  expect(status, text).toBe(200);
  return json.data;
}

const statuses = async (id: string, headers: Record<string, string>, query = "") =>
  (await deliveries(id, headers, query)).map(({ attributes }) => attributes.status);

describe("the forwarder resource", () => {
  it("reads back exactly as it was set, tokens in the clear, with version 1 and times", async () => {
    const headers = freshTenant();
    const environments = {
      production: { enabled: true },
      staging: {
        enabled: false,
        url: "https://staging.example/in",
        "headers.X-Foo.Bar": "baz",
        success_status: "204",
      },
    };
    const filter = { "==": [{ var: "event_type" }, "invoice.created"] };
    const attributes = draft({
      environments,
      filter,
      description: "all of it",
      forward_smplkit_events: true,
    });
    const { status, json } = await create("main", attributes, headers);
    expect(status).toBe(201);
    expect(json.data).toMatchObject({ id: "main", type: "forwarder" });
    const { json: read } = await server.request("/api/v1/forwarders/main", { headers });
    expect(read.data.attributes).toMatchObject({
      ...attributes,
      configuration: {
        method: "POST",
        url: `${receiver.url}/in`,
        headers: { "X-Token": "very-secret-token" },
        success_status: "2xx",
        tls_verify: true,
        ca_cert: null,
      },
      transform: null,
      transform_type: null,
      version: 1,
      deleted_at: null,
    });
    expect(read.data.attributes.environments).toEqual(environments);
    expect(read.data.attributes.created_at).toMatch(/^\d{4}-.*Z$/);
    expect(read.data).toEqual(json.data);
  });

  it("is refused a second time under its id with 409, replaced by PUT with version + 1, and gone with 204, then 404", async () => {
    const headers = freshTenant();
    await create("one", draft(), headers);
    expect((await create("one", draft(), headers)).status).toBe(409);
    const { status, json } = await put("one", draft({ name: "Renamed" }), headers);
    expect(status).toBe(200);
    expect(json.data.attributes).toMatchObject({ name: "Renamed", version: 2 });
    const gone = () => server.request("/api/v1/forwarders/one", { method: "DELETE", headers });
    expect((await gone()).status).toBe(204);
    expect((await gone()).status).toBe(404);
    expect((await server.request("/api/v1/forwarders/one", { headers })).status).toBe(404);
    // The key may be used again.
    expect((await create("one", draft(), headers)).json.data.attributes.version).toBe(1);
  });

  it("is listed by type and in its orders, with totals where they are asked for", async () => {
    const headers = freshTenant();
    for (const id of ["a", "b", "c"]) await create(id, draft(), headers);
    await create("hook", draft({ forwarder_type: "sumo_logic" }), headers);
    const ids = async (query: string) => {
      const { json } = await server.request(`/api/v1/forwarders${query}`, { headers });
      return json.data.map(({ id }) => id);
    };
    expect(await ids("")).toEqual(["hook", "c", "b", "a"]);
    expect(await ids("?sort=created_at&page[size]=2&page[number]=2")).toEqual(["c", "hook"]);
    expect(await ids("?filter[forwarder_type]=sumo_logic")).toEqual(["hook"]);
    await put("a", draft(), headers);
    expect(await ids("?sort=-updated_at&page[size]=1")).toEqual(["a"]);
    const { json } = await server.request("/api/v1/forwarders?meta[total]=true&page[size]=3", { headers });
    expect(json.meta).toEqual({ pagination: { page: 1, size: 3, total: 4, total_pages: 2 } });
    expect((await server.request("/api/v1/forwarders?page[size]=1001", { headers })).status).toBe(400);
  });

  it.each([
    ["a name of blanks", { name: "  " }, "name"],
    ["no name", { name: undefined }, "name"],
    ["a long description", { description: "x".repeat(2_001) }, "description"],
    ["an unknown type", { forwarder_type: "carrier_pigeon" }, "forwarder_type"],
    ["a transform without its type", { transform: "event_type" }, "transform_type"],
    ["a type without its transform", { transform_type: "JSONATA" }, "transform"],
    ["a transform that cannot be read", { transform: '{ "a": ', transform_type: "JSONATA" }, "transform"],
    ["a filter that is none", { filter: { nope: [1] } }, "filter"],
    ["an unknown attribute", { colors: 1 }, "colors"],
    [
      "an environment's unknown override",
      { environments: { production: { nope: 1 } } },
      "environments/production/nope",
    ],
  ])("refuses %s, naming it", async (_, more, pointer) => {
    const { status, json } = await create("bad", draft(more), freshTenant());
    expect(status).toBe(400);
    expect(json.errors[0]?.source?.pointer).toBe(`/data/attributes/${pointer}`);
  });

  it.each([
    ["a relative address", { url: "/in" }, "url"],
    ["an address that is not HTTP", { url: "ftp://x.example/" }, "url"],
    ["no address", { url: undefined }, "url"],
    ["a long address", { url: `https://x.example/${"x".repeat(2_048)}` }, "url"],
    ["an unknown method", { method: "BREW" }, "method"],
    ["a status that is none", { success_status: "9xx" }, "success_status"],
    ["a certificate that is none", { ca_cert: "x" }, "ca_cert"],
    ["a header that would be two", { headers: { A: "b\r\nC: d" } }, "headers/A"],
    ["an unknown key", { retries: 3 }, "retries"],
  ])("refuses %s in the configuration", async (_, more, pointer) => {
    const { status, json } = await create("bad", draft({}, more), freshTenant());
    expect(status).toBe(400);
    expect(json.errors[0]?.source?.pointer).toBe(`/data/attributes/configuration/${pointer}`);
  });

  it("saves an address that leads nowhere without asking for it", async () => {
    const headers = freshTenant();
    expect((await create("later", draft({}, { url: "https://no-such-host.invalid/" }), headers)).status).toBe(
      201,
    );
    expect((await create("inside", draft({}, { url: "http://169.254.169.254/" }), headers)).status).toBe(201);
  });

  it("keeps its tokens sealed in the log", async () => {
    const headers = freshTenant();
    await create("sealed", draft({}, { url: `${receiver.url}/in?key=another-secret` }), headers);
    const kept: string[] = [];
    for await (const event of server.trail.events.export({ tenant: "daybook" }))
      kept.push(JSON.stringify(event));
    const text = kept.join("\n");
    expect(text).toContain('"sealed:1:');
    expect(text).not.toContain("very-secret-token");
    expect(text).not.toContain("another-secret");
  });
});

describe("deliveries", () => {
  it("are made for each event: filter, transform, request, row", async () => {
    const headers = freshTenant();
    const filter = { "!=": [{ var: "severity" }, "DEBUG"] };
    const transform = '{ "text": event_type & " " & resource_id }';
    await create("rows", draft({ filter, transform, transform_type: "JSONATA" }), headers);
    const sent = await record(headers);
    const filtered = await record(headers, { severity: "DEBUG" });
    const skipped = await record(headers, { do_not_forward: true });
    await record(headers, { environment: "staging" });
    await expect.poll(() => statuses("rows", headers)).toHaveLength(3);
    const rows = await deliveries("rows", headers, "?sort=created_at");
    expect(rows.map(({ attributes }) => [attributes.event, attributes.status])).toEqual([
      [sent, "SUCCEEDED"],
      [filtered, "FILTERED_OUT"],
      [skipped, "SKIPPED_DO_NOT_FORWARD"],
    ]);
    expect(rows[0]?.type).toBe("forwarder_delivery");
    expect(rows[0]?.attributes).toMatchObject({
      forwarder: "rows",
      environment: "production",
      attempt_number: 1,
      response_status: 200,
      response_body: '{"taken":true}',
      error: null,
      request: {
        method: "POST",
        url: `${receiver.url}/in`,
        headers: { "X-Token": "<redacted>" },
        body: '{"text":"invoice.created inv-1"}',
      },
    });
    expect(receiver.requests.map(({ body }) => body)).toEqual(['{"text":"invoice.created inv-1"}']);
    expect(receiver.requests[0]?.headers["x-token"]).toBe("very-secret-token");
    expect(await statuses("rows", headers, "?filter[status]=filtered_out")).toEqual(["FILTERED_OUT"]);
    expect(await statuses("rows", headers, `?filter[event]=${sent}`)).toEqual(["SUCCEEDED"]);
    expect(await statuses("rows", headers, "?filter[environment]=staging")).toEqual([]);
    expect(await statuses("rows", headers, "?filter[created_at]=[2090-01-01T00:00:00Z,*)")).toEqual([]);
    const bad = await server.request("/api/v1/forwarders/rows/deliveries?filter[status]=odd", { headers });
    expect(bad.status).toBe(400);
  });

  it("page with a cursor, each once", async () => {
    const headers = freshTenant();
    await create("pages", draft(), headers);
    const ids: string[] = [];
    for (let i = 0; i < 7; i++) ids.push(await record(headers));
    await expect.poll(() => statuses("pages", headers)).toHaveLength(7);
    const seen: unknown[] = [];
    let next: string | null = "/api/v1/forwarders/pages/deliveries?page[size]=3";
    while (next !== null) {
      const { json } = await server.request(next, { headers });
      expect(json.meta.page_size).toBe(3);
      seen.push(...json.data.map(({ attributes }) => attributes.event));
      next = json.links.next;
    }
    expect(seen).toEqual(ids.toReversed());
  });

  it("send the event as it is without a transform", async () => {
    const headers = freshTenant();
    await create("plain", draft(), headers);
    const id = await record(headers, { data: { amount: 12 } });
    await expect.poll(() => receiver.requests).toHaveLength(1);
    expect(JSON.parse(receiver.requests[0]?.body ?? "")).toMatchObject({
      id,
      event_type: "invoice.created",
      data: { amount: 12 },
    });
  });

  it("obey the overrides of their environment", async () => {
    const headers = freshTenant();
    const environments = {
      production: { enabled: true },
      staging: {
        enabled: true,
        url: `${receiver.url}/staging`,
        method: "PUT",
        "headers.x-token": "staging-token",
      },
    };
    await create("overlay", draft({ environments }), headers);
    await record(headers, { environment: "staging" });
    await record(headers, { environment: "elsewhere" });
    await record(headers);
    await expect.poll(() => receiver.requests).toHaveLength(2);
    const asked = receiver.requests.map(({ method, url, headers: sent }) => [method, url, sent["x-token"]]);
    expect(asked.toSorted()).toEqual([
      ["POST", "/in", "very-secret-token"],
      ["PUT", "/staging", "staging-token"],
    ]);
  });

  it("fail visibly, are tried again on their own, and keep the failure", async () => {
    const headers = freshTenant();
    receiver.behave(() => ({ status: 503, body: "the token very-secret-token is busy" }));
    await create("again", draft(), headers);
    await record(headers);
    await expect.poll(() => statuses("again", headers)).toEqual(["FAILED"]);
    const [failed] = await deliveries("again", headers);
    expect(failed?.attributes).toMatchObject({ attempt_number: 1, response_status: 503 });
    expect(failed?.attributes.response_body).toBe("the token <redacted> is busy");
    receiver.behave(() => ({ status: 200 }));
    await expect.poll(() => statuses("again", headers)).toEqual(["SUCCEEDED", "FAILED"]);
    const [taken, before] = await deliveries("again", headers);
    expect(taken?.attributes.attempt_number).toBeGreaterThan(1);
    expect(before).toEqual(failed);
  });

  it("that a receiver will never take are dead letters, and block nothing", async () => {
    const headers = freshTenant();
    receiver.behave(({ body }) => ({ status: body.includes("poison") ? 400 : 200 }));
    await create("poison", draft(), headers);
    await record(headers);
    const bad = await record(headers, { resource_id: "poison" });
    await record(headers);
    await expect.poll(() => statuses("poison", headers)).toEqual(["SUCCEEDED", "FAILED", "SUCCEEDED"]);
    const [row] = await deliveries("poison", headers, "?filter[status]=failed");
    expect(row?.attributes).toMatchObject({ event: bad, response_status: 400, attempt_number: 1 });
    receiver.behave(() => ({ status: 200 }));
    const retry = await server.post(
      `/api/v1/forwarders/poison/deliveries/${row?.id}/actions/retry`,
      "",
      headers,
    );
    expect(retry.status).toBe(200);
    expect(retry.json.data.attributes).toMatchObject({ event: bad, status: "SUCCEEDED", attempt_number: 2 });
    expect(await statuses("poison", headers, `?filter[event]=${bad}`)).toEqual(["SUCCEEDED", "FAILED"]);
    const unknown = await server.post(
      `/api/v1/forwarders/poison/deliveries/${bad}/actions/retry`,
      "",
      headers,
    );
    expect(unknown.status).toBe(404);
  });

  it("that failed are sent again all at once, of one environment or of all", async () => {
    const headers = freshTenant();
    receiver.behave(() => ({ status: 422 }));
    const environments = { production: { enabled: true }, staging: { enabled: true } };
    await create("all", draft({ environments }), headers);
    for (let i = 0; i < 3; i++) await record(headers);
    await record(headers, { environment: "staging" });
    await expect.poll(() => statuses("all", headers)).toHaveLength(4);
    const path = "/api/v1/forwarders/all/actions/retry_failed_deliveries";
    expect((await server.post(path, {}, headers)).json).toEqual({ attempted: 4, succeeded: 0, failed: 4 });
    receiver.behave(() => ({ status: 200 }));
    expect((await server.post(path, { environment: "staging" }, headers)).json).toEqual({
      attempted: 1,
      succeeded: 1,
      failed: 0,
    });
    expect((await server.post(path, "", headers)).json).toEqual({ attempted: 3, succeeded: 3, failed: 0 });
    expect((await server.post(path, "", headers)).json).toEqual({ attempted: 0, succeeded: 0, failed: 0 });
    expect((await server.post(path, { nope: 1 }, headers)).status).toBe(400);
  });

  it("count a success by the forwarder's own status", async () => {
    const headers = freshTenant();
    receiver.behave(() => ({ status: 200 }));
    await create("exact", draft({}, { success_status: "202" }), headers);
    await record(headers);
    await expect.poll(() => statuses("exact", headers)).toEqual(["FAILED"]);
  });

  it("stop while the forwarder is paused, and go on where it was", async () => {
    const headers = freshTenant();
    await create("rest", draft(), headers);
    const paused = await server.post("/api/v1/forwarders/rest/actions/pause", "", headers);
    expect(paused.json.data.attributes).toMatchObject({ paused: true, version: 1 });
    for (let i = 0; i < 3; i++) await record(headers);
    expect(receiver.requests).toHaveLength(0);
    await server.post("/api/v1/forwarders/rest/actions/resume", "", headers);
    await expect.poll(() => receiver.requests).toHaveLength(3);
  });

  it("are reconciled by the hour", async () => {
    const headers = freshTenant();
    await create("hours", draft({ filter: { "==": [{ var: "resource_id" }, "inv-1"] } }), headers);
    await record(headers);
    await record(headers, { resource_id: "other" });
    await expect.poll(() => statuses("hours", headers)).toHaveLength(2);
    const { json } = await server.request("/api/v1/forwarders/hours/reconciliation", { headers });
    const hours = json.data as unknown as Array<Record<string, number>>;
    const sum = (name: string) => hours.reduce((total, hour) => total + (hour[name] ?? 0), 0);
    expect([sum("sent"), sum("confirmed"), sum("filtered_out")]).toEqual([1, 1, 1]);
  });
});

describe("the catalog", () => {
  it("has the seven types of the contract, and ours, without a key", async () => {
    const { json } = await server.request("/api/v1/forwarder_types");
    const ids = json.data.map(({ id }) => id);
    for (const id of ["datadog", "elastic", "honeycomb", "http", "new_relic", "splunk_hec", "sumo_logic"]) {
      expect(ids).toContain(id);
    }
    const datadog = json.data.find(({ id }) => id === "datadog");
    expect(datadog).toMatchObject({
      type: "forwarder_type",
      attributes: {
        name: "Datadog",
        base_type: "HTTP",
        is_custom: false,
        configuration: {
          method: "POST",
          url: "https://http-intake.logs.{site}/api/v2/logs",
          success_status: "2xx",
          headers: [
            { name: "Content-Type", value: "application/json" },
            { name: "DD-API-KEY", value: "{api_key}" },
          ],
        },
        placeholders: { api_key: { label: "API key", secret: true } },
        transform: { type: "JSONATA" },
      },
    });
    expect((await server.request("/api/v1/forwarder_types/http")).json.data.attributes.is_custom).toBe(true);
    expect((await server.request("/api/v1/forwarder_types/nope")).status).toBe(404);
  });

  it("holds branded types to their template", async () => {
    const headers = freshTenant();
    const branded = (given: Record<string, string>) =>
      draft(
        { forwarder_type: "datadog" },
        { url: "https://http-intake.logs.datadoghq.com/api/v2/logs", headers: given },
      );
    expect(
      (await create("dd", branded({ "DD-API-KEY": "k", "Content-Type": "text/plain" }), headers)).status,
    ).toBe(400);
    expect((await create("dd", branded({ "DD-API-KEY": "{api_key}" }), headers)).status).toBe(400);
    expect((await create("dd", branded({ "dd-api-key": "k" }), headers)).status).toBe(201);
  });
});

describe("the test call", () => {
  const path = "/api/v1/functions/test_forwarder/actions/execute";

  it("sends one request and tells what came back", async () => {
    receiver.behave(() => ({ status: 201, body: "made", headers: { "x-answer": "yes" } }));
    const { status, json } = await server.post(path, {
      url: `${receiver.url}/try`,
      method: "PUT",
      headers: { "X-A": "b" },
      body: "hello",
    });
    expect(status).toBe(200);
    expect(json).toMatchObject({ succeeded: true, response_status: 201, response_body: "made", error: null });
    expect(json.response_headers).toMatchObject({ "x-answer": "yes" });
    expect(json.latency_ms).toBeGreaterThanOrEqual(0);
    expect(receiver.requests[0]).toMatchObject({ method: "PUT", url: "/try", body: "hello" });
  });

  it("tells a refusal, a silence and a dead address from a success", async () => {
    receiver.behave(() => ({ status: 500 }));
    expect((await server.post(path, { url: receiver.url })).json).toMatchObject({
      succeeded: false,
      response_status: 500,
    });
    receiver.behave(() => "hang");
    const silent = await server.post(path, { url: receiver.url, timeout_ms: 50 });
    expect(silent.json).toMatchObject({
      succeeded: false,
      response_status: null,
      error: "No answer within 50 ms.",
    });
    const dead = await server.post(path, { url: "http://127.0.0.1:1/" });
    expect(dead.json).toMatchObject({ succeeded: false, response_status: null });
  });

  it.each([
    [{ url: "nope" }],
    [{ url: "https://x.example", timeout_ms: 30_001 }],
    [{ url: "https://x.example", body: "x".repeat(1_048_577) }],
    [{ url: "https://x.example", nope: 1 }],
    [[]],
  ])("refuses what breaks its rules", async (body) => {
    expect((await server.post(path, body)).status).toBe(400);
  });
});
