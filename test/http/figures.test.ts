import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openServer, type TestServer } from "./server.ts";

let server: TestServer;
const prices = { version: "test", models: { m: { input: "1", output: "2" } } };
beforeAll(async () => {
  server = await openServer({ prices });
  const usage = { input: 1_000_000, output: 500_000 };
  await server.post(
    "/api/v1/events/bulk",
    [{ event_type: "llm.complete", category: "llm", model: "m", source: "otlp", usage, cost_usd: "0.1" }]
      .map((event) => JSON.stringify(event))
      .join("\n"),
    { "Content-Type": "application/x-ndjson" },
  );
  const call = { session_id: "s1", tool_name: "shell", tool_use_id: "c1", tool_input: {} };
  for (const hook_event_name of ["PreToolUse", "PostToolUse"])
    await server.post("/api/v1/hooks/codex", { ...call, hook_event_name });
  await server.trail.flush();
});
afterAll(() => server.close());

describe("GET /api/v1/stats?cost=true", () => {
  it("has the computed cost with its table beside what was recorded", async () => {
    const { status, json } = await server.request("/api/v1/stats?cost=true");
    expect(status).toBe(200);
    expect(json.totals).toMatchObject({ cost_usd: "0.1" });
    expect(json.cost).toMatchObject({
      table: { version: "test", currency: "USD" },
      total: { requests: 1, input_tokens: 1_000_000, recorded_usd: "0.1", computed_usd: "2" },
      by: { model: [{ value: "m", computed_usd: "2" }], source: [{ value: "otlp" }] },
      unpriced: [],
    });
    expect((await server.request("/api/v1/stats")).json.cost).toBeUndefined();
    expect((await server.request("/api/v1/stats?cost=maybe")).status).toBe(400);
  });
});

describe("GET /api/v1/reconciliation", () => {
  it("has the coverage and a page of calls with their sides", async () => {
    const { json } = await server.request("/api/v1/reconciliation?page[size]=1");
    expect(json).toMatchObject({
      coverage: { calls: 1, joined: 0, share: 0, only: { hook: 1 }, unnamed: {} },
      data: [{ call_id: "c1", tool: "shell", sides: [{ observer: "hook", status: "ok" }] }],
      links: { next: null },
    });
    expect((await server.request("/api/v1/reconciliation?show=joined")).json.data).toEqual([]);
    expect((await server.request("/api/v1/reconciliation?only=otlp")).json.data).toEqual([]);
    for (const wrong of ["show=x", "since=x", "page[size]=2000", "page[after]=x", "nope=1"])
      expect((await server.request(`/api/v1/reconciliation?${wrong}`)).status, wrong).toBe(400);
  });
});
