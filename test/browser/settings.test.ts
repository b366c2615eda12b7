import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { axe, Stage } from "./stage.ts";

const SCREENS = join(import.meta.dirname, "../../test-results/screens");
mkdirSync(SCREENS, { recursive: true });

let stage: Stage;
let secret = "";
beforeAll(async () => {
  stage = await Stage.open();
  await stage.record(6, (i) => ({
    type: "step",
    category: i < 4 ? "llm" : "config",
    summary: `number ${i}`,
    runId: i === 0 ? "run-held" : "run",
    occurredAt: Date.parse("2020-01-01T00:00:00Z") * 1_000,
  }));
});
afterAll(() => stage.close());
afterEach(() => {
  expect(stage.trouble.splice(0)).toEqual([]);
});

const section = (page: Page, name: string) => page.getByRole("region", { name });
const summed = async (): Promise<number> => (await stage.trail.events.stats()).total;

async function enter(page: Page, key: string): Promise<void> {
  const bar = page.getByRole("form", { name: "API key" });
  await bar.getByLabel(/asks for an API key|does not know/).fill(key);
  await bar.getByRole("button", { name: "Use it" }).click();
}

describe("the settings", () => {
  it("keep what must not go, count before they remove, and leave a receipt", async () => {
    const page = await stage.page("/settings");
    await page.getByText("This server asks for no key").waitFor();
    const holds = section(page, "Legal holds");
    await holds.getByLabel("Name of the hold").fill("case-7");
    await holds.getByLabel("Reason").fill("<b>court</b>");
    await holds.getByLabel("Events, as a filter").fill('{"runId":"run-held"}');
    await holds.getByRole("button", { name: "Hold" }).click();
    await holds.getByRole("cell", { name: "<b>court</b>" }).waitFor();

    const retention = section(page, "Retention");
    await retention.getByLabel("Days to keep").fill("30");
    await retention.getByLabel("At least what this asks for").selectOption("hipaa");
    await retention.getByRole("button", { name: "Save the policy" }).click();
    await expect.poll(() => retention.getByRole("alert").textContent()).toContain("hipaa");
    await retention.getByLabel("Days to keep").fill("4000");
    await retention.getByLabel("Other categories").fill("llm 3000");
    await retention.getByRole("button", { name: "Save the policy" }).click();
    await expect
      .poll(() => stage.trail.retention.policy())
      .toMatchObject({ days: 4_000, categories: { llm: 3_000 }, preset: "hipaa" });

    await retention.getByLabel("Remove what happened before").fill("2021-01-01T00:00");
    await retention.getByLabel("Only of the category").fill("llm");
    await retention.getByRole("button", { name: "Count what would go" }).click();
    await retention.getByText("3 events would go, 1 are held.").waitFor();
    const before = await summed();
    await retention.getByRole("button", { name: "Remove them" }).click();
    expect(await summed()).toBe(before);
    await page.screenshot({ path: join(SCREENS, "settings.png"), fullPage: true });
    await retention.getByRole("button", { name: "Remove them for good" }).click();
    await retention.getByText("3 events from before").waitFor();
    await retention.getByRole("link", { name: "The receipt" }).click();
    await page.getByRole("heading", { name: "trail.pruned" }).waitFor();
    await page.goBack();
    await holds.getByRole("button", { name: "Release case-7" }).click();
    await holds.getByRole("button", { name: "Really release case-7" }).click();
    await holds.getByText("Nothing is held.").waitFor();
    await page.context().close();
  });

  it("make a first key without shutting out who made it, and show its secret once", async () => {
    const page = await stage.page("/settings");
    const keys = section(page, "API keys");
    await keys.getByText("There are none.").waitFor();
    await keys.getByLabel("Name").fill("ada <i>laptop</i>");
    await keys.getByRole("button", { name: "Make a key" }).click();
    await keys.getByRole("cell", { name: "ada <i>laptop</i> (yours)" }).waitFor();
    secret = (await keys.locator(".made pre").textContent()) ?? "";
    expect(secret.length).toBeGreaterThan(20);
    await page.getByText("You have a key with the role admin").waitFor();
    await page.reload();
    await keys.getByRole("cell", { name: /^ada/ }).waitFor();
    expect(await page.content()).not.toContain(secret);
    await page.context().close();
  });

  it("ask every other tab for a key, and then show and follow what it may see", async () => {
    const page = await stage.page("/");
    await page.getByRole("form", { name: "API key" }).waitFor();
    await page.screenshot({ path: join(SCREENS, "key-bar.png") });
    expect(await axe(page)).toEqual([]);
    await enter(page, "db_wrong");
    await page.getByText("does not know this key").waitFor();
    await enter(page, secret);
    await page.locator(".row", { hasText: "number 5" }).waitFor();
    await expect.poll(() => page.getByTestId("live").textContent()).toBe("live");
    await stage.record(1, () => ({ type: "step", summary: "while looking" }));
    await page.locator(".row", { hasText: "while looking" }).waitFor();
    expect(page.url()).not.toContain(secret);
    await page.context().close();
  });

  it("say what a key of a smaller role may not do, and end a key that is revoked", async () => {
    const admin = await stage.page("/settings");
    await enter(admin, secret);
    const keys = section(admin, "API keys");
    await keys.getByLabel("Name").fill("reader");
    await keys.getByLabel("Role").selectOption("auditor");
    await keys.getByRole("button", { name: "Make a key" }).click();
    await keys.getByText("It is shown this once").waitFor();
    const smaller = (await keys.locator(".made pre").textContent()) ?? "";

    const page = await stage.page("/settings");
    await enter(page, smaller);
    await page.getByText("You have a key with the role auditor").waitFor();
    await page.getByText("changed with the key of an admin").waitFor();
    expect(await page.getByRole("button", { name: /Make a key|Save|Hold|Revoke/ }).count()).toBe(0);
    await page.goto(stage.server.url);
    await expect.poll(() => page.getByTestId("live").textContent()).toBe("live");

    await keys.getByRole("button", { name: "Revoke reader" }).click();
    await keys.getByRole("button", { name: "Really revoke reader" }).click();
    await page.getByText("does not know this key").waitFor();
    await page.context().close();
    await admin.context().close();
  });

  it.each([
    ["light", 1280],
    ["dark", 1280],
    ["light", 390],
    ["dark", 390],
  ] as const)("have nothing for axe to find: %s at %i", async (theme, width) => {
    const page = await stage.page("/settings", { width, dark: theme === "dark" });
    await enter(page, secret);
    await section(page, "API keys").getByRole("cell").first().waitFor();
    await page.screenshot({ path: join(SCREENS, `settings-${theme}-${width}.png`), fullPage: true });
    expect(await axe(page)).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
    await page.context().close();
  });
});
