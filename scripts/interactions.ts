/**
 * `npm run interactions`: how long a person waits, in a real browser over a real server. Medians of five
 * rounds; figures of a machine that does something else too are worth little.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Page } from "playwright-core";
import { createApp } from "../src/http/app.ts";
import { listen } from "../src/http/listen.ts";
import { openTrail } from "../src/index.ts";

const ROUNDS = 5;
const STEPS = 10_000;
const STEP_PX = 30;
const EVENTS = 100_000;

const dir = mkdtempSync(join(tmpdir(), "daybook-interactions-"));
const trail = openTrail(join(dir, "interactions.db"));
const pageDir = join(import.meta.dirname, "../dist/ui");
const server = await listen(createApp({ trail, pageDir }), { host: "127.0.0.1", port: 0 });
const browser = await chromium.launch({
  executablePath: process.env.DAYBOOK_TEST_BROWSER ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});

async function fill(): Promise<void> {
  for (let n = 0; n < STEPS; n++)
    trail.record({ type: "tool.execute", tool: `step-${n}`, runId: "long", status: "ok", durationMs: 5 });
  for (let n = 0; n < EVENTS; n++) {
    trail.record({ type: "filler", tool: `tool-${n % 17}`, status: n % 50 === 0 ? "error" : "ok" });
    if (n % 5_000 === 0) await trail.flush({ timeoutMs: 60_000 });
  }
  await trail.flush({ timeoutMs: 60_000 });
}

/** Resolves when the page meets the condition, asked again at once; its policy allows no waiting script. */
async function when(page: Page, condition: string): Promise<void> {
  while (!(await page.evaluate<boolean>(condition)));
}

async function openRun(page: Page): Promise<readonly [first: number, whole: number]> {
  const begun = performance.now();
  await page.goto(`${server.url}/runs/long`, { waitUntil: "commit" });
  await when(page, "document.querySelector('.runhead h1') !== null");
  const first = performance.now() - begun;
  const height = STEPS * STEP_PX;
  await when(page, `(document.querySelector('.waterfall .canvas')?.clientHeight ?? 0) >= ${height}`);
  return [first, performance.now() - begun];
}

async function filter(page: Page, round: number): Promise<number> {
  await page.goto(server.url);
  await page.locator(".row").first().waitFor();
  const bar = page.getByRole("combobox", { name: "Filter events" });
  await bar.fill(`tool:tool-${round} status:error`);
  const begun = performance.now();
  await bar.press("Enter");
  await when(
    page,
    `[...document.querySelectorAll('.row')].length > 0 &&
     [...document.querySelectorAll('.row')].every((row) => row.textContent.includes('tool-${round}'))`,
  );
  return performance.now() - begun;
}

async function live(page: Page, round: number): Promise<number> {
  await page.goto(`${server.url}/?q=tool:live-${round}`);
  await when(page, "document.querySelector('[data-testid=live]')?.textContent === 'live'");
  const begun = performance.now();
  trail.record({ type: "tool.execute", tool: `live-${round}` });
  await when(page, "document.querySelector('.row') !== null");
  return performance.now() - begun;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

await fill();
const figures: Record<"first" | "whole" | "filter" | "live", number[]> = {
  first: [],
  whole: [],
  filter: [],
  live: [],
};
for (let round = 0; round < ROUNDS; round++) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const [first, whole] = await openRun(page);
  figures.first.push(first);
  figures.whole.push(whole);
  figures.filter.push(await filter(page, round));
  figures.live.push(await live(page, round));
  await page.close();
}
const rows = [
  [`a run of ${STEPS} steps: first paint`, figures.first, 1_000],
  [`a run of ${STEPS} steps: whole tree`, figures.whole, 2_000],
  [`a filter over ${EVENTS} events: first row`, figures.filter, null],
  ["recorded: seen in the live list", figures.live, 200],
] as const;
console.log("| what | median, ms | goal, ms |\n| --- | ---: | ---: |");
for (const [name, values, goal] of rows)
  console.log(`| ${name} | ${Math.round(median(values))} | ${goal === null ? "" : `≤ ${goal}`} |`);

await browser.close();
await server.close(0);
await trail.close();
rmSync(dir, { recursive: true, force: true });
