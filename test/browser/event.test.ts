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
let root: string;
let start: string;
let end: string;

beforeAll(async () => {
  receiver = await openReceiver(() => ({ status: 400, body: "no" }));
  stage = await Stage.open();
  await stage.trail.forwarders.create({
    id: "siem",
    name: "The SIEM",
    forwarder_type: "http",
    configuration: { url: receiver.url },
    environments: { production: { enabled: true } },
  });
  endForwarding = await stage.trail.forwarders.run({ backoff: { baseMs: 5, maxMs: 10 } });
  const { trail } = stage;
  root = trail.record({ type: "agent.run", phase: "started", runId: "r 1", agent: "bot" });
  const turn = trail.record({ type: "llm.turn", parentId: root, runId: "r 1" });
  start = trail.record({ type: "mail.send", tool: "mail", phase: "started", parentId: turn, runId: "r 1" });
  end = trail.record({
    type: "mail.send",
    tool: "mail",
    phase: "completed",
    parentId: turn,
    startId: start,
    status: "denied",
    agent: "bot",
    runId: "r 1",
    summary: "to ada@example.com",
    data: { arguments: { password: "hunter22", to: ["<b>bob</b>", 7, null] } },
  });
  trail.record({ type: "lonely", parentId: "0191a0a0-0000-7000-8000-000000000000" });
  await trail.flush();
});
afterAll(async () => {
  await endForwarding();
  await stage.close();
  await receiver.close();
});
afterEach(() => {
  expect(stage.trouble.splice(0)).toEqual([]);
});

const detailOf = (page: Page) => page.getByRole("complementary", { name: "Event" });

/** What the page put on the clipboard last. */
async function copied(page: Page, press: () => Promise<void>): Promise<string> {
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await press();
  return page.evaluate<string>("navigator.clipboard.readText()");
}

describe("an event", () => {
  it("has a page of its own, with its pair, the chain above it, and what was redacted", async () => {
    const page = await stage.page(`/events/${end}`);
    const detail = detailOf(page);
    await detail.getByRole("heading", { name: "mail", exact: true }).waitFor();
    const chain = detail.getByRole("list", { name: "Nested under" });
    await expect.poll(() => chain.getByRole("listitem").count()).toBe(3);
    const words = await chain.getByRole("listitem").allTextContents();
    expect(words.map((text) => text.replace(/\s.*/, ""))).toEqual(
      ["agent.run", "llm.turn", "mail"].map((name, at) =>
        at === 0 ? `–${name}` : at === 1 ? `–${name}` : name,
      ),
    );
    const redacted = detail.getByRole("region", { name: "Redacted" });
    expect(await redacted.textContent()).toContain("data.arguments.password");
    expect(await redacted.textContent()).toContain("key_name");
    await page.screenshot({ path: join(SCREENS, "event-page.png"), fullPage: true });
    await detail.locator(".pairline .eventlink").click();
    await expect.poll(() => page.url()).toContain(start);
    await detail.getByText("Ended by").waitFor();
    await chain.getByRole("button").first().click();
    await expect.poll(() => page.url()).toContain(root);
    await detail.getByText("Nothing has ended it yet.").waitFor();
    await page.goBack();
    await expect.poll(() => page.url()).toContain(start);
    await page.context().close();
  });

  it("says where a chain ends that does not reach a root, and what is not there", async () => {
    const { events } = await stage.trail.events.list({ filter: { type: "lonely" } });
    const page = await stage.page(`/events/${events[0]?.id}`);
    await page.getByText("0191a0a0-0000-7000-8000-000000000000 is not here.").waitFor();
    await page.goto(`${stage.server.url}/events/no.such.event`);
    await page.getByRole("heading", { name: "This event cannot be shown" }).waitFor();
    await page.context().close();
  });

  it("is a tree whose nodes are kept to or left out where they are filters, and copied elsewhere", async () => {
    const page = await stage.page(`/?event=${end}`);
    const detail = detailOf(page);
    await detail.getByRole("button", { name: "Tree" }).click();
    await detail.getByRole("button", { name: "Only agent bot" }).click();
    await expect.poll(() => new URL(page.url()).searchParams.get("q")).toBe("agent:bot");
    await detail.getByRole("button", { name: "Without status denied" }).click();
    await expect.poll(() => new URL(page.url()).searchParams.get("q")).toBe("agent:bot -status:denied");
    await detail.getByRole("button", { name: "▸ arguments" }).click();
    await detail.getByRole("button", { name: "▸ to" }).click();
    expect(await detail.getByRole("button", { name: /bob/ }).count()).toBe(0);
    await page.screenshot({ path: join(SCREENS, "event-tree.png") });
    const name = "Copy data.arguments.to.0";
    expect(await copied(page, () => detail.getByRole("button", { name }).click())).toBe("<b>bob</b>");
    await page.context().close();
  });

  it("is copied as a link, as JSON, for curl and for the command line", async () => {
    const page = await stage.page(`/?event=${end}`);
    const detail = detailOf(page);
    await detail.getByRole("button", { name: "Copy as" }).click();
    const menu = detail.getByRole("region", { name: "Copy as" });
    const as = (label: string) =>
      copied(page, () => menu.getByRole("button", { name: label, exact: true }).click());
    expect(await as("Link")).toBe(`${stage.server.url}/events/${end}`);
    expect(JSON.parse(await as("JSON"))).toMatchObject({ id: end, status: "denied" });
    expect(await as("curl")).toBe(`curl -s ${stage.server.url}/api/v1/events/${end}`);
    expect(await as("daybook command")).toBe(`daybook show ${end} --db ${stage.server.url}`);
    await page.context().close();
  });

  it("shows where it was sent, and sends it again", async () => {
    const failed = async () =>
      (await stage.trail.forwarders.deliveries("siem", { event: end })).deliveries.map(
        ({ status }) => status,
      );
    await expect.poll(failed).toEqual(["FAILED"]);
    const page = await stage.page(`/events/${end}`);
    const deliveries = page.getByRole("region", { name: "Deliveries" });
    await deliveries.getByText("The SIEM").waitFor();
    receiver.behave(() => ({ status: 200 }));
    await deliveries.getByRole("button", { name: "Send again" }).click();
    await expect.poll(failed).toEqual(["SUCCEEDED", "FAILED"]);
    await deliveries.locator(".status.ok").waitFor();
    await page.screenshot({ path: join(SCREENS, "event-deliveries.png"), fullPage: true });
    await page.context().close();
  });

  it.each([
    ["light", 1280],
    ["dark", 1280],
    ["light", 390],
    ["dark", 390],
  ] as const)("has nothing for axe to find on its page: %s at %i", async (theme, width) => {
    const page = await stage.page(`/events/${end}`, { width, height: 844, dark: theme === "dark" });
    await detailOf(page).getByRole("list", { name: "Nested under" }).waitFor();
    expect(await axe(page)).toEqual([]);
    await detailOf(page).getByRole("button", { name: "Tree" }).click();
    await page.screenshot({ path: join(SCREENS, `event-page-${theme}-${width}.png`) });
    expect(await axe(page)).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
    await page.context().close();
  });
});
