import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { envelope, openServer, type TestServer } from "./server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await openServer();
});
afterAll(() => server.close());

const path = "/api/v1/events";

describe("POST /api/v1/events", () => {
  it("records one event and gives it back as a resource, every attribute present", async () => {
    const { status, headers, json } = await server.post(
      path,
      envelope({ severity: "WARN", data: { total: 12 }, description: "made" }),
    );
    expect(status).toBe(201);
    expect(headers.get("content-type")).toContain("application/vnd.api+json");
    expect(json.data).toMatchObject({ type: "event", id: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    expect(json.data.attributes).toMatchObject({
      event_type: "invoice.created",
      seq: 1,
      tenant: "default",
      environment: "production",
      severity: "WARN",
      data: { total: 12 },
      description: "made",
      actor_id: null,
      do_not_forward: false,
      occurred_at: json.data.attributes.created_at,
    });
    const read = await server.request(`${path}/${json.data.id}`);
    expect(read.json.data).toEqual(json.data);
  });

  it("knows an Idempotency-Key: 200 with the first event, also for other content, but not in another environment", async () => {
    const headers = { "Idempotency-Key": "key-1" };
    const first = await server.post(path, envelope({ resource_id: "a" }), headers);
    const again = await server.post(path, envelope({ resource_id: "b" }), headers);
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.json.data).toEqual(first.json.data);
    expect(first.json.data.attributes.idempotency_key).toBe("key-1");
    const elsewhere = await server.post(path, envelope({ environment: "staging" }), headers);
    expect(elsewhere.status).toBe(201);
  });

  it("derives a key from content with a time, and none from content without one", async () => {
    const timed = envelope({ occurred_at: "2026-01-01T00:00:00Z", data: { n: 1 } });
    expect((await server.post(path, timed)).status).toBe(201);
    const again = await server.post(path, timed);
    expect(again.status).toBe(200);
    expect(again.json.data.attributes.idempotency_key).toMatch(/^auto-/);
    expect(
      (await server.post(path, envelope({ occurred_at: "2026-01-01T00:00:00Z", data: { n: 2 } }))).status,
    ).toBe(201);
    expect(
      (
        await server.post(
          path,
          envelope({ occurred_at: "2026-01-01T00:00:00Z", data: { n: 1 }, environment: "x" }),
        )
      ).status,
    ).toBe(201);
    expect((await server.post(path, envelope())).status).toBe(201);
    expect((await server.post(path, envelope())).status).toBe(201);
  });

  it.each([
    ["an empty id", envelope({}, "")],
    ["a null id", envelope({}, null)],
    [
      "explicit nulls",
      envelope({ actor_id: null, description: null, occurred_at: null, category: null, environment: null }),
    ],
    ["read-only fields", envelope({ created_at: null, seq: 77 })],
    ["no type", { data: { attributes: { event_type: "a", resource_type: "b", resource_id: "c" } } }],
  ])("accepts %s", async (_name, body) => {
    expect((await server.post(path, body)).status).toBe(201);
  });

  it("takes the environment from the header where the body names none, and any content type", async () => {
    const { json } = await server.post(path, envelope(), {
      "X-Smplkit-Environment": "staging",
      "Content-Type": "text/plain",
    });
    expect(json.data.attributes.environment).toBe("staging");
  });

  it.each([
    ["event_type", { event_type: "" }, "must not be empty"],
    ["resource_type", { resource_type: null }, "is required"],
    ["resource_id", { resource_id: "" }, "must not be empty"],
    ["data", { data: null }, "must be a JSON object"],
    ["data", { data: [1] }, "must be a JSON object"],
    ["severity", { severity: "LOUD" }, "must be one of"],
    ["occurred_at", { occurred_at: "yesterday" }, "must be an RFC 3339 time"],
    ["duration_ms", { duration_ms: -1 }, "must be a whole number"],
    ["duration_ms", { duration_ms: 1.5 }, "must be a whole number"],
    ["trace_id", { trace_id: "xyz" }, "must be 32 hex digits"],
    ["do_not_forward", { do_not_forward: "yes" }, "must be true or false"],
    ["actor_id", { actor_id: 7 }, "must be a string"],
    ["cost_usd", { cost_usd: 0.1 }, "must be a decimal string"],
    ["usage", { usage: { input: -1 } }, "input must be a whole number"],
    ["duration", { duration: 5 }, "is not a field of an event"],
    ["tenant", { tenant: "daybook" }, "must not be the reserved"],
  ])("names %s and its rule, and stores nothing", async (field, attributes, rule) => {
    const before = await server.trail.events.head();
    const { status, json } = await server.post(path, envelope(attributes));
    expect(status).toBe(400);
    expect(json.errors[0]).toMatchObject({
      status: "400",
      code: "event.invalid",
      source: { pointer: `/data/attributes/${field}` },
    });
    expect(json.errors[0]?.detail).toContain(rule);
    expect(json.error).toContain(rule);
    expect(await server.trail.events.head()).toBe(before);
  });

  it("names every broken rule at once", async () => {
    const { json } = await server.post(
      path,
      envelope({ severity: "LOUD", duration_ms: "x", resource_type: null }),
    );
    expect(json.errors.map((error) => error.source?.pointer?.split("/").at(-1)).sort()).toEqual([
      "duration_ms",
      "resource_type",
      "severity",
    ]);
  });

  it("refuses the reserved namespace with 403, what is no JSON with 400, what is too large with 413", async () => {
    const reserved = await server.post(path, envelope({ resource_type: "smpl.thing" }));
    expect([reserved.status, reserved.json.errors[0]?.code]).toEqual([403, "event.reserved"]);
    expect((await server.post(path, "{")).json.errors[0]?.code).toBe("request.malformed");
    expect((await server.post(path, "[]")).status).toBe(400);
    expect((await server.post(path, envelope({ data: { text: "x".repeat(1_100_000) } }))).status).toBe(413);
  });

  it("removes secrets before anything is stored", async () => {
    const { json } = await server.post(
      path,
      envelope({ description: "mail bob@example.com", data: { password: "hunter22" } }),
    );
    expect(json.data.attributes).toMatchObject({
      description: "mail [redacted:email]",
      data: { password: "[redacted:key_name]" },
    });
  });

  it("commits many single requests at once, without a gap", async () => {
    const before = await server.trail.events.head();
    const answers = await Promise.all(Array.from({ length: 60 }, () => server.post(path, envelope())));
    const seqs = answers.map((answer) => Number(answer.json.data.attributes.seq)).sort((a, b) => a - b);
    expect(seqs).toEqual(Array.from({ length: 60 }, (_, i) => before + 1 + i));
  });
});

describe("the door", () => {
  it("lets no page of another origin write, and any program", async () => {
    const foreign = await server.post(path, envelope(), { Origin: "https://evil.example" });
    expect([foreign.status, foreign.json.errors[0]?.code]).toEqual([403, "request.forbidden"]);
    expect((await server.post(path, envelope(), { Origin: "null" })).status).toBe(403);
    expect((await server.post(path, envelope(), { Origin: server.url })).status).toBe(201);
    expect(foreign.headers.get("access-control-allow-origin")).toBeNull();
  });

  it("answers what is not there with 404 and what is not allowed with 405, in one form", async () => {
    const missing = await server.request("/api/v1/nothing");
    expect([missing.status, missing.json.errors[0]?.code, typeof missing.json.error]).toEqual([
      404,
      "route.not_found",
      "string",
    ]);
    const wrong = await server.request(path, { method: "DELETE" });
    expect([wrong.status, wrong.json.errors[0]?.code]).toEqual([405, "route.method"]);
    expect(wrong.headers.get("allow")).toContain("POST");
  });

  it("tells how it is", async () => {
    expect((await server.request("/healthz")).json).toEqual({ status: "ok" });
    expect((await server.request("/readyz")).json).toMatchObject({
      status: "ok",
      store: { kind: expect.stringMatching(/^(sqlite|postgres)$/) },
    });
    const { text } = await server.request("/metrics");
    expect(text).toMatch(/^daybook_events_total\{door="events"\} \d+$/m);
    expect(text).toMatch(/^daybook_store_up 1$/m);
    expect(text).toMatch(
      /daybook_http_requests_total\{method="POST",route="\/api\/v1\/events",status="201"\} \d+/,
    );
  });

  it("describes each of its routes, and none that is not there", async () => {
    const { json } = await server.request("/openapi.json");
    const described = Object.entries(json.paths).flatMap(([at, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${at.replaceAll(/\{(\w+)\}/g, ":$1")}`),
    );
    expect(described.sort()).toEqual([...server.app.routes].sort());
    expect((await server.request("/docs")).text).toContain("POST /api/v1/events/bulk");
  });
});
