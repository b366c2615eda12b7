import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { openReceiver, type Receiver } from "../forward/receiver.ts";
import { axe, Stage } from "./stage.ts";

const SCREENS = join(import.meta.dirname, "../../test-results/screens");
mkdirSync(SCREENS, { recursive: true });

let stage: Stage;
let receiver: Receiver;
let endForwarding: () => Promise<void>;
beforeAll(async () => {
  receiver = await openReceiver();
  stage = await Stage.open();
  endForwarding = await stage.trail.forwarders.run({ backoff: { baseMs: 5, maxMs: 10 } });
  await stage.record(3, (i) => ({
    type: `step.${i}`,
    status: i === 1 ? "denied" : "ok",
    summary: "<script>document.title='owned'</script>",
  }));
});
afterAll(async () => {
  await endForwarding();
  await stage.close();
  await receiver.close();
});
afterEach(() => {
  expect(stage.trouble.splice(0)).toEqual([]);
});

const form = (page: Page) => page.getByRole("form", { name: "Forwarder" });
const preview = (page: Page) => page.getByRole("region", { name: "Preview" });

describe("forwarders", () => {
  it("are added by a form, after a preview of real events and a try, and then send", async () => {
    const page = await stage.page("/forwarders");
    await page.getByRole("link", { name: "Add one" }).click();
    await form(page).getByLabel("Name").fill("My SIEM");
    await form(page).getByLabel("Address").fill(receiver.url);
    await form(page).getByRole("button", { name: "Add a header" }).click();
    await form(page).getByLabel("Header 1", { exact: true }).fill("Authorization");
    await form(page).getByLabel("Value of header 1").fill("Bearer t0ken");
    await form(page).getByLabel("Filter").fill('{"==":[{"var":"status"},"denied"]}');
    await form(page).getByLabel("Transform").fill('{ "what": event_type, "line": description }');
    await page.getByRole("button", { name: "Preview with the newest events" }).click();
    await preview(page).getByText("would be sent").waitFor();
    expect(await preview(page).getByText("the filter leaves it here").count()).toBe(2);
    expect(await preview(page).locator("pre").textContent()).toContain('"what":"step.1"');
    await page.screenshot({ path: join(SCREENS, "forwarder-preview.png") });
    expect(receiver.requests).toEqual([]);

    receiver.behave(() => ({ status: 503, body: "busy <b>now</b>" }));
    await page.getByRole("button", { name: "Send one event to try" }).click();
    await preview(page).getByText("answered 503 after").waitFor();
    expect(await preview(page).textContent()).toContain("busy <b>now</b>");
    expect(receiver.requests[0]?.headers.authorization).toBe("Bearer t0ken");
    expect(receiver.requests[0]?.body).toContain("step.1");

    receiver.behave(() => ({ status: 200 }));
    await form(page).getByRole("button", { name: "Add it" }).click();
    await page.locator("tr", { hasText: "My SIEM" }).waitFor();
    const before = receiver.requests.length;
    await stage.record(1, () => ({ type: "after", status: "denied" }));
    await expect.poll(() => receiver.requests.length).toBe(before + 1);
    expect(await page.title()).toBe("Daybook");
    await page.context().close();
  });

  it("are edited without losing what the form has no field for, and deleted after a second look", async () => {
    await stage.trail.forwarders.update("my-siem", {
      name: "My SIEM",
      forwarder_type: "http",
      description: "kept",
      configuration: { url: receiver.url, success_status: "200", headers: { "X-Key": "k" } },
      environments: { production: { enabled: true }, staging: { enabled: false, url: "https://s.example" } },
    });
    const page = await stage.page("/forwarders");
    await page.getByRole("link", { name: "Edit" }).click();
    await expect.poll(() => form(page).getByLabel("Address").inputValue()).toBe(receiver.url);
    expect(await form(page).getByLabel("Value of header 1").getAttribute("type")).toBe("password");
    await form(page).getByLabel("Environments").fill("staging");
    await form(page).getByRole("combobox", { name: "Format" }).selectOption("ecs");
    await form(page).getByRole("button", { name: "Save" }).click();
    await page.getByRole("heading", { name: "Forwarders" }).waitFor();
    const saved = await stage.trail.forwarders.get("my-siem");
    expect(saved).toMatchObject({
      description: "kept",
      format: "ecs",
      configuration: { success_status: "200", headers: { "X-Key": "k" } },
      environments: { production: { enabled: false }, staging: { enabled: true, url: "https://s.example" } },
    });
    await page.getByRole("link", { name: "Edit" }).click();
    await form(page).getByRole("button", { name: "Delete" }).click();
    expect((await stage.trail.forwarders.list()).total).toBe(1);
    await form(page)
      .getByRole("button", { name: /Really delete/ })
      .click();
    await page.getByRole("heading", { name: "Events go nowhere else yet" }).waitFor();
    expect((await stage.trail.forwarders.list()).total).toBe(0);
    await page.context().close();
  });

  it("have a form for each type of the catalog, filled into its template", async () => {
    const page = await stage.page("/forwarders/new");
    const { length } = await stage.trail.forwarders.types();
    await expect.poll(() => form(page).getByLabel("Type").locator("option").count()).toBe(length);
    await form(page).getByLabel("Type").selectOption("splunk_hec");
    await form(page).getByLabel("Host").fill("splunk.example");
    await form(page).getByLabel("HEC token").fill("t0k");
    expect(await form(page).getByLabel("Address").inputValue()).toBe(
      "https://splunk.example:8088/services/collector/event",
    );
    expect(await form(page).getByLabel("Value of header 1").inputValue()).toBe("Splunk t0k");
    await form(page).getByLabel("ack").check();
    await form(page).getByLabel("Name").fill("Splunk");
    await form(page).getByLabel("Filter").fill("{");
    await form(page).getByRole("button", { name: "Add it" }).click();
    await form(page).getByText("The filter is not JSON").waitFor();
    await form(page).getByLabel("Filter").fill('{"nonsense":1}');
    await form(page).getByRole("button", { name: "Add it" }).click();
    await expect.poll(() => form(page).getByRole("alert").textContent()).toContain("nonsense");
    await form(page).getByLabel("Filter").fill("");
    await form(page).getByRole("button", { name: "Add it" }).click();
    await page.locator("tr", { hasText: "Splunk" }).waitFor();
    expect(await stage.trail.forwarders.get("splunk")).toMatchObject({
      forwarder_type: "splunk_hec",
      configuration: { options: { ack: true }, headers: { Authorization: "Splunk t0k" } },
    });
    for (const type of await stage.trail.forwarders.types()) {
      await page.goto(`${stage.server.url}/forwarders/new`);
      await form(page).getByLabel("Type").selectOption(type.type);
      await page.getByRole("button", { name: "Preview with the newest events" }).click();
      await expect
        .poll(() => preview(page).locator("[aria-live]").textContent())
        .not.toContain("Nothing is saved");
    }
    await page.context().close();
  });

  it.each([
    ["light", 1280],
    ["dark", 1280],
    ["light", 390],
    ["dark", 390],
  ] as const)("have nothing for axe to find in their form: %s at %i", async (theme, width) => {
    const page = await stage.page("/forwarders/new", { width, dark: theme === "dark" });
    await form(page).getByLabel("Type").selectOption("s3");
    await form(page).getByRole("button", { name: "Add a header" }).click();
    await form(page).getByLabel("Address").fill("https://x.example");
    await page.getByRole("button", { name: "Preview with the newest events" }).click();
    await preview(page).locator(".failure, .previewed").first().waitFor();
    await page.screenshot({ path: join(SCREENS, `forwarder-${theme}-${width}.png`), fullPage: true });
    expect(await axe(page)).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
    await page.context().close();
  });
});
