/** `npm run pictures`: makes the README's pictures from the demonstration's week. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { createApp } from "../src/http/app.ts";
import { listen } from "../src/http/listen.ts";
import { openTrail } from "../src/index.ts";

const root = join(import.meta.dirname, "..");
const dir = mkdtempSync(join(tmpdir(), "daybook-screenshot-"));
const db = join(dir, "demo.db");
spawnSync(process.execPath, [join(root, "scripts/demo/fill.ts"), db], { stdio: "inherit" });
const trail = openTrail(db);
const server = await listen(createApp({ trail, pageDir: join(root, "dist/ui") }), {
  host: "127.0.0.1",
  port: 0,
});
const browser = await chromium.launch({
  executablePath: process.env.DAYBOOK_TEST_BROWSER ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme: "light" });
const denied = await trail.events.list({ filter: { status: "denied", agent: "support-triage" }, limit: 1 });
await page.goto(`${server.url}/?q=agent:support-triage&event=${denied.events[0]?.id}`);
await page.getByRole("button", { name: "Copy id" }).waitFor();
await page.locator(".row").first().waitFor();
await page.screenshot({ path: join(root, "docs/screenshot.png") });
const { runs } = await trail.runs.list({ agent: "support-triage", limit: 1 });
await page.goto(`${server.url}/runs/${runs[0]?.id}`);
await page.locator(".step").nth(5).waitFor();
await page.screenshot({ path: join(root, "docs/run.png") });
await page.goto(`${server.url}/overview`);
await page.locator("meter").first().waitFor();
await page.screenshot({ path: join(root, "docs/overview.png") });
await browser.close();
await server.close(0);
await trail.close();
rmSync(dir, { recursive: true, force: true });
