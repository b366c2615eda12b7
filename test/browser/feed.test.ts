import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { axe, Stage, shownSeqs } from "./stage.ts";

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

async function shot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(SCREENS, `${name}.png`) });
}

const live = (page: Page): Promise<string | null> => page.getByTestId("live").textContent();
const row = (page: Page, text: string) => page.locator(".row", { hasText: text });

describe("the page", () => {
  it("teaches how to send the first event when there is none, and shows it when it comes", async () => {
    const page = await stage.page();
    await page.getByRole("heading", { name: "No events yet" }).waitFor();
    expect(await page.locator("pre").first().textContent()).toContain(
      `${stage.server.url}/api/v1/events/bulk`,
    );
    await shot(page, "empty");
    expect(await axe(page)).toEqual([]);
    await stage.record(1, () => ({ type: "hello.world", summary: "the very first" }));
    await row(page, "the very first").waitFor();
    await page.context().close();
  });

  it("shows the newest on top, takes in what comes, and stands still when it is paused", async () => {
    await stage.record(30, (i) => ({
      type: "tool.execute",
      tool: `tool-${i}`,
      status: i % 3 === 0 ? "error" : "ok",
    }));
    const page = await stage.page();
    await row(page, "tool-29").waitFor();
    const before = await shownSeqs(page);
    expect(before).toEqual([...before].sort((a, b) => b - a));
    await expect.poll(() => live(page)).toBe("live");

    await page.keyboard.press("p");
    await expect.poll(() => live(page)).toBe("paused");
    await stage.record(5, (i) => ({ type: "late", summary: `late ${i}` }));
    await page.getByRole("button", { name: "+5 new" }).waitFor();
    expect(await row(page, "late").count()).toBe(0);
    await shot(page, "paused");
    await page.getByRole("button", { name: "Resume" }).click();
    await row(page, "late 4").waitFor();
    expect((await shownSeqs(page)).slice(0, 5)).toEqual([36, 35, 34, 33, 32]);
    await page.context().close();
  });

  it("stands still while somebody reads further down, and goes back to the top", async () => {
    await stage.record(150, (i) => ({ type: "filler", summary: `filler ${i}` }));
    const page = await stage.page();
    await row(page, "filler 149").waitFor();
    await page.locator(".scroller").evaluate((scroller) => scroller.scrollTo({ top: 900 }));
    await expect.poll(() => live(page)).toBe("paused");
    const still = await shownSeqs(page);
    await stage.record(2, () => ({ type: "arrival" }));
    await page.getByRole("button", { name: "+2 new" }).click();
    await row(page, "arrival").first().waitFor();
    expect((await shownSeqs(page))[0]).toBeGreaterThan(still[0] as number);
    await expect.poll(() => live(page)).toBe("live");
    await page.context().close();
  });

  it("ticks while a call runs, and makes its end the same row", async () => {
    const page = await stage.page("/?q=tool:crane");
    await page.getByRole("heading", { name: "Nothing matches" }).waitFor();
    const call = { type: "tool.execute", tool: "crane" };
    const startId = stage.trail.record({
      ...call,
      phase: "started",
      status: "pending",
      agent: "harbor",
      data: { arguments: { load: "pallet 7" } },
    });
    await stage.trail.flush();
    const crane = row(page, "pallet 7");
    await crane.waitFor();
    const ticking = crane.locator(".running");
    const first = await ticking.textContent();
    await expect.poll(() => ticking.textContent()).not.toBe(first);
    stage.trail.record({ ...call, phase: "completed", startId, status: "error", error: "the rope broke" });
    await stage.trail.flush();
    await row(page, "the rope broke").waitFor();
    expect(await page.locator(".row").count()).toBe(1);
    expect(await row(page, "the rope broke").textContent()).toContain("harbor");
    expect(await page.locator(".running").count()).toBe(0);
    await shot(page, "joined");
    await page.getByRole("button", { name: "Join calls" }).click();
    await expect.poll(() => page.locator(".row").count()).toBe(2);
    expect(page.url()).toContain("join=off");
    await page.context().close();

    const calm = await stage.page("/?q=tool:crane2", { calm: true });
    stage.trail.record({ ...call, tool: "crane2", phase: "started", status: "pending" });
    await stage.trail.flush();
    await expect.poll(() => calm.locator(".running").textContent()).toBe("running");
    await calm.context().close();
  });

  it("goes on without a gap or a repeat when the server was away", async () => {
    const page = await stage.page();
    await expect.poll(() => live(page)).toBe("live");
    const { port } = stage.server;
    await stage.stopServer();
    await expect.poll(() => live(page)).toBe("reconnecting …");
    await stage.serve(port);
    await stage.record(12, (i) => ({ type: "while.away", summary: `away ${i}.` }));
    await row(page, "away 11.").waitFor({ timeout: 15_000 });
    const seqs = (await shownSeqs(page)).slice(0, 13);
    expect(seqs).toEqual(Array.from({ length: 13 }, (_, i) => (seqs[0] as number) - i));
    await page.context().close();
  });

  it("filters by the address, by hand, and back again", async () => {
    await stage.record(4, (i) => ({
      type: "tool.execute",
      tool: "fs.read",
      status: i < 2 ? "denied" : "ok",
      app: i === 0 ? "ci" : "shop",
      summary: `choice ${i}`,
    }));
    const page = await stage.page("/?q=tool:fs.read status:denied");
    await row(page, "choice 1").waitFor();
    expect(await page.locator(".row").count()).toBe(2);
    const bar = page.getByRole("combobox", { name: "Filter events" });
    await bar.fill("tool:fs.read -app:ci");
    await bar.press("Enter");
    await expect.poll(() => page.locator(".row").count()).toBe(3);
    expect(new URL(page.url()).searchParams.get("q")).toBe("tool:fs.read -app:ci");
    await shot(page, "filtered");
    await page.goBack();
    await expect.poll(() => page.locator(".row").count()).toBe(2);
    await page.getByRole("button", { name: "Remove status:denied" }).click();
    await expect.poll(() => page.locator(".row").count()).toBe(4);

    await bar.fill("stauts:ok ");
    await bar.press("Enter");
    await page.getByText('There is no key "stauts". Did you mean "status"?').waitFor();
    await page.goto(`${stage.server.url}/?q=tool:nothing-has-this`);
    await page.getByRole("heading", { name: "Nothing matches" }).waitFor();
    await page.context().close();
  });

  it("completes keys and values", async () => {
    const page = await stage.page();
    const bar = page.getByRole("combobox", { name: "Filter events" });
    await bar.pressSequentially("stat");
    await page.getByRole("option", { name: "status:" }).waitFor();
    await bar.press("ArrowDown");
    await bar.press("Enter");
    await bar.pressSequentially("den");
    await bar.press("ArrowDown");
    await bar.press("Enter");
    await expect.poll(() => new URL(page.url()).searchParams.get("q")).toBe("status:denied");
    await page.context().close();
  });

  it("shows everything about one event, as text whatever it is, and leads to its pair", async () => {
    const hostile = '<img src=x onerror="document.title=`owned`"><script>document.title="owned"</script>';
    const startId = stage.trail.record({
      type: "tool.execute",
      tool: hostile,
      phase: "started",
      status: "pending",
      agent: hostile,
    });
    stage.trail.record({
      type: "tool.execute",
      tool: hostile,
      phase: "completed",
      status: "error",
      startId,
      agent: hostile,
      summary: hostile,
      error: hostile,
      actor: { id: hostile, label: hostile },
      runId: "run-1",
      durationMs: 1500,
      usage: { input: 12 },
      model: "m",
      data: {
        arguments: { [hostile]: hostile, password: "hunter22" },
        list: [1, true, null],
        long: "x".repeat(5000),
      },
    });
    await stage.trail.flush();
    const page = await stage.page();
    await page.locator(".row.error").first().click();
    const detail = page.getByRole("complementary", { name: "Event" });
    await detail.getByText("redacted:key_name").waitFor();
    expect(await detail.textContent()).toContain(hostile);
    await shot(page, "hostile");
    expect(await page.title()).toBe("Daybook");
    expect(await page.locator(".detail img, .detail script").count()).toBe(0);
    await detail.getByRole("button", { name: /show all 5,000/ }).click();
    await detail.getByRole("button", { name: "Only run run-1" }).click();
    await expect.poll(() => new URL(page.url()).searchParams.get("q")).toBe("run:run-1");
    await detail.locator(".pairline .eventlink").click();
    await expect.poll(() => detail.textContent()).toContain("started");
    await page.keyboard.press("Escape");
    await detail.waitFor({ state: "detached" });
    await page.context().close();
  });

  it("works by keyboard alone", async () => {
    const page = await stage.page();
    await page.locator(".row").first().waitFor();
    await page.keyboard.press("j");
    const first = new URL(page.url()).searchParams.get("event");
    await page.keyboard.press("j");
    await expect.poll(() => new URL(page.url()).searchParams.get("event")).not.toBe(first);
    await page.keyboard.press("k");
    await expect.poll(() => new URL(page.url()).searchParams.get("event")).toBe(first);
    await page.keyboard.press("Escape");
    await page.keyboard.press("/");
    expect(await page.locator(":focus").getAttribute("role")).toBe("combobox");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    await page.keyboard.press("?");
    await page.getByRole("heading", { name: "Keyboard" }).waitFor();
    await shot(page, "keys");
    await page.context().close();
  });

  it.each([
    ["light", 1280],
    ["dark", 1280],
    ["light", 390],
    ["dark", 390],
  ] as const)("has nothing for axe to find: %s at %i", async (theme, width) => {
    const page = await stage.page("/", { width, height: 844, dark: theme === "dark" });
    await page.locator(".row").first().waitFor();
    await shot(page, `list-${theme}-${width}`);
    expect(await axe(page)).toEqual([]);
    await page.locator(".row").first().click();
    await page.getByRole("button", { name: "Copy id" }).waitFor();
    await shot(page, `event-${theme}-${width}`);
    expect(await axe(page)).toEqual([]);
    const overflow = await page.locator("html").evaluate((html) => html.scrollWidth - html.clientWidth);
    expect(overflow).toBe(0);
    await page.context().close();
  });

  it("says what to do when the server is away from the start of a reading", async () => {
    const page = await stage.page();
    await page.locator(".row").first().waitFor();
    await page.route("**/api/v1/**", (route) => route.abort());
    await page.getByRole("combobox", { name: "Filter events" }).fill("status:ok ");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "The events cannot be read" }).waitFor();
    await shot(page, "away");
    await page.unroute("**/api/v1/**");
    await page.getByRole("button", { name: "Try again" }).click();
    await page.locator(".row").first().waitFor();
    await page.context().close();
  });

  it("scrolls through twenty thousand events with few rows in the document", async () => {
    await stage.record(20_000, (i) => ({ type: "many", summary: `many ${i}` }));
    const page = await stage.page("/?q=type:many");
    await row(page, "many 19999").waitFor();
    let oldest = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 12; i++) {
      await page
        .locator(".scroller")
        .evaluate((scroller) => scroller.scrollTo({ top: scroller.scrollHeight }));
      await expect.poll(async () => (await shownSeqs(page)).at(-1), { timeout: 10_000 }).toBeLessThan(oldest);
      oldest = (await shownSeqs(page)).at(-1) as number;
    }
    expect(await page.locator(".row").count()).toBeLessThan(80);
    await page.context().close();
  });

  it("asks no other host for anything", () => {
    expect([...stage.hosts]).toEqual([new URL(stage.server.url).host]);
  });
});
