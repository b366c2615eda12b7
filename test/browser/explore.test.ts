import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { fillWeek } from "../../scripts/demo/week.ts";
import { axe, Stage, shownSeqs } from "./stage.ts";

const SCREENS = join(import.meta.dirname, "../../test-results/screens");
mkdirSync(SCREENS, { recursive: true });

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
  await fillWeek(stage.trail, Date.now() * 1_000);
}, 60_000);
afterAll(() => stage.close());
afterEach(() => {
  expect(stage.trouble.splice(0)).toEqual([]);
});

const bars = (page: Page) => page.getByRole("toolbar", { name: "Events over time" }).getByRole("link");
const search = (page: Page) => new URL(page.url()).searchParams;
const summed = async (page: Page): Promise<number> => {
  const said = await page.locator(".overtime figcaption").textContent();
  return Number(
    /([\d,]+) events?/.exec(said?.replaceAll(/\d{2}:\d{2}/g, "") ?? "")?.[1]?.replaceAll(",", ""),
  );
};

describe("exploring", () => {
  it("shows how many events there were when, and a bar leads to its time", async () => {
    const page = await stage.page();
    await bars(page).first().waitFor();
    expect(await bars(page).count()).toBeGreaterThan(20);
    const { total } = await stage.trail.events.stats();
    expect(await summed(page)).toBe(total);
    await page.screenshot({ path: join(SCREENS, "explore.png") });
    const some = page.locator(".slot", { has: page.locator("i.error") }).first();
    const label = (await some.getAttribute("aria-label")) ?? "";
    await some.click();
    await expect.poll(() => search(page).get("from")).not.toBeNull();
    const [from, to] = [Date.parse(search(page).get("from") ?? ""), Date.parse(search(page).get("to") ?? "")];
    const inside = await stage.trail.events.list({
      filter: { since: from * 1_000, until: to * 1_000 - 1 },
      limit: 1_000,
    });
    expect(label).toContain(`: ${inside.events.length} event`);
    await expect.poll(() => summed(page)).toBe(inside.events.length);
    await expect
      .poll(async () => (await shownSeqs(page)).every((seq) => inside.events.some((one) => one.seq === seq)))
      .toBe(true);
    await page.context().close();
  });

  it("zooms to what is dragged over, and back to everything by a double click", async () => {
    const page = await stage.page("/?range=7d");
    await bars(page).first().waitFor();
    const box = await page.locator(".plot").boundingBox();
    if (box === null) throw new Error("there is no histogram");
    const y = box.y + box.height / 2;
    await page.mouse.move(box.x + box.width * 0.5, y);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.7, y, { steps: 5 });
    expect(await page.locator(".slot.chosen").count()).toBeGreaterThan(5);
    await page.mouse.up();
    await expect.poll(() => search(page).get("to")).not.toBeNull();
    expect(search(page).get("range")).toBeNull();
    const width = Date.parse(search(page).get("to") ?? "") - Date.parse(search(page).get("from") ?? "");
    expect(width / 86_400_000).toBeGreaterThan(1);
    expect(width / 86_400_000).toBeLessThan(2.2);
    await page.locator(".plot").dblclick({ position: { x: 20, y: 10 } });
    await expect.poll(() => search(page).get("from")).toBeNull();
    await page.goBack();
    await page.context().close();
  });

  it("zooms by keyboard alone", async () => {
    const page = await stage.page();
    await bars(page).first().waitFor();
    const before = await bars(page).count();
    await bars(page)
      .nth(before - 1)
      .focus();
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("Shift+ArrowLeft");
    await page.keyboard.press("Shift+ArrowLeft");
    expect(await page.locator(".slot.chosen").count()).toBe(3);
    await page.keyboard.press("Enter");
    await expect.poll(() => search(page).get("from")).not.toBeNull();
    await bars(page).last().focus();
    await page.keyboard.press("Backspace");
    await expect.poll(() => search(page).get("from")).toBeNull();
    await page.context().close();
  });

  it("takes a time range by name and by hand, and writes times in the zone that was chosen", async () => {
    const page = await stage.page("/", { timezone: "Asia/Tokyo" });
    await page.locator(".row").first().waitFor();
    await page.getByRole("button", { name: "All time" }).click();
    await page.getByRole("button", { name: "Last 24 hours" }).click();
    await expect.poll(() => search(page).get("range")).toBe("24h");
    await page.locator(".row").first().waitFor();
    await page.getByRole("button", { name: /Times are local/ }).click();
    await expect.poll(() => search(page).get("tz")).toBe("utc");
    const at = await page.locator(".row time").first().getAttribute("datetime");
    expect(await page.locator(".row time").first().textContent()).toContain(at?.slice(11, 16));
    await page.getByRole("button", { name: "Last 24 hours" }).click();
    await page.getByLabel("From").fill("2026-01-01T09:00:00");
    await page.getByLabel("To", { exact: true }).fill("2026-01-01T10:00:00");
    await page.getByRole("button", { name: "Show", exact: true }).click();
    await expect.poll(() => search(page).get("from")).toBe("2026-01-01T09:00:00.000Z");
    await page.getByRole("heading", { name: "Nothing matches" }).waitFor();
    await page.goto(`${stage.server.url}/runs`);
    await page.getByRole("button", { name: /Times are in UTC/ }).click();
    await page.getByRole("button", { name: /Times are local/ }).waitFor();
    const started = page.locator("td time").first();
    const hour = (Number((await started.getAttribute("datetime"))?.slice(11, 13)) + 9) % 24;
    expect(await started.textContent()).toContain(`${String(hour).padStart(2, "0")}:`);
    await page.context().close();
  });

  it("chooses columns, and remembers them", async () => {
    const page = await stage.page("/?q=agent:support-triage category:run", { width: 1600 });
    await page.locator(".row").first().waitFor();
    await page.getByRole("button", { name: "Columns" }).click();
    await page.getByLabel("Run", { exact: true }).check();
    await page.getByLabel("Summary").uncheck();
    await page.screenshot({ path: join(SCREENS, "columns.png") });
    expect(await axe(page)).toEqual([]);
    await page.keyboard.press("Escape");
    const heads = page.locator(".columns span");
    await expect
      .poll(() => heads.allTextContents())
      .toEqual(["Time", "Status", "What", "Agent", "Actor", "Run", "Took", "Seq"]);
    expect(search(page).get("cols")).toBe("time,status,what,agent,actor,run,took,seq");
    await expect.poll(() => page.locator(".row").first().textContent()).toContain("run-");
    await page.goto(stage.server.url);
    await expect.poll(() => heads.allTextContents()).toContain("Run");
    await page.goto(`${stage.server.url}/?cols=seq,nonsense`);
    await expect.poll(() => heads.allTextContents()).toEqual(["Seq"]);
    await page.getByRole("button", { name: "Columns" }).click();
    await page.getByRole("button", { name: "The usual ones" }).click();
    await expect.poll(() => heads.count()).toBe(8);
    await page.context().close();
  });

  it("saves what is shown under a name, opens it again, and forgets it", async () => {
    const page = await stage.page("/?q=status:denied&range=7d&cols=time,what");
    await page.locator(".row").first().waitFor();
    await page.getByRole("button", { name: "Views" }).click();
    await page.getByLabel("Save what is shown as").fill("<b>What was denied</b>");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "<b>What was denied</b>", exact: true }).waitFor();
    await page.screenshot({ path: join(SCREENS, "views.png") });
    expect(await axe(page)).toEqual([]);
    await page.goto(`${stage.server.url}/runs`);
    await page.goto(stage.server.url);
    await page.getByRole("button", { name: "Views" }).click();
    await page.getByRole("button", { name: "<b>What was denied</b>", exact: true }).click();
    await expect.poll(() => search(page).get("q")).toBe("status:denied");
    expect([search(page).get("range"), search(page).get("cols")]).toEqual(["7d", "time,what"]);
    await page.getByRole("button", { name: "Views" }).click();
    await page.getByRole("button", { name: "Delete the view <b>What was denied</b>" }).click();
    await page.getByText("None saved yet.").waitFor();
    await page.context().close();
  });

  it.each([
    ["light", 1280],
    ["dark", 1280],
    ["light", 390],
    ["dark", 390],
  ] as const)("has nothing for axe to find with a menu open: %s at %i", async (theme, width) => {
    const page = await stage.page("/?range=7d", { width, height: 844, dark: theme === "dark" });
    await bars(page).first().waitFor();
    await page.getByRole("button", { name: "Last 7 days" }).click();
    await page.getByLabel("From").waitFor();
    await page.screenshot({ path: join(SCREENS, `range-${theme}-${width}.png`) });
    expect(await axe(page)).toEqual([]);
    const overflow = await page.locator("html").evaluate((html) => html.scrollWidth - html.clientWidth);
    expect(overflow).toBe(0);
    await page.context().close();
  });
});
