import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { axe, Stage } from "./stage.ts";

const SCREENS = join(import.meta.dirname, "../../test-results/screens");
mkdirSync(SCREENS, { recursive: true });

let stage: Stage;

/** A run of some tool calls; one of them with other arguments and another end. */
function play(id: string, tools: readonly string[], amount: number, status: string): void {
  const run = stage.trail.runs.begin({ id, skillId: "refund", agent: "desk" });
  for (const [n, tool] of tools.entries()) {
    const given = { type: "tool.execute", category: "tool_call" as const, tool, runId: id, agent: "desk" };
    const args = { order: 7, note: "<b>please</b>", items: [1, 2, 3, 4, 5, 6], amount: n === 1 ? amount : 0 };
    const startId = stage.trail.record({ ...given, phase: "started", data: { arguments: args } });
    stage.trail.record({
      ...given,
      phase: "completed",
      startId,
      status: n === 1 ? status : "ok",
      usage: { input: 10 * amount },
      costUsd: "0.01",
      data: { result: { done: n } },
    });
  }
  void run.finish({ status: status === "ok" ? "ok" : "error" });
}

beforeAll(async () => {
  stage = await Stage.open();
  play("run-a", ["orders.read", "payments.refund", "mail.send"], 10, "ok");
  play("run-b", ["orders.read", "payments.refund", "ledger.write", "mail.send"], 99, "denied");
  await stage.trail.flush();
});
afterAll(() => stage.close());
afterEach(() => {
  expect(stage.trouble.splice(0)).toEqual([]);
});

const rows = (page: Page) => page.locator(".both");

describe("comparing two runs", () => {
  it("leads there from the list, and puts the same steps side by side", async () => {
    const page = await stage.page("/runs");
    await page.getByLabel("Compare run-a").check();
    await page.getByText("Tick another one to compare.").waitFor();
    await page.getByLabel("Compare run-b").check();
    await page.getByRole("link", { name: "Compare the two" }).click();
    await rows(page).first().waitFor();
    expect(page.url()).toContain("/runs/compare?a=run-a&b=run-b");
    const refund = rows(page).filter({ hasText: "payments.refund" });
    expect(await refund.getAttribute("class")).toContain("differs");
    expect(await refund.locator(".side").allTextContents()).toEqual([
      expect.stringContaining("ok"),
      expect.stringContaining("denied"),
    ]);
    const ledger = rows(page).filter({ hasText: "ledger.write" });
    expect(await ledger.locator(".side").first().textContent()).toBe("Not in this run");
    const mail = rows(page).filter({ hasText: "mail.send" });
    expect(await mail.count()).toBe(1);
    expect(await mail.getAttribute("class")).not.toContain("differs");
    await page.context().close();
  });

  it("shows the arguments of two calls line beside line, as text, by keyboard too", async () => {
    const page = await stage.page("/runs/compare?a=run-a&b=run-b");
    await rows(page).filter({ hasText: "payments.refund" }).focus();
    await page.keyboard.press("Enter");
    const diff = page.getByRole("table", { name: "Arguments" });
    await diff.waitFor();
    expect(await diff.locator(".gone").allTextContents()).toEqual(['−   "amount": 10,']);
    expect(await diff.locator(".come").allTextContents()).toEqual(['+   "amount": 99,']);
    expect(await diff.textContent()).not.toContain("please");
    await page.screenshot({ path: join(SCREENS, "compare-diff.png") });
    await page.getByRole("button", { name: "Every line" }).click();
    expect(await diff.textContent()).toContain("<b>please</b>");
    expect(await page.locator(".diff b").count()).toBe(0);
    const address = page.url();
    expect(address).toContain("step=");
    await page.getByRole("button", { name: "Close" }).click();
    await diff.waitFor({ state: "detached" });
    await page.goto(address);
    await diff.waitFor();
    await page.getByRole("link", { name: "The second run's event" }).click();
    await page.getByRole("heading", { name: "payments.refund" }).waitFor();
    await page.context().close();
  });

  it("asks for runs where none are named, says so where one is not there, and is open to one from its page", async () => {
    const page = await stage.page("/runs/compare");
    await page.getByRole("heading", { name: "Choose two runs" }).waitFor();
    await page.getByLabel("One run").fill("run-a");
    await page.getByLabel("The other run").fill("run-a");
    await page.getByRole("button", { name: "Compare", exact: true }).click();
    await page.getByText("Every step stands in both, with the same end.").waitFor();
    await page.goto(`${stage.server.url}/runs/compare?a=run-a&b=nowhere`);
    await page.getByRole("alert").waitFor();
    await page.goto(`${stage.server.url}/runs/run-b`);
    await page.getByRole("link", { name: "Compare" }).click();
    await expect.poll(() => page.getByLabel("One run").inputValue()).toBe("run-b");
    await page.context().close();
  });

  it.each([
    ["light", 1280],
    ["dark", 1280],
    ["light", 390],
    ["dark", 390],
  ] as const)("has nothing for axe to find: %s at %i", async (theme, width) => {
    const page = await stage.page("/runs/compare?a=run-a&b=run-b&step=2", { width, dark: theme === "dark" });
    await page.getByRole("table", { name: "Arguments" }).waitFor();
    await page.screenshot({ path: join(SCREENS, `compare-${theme}-${width}.png`) });
    expect(await axe(page)).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
    await page.context().close();
  });
});
