import { afterAll, beforeAll, expect, it } from "vitest";
import { openServer, type TestServer } from "./server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await openServer();
});
afterAll(() => server.close());

const get = async (path: string) => (await server.request(path)).json;

it("an approval is asked for, decided and executed over HTTP", async () => {
  const asked = await server.post("/api/v1/approvals", {
    tool: "bank.transfer",
    arguments: { amount: 10 },
    agent: "billing",
    run_id: "r1",
    reason: "more than 5",
  });
  expect(asked.status).toBe(201);
  const { id } = asked.json.data;
  expect((await get("/api/v1/approvals?filter[state]=pending&meta[total]=true")).data).toMatchObject([
    { type: "approval", id, attributes: { state: "pending", arguments: { amount: 10 }, run_id: "r1" } },
  ]);
  const decided = await server.post(`/api/v1/approvals/${id}/decision`, {
    decision: "approved",
    reason: "ok",
    actor_id: "alice",
  });
  expect(decided.json.data.attributes).toMatchObject({ state: "approved", decided_by: "alice" });
  expect((await get(`/api/v1/approvals/${id}`)).data.attributes).toMatchObject({ reason: "ok" });
  const again = await server.post(`/api/v1/approvals/${id}/decision`, { decision: "denied" });
  expect(again).toMatchObject({ status: 409, json: { errors: [{ code: "approval.decided" }] } });
  const executed = {
    event_type: "tool.execute",
    category: "tool_call",
    phase: "started",
    tool: "bank.transfer",
  };
  await server.post("/api/v1/events/bulk", [
    { ...executed, data: { approval_id: id, arguments: { amount: 11 } } },
  ]);
  expect((await get("/api/v1/approvals?filter[violated]=true")).data).toMatchObject([
    { id, attributes: { violations: [{ rule: "other_arguments" }] } },
  ]);
});

it("what is wrong with a request or a decision is named", async () => {
  const bad = async (path: string, body: unknown) => {
    const { status, json } = await server.post(path, body);
    return [status, json.errors[0]?.code, json.errors[0]?.detail];
  };
  expect(await bad("/api/v1/approvals", {})).toEqual([
    400,
    expect.any(String),
    expect.stringContaining("tool"),
  ]);
  expect(await bad("/api/v1/approvals", { tool: "t", expires_in_ms: -1 })).toEqual([
    400,
    expect.any(String),
    expect.stringContaining("expires_in_ms"),
  ]);
  expect(await bad("/api/v1/approvals", { tool: "t", agent: 7 })).toEqual([
    400,
    "event.invalid",
    expect.stringContaining("agent"),
  ]);
  expect(await bad("/api/v1/approvals/none/decision", { decision: "maybe" })).toEqual([
    400,
    "event.invalid",
    expect.stringContaining("decision"),
  ]);
  expect(await bad("/api/v1/approvals/none/decision", { decision: "denied" })).toEqual([
    404,
    "approval.not_found",
    expect.any(String),
  ]);
  expect((await server.request("/api/v1/approvals/none")).status).toBe(404);
  expect((await server.request("/api/v1/approvals?filter[state]=odd")).status).toBe(400);
});

it("only an administrator decides: an agent's own key does not", async () => {
  const locked = await openServer();
  const { createKeys } = await import("../../src/trail/keys.ts");
  const writer = await createKeys(locked.trail.settings).create({
    name: "agent",
    role: "writer",
    tenant: "default",
  });
  const headers = { Authorization: `Bearer ${writer.secret}` };
  const asked = await locked.post("/api/v1/approvals", { tool: "t", arguments: {} }, headers);
  expect(asked.status).toBe(201);
  const path = `/api/v1/approvals/${asked.json.data.id}/decision`;
  expect((await locked.post(path, { decision: "approved" }, headers)).status).toBe(403);
  await locked.close();
});
