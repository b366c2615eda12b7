import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DESTINATIONS } from "../../src/forward/registry.ts";
import { openTrail, type Trail } from "../../src/index.ts";
import { openReceiver, type Receiver } from "./receiver.ts";

let trail: Trail;
let receiver: Receiver;
let end: (() => Promise<void>) | undefined;
beforeEach(async () => {
  receiver = await openReceiver();
  trail = openTrail(":memory:", { forwarding: { allowPrivate: true } });
});
afterEach(async () => {
  await end?.();
  end = undefined;
  await trail.close();
  await receiver.close();
});

const add = (type: string, options: object = {}) =>
  trail.forwarders.create({
    id: "f",
    name: "F",
    forwarder_type: type,
    configuration: { url: `${receiver.url}/`, options },
    environments: { production: { enabled: true } },
  });
const run = async () => {
  end = await trail.forwarders.run({ backoff: { baseMs: 5, maxMs: 40 } });
};

describe("messages", () => {
  it("keep to the receiver's figures: events and bytes of a message, bytes of an event", async () => {
    const { limits } = DESTINATIONS.find(({ type }) => type === "honeycomb") ??
      DESTINATIONS[0] ?? { limits: null };
    if (limits === null) throw new Error("there are no destinations");
    await add("honeycomb");
    for (let n = 0; n < 60; n++) trail.record({ type: "wide", data: { n, text: "x".repeat(90_000) } });
    const large = trail.record({ type: "too.wide", data: { text: "y".repeat(150_000) } });
    for (let n = 0; n < 2_500; n++) trail.record({ type: "narrow", data: { n } });
    await trail.flush();
    receiver.behave(({ body }) => ({ status: 200, body: JSON.parse(body).map(() => ({ status: 202 })) }));
    await run();
    const counts = () => receiver.requests.map(({ body }) => JSON.parse(body).length as number);
    await expect.poll(() => counts().reduce((sum, count) => sum + count, 0), { timeout: 15_000 }).toBe(2_560);
    for (const count of counts()) expect(count).toBeLessThanOrEqual(limits.events);
    for (const { body } of receiver.requests)
      expect(Buffer.byteLength(body)).toBeLessThanOrEqual(limits.bytes);
    const order = receiver.requests.flatMap(({ body }) =>
      JSON.parse(body).map(({ data }: { data: { seq: number } }) => data.seq),
    );
    expect(order).toEqual(order.toSorted((a: number, b: number) => a - b));
    // The one that no message can hold is a dead letter, and held nobody up.
    await expect
      .poll(async () =>
        (await trail.forwarders.deliveries("f", { status: ["FAILED"] })).deliveries.map(({ event }) => event),
      )
      .toEqual([large]);
  });
});

describe("a receiver that was away", () => {
  it("gets all of that time, in order, each once, and one receipt for many", async () => {
    await add("otlp");
    let isAway = true;
    let tries = 0;
    const got: string[] = [];
    receiver.behave(({ body }) => {
      tries++;
      if (isAway) return tries % 2 === 0 ? "cut" : { status: 503 };
      for (const { attributes } of JSON.parse(body).resourceLogs[0].scopeLogs[0].logRecords) {
        const uid = attributes.find(({ key }: { key: string }) => key === "log.record.uid");
        got.push(uid.value.stringValue);
      }
      return { status: 200 };
    });
    await run();
    const sent: string[] = [];
    for (let n = 0; n < 3_000; n++) {
      sent.push(trail.record({ type: "tick", data: { n } }));
      if (n % 500 === 0) await trail.flush();
    }
    await trail.flush();
    await expect.poll(() => tries).toBeGreaterThan(5);
    isAway = false;
    await expect.poll(() => got.length, { timeout: 15_000 }).toBe(3_000);
    expect(got).toEqual(sent);
    const { deliveries, next } = await trail.forwarders.deliveries("f", {
      status: ["SUCCEEDED"],
      limit: 1_000,
    });
    expect([deliveries.length, next === null]).toEqual([1_000, false]);
    // A row for each event when it is read; what is stored is a receipt for each batch.
    const { events } = await trail.forTenant("daybook").events.list({ limit: 1_000 });
    const receipts = events.filter(({ type }) => type === "delivery.recorded");
    expect(receipts.length).toBeGreaterThan(0);
    expect(receipts.length).toBeLessThan(100);
  });
});
