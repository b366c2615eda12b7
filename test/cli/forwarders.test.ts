import { describe, expect, it } from "vitest";
import { openReceiver } from "../forward/receiver.ts";
import { daybook, emptyFolder, jsonLines, start, until } from "./daybook.ts";

const env = { DAYBOOK_FORWARDER_ALLOW_PRIVATE: "1" };

describe("daybook forwarders", () => {
  it("adds one that a running server forwards by, shows, pauses, retries and removes it", async () => {
    const folder = emptyFolder();
    const receiver = await openReceiver();
    const run = (...args: string[]) => daybook(folder, ["forwarders", ...args], { env });
    const added = await run(
      ...["add", "siem", "--type", "http", "--url", `${receiver.url}/in?key=hidden`],
      ...["--header", "Authorization: Bearer hidden", "--rule", '{"==":[{"var":"agent"},"billing"]}'],
    );
    expect(added).toMatchObject({ status: 0, stderr: "" });
    const [listed] = jsonLines((await run("list", "--json")).stdout);
    expect(listed).toMatchObject({ id: "siem", type: "http", state: "on", environments: ["production"] });
    for (const args of [["list"], ["show", "siem"], ["list", "--json"]]) {
      expect((await run(...args)).stdout).not.toContain("hidden");
    }
    expect(await run("test", "siem")).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^taken: 200/),
    });
    expect(receiver.requests.pop()?.headers.authorization).toBe("Bearer hidden");

    const server = start(folder, ["serve", "--port", "0", "--json"], env);
    await until(
      () => server.said.stdout.includes("\n"),
      () => `the server's address; it said ${JSON.stringify(server.said)}`,
    );
    receiver.requests.length = 0;
    receiver.behave(() => ({ status: 400 }));
    await daybook(folder, ["record", "--type", "a", "--agent", "billing"]);
    await daybook(folder, ["record", "--type", "a", "--agent", "other"]);
    const failed = async () =>
      jsonLines((await run("deliveries", "siem", "--status", "failed", "--json")).stdout);
    await until(
      async () => (await failed()).length === 1,
      () => "the refused event stands among the deliveries",
    );
    receiver.behave(() => ({ status: 200 }));
    expect(await run("retry", "siem")).toMatchObject({
      status: 0,
      stdout: "1 sent again: 1 succeeded, 0 failed\n",
    });
    expect(JSON.parse(receiver.requests.at(-1)?.body ?? "")).toMatchObject({ agent: "billing" });

    await run("pause", "siem");
    expect((await run("show", "siem")).stdout).toMatch(/state\s+paused/);
    await run("resume", "siem");
    expect(await run("remove", "siem")).toMatchObject({ status: 0 });
    expect(await run("show", "siem")).toMatchObject({ status: 4 });
    server.child.kill("SIGTERM");
    await server.ended;
    await receiver.close();
  });

  it("names what is wrong", async () => {
    const folder = emptyFolder();
    const run = (...args: string[]) => daybook(folder, ["forwarders", ...args], { env });
    for (const [args, said] of [
      [["send", "x"], /There is no action "send"/],
      [["add"], /Say which forwarder/],
      [["add", "x", "--type", "pigeon", "--url", "http://a"], /forwarder_type must be one of/],
      [["add", "x", "--url", "http://a", "--rule", "{"], /--rule must be JSON/],
      [["add", "x", "--url", "http://a", "--rule", '{"explode":[1]}'], /explode/],
      [["add", "x", "--url", "http://a", "--header", "nothing"], /--header must be NAME:VALUE/],
    ] as const) {
      const { status, stderr } = await run(...args);
      expect([status, stderr]).toEqual([2, expect.stringMatching(said)]);
    }
  });
});

describe("daybook export --as", () => {
  it("writes events as others read them", async () => {
    const folder = emptyFolder();
    await daybook(folder, ["record", "--type", "tool.execute", "--tool", "refund", "--status", "denied"]);
    const as = async (format: string) => (await daybook(folder, ["export", "--as", format])).stdout;
    expect(JSON.parse(await as("ocsf"))).toMatchObject({ class_uid: 6003 });
    expect(JSON.parse(await as("cloudevents"))).toMatchObject({ specversion: "1.0" });
    expect(JSON.parse(await as("ecs"))).toMatchObject({ event: { action: "tool.execute" } });
    expect(await as("cef")).toMatch(/^CEF:0\|[^\n]*\n$/);
    expect(JSON.parse(await as("native"))).toMatchObject({ event_type: "tool.execute" });
    expect(await daybook(folder, ["export", "--as", "pdf"])).toMatchObject({ status: 2 });
  });
});
