import { afterAll, beforeAll, expect, it } from "vitest";
import { openTrail } from "../../src/index.ts";
import { openServer, type TestServer } from "./server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await openServer();
});
afterAll(() => server.close());

const texts = async (): Promise<unknown[]> => {
  const { json } = await server.request("/api/v1/events?filter[event_type]=note&sort=seq");
  return json.data.map(({ attributes }) => attributes.description);
};

it("a subject is named by every door, never shown, and erased over HTTP", async () => {
  const one = { event_type: "note", description: "one", subject: "s1" };
  expect((await server.post("/api/v1/events/bulk", [one, { ...one, description: "two" }])).status).toBe(200);
  const attributes = {
    event_type: "note",
    resource_type: "r",
    resource_id: "1",
    description: "three",
    subject: "s1",
  };
  const made = await server.post("/api/v1/events", { data: { type: "event", attributes } });
  expect(made.status).toBe(201);
  expect(made.text).not.toContain("s1");
  expect(made.json.data.attributes).toMatchObject({ description: "three" });
  // Sent again with its time, it is known; and what tells it apart cannot be guessed.
  const timed = {
    data: { type: "event", attributes: { ...attributes, occurred_at: "2026-01-01T00:00:00Z" } },
  };
  expect((await server.post("/api/v1/events", timed)).status).toBe(201);
  const again = await server.post("/api/v1/events", timed);
  expect(again.status).toBe(200);
  const plain = await server.post("/api/v1/events", {
    data: { type: "event", attributes: { ...timed.data.attributes, subject: null, event_type: "other" } },
  });
  expect(plain.json.data.attributes.idempotency_key).toMatch(/^auto-[0-9a-f]{32}$/);
  const far = openTrail(server.url, { level: "memory" });
  far.record({ type: "note", subject: "s1", summary: "four" });
  await far.close();
  expect(await texts()).toEqual(["one", "two", "three", "three", "four"]);
  const { json } = await server.post("/api/v1/erase", { subject: "s1", reason: "asked", dry_run: true });
  expect(json.data).toMatchObject({ events: 5, receipt_id: null, dry_run: true });
  const erased = await server.post("/api/v1/erase", { subject: "s1", reason: "asked" });
  expect(erased.json.data).toMatchObject({ events: 5, receipt_id: expect.any(String) });
  expect(await texts()).toEqual([null, null, null, null, null]);
});

it("says what is wrong, and what stands against it", async () => {
  const ask = async (body: unknown) => {
    const { status, json } = await server.post("/api/v1/erase", body);
    return [status, json.errors[0]?.code];
  };
  expect(await ask({})).toEqual([400, "event.invalid"]);
  expect(await ask({ subject: "s", dry_run: "yes" })).toEqual([400, "event.invalid"]);
  expect(await ask([])).toEqual([400, "request.malformed"]);
  await server.post("/api/v1/events/bulk", [{ event_type: "note", subject: "held" }]);
  await server.post("/api/v1/holds", { id: "h", reason: "case", filter: {} });
  expect(await ask({ subject: "held" })).toEqual([409, "erasure.held"]);
  const far = openTrail(server.url, { level: "memory" });
  await expect(far.erase({ subject: "held" })).rejects.toMatchObject({ code: "store.unsupported" });
  await far.close();
});
