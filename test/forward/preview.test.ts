import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openServer, type TestServer } from "../http/server.ts";
import { openReceiver, type Receiver } from "./receiver.ts";

const PATH = "/api/v1/functions/preview_forwarder/actions/execute";

let server: TestServer;
let receiver: Receiver;
beforeAll(async () => {
  receiver = await openReceiver();
  server = await openServer();
  server.trail.record({ type: "a", status: "ok", summary: "first" });
  server.trail.record({ type: "b", status: "denied", environment: "staging" });
  server.trail.record({ type: "c", status: "denied", doNotForward: true });
  server.trail.record({ type: "d", status: "denied", data: { n: 4 } });
  await server.trail.flush();
});
afterAll(async () => {
  await server.close();
  await receiver.close();
});

async function preview(attributes: object) {
  const { status, json } = await server.post(PATH, {
    data: {
      type: "forwarder",
      attributes: {
        name: "x",
        forwarder_type: "http",
        configuration: { url: receiver.url },
        environments: { production: { enabled: true } },
        ...attributes,
      },
    },
  });
  return { status, json: json as unknown as { data: Array<Record<string, unknown>>; error?: string } };
}

describe("the preview of a forwarder", () => {
  it("says of each event what would become of it, newest first, and sends nothing", async () => {
    const { json } = await preview({ filter: { "==": [{ var: "status" }, "denied"] } });
    expect(json.data.map(({ type, verdict }) => [type, verdict])).toEqual([
      ["d", "sent"],
      ["c", "skipped"],
      ["b", "elsewhere"],
      ["a", "filtered"],
    ]);
    expect(JSON.parse(String(json.data[0]?.payload))).toMatchObject({ event_type: "d", data: { n: 4 } });
    expect(receiver.requests).toEqual([]);
    expect((await server.trail.forwarders.list()).total).toBe(0);
  });

  it("shows what the transform or the format makes, and where an expression fails", async () => {
    const made = await preview({
      transform_type: "JSONATA",
      transform: '{ "t": event_type, "twice": data.n * 2 }',
    });
    expect(made.json.data[0]?.payload).toBe('{"t":"d","twice":8}');
    const ecs = await preview({ format: "ecs" });
    expect(String(ecs.json.data[0]?.payload)).toContain('"action":"d"');
    const broken = await preview({ transform_type: "JSONATA", transform: "$error('no')" });
    expect(broken.json.data[0]).toMatchObject({ verdict: "broken", payload: null });
    expect(String(broken.json.data[0]?.error)).toContain("The transform failed");
  });

  it("refuses what saving refuses, naming the field", async () => {
    const { status, json } = await preview({ transform_type: "JSONATA", transform: "{" });
    expect([status, json.error]).toEqual([400, expect.stringContaining("transform")]);
    expect((await server.post(PATH, {})).status).toBe(400);
  });
});
