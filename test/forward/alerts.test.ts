import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openTrail, type Trail } from "../../src/index.ts";
import { openReceiver, type Receiver } from "./receiver.ts";

let trail: Trail;
let receiver: Receiver;
let end: () => Promise<void>;
beforeEach(async () => {
  receiver = await openReceiver();
  trail = openTrail(":memory:", { forwarding: { allowPrivate: true } });
});
afterEach(async () => {
  await end();
  await trail.close();
  await receiver.close();
});

const add = (id: string, kind: object, filter: object | null) =>
  trail.forwarders.create({
    id,
    name: id,
    forwarder_type: "http",
    alert: kind,
    filter,
    configuration: { url: `${receiver.url}/${id}` },
    environments: { production: { enabled: true } },
  });

/** The alert under test, and one that shows that a look has happened: one look goes over all of them. */
async function alert(kind: object, filter: object | null = null): Promise<void> {
  await add("pager", kind, filter);
  await add("witness", { kind: "match" }, { "==": [{ var: "event_type" }, "looked"] });
  end = await trail.forwarders.run({ alertIntervalMs: 20, backoff: { baseMs: 5, maxMs: 20 } });
}

const toldTo = (id: string) =>
  receiver.requests.filter(({ url }) => url === `/${id}`).map(({ body }) => JSON.parse(body));
const told = () => toldTo("pager");

/** Resolves when everything that was recorded before has been looked at. */
async function looked(): Promise<void> {
  await trail.flush();
  const before = toldTo("witness").length;
  trail.record({ type: "looked" });
  await trail.flush();
  await expect.poll(() => toldTo("witness").length).toBeGreaterThan(before);
}

describe("an alert", () => {
  it("tells of an event that meets its rule, once, and records that it fired", async () => {
    await alert({ kind: "match" }, { "==": [{ var: "status" }, "denied"] });
    trail.record({ type: "tool.execute", status: "ok" });
    trail.record({ type: "tool.execute", tool: "delete_all", status: "denied" });
    await trail.flush();
    await expect.poll(() => told().length).toBe(1);
    expect(told()[0]).toMatchObject({ event_type: "alert.fired", category: "safety" });
    const { events } = await trail.events.list({ filter: { type: "alert.fired" } });
    expect(events).toHaveLength(1);
    expect(JSON.stringify(events[0]?.data)).toContain("pager");
    await looked();
    expect(told()).toHaveLength(1);
  });

  it("tells when failures are too many within its minutes, once until they are fewer", async () => {
    await alert({ kind: "failures", minutes: 5, count: 3 });
    for (let i = 0; i < 3; i++) trail.record({ type: "tool.execute", status: "error" });
    await looked();
    expect(told()).toHaveLength(0);
    for (let i = 0; i < 4; i++) trail.record({ type: "tool.execute", status: "error" });
    await trail.flush();
    await expect.poll(() => told().length).toBe(1);
    await looked();
    expect(told()).toHaveLength(1);
  });

  it("tells of silence", async () => {
    trail.record({ type: "heartbeat", agent: "nightly" });
    await trail.flush();
    await alert({ kind: "silence", minutes: 0.002 }, { "==": [{ var: "agent" }, "nightly"] });
    await expect.poll(() => told().length).toBe(1);
    expect(told()[0].description).toMatch(/\S/);
  });

  it("tells of an emitter's numbers that never arrived", async () => {
    await alert({ kind: "gap" });
    const store = await trail.store();
    const line = (n: number): string =>
      JSON.stringify({
        id: crypto.randomUUID(),
        tenant: "default",
        environment: "production",
        event_type: "tick",
        severity: "INFO",
        emitter_id: "e1",
        emitter_epoch: 1,
        emitter_number: n,
      });
    await store.append([line(1), line(2), line(5)]);
    const data = { tenant: "default", emitter_id: "e1", emitter_epoch: 1, sent: 5 };
    await store.append([
      JSON.stringify({
        id: crypto.randomUUID(),
        tenant: "daybook",
        environment: "production",
        event_type: "emitter.closed",
        severity: "INFO",
        data,
      }),
    ]);
    await expect.poll(() => told().length).toBe(1);
    expect(JSON.stringify(told()[0])).toContain("e1");
  });
});
