import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import { type Browser, chromium, type Page } from "playwright-core";
import { createApp } from "../../src/http/app.ts";
import { type Listening, listen } from "../../src/http/listen.ts";
import { openTrail, type Trail } from "../../src/index.ts";

const BROWSER = process.env.DAYBOOK_TEST_BROWSER ?? "/usr/bin/chromium";
const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const PAGE_DIR = join(import.meta.dirname, "../../dist/ui");

interface PageOptions {
  width?: number;
  height?: number;
  dark?: boolean;
  /** Where the browser is; default: where the machine is. */
  timezone?: string;
  /** Somebody who asked for no motion. */
  calm?: boolean;
}

/** A real server over a real file, and a real browser that looks at it. */
export class Stage {
  readonly dir = mkdtempSync(join(tmpdir(), "daybook-browser-"));
  readonly trouble: string[] = [];
  readonly hosts = new Set<string>();
  browser!: Browser;
  trail!: Trail;
  server!: Listening;

  static async open(): Promise<Stage> {
    const stage = new Stage();
    stage.browser = await chromium.launch({ executablePath: BROWSER, args: ARGS });
    await stage.serve(0);
    return stage;
  }

  async serve(port: number): Promise<void> {
    this.trail = openTrail(join(this.dir, "browser.db"), { forwarding: { allowPrivate: true } });
    this.server = await listen(createApp({ trail: this.trail, pageDir: PAGE_DIR, heartbeatMs: 500 }), {
      host: "127.0.0.1",
      port,
    });
  }

  async stopServer(): Promise<void> {
    await this.server.close(200);
    await this.trail.close();
  }

  /** A page that reports errors, violations of its policy, and every host that it asks. */
  async page(path = "/", options: PageOptions = {}): Promise<Page> {
    const { width = 1280, height = 800, dark = false, timezone, calm = false } = options;
    const context = await this.browser.newContext({
      viewport: { width, height },
      colorScheme: dark ? "dark" : "light",
      reducedMotion: calm ? "reduce" : "no-preference",
      ...(timezone === undefined ? {} : { timezoneId: timezone }),
    });
    const page = await context.newPage();
    page.on("pageerror", (error) => this.trouble.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error" && !/Failed to load resource|ERR_/.test(message.text()))
        this.trouble.push(message.text());
    });
    page.on("request", (request) => this.hosts.add(new URL(request.url()).host));
    await page.goto(this.server.url + path);
    return page;
  }

  async record(count: number, make: (i: number) => Parameters<Trail["record"]>[0]): Promise<void> {
    for (let i = 0; i < count; i++) this.trail.record(make(i));
    await this.trail.flush({ timeoutMs: 20_000 });
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.stopServer();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** The seqs of the rows on the screen, from the top. */
export async function shownSeqs(page: Page): Promise<number[]> {
  const rows = await page.locator(".row").evaluateAll((all) =>
    all
      // Found, and gone before it was looked at.
      .filter((row) => row.isConnected)
      .map((row) => ({ seq: Number(row.getAttribute("data-seq")), top: row.getBoundingClientRect().top })),
  );
  return rows.sort((a, b) => a.top - b.top).map((row) => row.seq);
}

/** What axe finds wrong with the page as it is, a line each. */
export async function axe(page: Page): Promise<string[]> {
  // There are no frames: no second page is needed to put their results together.
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`);
}
