import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { fillWeek } from "../../scripts/demo/week.ts";
import { showTo } from "../../src/trail/witness/follower.ts";
import { openReceiver, type Receiver } from "../forward/receiver.ts";
import { keptBy } from "../witness/ground.ts";
import { axe, Stage } from "./stage.ts";

const SCREENS = join(import.meta.dirname, "../../test-results/screens");
mkdirSync(SCREENS, { recursive: true });

let stage: Stage;
let receiver: Receiver;
beforeAll(async () => {
  receiver = await openReceiver();
  stage = await Stage.open();
  await fillWeek(stage.trail, Date.now() * 1_000);
  await stage.trail.seal();
  await stage.trail.forwarders.create({
    id: "siem",
    name: "The SIEM",
    forwarder_type: "http",
    configuration: { url: `${receiver.url}/?key=tok3n` },
    environments: { production: { enabled: true } },
  });
}, 60_000);
afterAll(async () => {
  await stage.close();
  await receiver.close();
});
afterEach(() => {
  expect(stage.trouble.splice(0)).toEqual([]);
});

async function newestRun(agent: string): Promise<string> {
  const { runs } = await stage.trail.runs.list({ agent, limit: 1 });
  return runs[0]?.id ?? "";
}

const row = (page: Page, text: string) => page.locator("tr", { hasText: text });

describe("the pages", () => {
  it.each([
    ["light", 1280],
    ["dark", 1280],
    ["light", 390],
    ["dark", 390],
  ] as const)("have nothing for axe to find, and stay within the screen: %s at %i", async (theme, width) => {
    const run = await newestRun("support-triage");
    const pages: ReadonlyArray<readonly [name: string, path: string, heading: string]> = [
      ["runs", "/runs", "Runs"],
      ["run", `/runs/${run}`, run],
      ["threads", "/threads", "Threads"],
      ["thread", "/threads/thread-helpdesk-8841", "thread-helpdesk-8841"],
      ["overview", "/overview", "Agents and tools"],
      ["forwarders", "/forwarders", "Forwarders"],
      ["integrity", "/integrity", "Integrity"],
    ];
    for (const [name, path, heading] of pages) {
      const page = await stage.page(path, { width, dark: theme === "dark" });
      await page.getByRole("heading", { name: heading, level: 1 }).waitFor();
      await page.waitForLoadState("networkidle");
      await page.screenshot({ path: join(SCREENS, `${name}-${theme}-${width}.png`) });
      expect([name, await axe(page)]).toEqual([name, []]);
      expect([name, await page.evaluate("document.documentElement.scrollWidth")]).toEqual([name, width]);
      await page.context().close();
    }
    expect([...stage.hosts]).toEqual([new URL(stage.server.url).host]);
  });

  it("verify the whole log with progress, and say what outsiders have seen of it", async () => {
    const page = await stage.page("/integrity");
    await page.getByText("Nobody outside has seen this log").waitFor();
    await page.getByRole("heading", { name: "Keys of the log" }).waitFor();
    await page.getByRole("button", { name: "Verify now" }).click();
    await page.getByRole("heading", { name: "Not every claim holds" }).waitFor();
    const verdict = page.locator(".verdict");
    expect(await verdict.locator("dt").count()).toBe(5);
    expect(await verdict.textContent()).toContain("byte for byte");
    // One emitter of the company has a gap, and that is all that is wrong with its log.
    expect(await verdict.locator("dt b.bad").count()).toBe(1);
    await page.screenshot({ path: join(SCREENS, "integrity-verified.png"), fullPage: true });
    await showTo(keptBy(`dir:${join(stage.dir, "kept")}`), await stage.trail.store(), "default");
    await page.getByRole("cell", { name: "confirmed", exact: true }).waitFor();
    expect(await axe(page)).toEqual([]);
    await page.context().close();
  });

  it("say what an agent touched, who touched that, what is new, and how long calls took", async () => {
    const page = await stage.page("/overview?span=7d");
    await page.getByRole("img", { name: /^Latency over time; last p50/ }).waitFor();
    const fresh = page.getByRole("region", { name: "Seen for the first time" });
    await fresh.getByRole("link").first().waitFor();
    const touched = page.getByRole("region", { name: "What was touched" });
    await touched.getByRole("combobox").selectOption("support-triage");
    const thing = touched.locator("button.linkish").first();
    const name = (await thing.textContent()) ?? "";
    await thing.click();
    const heading = touched.getByRole("heading", { name: /^Who touched / });
    await heading.waitFor();
    expect(await heading.textContent()).toContain(name);
    await touched.getByRole("link", { name: "support-triage", exact: true }).waitFor();
    await page.context().close();
  });

  it("lead from the list of runs to a step of one, and to the run below it, by keyboard too", async () => {
    const page = await stage.page("/runs?agent=support-triage");
    const id = await newestRun("support-triage");
    await page.getByRole("link", { name: id }).click();
    await page.getByRole("heading", { name: id }).waitFor();
    const steps = page.locator(".step");
    await expect.poll(() => steps.count()).toBeGreaterThan(5);
    expect(await steps.first().textContent()).toContain("agent.run");
    const denied = page
      .locator(".step", { has: page.locator("b", { hasText: /^payments\.refund$/ }) })
      .first();
    await denied.focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "payments.refund", level: 2 }).waitFor();
    expect(page.url()).toContain("event=");
    await page.getByRole("button", { name: "Close" }).click();
    await page.locator(".children a").first().click();
    await page.getByRole("heading", { name: "refund", level: 1 }).waitFor();
    await page.locator(".crumbs a", { hasText: id }).waitFor();
    await page.context().close();
  });

  it("filter runs by what the address says, and say so when none match", async () => {
    const page = await stage.page("/runs?agent=research");
    await row(page, "run-research-").first().waitFor();
    expect(await row(page, "run-code-review-").count()).toBe(0);
    await page.getByLabel("Status").selectOption("timeout");
    await page.getByRole("heading", { name: "No runs match" }).waitFor();
    expect(page.url()).toContain("status=timeout");
    await page.context().close();
  });

  it("count what happened, link each figure to its events, and name the gap of an emitter", async () => {
    const page = await stage.page("/overview");
    await page.getByText("37 of 40, missing 17–19").waitFor();
    await page.getByText("smtp: connection timed out").waitFor();
    await page.getByRole("link", { name: "web.fetch" }).first().click();
    await page.getByTestId("live").waitFor();
    expect(decodeURIComponent(page.url())).toContain("q=tool:web.fetch");
    await page.goto(`${stage.server.url}/overview?span=7d`);
    await page
      .locator(".slot", { has: page.locator("i.error") })
      .first()
      .click();
    await page.locator(".row").first().waitFor();
    expect(new URL(page.url()).pathname).toBe("/");
    expect([...new URL(page.url()).searchParams.keys()].sort()).toEqual(["from", "to"]);
    await page.context().close();
  });

  it("keep to a value, or leave it out, by its facet", async () => {
    const page = await stage.page("/?q=agent:research");
    await page.getByRole("button", { name: /^Only tool web\.fetch/ }).click();
    await expect.poll(() => decodeURIComponent(page.url())).toContain("tool:web.fetch");
    await page.getByRole("button", { name: /^Without status error/ }).click();
    await expect.poll(() => decodeURIComponent(page.url())).toContain("-status:error");
    await page.locator(".row", { hasText: "web.fetch" }).first().waitFor();
    expect(await page.locator(".row.error").count()).toBe(0);
    await page.screenshot({ path: join(SCREENS, "facets.png") });
    await page.context().close();
  });

  it("check the proof of an event here, and not at the server", async () => {
    const { events } = await stage.trail.events.list({ filter: { status: "denied" }, limit: 1 });
    const page = await stage.page(`/?event=${events[0]?.id}`);
    await page.getByRole("button", { name: "Check it in this browser" }).click();
    const said = page.getByTestId("proof");
    await said.getByText("What you see is what was sealed.").waitFor();
    await said.getByText(/^It is number [\d,]+ of the [\d,]+ events/).waitFor();
    await said.getByText(/is signed by the key [0-9a-f]{8}\./).waitFor();
    await page.screenshot({ path: join(SCREENS, "proof.png") });
    const download = page.waitForEvent("download");
    await page.getByRole("link", { name: "Download .tlog-proof" }).click();
    expect((await download).suggestedFilename()).toBe(`${events[0]?.id}.tlog-proof`);
    await page.context().close();
  });

  it("pause a forwarder, and show no secret of its address", async () => {
    const page = await stage.page("/forwarders");
    await row(page, "The SIEM").waitFor();
    expect(await page.content()).not.toContain("tok3n");
    await page.getByRole("button", { name: "Pause" }).click();
    await row(page, "paused").waitFor();
    expect((await stage.trail.forwarders.get("siem")).paused).toBe(true);
    await page.getByRole("button", { name: "Resume" }).click();
    await page.getByRole("button", { name: "Pause" }).waitFor();
    await page.context().close();
  });

  it("show markup as the text that it is", async () => {
    const bomb = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`;
    await stage.record(2, (i) => ({
      type: "agent.run",
      category: "run",
      runId: bomb,
      agent: bomb,
      tool: bomb,
      status: "error",
      error: bomb,
      phase: i === 0 ? "started" : null,
    }));
    for (const path of ["/runs", `/runs/${encodeURIComponent(bomb)}`, "/overview?span=24h"]) {
      const page = await stage.page(path);
      await page.getByText("<img src=x").first().waitFor({ timeout: 5_000 });
      expect(await page.title()).not.toBe("owned");
      expect(await page.locator("img[src='x']").count()).toBe(0);
      await page.context().close();
    }
  });

  it("draw a run of ten thousand steps with few rows in the document", async () => {
    await stage.record(10_000, (i) => ({
      type: "tool.execute",
      tool: `step-${i}`,
      runId: "run-of-10000",
      status: "ok",
      durationMs: 5,
    }));
    const page = await stage.page("/runs/run-of-10000");
    await page.locator(".step", { hasText: "step-0" }).first().waitFor();
    expect(await page.locator(".step").count()).toBeLessThan(80);
    await page
      .locator(".waterfall")
      .evaluate((scroller) => scroller.scrollTo({ top: scroller.scrollHeight }));
    await page.locator(".step", { hasText: "step-9999" }).waitFor();
    await page.context().close();
  });
});
