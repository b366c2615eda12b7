import { gzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { fillWeek } from "../../scripts/demo/week.ts";
import { Stage } from "./stage.ts";

const SCRIPT_BYTES_MAX = 200 * 1024;
/** Enough for what a page has; a trap would never end. */
const TABS_MAX = 400;

let stage: Stage;
let run: string;
let event: string;
beforeAll(async () => {
  stage = await Stage.open();
  await fillWeek(stage.trail, Date.now() * 1_000);
  const { runs } = await stage.trail.runs.list({ agent: "support-triage", limit: 1 });
  run = runs[0]?.id ?? "";
  const { events } = await stage.trail.events.list({ filter: { status: "denied" }, limit: 1 });
  event = events[0]?.id ?? "";
  await stage.trail.forwarders.create({
    id: "siem",
    name: "SIEM",
    forwarder_type: "http",
    configuration: { url: "https://siem.example" },
    environments: {},
  });
  stage.trail.approvals.request({ tool: "bank.transfer", args: { amount: 1 } });
  await stage.trail.flush();
}, 60_000);
afterAll(() => stage.close());
afterEach(() => {
  expect(stage.trouble.splice(0)).toEqual([]);
});

/** Marks what the keyboard must reach: in the order of the document, but for what is scrolled in and out. */
const MARK = `(() => {
  let marks = 0;
  const inPlay = 'a[href], button, input, select, textarea, summary, [tabindex="0"]';
  for (const element of document.querySelectorAll(inPlay)) {
    const isShown = element.checkVisibility({ visibilityProperty: true }) && !element.disabled;
    if (!isShown || element.tabIndex < 0 || element.closest(".canvas") !== null) continue;
    element.dataset.mark = String(marks++);
  }
  return marks;
})()`;
const FOCUS = `(() => {
  const { activeElement: at } = document;
  if (at === null || at === document.body) return null;
  const { outlineStyle, outlineWidth } = getComputedStyle(at);
  // The browser draws the focus of the calendar's button within such a field itself.
  const isOwn = at.type === "datetime-local";
  return { mark: at.dataset.mark ?? "", isSeen: isOwn || (outlineStyle !== "none" && outlineWidth !== "0px") };
})()`;

async function walk(page: Page): Promise<{ marks: number; reached: Set<string>; unseen: number }> {
  const marks = await page.evaluate<number>(MARK);
  const reached = new Set<string>();
  let unseen = 0;
  for (let tab = 0; tab < TABS_MAX && reached.size < marks; tab++) {
    await page.keyboard.press("Tab");
    const focus = await page.evaluate<{ mark: string; isSeen: boolean } | null>(FOCUS);
    if (focus === null) continue;
    if (focus.mark !== "") reached.add(focus.mark);
    if (!focus.isSeen) unseen++;
  }
  return { marks, reached, unseen };
}

describe("the keyboard alone", () => {
  it.each([
    ["events", () => "/?range=7d"],
    ["runs", () => "/runs"],
    ["a run", () => `/runs/${run}`],
    ["two runs", () => `/runs/compare?a=${run}&b=${run}&step=1`],
    ["one event", () => `/events/${event}`],
    ["an event beside the list", () => `/?event=${event}`],
    ["threads", () => "/threads"],
    ["a thread", () => "/threads/thread-helpdesk-8841"],
    ["approvals", () => "/approvals"],
    ["agents and tools", () => "/overview"],
    ["forwarders", () => "/forwarders"],
    ["a forwarder", () => "/forwarders/siem"],
    ["a new forwarder", () => "/forwarders/new"],
    ["integrity", () => "/integrity"],
    ["settings", () => "/settings"],
  ])("reaches everything on the page of %s, is never caught, and is always seen", async (_, path) => {
    const page = await stage.page(path());
    await page.getByRole("heading", { level: 1 }).waitFor({ state: "attached" });
    await expect.poll(() => page.locator("main").textContent()).not.toContain("Loading …");
    // What is beside the list comes a moment later.
    if (path().includes("event=")) await page.getByRole("heading", { name: "Proof" }).waitFor();
    const { marks, reached, unseen } = await walk(page);
    expect(marks).toBeGreaterThan(8);
    expect(marks - reached.size).toBe(0);
    expect(unseen).toBe(0);
    await page.context().close();
  });

  it("walks from the list to a run, through its steps, and back", async () => {
    const page = await stage.page("/runs");
    await page.getByRole("link", { name: run }).focus();
    await page.keyboard.press("Enter");
    const step = page.locator(".step").nth(2);
    await step.waitFor();
    await step.focus();
    await page.keyboard.press("Enter");
    await page.getByRole("complementary", { name: "Event" }).getByRole("heading").first().waitFor();
    await page.getByRole("button", { name: "Close" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("complementary", { name: "Event" }).waitFor({ state: "detached" });
    await page.goBack();
    await page.goBack();
    await page.context().close();
  });
});

describe("the first load", () => {
  it("is at most 200 KB of compressed script, of this host, under a policy without exceptions", async () => {
    const page = await stage.page("/runs");
    const { origin } = new URL(page.url());
    const paths = await page
      .locator("script[src]")
      .evaluateAll((all) => all.map((one) => one.getAttribute("src")));
    expect(paths.length).toBeGreaterThan(0);
    let bytes = 0;
    for (const path of paths) {
      const answer = await fetch(new URL(path ?? "", origin));
      bytes += gzipSync(Buffer.from(await answer.arrayBuffer())).length;
    }
    expect(bytes).toBeLessThanOrEqual(SCRIPT_BYTES_MAX);
    const document = await fetch(origin, { headers: { Accept: "text/html" } });
    const policy = document.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'self'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    const html = await document.text();
    expect(html).not.toMatch(/<style|<script(?![^>]*\ssrc=)|\sstyle=|\son[a-z]+=/);
    expect([...stage.hosts]).toEqual([new URL(origin).host]);
    await page.context().close();
  });
});
