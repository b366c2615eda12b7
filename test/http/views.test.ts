import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openServer, type TestServer } from "./server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await openServer();
});
afterAll(() => server.close());

const get = async (path: string, tenant = "default") =>
  (await server.request(path, { headers: { "X-Daybook-Tenant": tenant } })).json;

describe("tool calls", () => {
  it("are listed with both halves, and the open ones with their age", async () => {
    const trail = server.trail.forTenant("calls");
    const id = trail.tools.start({ tool: "fs.read", args: { path: "/a" }, agent: "bot" });
    const open = trail.tools.start({ tool: "net.get" });
    await trail.tools.complete(id, { result: null, durationMs: 5 });
    await server.trail.flush();
    const { data } = await get("/api/v1/tool_calls", "calls");
    expect(data).toMatchObject([
      { type: "tool_call", id: open, attributes: { tool: "net.get", open: true, status: "pending" } },
      {
        id,
        attributes: {
          tool: "fs.read",
          status: "ok",
          open: false,
          duration_ms: 5,
          args: { path: "/a" },
          result: null,
          agent: "bot",
        },
      },
    ]);
    expect("result" in (data[0]?.attributes ?? {})).toBe(false);
    const opened = await get("/api/v1/tool_calls?open=true", "calls");
    expect(opened.data).toMatchObject([{ id: open, attributes: { age_ms: expect.any(Number) } }]);
    expect((await get("/api/v1/tool_calls?filter[status]=ok", "calls")).data).toHaveLength(1);
    const first = await get("/api/v1/tool_calls?page[size]=1", "calls");
    expect(first.links.next).toMatch(/page\[after\]=[\w-]+$/);
    const { data: second } = await get(first.links.next as string, "calls");
    expect(second.map((call) => call.id)).toEqual([id]);
    expect((await server.request("/api/v1/tool_calls?page[size]=0")).status).toBe(400);
  });
});

describe("runs", () => {
  it("are listed with totals, and each shows logs, history, children, ancestors and tree", async () => {
    const { runs } = server.trail.forTenant("runs");
    await runs.startRun({ id: "root", skillId: "triage", inputs: { a: 1 } });
    await runs.startRun({ id: "child", parentRunId: "root" });
    await runs.startRun({ id: "grandchild", parentRunId: "child" });
    await runs.appendLog({ runId: "root", sequence: 1, eventType: "step", payload: { text: "x" } });
    await runs.finishRun("root", { status: "ok", inputTokens: 5 });
    await runs.finishRun("child", { status: "error", inputTokens: 7, error: "no" });
    const list = await get("/api/v1/runs?meta[total]=true&page[size]=2", "runs");
    expect(list.data.map((run) => run.id)).toEqual(["grandchild", "child"]);
    expect(list.meta).toEqual({ pagination: { page: 1, size: 2, total: 3, total_pages: 2 } });
    expect((await get("/api/v1/runs?filter[status]=error", "runs")).data).toMatchObject([{ id: "child" }]);
    expect((await get("/api/v1/runs?top_level=true", "runs")).data).toMatchObject([{ id: "root" }]);
    const one = await get("/api/v1/runs/root", "runs");
    expect(one.data).toMatchObject({ id: "root", attributes: { status: "ok", inputs: { a: 1 } } });
    expect((await get("/api/v1/runs/root/logs", "runs")).data).toMatchObject([
      { attributes: { sequence: 1, event_type: "step", payload: { text: "x" } } },
    ]);
    expect((await get("/api/v1/runs/root/history", "runs")).data).toHaveLength(3);
    expect((await get("/api/v1/runs/root/children", "runs")).data).toMatchObject([{ id: "child" }]);
    expect((await get("/api/v1/runs/grandchild/ancestors", "runs")).data).toMatchObject([
      { id: "child" },
      { id: "root" },
    ]);
    expect((await get("/api/v1/runs/root/tree", "runs")).data).toMatchObject({
      id: "root",
      children: [{ id: "child", children: [{ id: "grandchild", children: [] }] }],
      totals: { runs: 3, total_input_tokens: 12 },
    });
    for (const part of ["", "/logs", "/tree"]) {
      expect((await server.request(`/api/v1/runs/none${part}`)).status).toBe(404);
    }
  });
});

describe("figures", () => {
  it("give totals, series and breakdowns that a scan would give", async () => {
    const trail = server.trail.forTenant("figures");
    const at = (hours: number) => new Date(1_750_000_000_000 + hours * 3_600_000).toISOString();
    for (let n = 0; n < 60; n++) {
      trail.record({
        type: "llm.complete",
        occurredAt: at(n),
        agent: `agent ${n % 3}`,
        tool: n % 2 === 0 ? "fs.read" : "net.get",
        status: n % 5 === 0 ? "error" : "ok",
        error: n % 5 === 0 ? `timeout after ${n} ms` : null,
        durationMs: n * 10,
        usage: { input: n },
        costUsd: "0.1",
        resource: { type: "file", id: `f${n % 4}` },
      });
    }
    await server.trail.flush();
    const window = `since=${at(0)}&until=${at(59)}&bucket=hour`;
    const stats = await get(`/api/v1/stats?${window}&by=agent,tool`, "figures");
    expect(stats.totals).toMatchObject({
      events: 60,
      failures: 12,
      statuses: { ok: 48, error: 12 },
      tokens: { input: 1_770 },
      cost_usd: "6",
    });
    expect(stats.series).toHaveLength(60);
    const by = stats.by as { agent: Array<{ value: string; events: number }>; tool: object[] };
    expect(by.agent.map(({ value, events }) => [value, events])).toEqual([
      ["agent 0", 20],
      ["agent 1", 20],
      ["agent 2", 20],
    ]);
    const duration = (stats.totals as { duration_ms: { p50: number } }).duration_ms;
    expect(duration.p50).toBeGreaterThanOrEqual(290);
    expect(duration.p50).toBeLessThanOrEqual(290 * 1.125);
    const only = await get(`/api/v1/stats?${window}&only=tool:net.get`, "figures");
    expect(only.totals).toMatchObject({ events: 30 });
    const failures = await get("/api/v1/failures", "figures");
    expect(failures.data).toMatchObject([{ count: 6 }, { count: 6 }]);
    const facets = await get("/api/v1/facets?field=agent&filter[status]=error", "figures");
    expect(facets.data).toMatchObject([
      { field: "agent", values: [{ count: 4 }, { count: 4 }, { count: 4 }] },
    ]);
    const whole = await get(`/api/v1/histogram?since=${at(0)}&until=${at(59)}&bars=10`, "figures");
    expect(whole.meta).toMatchObject({ counted_since: (whole.meta as unknown as { since: string }).since });
    const bars = whole.data as unknown as Array<{ events: number; statuses: Record<string, number> }>;
    expect(bars.reduce((sum, { statuses }) => sum + (statuses.error ?? 0), 0)).toBe(12);
    const some = await get("/api/v1/histogram?filter[resource_id]=f1&filter[status]=-error", "figures");
    expect(
      (some.data as unknown as Array<{ events: number }>).reduce((sum, bar) => sum + bar.events, 0),
    ).toBe(12);
    const touched = await get("/api/v1/touches?filter[agent]=agent%200", "figures");
    expect(touched.data).toHaveLength(4);
    const who = await get("/api/v1/touches?filter[resource_type]=file&filter[resource_id]=f1", "figures");
    expect(JSON.stringify(who.data)).toContain('"kind":"agent","value":"agent 1"');
    for (const query of ["by=color", "only=agent", "bucket=week", "since=x", "x=1"]) {
      expect((await server.request(`/api/v1/stats?${query}`)).status).toBe(400);
    }
    for (const query of [
      "bars=1",
      "since=x",
      "filter[color]=red",
      "since=2026-02-02T00:00:00Z&until=2026-02-01T00:00:00Z",
    ])
      expect((await server.request(`/api/v1/histogram?${query}`)).status).toBe(400);
  });
});

describe("threads", () => {
  it("are appended, listed and read with ordinals and messages", async () => {
    const timestamp = "2026-01-01T00:00:00Z";
    const message = { kind: "user_message", content: [{ type: "text", text: "hi" }], timestamp };
    const posted = await server.post("/api/v1/threads/t%2F1/events", { events: [message, message] });
    expect([posted.status, posted.json]).toEqual([201, { head: 2 }]);
    expect((await get("/api/v1/threads")).data).toMatchObject([{ id: "t/1", attributes: { head: 2 } }]);
    const { data } = await get("/api/v1/threads/t%2F1?after=1");
    expect(data.attributes).toMatchObject({
      head: 2,
      watermark: 0,
      events: [{ ordinal: 2, event: message }],
      messages: [{ role: "user" }],
    });
    expect((await server.request("/api/v1/threads/none")).status).toBe(404);
    expect((await server.post("/api/v1/threads/t/events", [{ kind: "x" }])).status).toBe(400);
  });
});

describe("retention", () => {
  it("is set, floors refuse, holds hold, and pruning says what it did", async () => {
    const headers = { "X-Daybook-Tenant": "kept" };
    const send = (method: string, path: string, body?: unknown) =>
      server.request(path, {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    server.trail.record({ tenant: "kept", type: "a", occurredAt: "2020-01-01T00:00:00Z", runId: "r" });
    server.trail.record({ tenant: "kept", type: "b", occurredAt: "2020-01-01T00:00:00Z" });
    await server.trail.flush();
    expect((await send("PUT", "/api/v1/retention", { days: 30, preset: "hipaa" })).status).toBe(409);
    expect((await send("PUT", "/api/v1/retention", { days: 3_000, preset: "hipaa" })).status).toBe(200);
    expect((await send("GET", "/api/v1/retention")).json.data).toMatchObject({
      days: 3_000,
      preset: "hipaa",
    });
    const hold = { id: "h", reason: "case", filter: { runId: "r" } };
    expect((await send("POST", "/api/v1/holds", hold)).status).toBe(201);
    expect((await send("POST", "/api/v1/holds", hold)).status).toBe(409);
    const before = "2021-01-01T00:00:00Z";
    expect((await send("POST", "/api/v1/prune", { before, dry_run: true })).json.data).toMatchObject({
      removed: 1,
      held: 1,
      receipt_id: null,
    });
    expect((await send("POST", "/api/v1/prune", { before })).json.data).toMatchObject({
      removed: 1,
      held: 1,
    });
    expect((await send("DELETE", "/api/v1/holds/h")).status).toBe(204);
    expect((await send("DELETE", "/api/v1/holds/h")).status).toBe(404);
    expect((await send("POST", "/api/v1/prune", {})).status).toBe(400);
  });
});
