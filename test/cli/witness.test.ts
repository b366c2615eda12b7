import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openTrail } from "../../src/index.ts";
import { daybook, emptyFolder, jsonLines, start, until } from "./daybook.ts";

/** The lines that `daybook witness` prints for the other one, as an environment. */
async function lines(folder: string, url: string): Promise<Record<string, string>> {
  const { stdout } = await daybook(folder, ["witness", "--url", url]);
  const found = [...stdout.matchAll(/^(DAYBOOK_\w+)='(.*)'$/gm)];
  expect(found).toHaveLength(2);
  return Object.fromEntries(found.map(([, name = "", value = ""]) => [name, value]));
}

/** Ports that nobody listens on now, so that each can be told of the other before both start. */
async function freePorts(): Promise<[number, number]> {
  const { createServer } = await import("node:net");
  const servers = [createServer(), createServer()];
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) => {
          server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return [ports[0] ?? 0, ports[1] ?? 0];
}

describe("two Daybooks", () => {
  it("witness each other in two lines of configuration, and verify says so", async () => {
    const [one, two] = [emptyFolder(), emptyFolder()];
    const [portOne, portTwo] = await freePorts();
    for (const folder of [one, two]) {
      const trail = openTrail(join(folder, "daybook.db"));
      trail.record({ type: "note.written", summary: folder });
      await trail.close();
    }
    const [ofOne, ofTwo] = [
      await lines(one, `http://127.0.0.1:${portOne}`),
      await lines(two, `http://127.0.0.1:${portTwo}`),
    ];
    const running = [
      start(one, ["serve", "--port", String(portOne)], ofTwo),
      start(two, ["serve", "--port", String(portTwo)], ofOne),
    ];
    const states = async (port: number) => {
      const answer = await fetch(`http://127.0.0.1:${port}/api/v1/log/witnesses`).catch(() => null);
      const { data } = ((await answer?.json()) ?? { data: [] }) as { data: Array<{ state: string }> };
      return data.map(({ state }) => state).join();
    };
    await until(
      async () => (await states(portOne)) === "confirmed" && (await states(portTwo)) === "confirmed",
      () => `each confirms the other; they said ${JSON.stringify(running.map(({ said }) => said))}`,
    );
    const { status, stdout } = await daybook(one, ["verify"], { env: ofTwo });
    expect(status).toBe(0);
    expect(stdout).toContain(`/witness at http://127.0.0.1:${portTwo}/witness saw its first 1 events at 20`);
    const [said] = jsonLines((await daybook(one, ["witness", "--json"])).stdout);
    expect(said?.logs).toContainEqual({
      tenant: "default",
      witnesses: [expect.objectContaining({ state: "confirmed", size: 1 })],
    });
    for (const { child, ended } of running) {
      child.kill("SIGTERM");
      expect((await ended).status).toBe(0);
    }
    expect(readFileSync(join(two, "daybook.db.keys.witness"), "utf8")).toContain('"active"');
  });

  it("say which line is wrong", async () => {
    const folder = emptyFolder();
    const served = await daybook(folder, ["serve"], { env: { DAYBOOK_WITNESS_FOR: "nonsense" } });
    expect(served).toMatchObject({ status: 2, stderr: expect.stringContaining("DAYBOOK_WITNESS_FOR") });
    const named = await daybook(folder, ["serve"], { env: { DAYBOOK_WITNESSES: "nonsense" } });
    expect(named).toMatchObject({ status: 2, stderr: expect.stringContaining("DAYBOOK_WITNESSES") });
  });
});
