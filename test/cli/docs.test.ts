import { describe, expect, it } from "vitest";
import { type Block, blocksOf, newcomersFolder, runBlock } from "./blocks.ts";
import { start, until } from "./daybook.ts";

/** Pages whose examples are promises, each run from an empty folder with a server beside it. */
const PAGES = [
  "tool-calls",
  "audit-trail",
  "threads",
  "runs",
  "events-api",
  "retention",
  "forwarders",
  "approvals",
  "erasure",
  "evidence",
  "verify",
  "adapters",
  "mcp",
  "import",
  "reconciliation",
  "cost",
];

/** What the examples of a page import beside us: packages, or all of a scope. */
const OTHERS: Readonly<Record<string, readonly string[]>> = {
  adapters: [
    "ai",
    "ai6",
    "@modelcontextprotocol",
    "@langchain",
    "langchain",
    "@openai",
    "@opentelemetry",
    "@mastra",
    "zod",
  ],
};

/** A block, and what the page says that it prints; `…` stands for anything. */
function* examples(page: string): Generator<{ block: Block; printed: string | undefined }> {
  const blocks = blocksOf(page);
  for (const [i, block] of blocks.entries()) {
    if (block.language === "text") continue;
    const next = blocks[i + 1];
    yield { block, printed: next?.language === "text" ? next.text : undefined };
  }
}

describe("the worked example", () => {
  it.each(PAGES)("of docs/%s.md runs and prints what the page says", async (name) => {
    const folder = newcomersFolder(OTHERS[name]);
    const server = start(folder, ["serve", "--port", "0", "--json"], {
      DAYBOOK_FORWARDER_FILES: "./forwarded",
    });
    await until(
      () => server.said.stdout.includes("\n"),
      () => `the server's address; it said ${JSON.stringify(server.said)}`,
    );
    const { url } = JSON.parse(server.said.stdout) as { url: string };
    let shown = 0;
    for (const { block, printed } of examples(`docs/${name}.md`)) {
      const { status, stdout, stderr } = await runBlock(folder, block, url);
      expect([status, stderr], block.text).toEqual([0, ""]);
      if (printed === undefined) continue;
      shown++;
      if (printed.includes("…")) {
        const pattern = printed.split("…").map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
        expect(stdout).toMatch(new RegExp(`^${pattern.join("[^]*?")}$`));
      } else expect(stdout).toBe(printed);
    }
    expect(shown).toBeGreaterThan(0);
    server.child.kill("SIGTERM");
    expect((await server.ended).status).toBe(0);
  });
});
