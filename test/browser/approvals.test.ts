import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { line } from "../conformance/drafts.ts";
import { axe, Stage } from "./stage.ts";

const SCREENS = join(import.meta.dirname, "../../test-results/screens");
mkdirSync(SCREENS, { recursive: true });

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(() => stage.close());
afterEach(() => {
  expect(stage.trouble.splice(0)).toEqual([]);
});

describe("approvals", () => {
  it("wait for somebody's word, take it with its reason, and show what broke them", async () => {
    const { approvals } = stage.trail;
    const args = { to: "<b>acme</b>", amount: 10 };
    const id = approvals.request({ tool: "bank.transfer", args, agent: "billing", reason: "more than 5" });
    approvals.request({ tool: "files.delete", args: { path: "/" }, agent: "cleaner" });
    await stage.trail.flush();
    const page = await stage.page("/approvals");
    const card = page.getByRole("listitem").filter({ hasText: "bank.transfer" });
    await card.waitFor();
    expect(await card.textContent()).toContain("<b>acme</b>");
    await card.getByLabel("Reason for bank.transfer").fill("checked <i>twice</i>");
    await card.getByRole("button", { name: "Approve" }).click();
    await card.getByText("checked <i>twice</i>").waitFor();
    expect(await approvals.get(id)).toMatchObject({ state: "approved", reason: "checked <i>twice</i>" });

    await approvals.start(id, { tool: "bank.transfer", args: { ...args, amount: 1_000 } });
    await stage.trail.flush();
    await card.getByText("with other arguments").waitFor();
    await card.getByText("broken: other arguments").waitFor();
    await page.screenshot({ path: join(SCREENS, "approvals.png") });

    await page.getByRole("button", { name: "Waiting" }).click();
    await expect.poll(() => page.locator(".approvals > li").count()).toBe(1);
    expect(page.url()).toContain("state=pending");
    await page.getByRole("button", { name: "Deny" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "No approvals match" }).waitFor();
    await page.getByRole("button", { name: "Broken" }).click();
    await card.waitFor();
    await card.getByRole("link", { name: "executed" }).click();
    await page.getByRole("heading", { name: "bank.transfer" }).waitFor();
    await page.context().close();
  });

  it("say that another was faster", async () => {
    const id = stage.trail.approvals.request({ tool: "race", args: {} });
    await stage.trail.flush();
    const page = await stage.page("/approvals?state=pending");
    const card = page.locator(".approvals > li", { hasText: "race" });
    await card.waitFor();
    await page.route("**/api/v1/approvals?*", (route) => route.abort());
    await stage.trail.approvals.decide(id, { decision: "denied", by: { type: "user", id: "bob" } });
    await card.getByRole("button", { name: "Approve" }).click();
    await expect.poll(() => card.getByRole("alert").textContent()).toContain("denied already, by bob");
    await page.unroute("**/api/v1/approvals?*");
    await page.context().close();
  });

  it.each([
    ["light", 1280],
    ["dark", 1280],
    ["light", 390],
    ["dark", 390],
  ] as const)("have nothing for axe to find: %s at %i", async (theme, width) => {
    const page = await stage.page("/approvals", { width, dark: theme === "dark" });
    await page.locator(".approvals > li").first().waitFor();
    await page.screenshot({ path: join(SCREENS, `approvals-${theme}-${width}.png`) });
    expect(await axe(page)).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
    await page.context().close();
  });
});

describe("completeness", () => {
  it("is a badge of a run: all of it, or the numbers that never arrived, or that nobody can say", async () => {
    await stage.record(3, () => ({ type: "step", runId: "run-whole" }));
    const lines = [1, 2, 5].map((number) =>
      line({ run_id: "run-holed", emitter_id: "e", emitter_epoch: 1, emitter_number: number }),
    );
    await (await stage.trail.store()).append(lines);
    const page = await stage.page("/runs/run-whole");
    await page.getByText("3 of 3 events").waitFor();
    await page.goto(`${stage.server.url}/runs/run-holed`);
    await page.getByText("3 of 5 events").waitFor();
    await page.getByText("never arrived: 3–4").waitFor();
    await page.screenshot({ path: join(SCREENS, "completeness.png") });
    const answer = await fetch(`${stage.server.url}/api/v1/events/bulk`, {
      method: "POST",
      body: '{"event_type":"step","run_id":"run-foreign"}',
    });
    expect(answer.status).toBe(200);
    await page.goto(`${stage.server.url}/runs/run-foreign`);
    await page.getByText("nobody can say").waitFor();
    await page.context().close();
  });
});
