import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { type Call, fakeModel, type Turn } from "./model.ts";
import { callNamed, claude, documented, serve, type Workplace, workplace } from "./program.ts";

const STEPS = 4;
/** A hook of a server that hangs takes its whole timeout, at each step. */
const TIMEOUT_S = 1;
/** The goal; and what no machine is too busy for, since hooks that hold up make it more than twice as long. */
const LONGER_GOAL = 1.1;
const LONGER_MAX = 1.4;
const ROUNDS_MAX = 8;

const echo = (step: number): Call => ({
  id: callNamed(`step${step}`),
  name: "Bash",
  input: { command: `echo ${step}` },
});
const SCRIPT: Readonly<Record<string, readonly Turn[]>> = {
  "Work on": [...Array.from({ length: STEPS }, (_, step) => ({ calls: [echo(step)] })), { text: "Done." }],
};

/** Takes connections and requests, and never answers. */
async function hangingServer(): Promise<{ url: string; asked: () => number } & AsyncDisposable> {
  let asked = 0;
  const server = createServer(() => {
    asked++;
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: () => asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** How long the real program takes for its work. */
async function run(place: Workplace, settings: object): Promise<number> {
  place.settings(settings);
  const { result, ms } = await claude(place, "Work on");
  expect(result.result).toBe("Done.");
  return ms;
}

describe("the real Claude Code", () => {
  it("is not held up by the commands of the documents when the server hangs or is away", async () => {
    await using model = await fakeModel(SCRIPT);
    await using hanging = await hangingServer();
    const place = workplace(model.url);
    const healthy = await serve(place.home);
    const quickest = { healthy: Infinity, hanging: Infinity, away: Infinity };
    const urls = { healthy, hanging: hanging.url, away: "http://127.0.0.1:1" };
    const longer = () => Math.max(quickest.hanging, quickest.away) / quickest.healthy;
    // In turn, so that whatever else the machine does meets all: it slows some rounds, a hook that holds up all of them.
    for (let round = 0; round < ROUNDS_MAX && !(longer() < LONGER_GOAL); round++)
      for (const name of ["healthy", "hanging", "away"] as const)
        quickest[name] = Math.min(quickest[name], await run(place, documented(urls[name]).command ?? {}));
    expect(longer()).toBeLessThan(LONGER_MAX);
    await expect.poll(hanging.asked, { timeout: 30_000 }).toBeGreaterThan(0);
  }, 300_000);

  it("is held up by an HTTP hook of a server that hangs, whatever `async` says: hence commands", async () => {
    await using model = await fakeModel(SCRIPT);
    await using hanging = await hangingServer();
    const place = workplace(model.url);
    const hook = { type: "http", url: hanging.url, timeout: TIMEOUT_S, async: true };
    place.settings({ hooks: { PreToolUse: [{ hooks: [hook] }] } });
    const { ms } = await claude(place, "Work on");
    expect(ms).toBeGreaterThan(STEPS * TIMEOUT_S * 1_000);
  });
});
