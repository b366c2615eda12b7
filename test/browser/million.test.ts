import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { fillMany } from "./million.ts";
import { Stage, shownSeqs } from "./stage.ts";

const EVENTS = 1_000_000;
let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
  await fillMany(stage.trail, EVENTS);
}, 300_000);
afterAll(() => stage.close());
afterEach(() => {
  expect(stage.trouble.splice(0)).toEqual([]);
});

describe("a log of a million events", () => {
  it("opens at its newest, is counted over its whole time, and scrolls with few rows in the document", async () => {
    const page = await stage.page("/");
    await page.getByText(`Call number ${EVENTS - 1}`).waitFor();
    const bars = page.getByRole("toolbar", { name: "Events over time" });
    await bars.getByRole("link").first().waitFor({ timeout: 60_000 });
    await expect.poll(() => page.locator(".overtime figcaption").textContent()).toContain("1,000,000");
    let oldest = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 40; i++) {
      await page
        .locator(".scroller")
        .evaluate((scroller) => scroller.scrollTo({ top: scroller.scrollHeight }));
      await expect.poll(async () => (await shownSeqs(page)).at(-1)).toBeLessThan(oldest);
      oldest = (await shownSeqs(page)).at(-1) as number;
    }
    expect(oldest).toBeLessThan(EVENTS - 3_000);
    expect(await page.locator(".row").count()).toBeLessThan(80);
    await page.context().close();
  });

  it("finds what is rare at once, at any depth", async () => {
    const page = await stage.page("/?q=status:denied tool:fs.read");
    await page.getByText(`Call number ${EVENTS - 1_000}`).waitFor();
    const seqs = await shownSeqs(page);
    expect(seqs.every((seq) => (seq - 1) % 1_000 === 0)).toBe(true);
    await page.goto(`${stage.server.url}/?q="Call number 123456"`);
    await page.getByText("Call number 123456", { exact: true }).waitFor();
    await page.context().close();
  });

  it("is exact where sums are kept, and says since when it counted where they are not", async () => {
    const caption = () => page.locator(".overtime figcaption").textContent();
    const page = await stage.page("/?q=status:error");
    await page.locator(".row.error").first().waitFor();
    await expect.poll(caption).toContain("19,000 events");
    await page.goto(`${stage.server.url}/?q=tool:fs.read agent:agent-3`);
    await page.locator(".row").first().waitFor();
    await expect.poll(caption, { timeout: 20_000 }).toContain("counted since");
    await page.getByRole("button", { name: /^Only status ok/ }).waitFor();
    await page.context().close();
  });
});
